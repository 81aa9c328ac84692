//! What was changed of schedules' definitions.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use noontide_domain::change::{ChangeKind, ChangedKey, KEPT, ScheduleChange, changed_keys};
use noontide_domain::ports::AuditEntry;
use noontide_domain::{Schedule, ScheduleName};

use super::book::Book;

impl Book {
    /// `by` is about to write `schedule`.
    pub fn note_definition(&mut self, schedule: &Schedule, by: &str, now: DateTime<Utc>) {
        let known = self.schedules.get(&schedule.name).filter(|entry| !entry.removed);
        let keys = known.map(|entry| changed_keys(&entry.standing.schedule, schedule));
        match keys {
            None => self.note_of(&schedule.name, ChangeKind::Defined, Vec::new(), by, now),
            Some(keys) if keys.is_empty() => {}
            Some(keys) => self.note_of(&schedule.name, ChangeKind::Changed, keys, by, now),
        }
    }

    pub fn note_removal(&mut self, name: &ScheduleName, by: &str, now: DateTime<Utc>) {
        self.note_of(name, ChangeKind::Removed, Vec::new(), by, now);
    }

    fn note_of(&mut self, name: &ScheduleName, kind: ChangeKind, keys: Vec<ChangedKey>, by: &str, now: DateTime<Utc>) {
        let at = now.duration_trunc(TimeDelta::milliseconds(1)).unwrap_or(now);
        let noted = self.changes.entry(name.clone()).or_default();
        let number = noted.last().map_or(0, |last| last.number) + 1;
        noted.push(ScheduleChange { number, at, by: by.to_owned(), kind, keys });
        noted.retain(|one| one.number + KEPT > number);
    }

    pub fn forget_changes(&mut self, before: DateTime<Utc>, now: DateTime<Utc>) {
        let kept = before.min(now - AuditEntry::KEPT);
        self.changes.values_mut().for_each(|noted| noted.retain(|one| one.at >= kept));
    }
}
