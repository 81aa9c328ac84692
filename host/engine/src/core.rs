//! What the loops share.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{BuildHasherDefault, DefaultHasher};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use noontide_domain::plan::{self, Candidate};
use noontide_domain::ports::{
    Claim, Clock, Ledger, LedgerError, Outlet, PluginHost, Put, RefusedEdit, Removed, Tenant,
};
use noontide_domain::{
    Cause, Lease, Order, Overlap, Owner, PluginName, QueueName, QueueRoom, Role, RunId, Schedule, ScheduleName,
    Standing,
};
use tokio::sync::{Notify, broadcast, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

use crate::alerter::Board;
use crate::book::Book;
use crate::desk::Desk;
use crate::event::{Event, Happening};
use crate::places::Places;
use crate::recorder::Recorder;
use crate::tally::Tally;
use crate::{Parts, Settings, lookout, scheduler};

/// What the loops share.
pub(crate) struct Core {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) plugins: Arc<dyn PluginHost>,
    pub(crate) outlet: Arc<dyn Outlet>,
    pub(crate) settings: Settings,
    pub(crate) recorder: Recorder,
    pub(crate) started_at: DateTime<Utc>,
    pub(crate) tally: Tally,
    book: Mutex<Book>,
    held: Mutex<HeldRuns>,
    last_tick: watch::Sender<Option<DateTime<Utc>>>,
    /// Why the ledger could not be written last, and since when.
    trouble: Mutex<Option<(String, DateTime<Utc>)>>,
    /// How far this host's clock is ahead of the ledger's, and whether that is too much.
    skew: Mutex<(Option<TimeDelta>, bool)>,
    /// Edits of the list up to this one are in the book.
    seen: AtomicI64,
    refused: Mutex<Vec<RefusedEdit>>,
    zone: Mutex<chrono_tz::Tz>,
    /// Held by whoever decides about schedules, from looking at the book until the book shows what was decided.
    pub(crate) pass: tokio::sync::Mutex<()>,
    /// The scheduler should look.
    pub(crate) look_at_book: Notify,
    /// The runner should look.
    pub(crate) look_for_runs: Notify,
    /// The courier should look.
    pub(crate) look_for_messages: Notify,
    pub(crate) alerting: Board,
    /// The keeper should look.
    pub(crate) look_at_leases: Notify,
    /// The announcer should look whether the ledger can be written.
    pub(crate) look_at_ledger: Notify,
    /// The steward should look.
    pub(crate) look_at_versions: Notify,
    /// A place for each handler that may run at the same time.
    pub(crate) places: Arc<Places>,
    /// Nothing new begins.
    pub(crate) stopping: CancellationToken,
    /// Runs going on here.
    pub(crate) running: TaskTracker,
    events: broadcast::Sender<Event>,
}

/// The runs that this host holds. Their ids are made here and nobody chooses them, so the hasher needs no secret; and without one
/// a simulation walks them in the same order each time.
pub(crate) type HeldRuns = HashMap<RunId, Held, BuildHasherDefault<DefaultHasher>>;

/// A run that this host holds the lease of.
pub(crate) struct Held {
    pub(crate) lease: Lease,
    /// When the ledger was asked that last confirmed the lease, by the clock that nobody sets.
    pub(crate) confirmed: Duration,
    pub(crate) queue: QueueName,
    pub(crate) plugin: PluginName,
    pub(crate) desk: Arc<Desk>,
}

impl Core {
    pub(crate) fn new(parts: Parts) -> Arc<Self> {
        let now = parts.clock.now();
        Arc::new(Self {
            places: Places::new(parts.settings.concurrency, parts.settings.queues.clone(), Arc::clone(&parts.plugins)),
            recorder: Recorder::new(Arc::clone(&parts.ledger)),
            clock: parts.clock,
            ledger: parts.ledger,
            plugins: parts.plugins,
            outlet: parts.outlet,
            zone: Mutex::new(parts.settings.timezone),
            settings: parts.settings,
            started_at: now,
            tally: Tally::default(),
            book: Mutex::default(),
            held: Mutex::default(),
            last_tick: watch::Sender::new(None),
            trouble: Mutex::default(),
            skew: Mutex::default(),
            seen: AtomicI64::new(-1),
            refused: Mutex::default(),
            pass: tokio::sync::Mutex::default(),
            look_at_book: Notify::new(),
            look_for_runs: Notify::new(),
            look_for_messages: Notify::new(),
            alerting: Board::default(),
            look_at_leases: Notify::new(),
            look_at_ledger: Notify::new(),
            look_at_versions: Notify::new(),
            stopping: CancellationToken::new(),
            running: TaskTracker::new(),
            events: broadcast::channel(4_096).0,
        })
    }

    pub(crate) fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn held(&self) -> MutexGuard<'_, HeldRuns> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The loop that must not stop has come round: the scheduler's, or the keeper's where there is none.
    pub(crate) fn tick(&self) {
        self.last_tick.send_replace(Some(self.clock.now()));
    }

    pub(crate) fn ticks(&self) -> watch::Receiver<Option<DateTime<Utc>>> {
        self.last_tick.subscribe()
    }

    /// What the ledger answered to something that is written.
    pub(crate) fn heard<T>(&self, answer: &Result<T, LedgerError>) {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        match answer {
            Ok(_) => *trouble = None,
            Err(problem) => {
                let since = trouble.as_ref().map_or_else(|| self.clock.now(), |(_, since)| *since);
                *trouble = Some((problem.to_string(), since));
                self.look_at_ledger.notify_one();
            }
        }
    }

    /// Why the ledger cannot be written, and since when.
    pub(crate) fn trouble(&self) -> Option<(String, DateTime<Utc>)> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How far this host's clock is ahead of the ledger's.
    pub(crate) fn skew(&self) -> Option<TimeDelta> {
        self.skew.lock().unwrap_or_else(PoisonError::into_inner).0
    }

    /// Whether that is too much.
    pub(crate) fn skewed(&self) -> bool {
        self.skew.lock().unwrap_or_else(PoisonError::into_inner).1
    }

    pub(crate) fn set_skew(&self, skew: TimeDelta, is_too_much: bool) {
        *self.skew.lock().unwrap_or_else(PoisonError::into_inner) = (Some(skew), is_too_much);
    }

    /// Whether this host does that.
    pub(crate) fn has(&self, role: Role) -> bool {
        self.settings.roles.has(role)
    }

    pub(crate) fn seen(&self) -> i64 {
        self.seen.load(Ordering::Acquire)
    }

    pub(crate) fn see(&self, revision: i64) {
        self.seen.store(revision, Ordering::Release);
    }

    /// Edits that are refused at present.
    pub(crate) fn refused(&self) -> Vec<RefusedEdit> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The same, from now on; gives back what was there.
    pub(crate) fn refuse(&self, refused: Vec<RefusedEdit>) -> Vec<RefusedEdit> {
        std::mem::replace(&mut *self.refused.lock().unwrap_or_else(PoisonError::into_inner), refused)
    }

    /// In which rows without a zone are read.
    pub(crate) fn zone(&self) -> chrono_tz::Tz {
        *self.zone.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn read_in(&self, zone: chrono_tz::Tz) {
        *self.zone.lock().unwrap_or_else(PoisonError::into_inner) = zone;
    }

    /// How many more runs this host may hold.
    pub(crate) fn room(&self) -> usize {
        self.settings.held_at_most().saturating_sub(self.held().len())
    }

    /// The same for what comes due: a rush of calls never takes up all of it.
    pub(crate) fn room_for_fires(&self) -> usize {
        let most = self.settings.held_at_most() + self.settings.concurrency;
        most.saturating_sub(self.held().len())
    }

    /// How many more runs of each queue, and of each plugin whose runs are bounded.
    pub(crate) fn queue_room(&self) -> QueueRoom {
        let mut plugins = self.plugins.bounded();
        let mut held = BTreeMap::new();
        for one in self.held().values() {
            *held.entry(one.queue.clone()).or_default() += 1;
            if let Some(room) = plugins.get_mut(&one.plugin) {
                *room = room.saturating_sub(1);
            }
        }
        QueueRoom { plugins, labels: Some(self.settings.labels.clone()), ..self.settings.queues.room(&held) }
    }

    /// Whether it is time to lease more: no more is held than runs at the same time.
    pub(crate) fn wants_more(&self) -> bool {
        self.room() >= self.settings.concurrency
    }

    pub(crate) fn tenant(&self, places: usize) -> Tenant {
        Tenant { host: self.settings.host, lease: self.settings.lease, places, queues: self.queue_room() }
    }

    /// The right to lease with a claim; a host that calls no handlers has none.
    pub(crate) fn lessee(&self, places: usize) -> Option<Tenant> {
        self.has(Role::Worker).then(|| self.tenant(places))
    }

    pub(crate) fn tell(&self, happening: Happening) {
        self.alerting.hear(&happening);
        // Nobody listening is fine.
        let _ = self.events.send(Event { at: self.clock.now(), happening });
    }

    pub(crate) fn events(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    /// The first look at the list: the schedules of the files, and what was written by hand while no host was there.
    pub(crate) async fn begin(self: &Arc<Self>, schedules: Vec<Schedule>) -> Result<(), LedgerError> {
        let before = self.ledger.edited(self.seen()).await?;
        self.declare(schedules).await?;
        self.see(before.unwrap_or_default());
        // Nothing of this host was due before, and nobody is kept waiting.
        while lookout::take(self).await? {}
        Ok(())
    }

    /// Makes the file-owned schedules equal to `schedules`.
    pub(crate) async fn declare(self: &Arc<Self>, schedules: Vec<Schedule>) -> Result<(), LedgerError> {
        let _pass = self.pass.lock().await;
        let now = self.clock.now();
        scheduler::decide_before(self, now, &self.changed(&schedules)).await?;
        let taken_over = self.taken_over(&schedules);
        let standings = self.ledger.declare(schedules, now).await?;
        self.book().replace(standings);
        self.look_at_book.notify_one();
        taken_over.into_iter().for_each(|happening| self.tell(happening));
        self.tell(Happening::SchedulesChanged);
        Ok(())
    }

    /// The schedules that will stand otherwise, or not any more, once files own `schedules`.
    fn changed(&self, schedules: &[Schedule]) -> Vec<ScheduleName> {
        let book = self.book();
        let known = |name| book.get(name).map(|standing| &standing.schedule);
        let other = schedules.iter().filter(|schedule| known(&schedule.name).is_some_and(|known| known != *schedule));
        let mut changed: Vec<_> = other.map(|schedule| schedule.name.clone()).collect();
        let stays: BTreeSet<_> = schedules.iter().map(|schedule| &schedule.name).collect();
        let goes = book.all().into_iter().map(|standing| standing.schedule);
        let goes = goes.filter(|schedule| schedule.owner.place().is_some() && !stays.contains(&schedule.name));
        changed.extend(goes.map(|schedule| schedule.name));
        changed
    }

    /// Which names of the API files define now.
    fn taken_over(&self, schedules: &[Schedule]) -> Vec<Happening> {
        let book = self.book();
        let of_the_api = |name| book.get(name).is_some_and(|standing| standing.schedule.owner == Owner::Api);
        let files = schedules.iter().filter_map(|schedule| Some((&schedule.name, schedule.owner.place()?)));
        let taken = files.filter(|(name, _)| of_the_api(name));
        taken.map(|(schedule, place)| Happening::TakenOver { schedule: schedule.clone(), place }).collect()
    }

    /// One schedule of the API; only in place of `former`, if that is given, else `None`.
    pub(crate) async fn put(
        self: &Arc<Self>,
        schedule: Schedule,
        former: Option<Schedule>,
        by: &str,
    ) -> Result<Option<Put>, LedgerError> {
        let _pass = self.pass.lock().await;
        let is_former = |former| self.book().get(&schedule.name).is_some_and(|standing| standing.schedule == former);
        if former.is_some_and(|former| !is_former(former)) {
            return Ok(None);
        }
        let now = self.clock.now();
        scheduler::decide_before(self, now, std::slice::from_ref(&schedule.name)).await?;
        let put = self.ledger.put(schedule, by, now).await?;
        if let Put::Created(standing) | Put::Replaced(standing) = &put {
            self.book().put((**standing).clone());
            self.look_at_book.notify_one();
            self.tell(Happening::SchedulesChanged);
        }
        Ok(Some(put))
    }

    /// One schedule of the API leaves.
    pub(crate) async fn remove(self: &Arc<Self>, name: &ScheduleName, by: &str) -> Result<Removed, LedgerError> {
        let _pass = self.pass.lock().await;
        let now = self.clock.now();
        scheduler::decide_before(self, now, std::slice::from_ref(name)).await?;
        let removed = self.ledger.remove(name, by, now).await?;
        // What another host has removed is gone here, too.
        if removed == Removed::Removed || removed == Removed::NotFound {
            self.book().remove(name);
            self.look_at_book.notify_one();
            self.tell(Happening::SchedulesChanged);
        }
        Ok(removed)
    }

    /// For whoever is about to lease runs: a drain waits for the token, so that what was leased is begun or given back.
    /// `None` once nothing new begins.
    pub(crate) fn enter(&self) -> Option<TaskTrackerToken> {
        // The token comes first: whoever sees the engine going on after it is seen by the drain.
        let token = self.running.token();
        (!self.stopping.is_cancelled()).then_some(token)
    }

    /// What follows the success of `order`, on schedules that are `after` its own.
    pub(crate) fn follow(&self, order: &Order) -> Claim {
        let Some(schedule) = &order.schedule else { return Claim::default() };
        let followers = self.book().followers(schedule);
        let levels = self.book().levels(&followers);
        let now = self.clock.now();
        let mut claim = Claim::default();
        for standing in &followers {
            let follow = plan::follow(&self.candidate(standing), &levels, order, now);
            claim.fire.extend(follow.fire);
            claim.skip.extend(follow.skip);
        }
        claim
    }

    /// A schedule, and whether its handler can be called now.
    pub(crate) fn candidate<'a>(&self, standing: &'a Standing) -> Candidate<'a> {
        let schedule = &standing.schedule;
        Candidate { standing, handler: self.plugins.check(&schedule.handler, &schedule.input) }
    }

    /// Whether others may wait for the end of this run.
    pub(crate) fn queues_behind(&self, order: &Order) -> bool {
        let queues = |overlap| matches!(overlap, Overlap::Queue | Overlap::QueueAll | Overlap::CancelRunning);
        let Some(schedule) = &order.schedule else { return false };
        order.cause == Cause::Backfill
            || self.book().get(schedule).is_some_and(|standing| queues(standing.schedule.overlap))
    }

    /// Whether the number of those that go on beside this run is bounded, so that its end makes room for another.
    pub(crate) fn makes_room(&self, order: &Order) -> bool {
        let queues = &self.settings.queues;
        let is_bounded = |name| self.book().get(name).is_some_and(|standing| standing.schedule.concurrency.is_some());
        queues.limit(&order.queue).is_some()
            || queues.totals.contains_key(&order.queue)
            || order.schedule.as_ref().is_some_and(is_bounded)
            || self.plugins.bounded().contains_key(&order.handler.plugin)
    }

    /// Asks those of `runs` to stop that go on here; the hosts of the others hear it with their next heartbeat.
    pub(crate) fn cancel_held(&self, runs: &[RunId]) {
        let held = self.held();
        runs.iter().filter_map(|run| held.get(run)).for_each(|held| held.desk.cancel());
    }
}
