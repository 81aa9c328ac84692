//! The schedules in memory, in the order in which they come due.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use noontide_domain::ports::{Edits, Overdue};
use noontide_domain::{Levels, Pause, ScheduleName, Standing};

/// A claim and the way to it take less, also on a busy machine.
const LATE: TimeDelta = TimeDelta::seconds(5);

/// The schedules that stand, and an agenda over them.
#[derive(Debug, Default)]
pub(crate) struct Book {
    /// Each can be handed out as it is at the moment: whoever looks at a hundred thousand copies none.
    standings: BTreeMap<ScheduleName, Arc<Standing>>,
    agenda: BTreeSet<(DateTime<Utc>, ScheduleName)>,
    /// Who follows whose success.
    followers: HashMap<ScheduleName, Vec<ScheduleName>>,
    /// How many supersede it.
    superseded: HashMap<ScheduleName, usize>,
}

impl Book {
    pub(crate) fn replace(&mut self, standings: Vec<Standing>) {
        self.agenda = standings
            .iter()
            .filter_map(|standing| Some((standing.looks_at()?, standing.schedule.name.clone())))
            .collect();
        self.followers = HashMap::new();
        self.superseded = HashMap::new();
        for smaller in standings.iter().flat_map(|standing| &standing.schedule.supersedes) {
            *self.superseded.entry(smaller.clone()).or_default() += 1;
        }
        for Standing { schedule, .. } in &standings {
            for followed in schedule.trigger.follows() {
                self.followers.entry(followed.clone()).or_default().push(schedule.name.clone());
            }
        }
        let named = |standing: Standing| (standing.schedule.name.clone(), Arc::new(standing));
        self.standings = standings.into_iter().map(named).collect();
    }

    /// One schedule, new or in place of the one of its name.
    pub(crate) fn put(&mut self, standing: Standing) {
        let name = standing.schedule.name.clone();
        self.remove(&name);
        if let Some(due) = standing.looks_at() {
            self.agenda.insert((due, name.clone()));
        }
        for followed in standing.schedule.trigger.follows() {
            self.followers.entry(followed.clone()).or_default().push(name.clone());
        }
        for smaller in &standing.schedule.supersedes {
            *self.superseded.entry(smaller.clone()).or_default() += 1;
        }
        self.standings.insert(name, Arc::new(standing));
    }

    /// One schedule leaves. Those that follow it stay, and follow again should it come back.
    pub(crate) fn remove(&mut self, name: &ScheduleName) {
        let Some(standing) = self.standings.remove(name) else { return };
        if let Some(due) = standing.looks_at() {
            self.agenda.remove(&(due, name.clone()));
        }
        for smaller in &standing.schedule.supersedes {
            self.superseded.entry(smaller.clone()).and_modify(|count| *count = count.saturating_sub(1));
        }
        self.superseded.retain(|_, count| *count > 0);
        for followed in standing.schedule.trigger.follows() {
            if let Some(followers) = self.followers.get_mut(followed) {
                followers.retain(|follower| follower != name);
            }
        }
    }

    /// What somebody else has changed. `false` if it says all that already: most often it was this host.
    pub(crate) fn take(&mut self, edits: Edits) -> bool {
        if edits.whole {
            self.replace(edits.standing);
            return true;
        }
        let mut is_changed = false;
        for name in edits.gone.iter().filter(|name| self.get(name).is_some()).cloned().collect::<Vec<_>>() {
            self.remove(&name);
            is_changed = true;
        }
        for mut standing in edits.standing {
            let known = self.get(&standing.schedule.name);
            let says_the_same = |known: &Standing| {
                known.schedule == standing.schedule && known.pause == standing.pause && known.anchor == standing.anchor
            };
            if known.is_some_and(says_the_same) {
                continue;
            }
            // A run may have succeeded after the record was read.
            standing.last_success = standing.last_success.max(known.and_then(|known| known.last_success));
            self.put(standing);
            is_changed = true;
        }
        is_changed
    }

    /// What is due at `now`, at most `limit` of it.
    pub(crate) fn due(&self, now: DateTime<Utc>, limit: usize) -> Vec<Standing> {
        self.agenda
            .iter()
            .take_while(|(due, _)| *due <= now)
            .take(limit)
            .filter_map(|(_, name)| self.get(name).cloned())
            .collect()
    }

    /// Those of them that are due at `now`.
    pub(crate) fn due_of(&self, names: &[ScheduleName], now: DateTime<Utc>) -> Vec<Standing> {
        let standings = names.iter().filter_map(|name| self.get(name));
        standings.filter(|standing| standing.looks_at().is_some_and(|due| due <= now)).cloned().collect()
    }

    pub(crate) fn wake_at(&self) -> Option<DateTime<Utc>> {
        self.agenda.first().map(|(due, _)| *due)
    }

    /// When the next schedule comes due. The agenda may want to look before: at the end of a day that leaves something out.
    pub(crate) fn next(&self) -> Option<(DateTime<Utc>, &ScheduleName)> {
        let mut soonest: Option<(DateTime<Utc>, &ScheduleName)> = None;
        for (look, name) in &self.agenda {
            if soonest.is_some_and(|(soonest, _)| soonest <= *look) {
                break;
            }
            let due = self.get(name).and_then(Standing::next_due).map(|due| (due, name));
            soonest = soonest.into_iter().chain(due).min();
        }
        soonest
    }

    /// How many schedules nobody has decided about although it is high time.
    pub(crate) fn late(&self, now: DateTime<Utc>) -> usize {
        self.agenda.iter().take_while(|(due, _)| *due + LATE < now).count()
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

    /// Schedules that come due when `name` succeeds.
    pub(crate) fn followers(&self, name: &ScheduleName) -> Vec<Standing> {
        let names = self.followers.get(name).into_iter().flatten();
        names.filter_map(|follower| self.get(follower).cloned()).collect()
    }

    /// It has run `times` more, because it came due.
    pub(crate) fn ran(&mut self, name: &ScheduleName, times: u64) {
        self.change(name, |standing| standing.runs += times);
    }

    /// It has run as often as it may, elsewhere.
    pub(crate) fn use_up(&mut self, name: &ScheduleName) {
        self.change(name, |standing| standing.runs = standing.runs.max(standing.schedule.max_runs.unwrap_or_default()));
    }

    /// A run of it, due at `due_at`, has ended in success.
    pub(crate) fn succeeded(&mut self, name: &ScheduleName, due_at: DateTime<Utc>) {
        if let Some(standing) = self.standings.get_mut(name) {
            let standing = Arc::make_mut(standing);
            standing.last_success = standing.last_success.max(Some(due_at));
        }
    }

    /// What is said of the work of `schedules`, and of nearly nobody is anything said.
    pub(crate) fn levels(&self, schedules: &[Standing]) -> Levels {
        let is_linked = |standing: &Standing| {
            !standing.schedule.includes.is_empty() || self.superseded.contains_key(&standing.schedule.name)
        };
        if schedules.iter().any(is_linked) { self.all_levels() } else { Levels::default() }
    }

    /// What all schedules say of each other's work.
    pub(crate) fn all_levels(&self) -> Levels {
        Levels::of(self.standings.values().map(Arc::as_ref))
    }

    /// Schedules whose success is missing.
    pub(crate) fn overdue(&self, now: DateTime<Utc>) -> Vec<Overdue> {
        let overdue = |standing: &Standing| {
            let (schedule, last_success) = (standing.schedule.name.clone(), standing.last_success);
            Some(Overdue { schedule, since: standing.overdue_since(now)?, last_success })
        };
        self.standings.values().map(Arc::as_ref).filter_map(overdue).collect()
    }

    fn change(&mut self, name: &ScheduleName, change: impl FnOnce(&mut Standing)) {
        let Some(standing) = self.standings.get_mut(name) else { return };
        if let Some(due) = standing.looks_at() {
            self.agenda.remove(&(due, name.clone()));
        }
        let standing = Arc::make_mut(standing);
        change(standing);
        if let Some(due) = standing.looks_at() {
            self.agenda.insert((due, name.clone()));
        }
    }

    pub(crate) fn get(&self, name: &ScheduleName) -> Option<&Standing> {
        self.standings.get(name).map(Arc::as_ref)
    }

    pub(crate) fn each(&self) -> impl Iterator<Item = &Standing> {
        self.standings.values().map(Arc::as_ref)
    }

    pub(crate) fn all(&self) -> Vec<Standing> {
        self.standings.values().map(|standing| Standing::clone(standing)).collect()
    }

    /// All by name, as they stand now.
    pub(crate) fn list(&self) -> Vec<Arc<Standing>> {
        self.standings.values().cloned().collect()
    }

    /// The schedules that come due next, `limit` at most, in the order in which they do. The agenda may want to look at one
    /// before it comes due.
    pub(crate) fn upcoming(&self, limit: usize) -> Vec<(DateTime<Utc>, Arc<Standing>)> {
        let mut soonest: BTreeMap<(DateTime<Utc>, &ScheduleName), &Arc<Standing>> = BTreeMap::new();
        for (look, name) in &self.agenda {
            if soonest.keys().nth(limit.saturating_sub(1)).is_some_and(|(due, _)| due <= look) {
                break;
            }
            let Some(standing) = self.standings.get(name) else { continue };
            if let Some(due) = standing.next_due() {
                soonest.insert((due, name), standing);
            }
        }
        soonest.into_iter().take(limit).map(|((due, _), standing)| (due, Arc::clone(standing))).collect()
    }

    /// The first `most` of those that are wanted, by name, from `after` on.
    pub(crate) fn page(
        &self,
        after: Option<&ScheduleName>,
        wanted: impl Fn(&Standing) -> bool,
        most: usize,
    ) -> Vec<Standing> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let rest = self.standings.range::<ScheduleName, _>((from, Bound::Unbounded));
        let wanted = rest.map(|(_, standing)| standing).filter(|standing| wanted(standing));
        wanted.take(most).map(|standing| Standing::clone(standing)).collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.standings.len()
    }
}
