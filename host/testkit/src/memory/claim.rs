//! Claiming: what becomes of each fire.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use noontide_domain::alert::noted;
use noontide_domain::ports::{Claim, Claimed, Fire, LedgerError, Skip, Tenant};
use noontide_domain::{Cause, Key, Order, Overlap, QueueRoom, RunId, RunState, ScheduleName, SkipReason};

use super::book::Book;
use super::row::Row;

impl Book {
    pub fn claim(
        &mut self,
        claim: Claim,
        tenant: Option<Tenant>,
        now: DateTime<Utc>,
    ) -> Result<Vec<Claimed>, LedgerError> {
        if let Some(answers) = self.claimed_before(&claim, tenant.as_ref()) {
            return Ok(answers);
        }
        self.refuse_known_ids(&claim)?;
        let mut bounds = self.bounds(&claim);
        let behind = bounds.behind(&claim.skip);
        if !behind.is_empty() {
            return Err(LedgerError::Behind(behind));
        }
        let mut answers = Vec::new();
        let mut new = Vec::new();
        // Some of a chain's runs may be past the retention: it is there as long as one is.
        let mut chains = HashMap::new();
        for fire in &claim.fire {
            self.know_chain(fire, &mut chains);
        }
        for fire in claim.fire {
            let id = fire.order.id;
            self.know_chain(&fire, &mut chains);
            let known = fire.order.chain.and_then(|chain| chains.get(&chain).copied()).or_else(|| self.holder(&fire));
            let answer = match known {
                Some(run) => Claimed::Duplicate(run),
                None => bounds.refusal(&fire.order).unwrap_or_else(|| self.fire(fire, now)),
            };
            if matches!(answer, Claimed::Ready(_) | Claimed::Queued { .. }) {
                bounds.take(self.rows.get(&id).map(|row| &row.order));
            }
            new.extend(matches!(answer, Claimed::Ready(_) | Claimed::Queued { .. }).then_some((answers.len(), id)));
            answers.push(answer);
        }
        self.lease_new(new, &mut answers, tenant.as_ref(), now);
        for skip in claim.skip {
            let is_decided = bounds.passed(&skip.schedule, skip.due_at);
            if !is_decided && !self.keys.contains_key(&Key::occurrence(&skip.schedule, skip.due_at).hash) {
                self.note(noted::skip(&skip, now));
                self.insert(Row::skipped(skip, now));
            }
        }
        let new = claim.links.into_iter().filter(|link| !chains.contains_key(&link.chain));
        self.links.extend(new.map(|link| (link.id, link)));
        for (schedule, cursor) in claim.cursors {
            let cursor = bounds.before_what_is_left(&schedule, cursor);
            if let Some(entry) = self.schedules.get_mut(&schedule) {
                entry.standing.cursor = entry.standing.cursor.max(cursor);
            }
        }
        Ok(answers)
    }

    /// Leases of what was just inserted what is due and the tenant has room for, and counts what was not replaced since. `new` says
    /// which answer belongs to which run.
    fn lease_new(
        &mut self,
        new: Vec<(usize, RunId)>,
        answers: &mut [Claimed],
        tenant: Option<&Tenant>,
        now: DateTime<Utc>,
    ) {
        let mut due = Vec::new();
        for (i, id) in new {
            let row = self.rows.get(&id).expect("it was just inserted");
            if let Some(SkipReason::Replaced { by }) = row.reason {
                answers[i] = Claimed::Overlapped(by);
                continue;
            }
            if !row.queued && row.not_before <= now {
                due.push((Reverse(row.order.priority), i, id));
            }
            self.count_run(id);
        }
        due.sort();
        let Some(tenant) = tenant else { return };
        let mut queues = tenant.queues.clone();
        due.retain(|(.., id)| self.is_free(*id, &queues) && self.has_room(*id, &mut queues));
        for (_, i, id) in due.into_iter().take(tenant.places) {
            answers[i] = Claimed::Leased(Box::new(self.take(id, tenant, now)));
        }
    }

    /// Takes up room for the run, if there is some.
    pub fn has_room(&self, id: RunId, queues: &mut QueueRoom) -> bool {
        self.rows.get(&id).is_some_and(|row| queues.take(&row.order.queue, &row.order.handler.plugin))
    }

    /// The one thing that can be wrong with a claim, looked at before anything is written: all or nothing.
    pub fn refuse_known_ids(&self, claim: &Claim) -> Result<(), LedgerError> {
        let mut seen = HashSet::new();
        for order in claim.fire.iter().map(|fire| &fire.order) {
            let is_new = !self.keys.contains_key(&order.key.hash);
            if is_new && (self.rows.contains_key(&order.id) || !seen.insert(order.id)) {
                return Err(LedgerError::Broken(format!("the run id {} is taken", order.id)));
            }
        }
        Ok(())
    }

    /// What others have decided before.
    fn bounds(&self, claim: &Claim) -> Bounds {
        let of = |name: &ScheduleName| self.schedules.get(name).map(|entry| &entry.standing);
        let cursors = claim.cursors.iter().filter_map(|(name, _)| Some((name.clone(), of(name)?.cursor)));
        let left = |name, most: &u64| Some(most.saturating_sub(of(name)?.runs));
        let left = claim.at_most.iter().filter_map(|(name, most)| Some((name.clone(), left(name, most)?)));
        Bounds { cursors: cursors.collect(), left: left.collect(), first_left: HashMap::new() }
    }

    fn fire(&mut self, fire: Fire, now: DateTime<Utc>) -> Claimed {
        let run = fire.order.id;
        // What could have begun already is held up by whatever is ready now.
        let by = fire.not_before.max(now);
        let mut ahead: Vec<_> =
            self.live(fire.order.schedule.as_ref()).filter(|row| row.is_in_the_way(by)).map(Row::place).collect();
        ahead.sort();
        let (mut cancel, mut queued) = (Vec::new(), false);
        let first = ahead.first().map(|(.., id)| *id);
        match (fire.overlap, first) {
            (Overlap::Allow, _) | (_, None) => {}
            (Overlap::Skip, Some(first)) => return self.overlapped(fire, first, now),
            // One waits behind the first.
            (Overlap::Queue, Some(first)) if ahead[1..].iter().any(|(.., queued, _, _)| *queued) => {
                return self.overlapped(fire, first, now);
            }
            (Overlap::Queue | Overlap::QueueAll, Some(_)) => queued = true,
            (Overlap::CancelRunning, Some(_)) => {
                cancel = self.replace(ahead.iter().map(|(.., id)| *id), run, now);
                queued = !cancel.is_empty();
            }
        }
        // By its time another may be under way: then it waits its turn.
        let is_delayed = fire.order.schedule.is_some() && fire.overlap != Overlap::Allow && fire.not_before > now;
        self.insert(Row { queued: queued || is_delayed, ..Row::ready(fire, now) });
        if queued { Claimed::Queued { run, cancel } } else { Claimed::Ready(run) }
    }

    /// A chain of which one fire is a duplicate is one as a whole.
    fn know_chain(&self, fire: &Fire, chains: &mut HashMap<RunId, RunId>) {
        if let Some((chain, run)) = fire.order.chain.zip(self.holder(fire)) {
            chains.entry(chain).or_insert(run);
        }
    }

    /// The row that makes `fire` a duplicate.
    fn holder(&self, fire: &Fire) -> Option<RunId> {
        let is_filled =
            |run: &&RunId| self.rows.get(run).is_some_and(|row| row.is_live() || row.state == RunState::Succeeded);
        let fills = fire.fills.as_ref().and_then(|key| self.keys.get(&key.hash)).filter(is_filled);
        self.keys.get(&fire.order.key.hash).or(fills).copied()
    }

    /// Those of `schedule` that are not over.
    pub fn live(&self, schedule: Option<&ScheduleName>) -> impl Iterator<Item = &Row> {
        self.rows
            .values()
            .filter(move |row| row.is_live() && schedule.is_some_and(|name| row.order.schedule.as_ref() == Some(name)))
    }

    fn overlapped(&mut self, fire: Fire, blocking: RunId, now: DateTime<Utc>) -> Claimed {
        self.insert(Row::overlapped(fire, blocking, now));
        Claimed::Overlapped(blocking)
    }

    /// Clears the way for `by`; gives back what has yet to stop.
    fn replace(&mut self, runs: impl Iterator<Item = RunId>, by: RunId, now: DateTime<Utc>) -> Vec<RunId> {
        let mut cancel = Vec::new();
        for run in runs {
            let Some(row) = self.rows.get_mut(&run) else { continue };
            if row.state == RunState::Running {
                row.cancel_asked = true;
                cancel.push(run);
            } else {
                row.never_runs(SkipReason::Replaced { by }, now);
            }
        }
        cancel.sort();
        cancel
    }

    /// For `max-runs`.
    fn count_run(&mut self, id: RunId) {
        let Some(order) = self.rows.get(&id).map(|row| &row.order) else { return };
        let schedule = counted(order);
        if let Some(entry) = schedule.and_then(|schedule| self.schedules.get_mut(schedule)) {
            entry.standing.runs += 1;
        }
    }

    pub fn insert(&mut self, row: Row) {
        self.keys.insert(row.order.key.hash, row.order.id);
        self.rows.insert(row.order.id, row);
    }
}

/// Whose run it is, if it is one of those that `max-runs` limits.
fn counted(order: &Order) -> Option<&ScheduleName> {
    order.schedule.as_ref().filter(|_| matches!(order.cause, Cause::Schedule | Cause::After))
}

/// How far other hosts have come with the schedules of a claim.
struct Bounds {
    cursors: HashMap<ScheduleName, DateTime<Utc>>,
    /// How often each may still run.
    left: HashMap<ScheduleName, u64>,
    /// The first instant of each for which nothing was left.
    first_left: HashMap<ScheduleName, DateTime<Utc>>,
}

impl Bounds {
    fn passed(&self, schedule: &ScheduleName, due_at: DateTime<Utc>) -> bool {
        self.cursors.get(schedule).is_some_and(|cursor| due_at <= *cursor)
    }

    /// Of what shall be skipped in a row another host has decided a part.
    fn behind(&self, skips: &[Skip]) -> Vec<(ScheduleName, DateTime<Utc>)> {
        let is_in_part =
            |skip: &&Skip| self.passed(&skip.schedule, skip.due_at) && !self.passed(&skip.schedule, skip.until);
        let names = skips.iter().filter(is_in_part).map(|skip| &skip.schedule);
        names.map(|name| (name.clone(), self.cursors[name])).collect()
    }

    fn refusal(&mut self, order: &Order) -> Option<Claimed> {
        let schedule = counted(order)?;
        if order.cause == Cause::Schedule && self.passed(schedule, order.due_at) {
            return Some(Claimed::Passed);
        }
        (self.left.get(schedule) == Some(&0)).then(|| {
            self.first_left.entry(schedule.clone()).or_insert(order.due_at);
            Claimed::UsedUp
        })
    }

    fn take(&mut self, order: Option<&Order>) {
        if let Some(left) = order.and_then(counted).and_then(|schedule| self.left.get_mut(schedule)) {
            *left = left.saturating_sub(1);
        }
    }

    fn before_what_is_left(&self, schedule: &ScheduleName, cursor: DateTime<Utc>) -> DateTime<Utc> {
        let before = self.first_left.get(schedule).map(|first| *first - TimeDelta::milliseconds(1));
        before.map_or(cursor, |before| cursor.min(before))
    }
}
