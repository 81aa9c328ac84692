//! What the ledger knows, and the writes that are neither claim nor settle.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use noontide_domain::change::ScheduleChange;
use noontide_domain::ports::{CancelAnswer, Put, Removed, Retention};
use noontide_domain::rollup::Count;
use noontide_domain::submission::Counts;
use noontide_domain::{
    HostId, IncidentId, Link, Pause, PluginName, RunId, RunState, Schedule, ScheduleName, Standing, SubmissionId,
};

use super::access::Gatebook;
use super::alerts::Alarms;
use super::hosts::Announced;
use super::items::ItemRow;
use super::outbox::Letter;
use super::row::Row;
use super::versions::Shelf;

#[derive(Default)]
pub(super) struct Book {
    pub rows: BTreeMap<RunId, Row>,
    pub keys: HashMap<[u8; 16], RunId>,
    pub schedules: BTreeMap<ScheduleName, Entry>,
    /// Newest last.
    pub changes: BTreeMap<ScheduleName, Vec<ScheduleChange>>,
    /// Counts the edits of the list.
    pub revision: i64,
    /// Definitions that were written by hand and are not taken, the unreadable ones with the reason.
    pub by_hand: BTreeMap<ScheduleName, Result<Schedule, String>>,
    pub items: HashMap<[u8; 16], ItemRow>,
    pub links: BTreeMap<RunId, Link>,
    /// When each was taken, and with what counts.
    pub submissions: HashMap<SubmissionId, (DateTime<Utc>, Counts)>,
    /// By scope and key.
    pub state: BTreeMap<(String, String), Remembered>,
    /// In the order in which they were written.
    pub messages: Vec<Letter>,
    pub versions: Shelf,
    pub hosts: BTreeMap<HostId, Announced>,
    pub access: Gatebook,
    /// Of the runs in `counted`, what their ends come to.
    pub counts: Vec<Count>,
    pub counted: HashSet<RunId>,
    pub alarms: Alarms,
    /// When each incident that is not over has to be looked at.
    pub looks: BTreeMap<IncidentId, Option<DateTime<Utc>>>,
}

/// What a handler remembers under a key.
#[derive(Debug, Clone)]
pub(super) struct Remembered {
    pub value: Vec<u8>,
    pub revision: u64,
    /// Who wrote it last.
    pub plugin: PluginName,
}

pub(super) struct Entry {
    pub standing: Standing,
    /// Left the list; kept so that its anchor and its pause are there if it comes back.
    pub removed: bool,
    /// Of its newest edit.
    pub revision: i64,
    /// Since when it was told to be overdue.
    pub told: Option<DateTime<Utc>>,
}

impl Book {
    pub fn declare(&mut self, schedules: Vec<Schedule>, now: DateTime<Utc>) -> Vec<Standing> {
        // The durable ledgers keep milliseconds.
        let now = now.duration_trunc(TimeDelta::milliseconds(1)).unwrap_or(now);
        let mut left = Vec::new();
        for (name, entry) in &mut self.schedules {
            let is_declared = schedules.iter().any(|schedule| schedule.name == *name);
            let place = entry.standing.schedule.owner.place().filter(|_| !is_declared);
            if let Some(place) = place
                && !std::mem::replace(&mut entry.removed, true)
            {
                self.revision += 1;
                entry.revision = self.revision;
                left.push((name.clone(), place));
            }
        }
        for (name, place) in left {
            self.note_removal(&name, &place, now);
        }
        for schedule in schedules {
            if let (Some(place), true) = (schedule.owner.place(), self.schedules.contains_key(&schedule.name)) {
                self.note_definition(&schedule, &place, now);
            }
            self.renew(schedule, now);
        }
        self.standings()
    }

    pub fn put(&mut self, schedule: Schedule, by: &str, now: DateTime<Utc>) -> Put {
        let now = now.duration_trunc(TimeDelta::milliseconds(1)).unwrap_or(now);
        let name = schedule.name.clone();
        let standing_before = self.schedules.get(&name).filter(|entry| !entry.removed).map(|entry| &entry.standing);
        match standing_before.map(|before| (before.schedule.owner.place(), before.schedule == schedule)) {
            Some((Some(place), _)) => return Put::OwnedByFile(place),
            Some((None, true)) => return Put::Unchanged,
            _ => {}
        }
        let is_new = standing_before.is_none();
        self.note_definition(&schedule, by, now);
        let standing = Box::new(self.renew(schedule, now).standing.clone());
        if is_new { Put::Created(standing) } else { Put::Replaced(standing) }
    }

    pub fn remove(&mut self, name: &ScheduleName, by: &str, now: DateTime<Utc>) -> Removed {
        let Some(entry) = self.schedules.get_mut(name).filter(|entry| !entry.removed) else { return Removed::NotFound };
        if let Some(place) = entry.standing.schedule.owner.place() {
            return Removed::OwnedByFile(place);
        }
        entry.removed = true;
        self.revision += 1;
        entry.revision = self.revision;
        self.note_removal(name, by, now);
        Removed::Removed
    }

    /// As if it were new, if it is or is back. What stands already, word for word, is no edit.
    pub fn renew(&mut self, schedule: Schedule, now: DateTime<Utc>) -> &Entry {
        let name = schedule.name.clone();
        let known = self.schedules.get(&name);
        if self.by_hand.remove(&name).is_some()
            || known.is_none_or(|entry| entry.removed || entry.standing.schedule != schedule)
        {
            self.revision += 1;
        }
        let revision = self.revision;
        let fresh = || Entry { standing: Standing::new(schedule.clone(), now), removed: false, revision, told: None };
        let entry = self.schedules.entry(name).or_insert_with(fresh);
        if entry.removed || entry.standing.schedule != schedule {
            entry.revision = revision;
        }
        entry.renew(schedule, now);
        entry
    }

    pub fn standings(&self) -> Vec<Standing> {
        self.schedules.values().filter(|entry| !entry.removed).map(|entry| entry.standing.clone()).collect()
    }

    pub fn pause(&mut self, schedule: &ScheduleName, pause: Option<Pause>, now: DateTime<Utc>) -> bool {
        let Some(entry) = self.schedules.get_mut(schedule).filter(|entry| !entry.removed) else { return false };
        if pause.is_none() {
            entry.standing.cursor = entry.standing.cursor.max(now);
        }
        entry.standing.pause = pause;
        self.revision += 1;
        entry.revision = self.revision;
        true
    }

    pub fn cancel(&mut self, run: RunId, now: DateTime<Utc>, clock: DateTime<Utc>) -> CancelAnswer {
        let Some(row) = self.rows.get_mut(&run) else { return CancelAnswer::NotFound };
        match row.state {
            RunState::Ready => {
                row.end(RunState::Cancelled, now);
                self.follow([run], clock);
                CancelAnswer::Cancelled
            }
            RunState::Running => {
                row.cancel_asked = true;
                CancelAnswer::Asked
            }
            over => CancelAnswer::Over(over),
        }
    }

    pub fn prune(&mut self, retention: Retention, now: DateTime<Utc>) -> u64 {
        self.access.prune(retention.before, now);
        let mut old: Vec<_> = self
            .rows
            .values()
            .filter(|row| !row.is_live() && !self.is_needed(row))
            .filter_map(|row| row.finished_at.map(|end| (end, row.order.id)))
            .filter(|(end, _)| *end < retention.before)
            .collect();
        old.sort();
        old.truncate(retention.batch);
        for (_, id) in &old {
            if let Some(row) = self.rows.remove(id) {
                self.keys.remove(&row.order.key.hash);
                self.items.retain(|_, item| item.run != *id);
            }
        }
        let kept: HashSet<_> = self.rows.values().filter_map(|row| row.order.chain).collect();
        self.links.retain(|_, link| kept.contains(&link.chain));
        self.submissions.retain(|_, (taken_at, _)| *taken_at >= retention.before);
        self.messages.retain(|letter| !letter.is_forgotten(retention.before));
        self.alarms.prune(retention.before);
        self.forget_changes(retention.before, now);
        self.hosts.retain(|_, host| host.gone_at() >= retention.before);
        self.forget_counts(retention.before);
        old.len() as u64
    }
}

impl Entry {
    fn renew(&mut self, schedule: Schedule, now: DateTime<Utc>) {
        if self.removed || schedule.comes_due_unlike(&self.standing.schedule) {
            self.standing.cursor = now;
        }
        if std::mem::take(&mut self.removed) {
            self.standing.runs = 0;
        }
        self.standing.schedule = schedule;
    }
}
