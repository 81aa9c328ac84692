//! The schedules in memory, in the order in which they come due.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use noontide_domain::{Pause, ScheduleName, Standing};

/// The schedules that stand, and an agenda over them.
#[derive(Debug, Default)]
pub(crate) struct Book {
    standings: HashMap<ScheduleName, Standing>,
    agenda: BTreeSet<(DateTime<Utc>, ScheduleName)>,
}

impl Book {
    pub(crate) fn replace(&mut self, standings: Vec<Standing>) {
        self.agenda = standings
            .iter()
            .filter_map(|standing| Some((standing.next_due()?, standing.schedule.name.clone())))
            .collect();
        self.standings = standings.into_iter().map(|standing| (standing.schedule.name.clone(), standing)).collect();
    }

    /// What is due at `now`, at most `limit` of it.
    pub(crate) fn due(&self, now: DateTime<Utc>, limit: usize) -> Vec<Standing> {
        self.agenda
            .iter()
            .take_while(|(due, _)| *due <= now)
            .take(limit)
            .filter_map(|(_, name)| self.standings.get(name).cloned())
            .collect()
    }

    pub(crate) fn wake_at(&self) -> Option<DateTime<Utc>> {
        self.agenda.first().map(|(due, _)| *due)
    }

    /// Everything up to `cursor` has been decided. Never moves back.
    pub(crate) fn advance(&mut self, name: &ScheduleName, cursor: DateTime<Utc>) {
        self.change(name, |standing| standing.cursor = standing.cursor.max(cursor));
    }

    pub(crate) fn pause(&mut self, name: &ScheduleName, pause: Option<Pause>, now: DateTime<Utc>) {
        self.change(name, |standing| {
            if pause.is_none() {
                standing.cursor = standing.cursor.max(now);
            }
            standing.pause = pause;
        });
    }

    fn change(&mut self, name: &ScheduleName, change: impl FnOnce(&mut Standing)) {
        let Some(standing) = self.standings.get_mut(name) else { return };
        if let Some(due) = standing.next_due() {
            self.agenda.remove(&(due, name.clone()));
        }
        change(standing);
        if let Some(due) = standing.next_due() {
            self.agenda.insert((due, name.clone()));
        }
    }

    pub(crate) fn get(&self, name: &ScheduleName) -> Option<&Standing> {
        self.standings.get(name)
    }

    pub(crate) fn all(&self) -> Vec<Standing> {
        let mut all: Vec<_> = self.standings.values().cloned().collect();
        all.sort_by(|a, b| a.schedule.name.cmp(&b.schedule.name));
        all
    }

    pub(crate) fn len(&self) -> usize {
        self.standings.len()
    }
}
