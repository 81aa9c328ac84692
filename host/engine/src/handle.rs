//! What the rest of the house asks of the engine.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use noontide_domain::plan::order;
use noontide_domain::ports::{CancelAnswer, Claim, Claimed, Fire, LedgerError};
use noontide_domain::{
    Cause, HandlerRef, HostId, Key, Order, Overlap, Pause, PluginStatus, RetryPolicy, RunId, Schedule, ScheduleName,
    Standing, Unavailable, Window,
};
use tokio::sync::broadcast;
use tokio::task::JoinHandle;
use tokio_util::task::task_tracker::TaskTrackerToken;
use tracing::{info, warn};

use crate::core::Core;
use crate::event::Event;
use crate::scheduler;

/// Why the engine did not do what it was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum EngineError {
    /// No schedule of that name stands.
    #[error("no schedule `{name}`{hint}")]
    NoSuchSchedule {
        /// As asked.
        name: String,
        /// A did-you-mean, or empty.
        hint: String,
    },
    /// The handler cannot be called with that input.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The schedule's overlap policy keeps it from running now.
    #[error(
        "schedule `{schedule}` is still busy with run {blocking} and its overlap policy is `skip`; wait for it, or cancel it"
    )]
    Busy {
        /// The schedule.
        schedule: ScheduleName,
        /// The run in the way.
        blocking: RunId,
    },
    /// The engine is draining.
    #[error("the host is shutting down and takes nothing new")]
    Stopping,
    /// The ledger did not answer.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// A fire by hand.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FireRequest {
    /// In place of the schedule's input.
    pub input: Option<serde_json::Value>,
    /// In place of the schedule's window.
    pub window: Option<Window>,
    /// Not before this instant; now if not given. It is the run's due instant, too.
    pub at: Option<DateTime<Utc>>,
}

/// A handler call without a schedule.
#[derive(Debug, Clone, PartialEq)]
pub struct Enqueue {
    /// What is called.
    pub handler: HandlerRef,
    /// As JSON.
    pub input: serde_json::Value,
    /// Chosen by the client; a second call with the same key is a duplicate.
    pub key: Option<String>,
    /// Not before this instant; now if not given.
    pub at: Option<DateTime<Utc>>,
    /// For failures.
    pub retry: RetryPolicy,
}

/// How far a run has come, by its own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Done so far.
    pub done: u64,
    /// Of how many.
    pub total: Option<u64>,
    /// In words.
    pub note: String,
}

/// How the engine stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineStatus {
    /// This process.
    pub host: HostId,
    /// Since when.
    pub started_at: DateTime<Utc>,
    /// The wall clock.
    pub now: DateTime<Utc>,
    /// When the scheduler last looked. Older than 60 s means it is stuck.
    pub last_tick: DateTime<Utc>,
    /// When the next schedule comes due.
    pub next_due: Option<DateTime<Utc>>,
    /// Schedules that stand.
    pub schedules: usize,
    /// Runs whose lease this host holds.
    pub held: usize,
    /// Handlers that may run at the same time.
    pub places: usize,
    /// Places that are free.
    pub free_places: usize,
    /// Whether it is draining.
    pub stopping: bool,
}

/// The engine, as seen from outside. Cheap to clone.
#[derive(Clone)]
pub struct EngineHandle {
    core: Arc<Core>,
    loops: Arc<Mutex<Vec<JoinHandle<()>>>>,
}

impl EngineHandle {
    pub(crate) fn new(core: Arc<Core>, loops: Vec<JoinHandle<()>>) -> Self {
        Self { core, loops: Arc::new(Mutex::new(loops)) }
    }

    /// Makes the file-owned schedules equal to `schedules`. Nothing fires because of it.
    ///
    /// # Errors
    /// If the ledger cannot take them; then the former ones stand.
    pub async fn declare(&self, schedules: Vec<Schedule>) -> Result<(), EngineError> {
        Ok(self.core.declare(schedules).await?)
    }

    /// All schedules that stand, by name.
    pub fn standings(&self) -> Vec<Standing> {
        self.core.book().all()
    }

    /// One schedule.
    ///
    /// # Errors
    /// [`EngineError::NoSuchSchedule`], with a did-you-mean.
    pub fn standing(&self, name: &str) -> Result<Standing, EngineError> {
        let book = self.core.book();
        let found = name.parse().ok().and_then(|name| book.get(&name));
        found.cloned().ok_or_else(|| {
            let all = book.all();
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
        let mut order = order(&standing, RunId::new(), due_at, Cause::Manual);
        order.input = request.input.unwrap_or(order.input);
        order.window = request.window.or(order.window);
        self.core.plugins.check(&order.handler, &order.input)?;
        let id = order.id;
        let fire = Fire { order, overlap: standing.schedule.overlap, not_before: due_at, fills: None };
        match self.claim(vec![fire], entered).await?.first() {
            Some(Claimed::Overlapped(blocking)) => {
                Err(EngineError::Busy { schedule: standing.schedule.name, blocking: *blocking })
            }
            _ => Ok(id),
        }
    }

    /// Enqueues handler calls, all or none. For each: its run, and whether that run was there already.
    ///
    /// # Errors
    /// Handler missing or input wrong (nothing is enqueued then); stopping; no ledger.
    pub async fn enqueue(&self, calls: Vec<Enqueue>) -> Result<Vec<(RunId, bool)>, EngineError> {
        let entered = self.open()?;
        let now = self.core.clock.now();
        let mut fires = Vec::with_capacity(calls.len());
        for call in calls {
            self.core.plugins.check(&call.handler, &call.input)?;
            fires.push(enqueued(call, now));
        }
        let ids: Vec<_> = fires.iter().map(|fire| fire.order.id).collect();
        let claimed = self.claim(fires, entered).await?;
        let answer = ids.into_iter().zip(claimed).map(|(id, claimed)| match claimed {
            Claimed::Duplicate(run) => (run, true),
            _ => (id, false),
        });
        Ok(answer.collect())
    }

    async fn claim(&self, fire: Vec<Fire>, entered: TaskTrackerToken) -> Result<Vec<Claimed>, EngineError> {
        let core = Arc::clone(&self.core);
        // A client that goes away must not stop the claim half way.
        let work = tokio::spawn(async move {
            let claim = Claim { fire, ..Claim::default() };
            let claimed = core.ledger.claim(claim, Some(core.tenant(core.room()))).await?;
            scheduler::take(&core, claimed.clone());
            drop(entered);
            Ok::<_, LedgerError>(claimed)
        });
        let claimed = work.await.map_err(|panic| LedgerError::Broken(panic.to_string()))??;
        Ok(claimed)
    }

    /// Pauses a schedule, or resumes it with `None`. Resuming fires nothing by itself.
    ///
    /// # Errors
    /// No such schedule; no ledger.
    pub async fn pause(&self, name: &str, pause: Option<Pause>) -> Result<(), EngineError> {
        let _pass = self.core.pass.lock().await;
        let name = self.standing(name)?.schedule.name;
        let now = self.core.clock.now();
        self.core.ledger.pause(&name, pause.clone(), now).await?;
        self.core.book().pause(&name, pause, now);
        self.core.look_at_book.notify_one();
        Ok(())
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

    /// How the engine stands.
    pub fn status(&self) -> EngineStatus {
        let book = self.core.book();
        EngineStatus {
            host: self.core.settings.host,
            started_at: self.core.started_at,
            now: self.core.clock.now(),
            last_tick: self.core.last_tick(),
            next_due: book.wake_at(),
            schedules: book.len(),
            held: self.core.held().len(),
            places: self.core.settings.concurrency,
            free_places: self.core.places.available_permits(),
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
        self.core.held().len()
    }

    async fn finished_within(&self, time: Duration) -> bool {
        let end = self.core.clock.now() + time;
        loop {
            tokio::select! {
                () = self.core.running.wait() => return true,
                () = self.core.clock.sleep_until(end) => if self.core.clock.now() >= end { return false },
            }
        }
    }

    fn open(&self) -> Result<TaskTrackerToken, EngineError> {
        self.core.enter().ok_or(EngineError::Stopping)
    }
}

/// After the drain time, handlers are asked to stop; the sandbox gives them 5 s to notice.
const LAST_CALL: Duration = Duration::from_secs(6);

fn enqueued(call: Enqueue, now: DateTime<Utc>) -> Fire {
    let id = RunId::new();
    let due_at = call.at.unwrap_or(now);
    let key = match &call.key {
        Some(key) => Key::chosen(&call.handler.to_string(), key),
        None => Key::manual(id),
    };
    let order =
        Order { input: call.input, retry: call.retry, ..Order::new(id, key, call.handler, due_at, Cause::Enqueued) };
    Fire { order, overlap: Overlap::Allow, not_before: due_at, fills: None }
}
