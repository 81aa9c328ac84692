//! What the rest of the house asks of the engine.

mod backfill;
mod status;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use noontide_domain::plan::order;
use noontide_domain::ports::{CancelAnswer, Claim, Claimed, Fire, LedgerError, Put, Removed};
use noontide_domain::{
    Cause, HandlerRef, Levels, Pause, PluginStatus, Queues, Role, RunId, Schedule, ScheduleName, Standing, Unavailable,
};
use tokio::sync::{broadcast, watch};
use tokio::task::JoinHandle;
use tokio_util::task::task_tracker::TaskTrackerToken;
use tracing::{info, warn};

use crate::alerter;
use crate::announcer;
use crate::core::Core;
use crate::event::Event;
use crate::request::{EngineError, FireRequest};
use crate::scheduler;
use crate::tally::{AttemptWitness, Tally};

pub use status::{EngineStatus, Outlook, Progress};

/// The engine, as seen from outside. Cheap to clone.
#[derive(Clone)]
pub struct EngineHandle {
    pub(crate) core: Arc<Core>,
    loops: Arc<Mutex<Vec<JoinHandle<()>>>>,
}

impl EngineHandle {
    pub(crate) fn new(core: Arc<Core>, loops: Vec<JoinHandle<()>>) -> Self {
        Self { core, loops: Arc::new(Mutex::new(loops)) }
    }

    /// Makes the file-owned schedules equal to `schedules`. Nothing fires because of it; what was due before is decided
    /// first, by the former ones.
    ///
    /// # Errors
    /// If the ledger cannot take them; then the former ones stand.
    pub async fn declare(&self, schedules: Vec<Schedule>) -> Result<(), EngineError> {
        Ok(self.core.declare(schedules).await?)
    }

    /// Makes a schedule of the API stand as given; what stands already, word for word, is left alone. Nothing fires because
    /// of it; what was due before is decided first, by the former one. `by` is who wants it, for the list of changes.
    ///
    /// # Errors
    /// A file owns the name; the input does not fit the handler; no ledger. A handler that is not there yet is none: the
    /// schedule stands, and its due instants leave rows that say so.
    pub async fn put(&self, schedule: Schedule, by: &str) -> Result<Put, EngineError> {
        // Without a condition there is an answer.
        Ok(self.put_over(schedule, None, by).await?.unwrap_or(Put::Unchanged))
    }

    /// The same in place of `former`, which `schedule` was made from. `None` if another stands by now, or none does: the
    /// caller looks again.
    ///
    /// # Errors
    /// As [`EngineHandle::put`].
    pub async fn replace(&self, former: Schedule, schedule: Schedule, by: &str) -> Result<Option<Put>, EngineError> {
        self.put_over(schedule, Some(former), by).await
    }

    async fn put_over(
        &self,
        schedule: Schedule,
        former: Option<Schedule>,
        by: &str,
    ) -> Result<Option<Put>, EngineError> {
        if let Err(wrong @ Unavailable::Input { .. }) = self.check(&schedule.handler, &schedule.input) {
            return Err(wrong.into());
        }
        let (core, name, by) = (Arc::clone(&self.core), schedule.name.clone(), by.to_owned());
        // A client that goes away must not stop it half way.
        let work = tokio::spawn(async move { core.put(schedule, former, &by).await });
        match work.await.map_err(|panic| LedgerError::Broken(panic.to_string()))?? {
            Some(Put::OwnedByFile(place)) => Err(EngineError::OwnedByFile { name, place }),
            put => Ok(put),
        }
    }

    /// Takes a schedule of the API off the list. What was due before is decided first; runs go on, and history stays. Those
    /// that are `after` it would wait for ever: they keep it, unless that is wanted (`even_if_followed`).
    ///
    /// # Errors
    /// No such schedule; a file owns it; others follow it; no ledger.
    pub async fn remove(&self, name: &str, even_if_followed: bool, by: &str) -> Result<(), EngineError> {
        let Schedule { name: found, owner, .. } = self.standing(name)?.schedule;
        let followers = self.core.book().followers(&found);
        if !even_if_followed && owner.place().is_none() && !followers.is_empty() {
            let by = followers.into_iter().map(|follower| follower.schedule.name).collect();
            return Err(EngineError::Followed { name: found, by });
        }
        let (core, gone, by) = (Arc::clone(&self.core), found.clone(), by.to_owned());
        let work = tokio::spawn(async move { core.remove(&gone, &by).await });
        match work.await.map_err(|panic| LedgerError::Broken(panic.to_string()))?? {
            Removed::OwnedByFile(place) => Err(EngineError::OwnedByFile { name: found, place }),
            // Somebody else was faster.
            Removed::NotFound => Err(EngineError::NoSuchSchedule { name: name.to_owned(), hint: String::new() }),
            Removed::Removed => Ok(()),
        }
    }

    /// What the loops have counted since the start.
    pub fn tally(&self) -> &Tally {
        &self.core.tally
    }

    /// From now on `witness` hears of each attempt that ends here. `false` if somebody does already.
    pub fn tell_of_attempts(&self, witness: Arc<dyn AttemptWitness>) -> bool {
        self.core.tally.spans.tell(witness)
    }

    /// Looks at each schedule that stands, in no order, and copies none. The scheduler waits meanwhile.
    pub fn look_over(&self, look: impl FnMut(&Standing)) {
        self.core.book().each().for_each(look);
    }

    /// All schedules that stand, by name.
    pub fn standings(&self) -> Vec<Standing> {
        self.core.book().all()
    }

    /// The same, shared: to look at many is to copy none.
    pub fn list(&self) -> Vec<Arc<Standing>> {
        self.core.book().list()
    }

    /// The schedules that come due next, with the instant, `limit` at most.
    pub fn upcoming(&self, limit: usize) -> Vec<(DateTime<Utc>, Arc<Standing>)> {
        self.core.book().upcoming(limit)
    }

    /// The first `most` schedules that are wanted, by name, after `after`. `wanted` is asked while nothing else can come due, so
    /// it is quick.
    pub fn page(&self, after: Option<&ScheduleName>, wanted: impl Fn(&Standing) -> bool, most: usize) -> Vec<Standing> {
        self.core.book().page(after, wanted, most)
    }

    /// What the schedules that stand say of each other's work.
    pub fn levels(&self) -> Levels {
        self.core.book().all_levels()
    }

    /// One schedule, if it stands.
    pub fn find(&self, name: &str) -> Option<Standing> {
        self.core.book().get(&name.parse().ok()?).cloned()
    }

    /// One schedule.
    ///
    /// # Errors
    /// [`EngineError::NoSuchSchedule`], with a did-you-mean.
    pub fn standing(&self, name: &str) -> Result<Standing, EngineError> {
        self.find(name).ok_or_else(|| {
            let all = self.core.book().all();
            let names = all.iter().map(|standing| standing.schedule.name.as_str());
            EngineError::NoSuchSchedule { name: name.to_owned(), hint: noontide_domain::suggest::hint(name, names) }
        })
    }

    /// Runs a schedule by hand. Its cadence does not move.
    ///
    /// # Errors
    /// No such schedule; handler missing or input wrong; busy; stopping; no ledger.
    pub async fn fire(&self, name: &str, request: FireRequest) -> Result<RunId, EngineError> {
        let entered = self.open()?;
        let standing = self.standing(name)?;
        let now = self.core.clock.now();
        let due_at = request.at.unwrap_or(now);
        let levels = self.levels();
        let mut order = order(&standing, &levels, RunId::new(), due_at, Cause::Manual);
        order.input = request.input.unwrap_or(order.input);
        order.window = request.window.or(order.window);
        order.trace_id = request.trace.map_or(order.trace_id, |trace| trace.trace_id);
        self.core.plugins.check(&order.handler, &order.input)?;
        let id = order.id;
        let fire = Fire {
            order,
            overlap: standing.schedule.line_up(standing.schedule.overlap),
            not_before: due_at,
            fills: None,
        };
        match self.claim(Claim { fire: vec![fire], ..Claim::default() }, entered).await?.first() {
            Some(Claimed::Overlapped(blocking)) => {
                Err(EngineError::Busy { schedule: standing.schedule.name, blocking: *blocking })
            }
            _ => Ok(id),
        }
    }

    pub(crate) async fn claim(&self, claim: Claim, entered: TaskTrackerToken) -> Result<Vec<Claimed>, EngineError> {
        let core = Arc::clone(&self.core);
        // A client that goes away must not stop the claim half way.
        let work = tokio::spawn(async move {
            let asked_at = core.clock.elapsed();
            let claimed = core.ledger.claim(claim, core.lessee(core.room())).await;
            core.heard(&claimed);
            let claimed = claimed?;
            scheduler::take(&core, claimed.clone(), asked_at);
            drop(entered);
            Ok::<_, LedgerError>(claimed)
        });
        let claimed = work.await.map_err(|panic| LedgerError::Broken(panic.to_string()))??;
        Ok(claimed)
    }

    /// Pauses a schedule, or resumes it with `None`. Resuming fires nothing by itself; what was due before is decided
    /// first, as it would have been without the change.
    ///
    /// # Errors
    /// No such schedule; no ledger.
    pub async fn pause(&self, name: &str, pause: Option<Pause>) -> Result<(), EngineError> {
        let name = self.standing(name)?.schedule.name;
        let core = Arc::clone(&self.core);
        // A client that goes away must not stop it half way.
        let work = tokio::spawn(async move {
            let _pass = core.pass.lock().await;
            let now = core.clock.now();
            scheduler::decide_before(&core, now, std::slice::from_ref(&name)).await?;
            core.ledger.pause(&name, pause.clone(), now).await?;
            core.book().pause(&name, pause, now);
            core.look_at_book.notify_one();
            Ok::<_, LedgerError>(())
        });
        Ok(work.await.map_err(|panic| LedgerError::Broken(panic.to_string()))??)
    }

    /// Asks a run to stop.
    ///
    /// # Errors
    /// If the ledger does not answer.
    pub async fn cancel(&self, run: RunId) -> Result<CancelAnswer, EngineError> {
        let answer = self.core.ledger.cancel(run, self.core.clock.now()).await?;
        if let Some(held) = self.core.held().get(&run) {
            held.desk.cancel();
        }
        // Something may follow it.
        self.core.look_for_runs.notify_one();
        Ok(answer)
    }

    /// How far a run that goes on here has come.
    pub fn progress(&self, run: RunId) -> Option<Progress> {
        self.core.held().get(&run).and_then(|held| held.desk.last_progress())
    }

    /// All plugin files and what is loaded of them.
    pub fn plugins(&self) -> Vec<PluginStatus> {
        self.core.plugins.plugins()
    }

    /// Whether a handler could be called with that input now.
    ///
    /// # Errors
    /// Says what is missing or wrong.
    pub fn check(&self, handler: &HandlerRef, input: &serde_json::Value) -> Result<(), Unavailable> {
        self.core.plugins.check(handler, input).map(drop)
    }

    /// What happens from now on.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.core.events()
    }

    /// The wall clock the engine goes by.
    pub fn now(&self) -> DateTime<Utc> {
        self.core.clock.now()
    }

    /// The queues of this host.
    pub fn queues(&self) -> &Queues {
        &self.core.settings.queues
    }

    /// Each time the loop that must not stop comes round: the scheduler's, or the keeper's on a host without one. It does so
    /// every 10 s at least; `None` until it has once.
    pub fn ticks(&self) -> watch::Receiver<Option<DateTime<Utc>>> {
        self.core.ticks()
    }

    /// What comes next, and what should have begun.
    pub fn outlook(&self) -> Outlook {
        let (now, book) = (self.core.clock.now(), self.core.book());
        let next = book.next().map(|(due, name)| (name.clone(), due));
        Outlook { now, schedules: book.len(), next, late: book.late(now) }
    }

    /// How the engine stands.
    pub fn status(&self) -> EngineStatus {
        let book = self.core.book();
        EngineStatus {
            host: self.core.settings.host,
            started_at: self.core.started_at,
            now: self.core.clock.now(),
            name: self.core.settings.name.clone(),
            roles: self.core.settings.roles.clone(),
            last_tick: self
                .core
                .has(Role::Scheduler)
                .then(|| self.core.ticks().borrow().unwrap_or(self.core.started_at)),
            trouble: self.core.trouble(),
            skew: self.core.skew(),
            skewed: self.core.skewed(),
            next_due: book.next().map(|(due, _)| due),
            schedules: book.len(),
            held: self.core.held().len(),
            places: self.core.settings.concurrency,
            free_places: self.core.places.free(),
            stopping: self.core.stopping.is_cancelled(),
        }
    }

    /// Begins nothing new, gives back leases of runs that have not begun, and lets handlers go on for the drain time;
    /// then asks them to stop and waits a little more. What still goes on then is left to its lease. Gives back how
    /// many those are.
    pub async fn drain(&self) -> usize {
        self.core.stopping.cancel();
        self.core.running.close();
        if self.finished_within(self.core.settings.drain).await {
            info!("drained");
        } else {
            let late: Vec<_> = self.core.held().values().map(|held| Arc::clone(&held.desk)).collect();
            warn!(runs = late.len(), "still going on after the drain time: asked to stop");
            late.iter().for_each(|desk| desk.cancel());
            self.finished_within(LAST_CALL).await;
        }
        for task in self.loops.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            task.abort();
        }
        // What ended during the drain is told by the next host, or by this one when it is back.
        if let Err(problem) = alerter::post(&self.core).await {
            warn!(%problem, "the last pings are not recorded");
        }
        announcer::end(&self.core).await;
        self.core.held().len()
    }

    async fn finished_within(&self, time: Duration) -> bool {
        tokio::select! {
            biased;
            () = self.core.running.wait() => true,
            () = self.core.wait(time) => false,
        }
    }

    pub(crate) fn open(&self) -> Result<TaskTrackerToken, EngineError> {
        self.core.enter().ok_or(EngineError::Stopping)
    }
}

/// After the drain time, handlers are asked to stop; the sandbox gives them 5 s to notice.
const LAST_CALL: Duration = Duration::from_secs(6);
