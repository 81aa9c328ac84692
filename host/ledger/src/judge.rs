//! What becomes of each fire of a claim. Pure: the claim reads what is known, asks here, and writes the answer.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Utc};
use noontide_domain::ports::{Fire, Skip, Tenant};
use noontide_domain::{Cause, Key, Order, Overlap, RunId, ScheduleName};

/// What the ledger knows before the claim, and then with it.
#[derive(Default)]
pub(crate) struct Known {
    /// Which row has the key.
    pub keys: HashMap<[u8; 16], Holder>,
    /// Live runs of the schedule: all of them where one may have to go, else at least the first queued one and the first
    /// of the others.
    pub live: HashMap<ScheduleName, Vec<Live>>,
    /// The due instant of the schedule's last success.
    pub successes: HashMap<ScheduleName, DateTime<Utc>>,
    /// Of schedules whose cursor moves: where it is. What is due up to there another host has decided.
    pub cursors: HashMap<ScheduleName, DateTime<Utc>>,
    /// Of schedules with `max-runs`: how often each may still run.
    pub left: HashMap<ScheduleName, u64>,
    /// Those that bound how many of their runs go on at the same time.
    pub bounded: HashSet<ScheduleName>,
    /// Runs that had not begun or were waiting for a retry and now never will, and the run that takes their place.
    pub replaced: BTreeMap<RunId, RunId>,
    /// Runs that go on and shall stop.
    pub asked: BTreeSet<RunId>,
    /// Chains of the claim that are there already, and a run that says so.
    pub chains: HashMap<RunId, RunId>,
}

/// A row that has a key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Holder {
    pub run: RunId,
    /// It goes on or has ended in success: nothing is left to fill.
    pub is_filled: bool,
}

/// A run that is not over. The order is that in which runs are in the way: what has begun, what is ready by its time,
/// what is queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Live {
    pub stage: Stage,
    /// Its time; it tells nothing of a run that has begun.
    pub from: DateTime<Utc>,
    pub run: RunId,
}

/// How far a run that is not over has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// Under lease.
    Running,
    /// Has begun and waits for its next attempt.
    Again,
    /// Waits for its time, or for a host.
    Waiting,
    /// Waits for its turn, too.
    Queued,
}

/// What becomes of a fire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Inserted and leased.
    Leased,
    /// Inserted.
    Ready {
        /// Its time has not come; when it does, another run may be under way, and then it waits for its turn.
        in_turn: bool,
    },
    /// Inserted behind others; those that were asked to stop for it.
    Queued(Vec<RunId>),
    /// Its key is taken, or what it would fill is filled.
    Duplicate(RunId),
    /// Inserted as a row that names the run in the way.
    Overlapped(RunId),
    /// Inserted as a row that names the later fire of the same claim that takes its place.
    Replaced(RunId),
    /// Decided by another host.
    Passed,
    /// The schedule has run as often as it may.
    UsedUp,
}

impl Fate {
    /// There is a run that waits or goes on.
    pub fn is_live(&self) -> bool {
        matches!(self, Fate::Leased | Fate::Ready { .. } | Fate::Queued(_))
    }
}

impl Live {
    /// A run that waits for its time is in nobody's way before.
    fn is_in_the_way(&self, by: DateTime<Utc>) -> bool {
        self.stage < Stage::Waiting || self.from <= by
    }
}

impl Known {
    /// Judges one fire after the other; each becomes known to the next. Only then the tenant leases of them, so that
    /// nothing begins that a later fire replaces.
    pub fn judge(&mut self, fires: &[Fire], tenant: Option<&Tenant>, now: DateTime<Utc>) -> Vec<Fate> {
        // Some of its runs may be past the retention: it is there as long as one is.
        for fire in fires {
            self.know_chain(fire);
        }
        let mut fates: Vec<_> = fires.iter().map(|fire| self.fate(fire, now)).collect();
        for (fire, fate) in fires.iter().zip(&mut fates).filter(|(_, fate)| fate.is_live()) {
            if let Some(by) = self.replaced.get(&fire.order.id) {
                *fate = Fate::Replaced(*by);
            }
        }
        if let Some(tenant) = tenant {
            self.lease(fires, &mut fates, tenant, now);
        }
        fates
    }

    fn fate(&mut self, fire: &Fire, now: DateTime<Utc>) -> Fate {
        let order = &fire.order;
        self.know_chain(fire);
        if let Some(run) = order.chain.and_then(|chain| self.chains.get(&chain)).copied().or_else(|| self.holder(fire))
        {
            return Fate::Duplicate(run);
        }
        if let Some(fate) = self.refusal(order) {
            return fate;
        }
        let fate = match &order.schedule {
            Some(schedule) => {
                let mut live = self.live.remove(schedule).unwrap_or_default();
                let fate = self.overlap(fire, &mut live, now);
                let stage = match fate {
                    Fate::Queued(_) | Fate::Ready { in_turn: true } => Some(Stage::Queued),
                    Fate::Ready { in_turn: false } => Some(Stage::Waiting),
                    _ => None,
                };
                live.extend(stage.map(|stage| Live { stage, from: fire.not_before, run: order.id }));
                self.live.insert(schedule.clone(), live);
                fate
            }
            None => Fate::Ready { in_turn: false },
        };
        self.keys.insert(order.key.hash, Holder { run: order.id, is_filled: fate.is_live() });
        if fate.is_live()
            && let Some(left) = counted(order).and_then(|schedule| self.left.get_mut(schedule))
        {
            *left = left.saturating_sub(1);
        }
        fate
    }

    /// Whether another host has decided about what is due then.
    pub fn passed(&self, schedule: &ScheduleName, due_at: DateTime<Utc>) -> bool {
        self.cursors.get(schedule).is_some_and(|cursor| due_at <= *cursor)
    }

    /// Of what schedules another host has decided a part of what shall be skipped in a row, and how far.
    pub fn behind(&self, skips: &[Skip]) -> Vec<(ScheduleName, DateTime<Utc>)> {
        let in_part =
            |skip: &&Skip| self.passed(&skip.schedule, skip.due_at) && !self.passed(&skip.schedule, skip.until);
        skips
            .iter()
            .filter(in_part)
            .filter_map(|skip| self.cursors.get_key_value(&skip.schedule))
            .map(|(name, cursor)| (name.clone(), *cursor))
            .collect()
    }

    /// Why a fire of a host that has not heard of all is not inserted.
    fn refusal(&self, order: &Order) -> Option<Fate> {
        let schedule = counted(order)?;
        if order.cause == Cause::Schedule && self.passed(schedule, order.due_at) {
            return Some(Fate::Passed);
        }
        (self.left.get(schedule) == Some(&0)).then_some(Fate::UsedUp)
    }

    /// A chain of which one fire is a duplicate is one as a whole.
    fn know_chain(&mut self, fire: &Fire) {
        if let Some((chain, run)) = fire.order.chain.zip(self.holder(fire)) {
            self.chains.entry(chain).or_insert(run);
        }
    }

    /// The row that makes `fire` a duplicate.
    fn holder(&self, fire: &Fire) -> Option<RunId> {
        if let Some(holder) = self.keys.get(&fire.order.key.hash) {
            return Some(holder.run);
        }
        let filled = fire.fills.as_ref().and_then(|key| self.keys.get(&key.hash)).filter(|holder| holder.is_filled)?;
        (!self.replaced.contains_key(&filled.run)).then_some(filled.run)
    }

    /// The run that keeps `fire` from having a row, whatever has become of it; of a chain, that of its first.
    pub fn keeper(&self, fire: &Fire, fires: &[Fire]) -> Option<RunId> {
        let held = |key: &Key| self.keys.get(&key.hash).map(|holder| holder.run);
        let by_key = |fire: &Fire| held(&fire.order.key).or_else(|| held(fire.fills.as_ref()?));
        let of_chain = |other: &&Fire| fire.order.chain.is_some() && other.order.chain == fire.order.chain;
        by_key(fire).or_else(|| fires.iter().filter(of_chain).find_map(by_key))
    }

    /// A fire that could have begun already is held up by whatever is ready now.
    fn overlap(&mut self, fire: &Fire, live: &mut Vec<Live>, now: DateTime<Utc>) -> Fate {
        if fire.overlap == Overlap::Allow {
            return Fate::Ready { in_turn: false };
        }
        let free = Fate::Ready { in_turn: fire.not_before > now };
        let by = fire.not_before.max(now);
        let mut ahead = live.iter().filter(|one| one.is_in_the_way(by));
        match fire.overlap {
            Overlap::Allow => free,
            Overlap::Skip => ahead.min().map_or(free, |first| Fate::Overlapped(first.run)),
            Overlap::QueueAll => ahead.next().map_or(free, |_| Fate::Queued(Vec::new())),
            Overlap::Queue => {
                let Some(first) = ahead.clone().min() else { return free };
                // The first is what goes on, or is about to; behind it there is room for one.
                match ahead.any(|one| one.stage == Stage::Queued && one.run != first.run) {
                    true => Fate::Overlapped(first.run),
                    false => Fate::Queued(Vec::new()),
                }
            }
            Overlap::CancelRunning => match self.replace(live, by, fire.order.id) {
                cancel if cancel.is_empty() => free,
                cancel => Fate::Queued(cancel),
            },
        }
    }

    /// As many as there is room for, those of higher priority first.
    fn lease(&self, fires: &[Fire], fates: &mut [Fate], tenant: &Tenant, now: DateTime<Utc>) {
        let is_due = |i: &usize| fires[*i].not_before <= now && matches!(fates[*i], Fate::Ready { .. });
        let mut due: Vec<_> = (0..fires.len()).filter(is_due).filter(|i| self.is_free(&fires[*i], tenant)).collect();
        due.sort_by_key(|i| Reverse(fires[*i].order.priority));
        let mut queues = tenant.queues.clone();
        for i in due
            .into_iter()
            .filter(|i| queues.take(&fires[*i].order.queue, &fires[*i].order.handler.plugin))
            .take(tenant.places)
        {
            fates[i] = Fate::Leased;
        }
    }

    /// Nothing but the tenant's own room bounds it. What is counted over all hosts waits for a lease, where those that came
    /// before it go first.
    fn is_free(&self, fire: &Fire, tenant: &Tenant) -> bool {
        let order = &fire.order;
        let is_bounded = order.schedule.as_ref().is_some_and(|name| self.bounded.contains(name));
        !is_bounded && !tenant.queues.totals.contains_key(&order.queue) && tenant.queues.meets(&order.runs_on)
    }

    /// Clears the way for `new`; gives back what has yet to stop.
    fn replace(&mut self, live: &mut Vec<Live>, by: DateTime<Utc>, new: RunId) -> Vec<RunId> {
        let (gone, left): (Vec<_>, Vec<_>) =
            live.iter().partition(|one| one.stage != Stage::Running && one.is_in_the_way(by));
        *live = left;
        self.replaced.extend(gone.iter().map(|one| (one.run, new)));
        let mut running: Vec<_> = live.iter().filter(|one| one.stage == Stage::Running).map(|one| one.run).collect();
        running.sort();
        self.asked.extend(&running);
        running
    }
}

/// Whose run it is, if it is one of those that `max-runs` limits.
pub(crate) fn counted(order: &Order) -> Option<&ScheduleName> {
    order.schedule.as_ref().filter(|_| matches!(order.cause, Cause::Schedule | Cause::After))
}
