//! The doors of the house. All speak domain words; all are used as `dyn`. A stand-in passes the same exam as
//! the real thing.

mod access;
mod alerts;
mod claim;
mod connections;
mod history;
mod hosts;
mod keyed;
mod list;
mod outbox;
mod overview;
mod settlement;
mod speech;
mod versions;

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::plugin::upgrade::{HandRefusal, KnownVersion, PluginNews};
use crate::{
    HandlerInfo, HandlerRef, Lease, Leased, Pause, PluginName, PluginStatus, QueueRoom, Report, RunId, RunState,
    Schedule, ScheduleName, Standing, StateScope, StateSize, Submission, Unavailable,
};

pub use access::{AccessLedger, AuditEntry, AuditFilter, SecretDigest, Session, TokenRecord};
pub use alerts::{
    AlertDelivery, AlertFilter, AlertLease, AlertRecord, AlertSink, Alerts, IncidentFilter, IncidentWish, Judged,
    PostedAlert, SinkFacts, SinkRoom,
};
pub use claim::{Claim, Claimed, Fire, Skip, Submitted, Tenant};
pub use connections::Connections;
pub use history::{
    ArtifactRecord, AttemptLogs, AttemptRecord, History, ItemPage, ItemRecord, LedgerStatus, LinkPage, LinkRecord,
    QueueStatus, RunFilter, RunRecord,
};
pub use hosts::{HostFilter, HostNews, HostRecord};
pub use keyed::{KeptAnswer, KeyStanding, KeyedRequest};
pub use list::{Edits, Overdue, Put, RefusedEdit, Removed};
pub use outbox::{
    Delivery, MessageAnswer, MessageCounts, MessageFilter, MessageLease, MessageRecord, Outbox, Outgoing, Outlet,
    Posted,
};
pub use overview::{Overview, RunBrief};
pub use settlement::{Lapsed, Pulse, Settled, Settlement};
pub use speech::{NumberedLine, Speech};
pub use versions::{VersionContent, VersionMarks, Versions};

/// Where time comes from.
pub trait Clock: Send + Sync {
    /// The wall clock.
    fn now(&self) -> DateTime<Utc>;

    /// Returns at `instant` or earlier, never later than 30 s of elapsed time after the call: the wall clock may have been
    /// stepped, or the machine suspended, so the caller looks again.
    fn sleep_until(&self, instant: DateTime<Utc>) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send + '_>>;

    /// How much time has passed since a moment that stays the same while the process lives. Nobody sets this one.
    fn elapsed(&self) -> std::time::Duration;
}

/// What kept the ledger from answering. Our error, never a guest's fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// It may pass: locked, full, unreachable. The caller keeps its work and tries again.
    #[error("the ledger is unavailable: {0}")]
    Unavailable(String),
    /// It will not pass by itself: corrupt data, newer schema, a statement that fails.
    #[error("the ledger failed: {0}")]
    Broken(String),
    /// Of a claim: other hosts have come further with these schedules, up to these instants, and what this one skips in a row lies
    /// on both sides of it. Nothing was written; who plans again from there loses nothing.
    #[error("other hosts have decided about {} meanwhile; what is left of it is planned again", names(.0))]
    Behind(Vec<(ScheduleName, DateTime<Utc>)>),
}

/// The first of them, and how many more.
fn names(schedules: &[(ScheduleName, DateTime<Utc>)]) -> String {
    match schedules {
        [] => "no schedule".to_owned(),
        [(one, _)] => format!("`{one}`"),
        [(first, _), others @ ..] => format!("`{first}` and {} more", others.len()),
    }
}

/// What a cancel found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelAnswer {
    /// It had not begun; it is cancelled.
    Cancelled,
    /// It is going on; its host is told with the next heartbeat.
    Asked,
    /// It was over already.
    Over(RunState),
    /// There is no such run.
    NotFound,
}

/// What a cancel of a chain, or of a part of it, did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChainCancelled {
    /// Runs that had not begun.
    pub cancelled: u64,
    /// Runs that go on; their hosts are told with the next heartbeat.
    pub asked: Vec<RunId>,
    /// Calls and groups that are never reached now.
    pub unreached: u64,
}

/// How much of the past to keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Runs that ended before this instant go.
    pub before: DateTime<Utc>,
    /// In one transaction at most so many.
    pub batch: usize,
}

/// Which keys of a memory to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyPage {
    /// Only those that begin so.
    pub prefix: String,
    /// After this key: the last one of the page before.
    pub after: Option<String>,
    /// Page size.
    pub limit: usize,
}

/// The durable record: what is written. Batch-first; calls of different callers may share one transaction and one
/// fsync, but each call holds or fails as a whole. Never drop one of these futures half way: spawn and await.
#[async_trait]
pub trait Ledger: Outbox + Alerts + Send + Sync {
    /// Makes the stored schedules of file owners equal to `schedules` and gives back all that stand (API-owned ones
    /// too). New ones and ones whose trigger, zone, enabled flag or `max-runs` changed get `now` as cursor: nothing
    /// looks back. File-owned ones that are not in `schedules` leave the list; their history stays. One that comes back has
    /// its anchor and its pause, and its `runs` are counted anew. A file takes over a name of the API: it is the operator's.
    async fn declare(&self, schedules: Vec<Schedule>, now: DateTime<Utc>) -> Result<Vec<Standing>, LedgerError>;

    /// Makes one schedule of the API stand as given, by the rules of [`Ledger::declare`]. What a file owns stays as it is. `by` is
    /// who wants it so: with what is written, all of these note what was changed ([`History::changes`]).
    async fn put(&self, schedule: Schedule, by: &str, now: DateTime<Utc>) -> Result<Put, LedgerError>;

    /// Takes one schedule of the API off the list; its history stays.
    async fn remove(&self, schedule: &ScheduleName, by: &str, now: DateTime<Utc>) -> Result<Removed, LedgerError>;

    /// The number of the newest edit of the list of schedules, if it is not `since`, or if something was written that
    /// [`take_edits`](Self::take_edits) has to take first. Costs next to nothing; -1 is no edit's number.
    async fn edited(&self, since: i64) -> Result<Option<i64>, LedgerError>;

    /// Takes what was written in the ledger by hand, by the rules of [`put`](Self::put), and tells of all edits after `since`,
    /// a bounded number of them: the caller looks until [`edited`](Self::edited) has nothing more to tell. A definition that
    /// cannot be read, or that a file owns, is refused: what stood before stands. New rows of `task` are read in `zone`.
    async fn take_edits(&self, since: i64, zone: chrono_tz::Tz, now: DateTime<Utc>) -> Result<Edits, LedgerError>;

    /// Marks schedules as told of. For each, in the same order, whether that was news: nobody has told of it since the same
    /// instant, and it has not succeeded since.
    async fn tell_overdue(&self, overdue: Vec<Overdue>) -> Result<Vec<bool>, LedgerError>;

    /// Writes one pass. With `tenant`, up to `places` of the fires that are due are leased in the same transaction, those of
    /// higher priority first, and of no queue more than there is room for. Lease times are the ledger's own clock.
    async fn claim(&self, claim: Claim, tenant: Option<Tenant>) -> Result<Vec<Claimed>, LedgerError>;

    /// Writes the buckets of a submission: each becomes a run with the items whose keys are new, and none if there are no such
    /// items. A known key is new again if its run is over and it was not executed, failed with `retry_failed`, or the
    /// timetable is `repeatable`. With `tenant` as in [`claim`](Self::claim).
    ///
    /// In the same transaction the submission's id is noted with the counts: under an id that is known nothing is written, and
    /// the counts are those of the first time.
    async fn submit(&self, submission: Submission, tenant: Option<Tenant>) -> Result<Submitted, LedgerError>;

    /// Leases ready runs of the tenant's queues: higher priority first, then the oldest `not_before`. What there is no room
    /// for is passed over and holds up no other queue. A queued run is passed over while a run of its schedule is under
    /// lease, waits for a retry, is ready without being queued, or stands before it in the queue. So is a run that was
    /// claimed before its time, unless its overlap is `allow`: another may be under way when its time comes.
    ///
    /// Runs whose `start_by` (as long as no attempt has begun) or `expires_at` has passed at `now` become
    /// [`RunState::Expired`] instead, a bounded number with each call; none of them is leased.
    async fn lease(&self, tenant: Tenant, now: DateTime<Utc>) -> Result<Vec<Leased>, LedgerError>;

    /// The earliest `not_before` of a ready run that is not queued behind another, among the queues that `queues` has room
    /// for.
    async fn next_ready(&self, queues: &QueueRoom) -> Result<Option<DateTime<Utc>>, LedgerError>;

    /// Prolongs `held` leases.
    async fn heartbeat(&self, tenant: Tenant, held: Vec<Lease>) -> Result<Pulse, LedgerError>;

    /// Gives back leases whose attempts have not begun; they are ready again and the attempt is not counted.
    async fn release(&self, leases: Vec<Lease>) -> Result<(), LedgerError>;

    /// Records the ends of attempts. Answers in the same order. With the end of a run of a chain, what follows it is written:
    /// so it is by every call that ends runs.
    async fn settle(&self, settlements: Vec<Settlement>) -> Result<Vec<Settled>, LedgerError>;

    /// Runs whose lease has lapsed by the ledger's own clock, at most `limit`. The caller settles them as abandoned.
    async fn lapsed(&self, limit: usize) -> Result<Vec<Lapsed>, LedgerError>;

    /// Asks a run to stop.
    async fn cancel(&self, run: RunId, now: DateTime<Utc>) -> Result<CancelAnswer, LedgerError>;

    /// Takes back what has yet to come of a chain, and asks its runs to stop. `link` is the chain, or a group or call within it
    /// with all that comes after it: nothing follows in there, and a group
    /// around it fails; one that has not begun is taken back with it. `None` if there is no such link.
    async fn cancel_chain(&self, link: RunId, now: DateTime<Utc>) -> Result<Option<ChainCancelled>, LedgerError>;

    /// Pauses (`Some`) or resumes (`None`) a schedule. On resuming, the cursor moves to `now`, so nothing that came due
    /// meanwhile fires; the due instants since have rows already. `false` if there is no such schedule.
    async fn pause(
        &self,
        schedule: &ScheduleName,
        pause: Option<Pause>,
        now: DateTime<Utc>,
    ) -> Result<bool, LedgerError>;

    /// One state entry: value and revision. `scope` is [`StateScope::of`] the order.
    async fn state(&self, scope: &str, key: &str) -> Result<Option<(Vec<u8>, u64)>, LedgerError>;

    /// The keys of a memory, in the order of their bytes.
    async fn state_keys(&self, scope: &str, page: KeyPage) -> Result<Vec<String>, LedgerError>;

    /// What a plugin remembers in all its memories together. An entry is whose who wrote it last.
    async fn state_size(&self, plugin: &PluginName) -> Result<StateSize, LedgerError>;

    /// Notes what a host says of itself. The instant by the ledger's own clock.
    async fn announce(&self, news: HostNews) -> Result<DateTime<Utc>, LedgerError>;

    /// Resolves when another host may have written something that can be leased; what was written before the call counts,
    /// too. Where a ledger cannot tell, never. For one caller.
    async fn nudged(&self) {
        std::future::pending().await
    }

    /// Counts ends that nobody has counted yet, the earliest `batch` of them, and says how many they were: fewer mean that
    /// there are no more for now. Any host may do so, and several at once: each end is counted once. What ended less than
    /// [`LAG`](crate::rollup::LAG) ago is left for later.
    async fn roll_up(&self, batch: usize) -> Result<u64, LedgerError>;

    /// Deletes finished runs past the retention with all that belongs to them, in one transaction; how many went. Runs of a
    /// chain that still waits for something stay, its links as long as a run of it. Hosts that have been gone for so long are
    /// forgotten, too, entries of [`History::changes`] with those of the audit log, and counts that are older by [`KEPT`](crate::rollup::KEPT).
    async fn prune(&self, retention: Retention) -> Result<u64, LedgerError>;
}

/// How a run looks from inside: what the sandbox may ask the engine for during a call.
#[async_trait]
pub trait RunDesk: Send + Sync {
    /// Whether the run was asked to stop.
    fn is_cancelled(&self) -> bool;
    /// Resolves once the run is asked to stop.
    async fn cancelled(&self);
    /// How far the work has come.
    fn progress(&self, done: u64, total: Option<u64>, note: &str);
    /// One state entry as committed: value and revision.
    async fn state(&self, scope: StateScope, key: &str) -> Result<Option<(Vec<u8>, u64)>, LedgerError>;
    /// Keys as committed, in the order of their bytes.
    async fn state_keys(&self, scope: StateScope, page: KeyPage) -> Result<Vec<String>, LedgerError>;
    /// What the plugin remembers in all its memories together, as committed.
    async fn state_size(&self) -> Result<StateSize, LedgerError>;
    /// What the handler says from now on can be heard there.
    fn speaks(&self, speech: Weak<dyn Speech>) {
        drop(speech);
    }
    /// Another line can be heard. Called for each, so it must cost next to nothing while nobody listens.
    fn said(&self) {}
    /// The handler has come to its end; these lines its report has, and nothing is heard at the former place any more.
    fn fell_silent(&self, lines: &[NumberedLine]) {
        let _ = lines;
    }
}

/// One call of a handler, as the engine asks for it.
#[derive(Clone)]
pub struct Call {
    /// The run and its lease.
    pub leased: Leased,
    /// What the engine offers meanwhile.
    pub desk: Arc<dyn RunDesk>,
}

/// What somebody wants to happen to the versions of a plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionWish {
    /// The plugin.
    pub plugin: PluginName,
    /// Back to a version, and not a new one in.
    pub back: bool,
    /// How the digest begins of the one that is meant; without it the obvious one.
    pub digest: Option<String>,
    /// Who wants it.
    pub by: String,
}

/// Why a [`VersionWish`] was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WishRefused {
    /// It names nothing, or makes no sense now.
    #[error(transparent)]
    Refused(#[from] HandRefusal),
    /// The version cannot be loaded; nothing was changed.
    #[error("{0}")]
    Unloadable(String),
    /// The ledger did not answer.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// The side where handlers live. The engine does not know that they are wasm.
#[async_trait]
pub trait PluginHost: Send + Sync {
    /// Whether the handler can be called with that input now.
    fn check(&self, handler: &HandlerRef, input: &serde_json::Value) -> Result<HandlerInfo, Unavailable>;
    /// Calls it. Always reports: a guest's fault is an [`Outcome`].
    async fn invoke(&self, call: Call) -> Report;
    /// Of how many runs at the same time some plugins are bounded here. Of all others as many go on as there are places.
    fn bounded(&self) -> BTreeMap<PluginName, usize> {
        BTreeMap::new()
    }
    /// All files and what is loaded of them, in the order of their names.
    fn plugins(&self) -> Vec<PluginStatus>;
    /// Looks at the plugin folder now; resolves when everything found is loaded or refused.
    async fn rescan(&self);

    /// Brings what runs in line with what the ledger knows of versions, and decides what their records say. Costs next to
    /// nothing if nothing has changed. Tells what was decided here since the last review.
    async fn review(&self) -> Result<Vec<PluginNews>, LedgerError> {
        Ok(Vec::new())
    }
    /// The versions that are known, of one plugin or of all.
    async fn versions(&self, _plugin: Option<&PluginName>) -> Result<Vec<KnownVersion>, LedgerError> {
        Ok(Vec::new())
    }
    /// Lets a version in, or goes back to one, as somebody decided.
    async fn decide(&self, wish: VersionWish) -> Result<PluginNews, WishRefused> {
        let words = format!("no version of `{}` is known: this host keeps none", wish.plugin);
        Err(HandRefusal::NotFound(words).into())
    }
}
