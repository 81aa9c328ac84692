//! Edits of the list of schedules, and who looks at them.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use noontide_domain::alert::noted;
use noontide_domain::ports::{Edits, Overdue, RefusedEdit};
use noontide_domain::{Schedule, ScheduleName};

use super::book::Book;

/// Edits told at once.
const MOST: usize = 500;

impl Book {
    pub fn edited(&self, since: i64) -> Option<i64> {
        let waits = self.by_hand.values().any(Result::is_ok);
        (waits || self.revision != since).then_some(self.revision)
    }

    pub fn take_edits(&mut self, since: i64, now: DateTime<Utc>) -> Edits {
        let now = now.duration_trunc(TimeDelta::milliseconds(1)).unwrap_or(now);
        let good: Vec<_> = self.by_hand.values().filter_map(|written| written.clone().ok()).collect();
        for schedule in good {
            self.note_definition(&schedule, "the table schedule", now);
            self.renew(schedule, now);
        }
        let mut edited: Vec<_> = self.schedules.values().filter(|entry| entry.revision > since).collect();
        edited.sort_by_key(|entry| entry.revision);
        let revision = edited.get(MOST).map_or(self.revision, |next| next.revision - 1);
        edited.truncate(MOST);
        let refused = self.by_hand.iter().filter_map(|(name, written)| {
            Some(RefusedEdit { schedule: name.to_string(), reason: written.as_ref().err()?.clone() })
        });
        let (gone, standing): (Vec<_>, Vec<_>) = edited.into_iter().partition(|entry| entry.removed);
        Edits {
            revision,
            standing: standing.into_iter().map(|entry| entry.standing.clone()).collect(),
            gone: gone.into_iter().map(|entry| entry.standing.schedule.name.clone()).collect(),
            whole: false,
            refused: refused.collect(),
        }
    }

    pub fn edit_by_hand(&mut self, name: &ScheduleName, definition: Result<Schedule, String>) {
        self.revision += 1;
        self.by_hand.insert(name.clone(), definition);
    }

    pub fn tell_overdue(&mut self, overdue: &Overdue, now: DateTime<Utc>) -> bool {
        let Some(entry) = self.schedules.get_mut(&overdue.schedule).filter(|entry| !entry.removed) else {
            return false;
        };
        let is_news = entry.told != Some(overdue.since) && entry.standing.last_success == overdue.last_success;
        if is_news {
            entry.told = Some(overdue.since);
            self.note([noted::overdue(overdue, now)]);
        }
        is_news
    }
}
