//! The door through which the durable record is read.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{
    AlertFilter, AlertRecord, HostFilter, HostRecord, IncidentFilter, LedgerError, MessageCounts, MessageFilter,
    MessageRecord, Overview,
};
use crate::chain::Origin;
use crate::change::ScheduleChange;
use crate::{
    ArtifactName, HandlerRef, Headers, HostId, Incident, ItemCounts, ItemStatus, Key, Labels, Link, LogLine, MediaType,
    Outcome, PluginVersion, Priority, Provenance, QueueName, RunId, RunState, ScheduleName, SkipReason, Standing,
    Usage,
};

/// Which runs to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunFilter {
    /// Of this schedule only.
    pub schedule: Option<ScheduleName>,
    /// Of this handler only, as written in the order.
    pub handler: Option<String>,
    /// Of this chain only.
    pub chain: Option<RunId>,
    /// In this state only.
    pub state: Option<RunState>,
    /// Due at or after.
    pub since: Option<DateTime<Utc>>,
    /// Due before.
    pub until: Option<DateTime<Utc>>,
    /// Older than this run: the last one of the page before.
    pub after: Option<RunId>,
    /// Page size.
    pub limit: usize,
}

/// A run as it is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRecord {
    /// Identifies it.
    pub id: RunId,
    /// Its identity as a fire.
    pub key: Key,
    /// `None` for an enqueued run.
    pub schedule: Option<ScheduleName>,
    /// What is called.
    pub handler: HandlerRef,
    /// The nominal instant.
    pub due_at: DateTime<Utc>,
    /// For a row that stands for several due instants: the last of them, and how many.
    pub span: Option<(DateTime<Utc>, u64)>,
    /// Where it stands.
    pub state: RunState,
    /// Why it never ran.
    pub reason: Option<SkipReason>,
    /// Why it exists.
    pub cause: crate::Cause,
    /// Was missed and caught up.
    pub late: bool,
    /// Of the newest attempt; 0 before the first.
    pub attempt: u32,
    /// Allowed in all.
    pub max_attempts: u32,
    /// Earliest start, while ready.
    pub not_before: Option<DateTime<Utc>>,
    /// Begin of the newest attempt.
    pub started_at: Option<DateTime<Utc>>,
    /// End of the newest attempt.
    pub finished_at: Option<DateTime<Utc>>,
    /// How the newest finished attempt ended.
    pub outcome: Option<Outcome>,
    /// Which version it ran on.
    pub plugin: Option<PluginVersion>,
    /// What the newest attempt used.
    pub usage: Usage,
    /// How it came about: what held, and what it did outside. `None` before its end, and of what never began.
    pub provenance: Option<Provenance>,
    /// The host of the newest attempt.
    pub host: Option<HostId>,
    /// As JSON.
    pub input: serde_json::Value,
    /// Who goes first where places are few.
    pub priority: Priority,
    /// In which line it waits.
    pub queue: QueueName,
    /// What is asked of the host that carries it out.
    pub runs_on: Labels,
    /// Handed to the handler beside the input.
    pub headers: Headers,
    /// The data window.
    pub window: Option<crate::Window>,
    /// Smaller schedules whose work is part of it.
    pub includes: Vec<crate::Included>,
    /// Of a timetable: how its items stand.
    pub items: Option<ItemCounts>,
    /// W3C trace id.
    pub trace_id: String,
    /// The chain it belongs to.
    pub chain: Option<RunId>,
    /// What came before it in the chain.
    pub origin: Option<Box<Origin>>,
    /// When the row was written.
    pub created_at: DateTime<Utc>,
}

/// An earlier attempt of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct AttemptRecord {
    /// Counted from 1.
    pub attempt: u32,
    /// How it ended.
    pub outcome: Outcome,
    /// Which version it ran on.
    pub plugin: Option<PluginVersion>,
    /// Which host carried it out; `None` for what was recorded before hosts were.
    pub host: Option<HostId>,
    /// Begin.
    pub started_at: DateTime<Utc>,
    /// End.
    pub finished_at: DateTime<Utc>,
    /// What it used.
    pub usage: Usage,
    /// What held, and what it did outside; `None` if it never began.
    pub provenance: Option<Provenance>,
}

/// The log lines of one attempt.
#[derive(Debug, Clone, PartialEq)]
pub struct AttemptLogs {
    /// Counted from 1.
    pub attempt: u32,
    /// In the order they were written.
    pub lines: Vec<LogLine>,
    /// Lines over the limits.
    pub dropped: u64,
}

/// A file that a handler attached to its run, without its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactRecord {
    /// One of its kind in the run.
    pub name: ArtifactName,
    /// What it is.
    pub media_type: MediaType,
    /// How long it is.
    pub bytes: u64,
    /// Of its content, in hexadecimal.
    pub sha256: String,
    /// Which attempt attached it, counted from 1.
    pub attempt: u32,
}

/// Which items of a run to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ItemPage {
    /// The run.
    pub run: RunId,
    /// After this item: the last one of the page before.
    pub after: Option<u64>,
    /// Page size.
    pub limit: usize,
}

/// An item of a timetable as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemRecord {
    /// Grows with each new key.
    pub id: u64,
    /// Its identity.
    pub key: Key,
    /// As JSON text.
    pub payload: String,
    /// Where it stands.
    pub status: ItemStatus,
    /// What went wrong.
    pub error: Option<String>,
    /// How often it was handed to a run.
    pub runs: u64,
    /// When it succeeded or failed.
    pub finished_at: Option<DateTime<Utc>>,
    /// When its key was first seen.
    pub created_at: DateTime<Utc>,
    /// When the row was last written.
    pub updated_at: DateTime<Utc>,
}

/// How a queue stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueStatus {
    /// Which.
    pub queue: QueueName,
    /// Waiting, for their time or for a place.
    pub ready: u64,
    /// Under lease.
    pub running: u64,
    /// The earliest instant at which one that is waiting could have begun; what lies long ago starves.
    pub waiting_since: Option<DateTime<Utc>>,
}

/// Which links of a chain to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkPage {
    /// The chain.
    pub chain: RunId,
    /// Only what comes next after this run or group.
    pub next_to: Option<RunId>,
    /// After this link: the last one of the page before.
    pub after: Option<RunId>,
    /// Page size.
    pub limit: usize,
}

/// A link of a chain as it is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct LinkRecord {
    /// The link.
    pub link: Link,
    /// Where its run stands; `None` if there is none.
    pub run: Option<RunState>,
}

/// How many runs there are in each state that is not final, and the size of the record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LedgerStatus {
    /// For example `sqlite`.
    pub kind: String,
    /// Waiting.
    pub ready: u64,
    /// Under lease.
    pub running: u64,
    /// The queues with anything in them, by name.
    pub queues: Vec<QueueStatus>,
    /// Version of the schema.
    pub schema: i64,
}

/// The durable record: what is read. Never blocks a writer.
#[async_trait]
pub trait History: Overview + Send + Sync {
    /// Newest first.
    async fn runs(&self, filter: RunFilter) -> Result<Vec<RunRecord>, LedgerError>;
    /// One run.
    async fn run(&self, id: RunId) -> Result<Option<RunRecord>, LedgerError>;
    /// The earlier attempts of a run, oldest first; the newest is in the run's own record.
    async fn attempts(&self, id: RunId) -> Result<Vec<AttemptRecord>, LedgerError>;
    /// What a run said.
    async fn logs(&self, id: RunId) -> Result<Vec<AttemptLogs>, LedgerError>;
    /// The files of a run, in the order of their names.
    async fn artifacts(&self, id: RunId) -> Result<Vec<ArtifactRecord>, LedgerError>;
    /// One of them, with its content.
    async fn artifact(
        &self,
        id: RunId,
        name: &ArtifactName,
    ) -> Result<Option<(ArtifactRecord, Arc<[u8]>)>, LedgerError>;
    /// Messages that handlers handed to the outbox, newest first.
    async fn messages(&self, filter: MessageFilter) -> Result<Vec<MessageRecord>, LedgerError>;
    /// How many messages have yet to go out, and how many were given up.
    async fn message_counts(&self) -> Result<MessageCounts, LedgerError>;
    /// The items that a run was handed and no later run since, in the order of their ids.
    async fn items(&self, page: ItemPage) -> Result<Vec<ItemRecord>, LedgerError>;
    /// One link of a chain.
    async fn link(&self, id: RunId) -> Result<Option<LinkRecord>, LedgerError>;
    /// The links of a chain, in the order in which it was written.
    async fn links(&self, page: LinkPage) -> Result<Vec<LinkRecord>, LedgerError>;
    /// All schedules that stand.
    async fn standings(&self) -> Result<Vec<Standing>, LedgerError>;
    /// What was changed of a schedule's definition, newest first, [`KEPT`](crate::change::KEPT) at most. A schedule of a file
    /// that nobody has changed since it was first seen has none.
    async fn changes(&self, schedule: &ScheduleName) -> Result<Vec<ScheduleChange>, LedgerError>;
    /// The rows of one due instant, newest first: the occurrence (or the row that stands for several due instants with
    /// this one among them), a backfill of it, a fire by hand at it.
    async fn occurrence(&self, schedule: &ScheduleName, at: DateTime<Utc>) -> Result<Vec<RunRecord>, LedgerError>;
    /// The newest run of each schedule that began (not skipped ones).
    async fn last_runs(&self) -> Result<Vec<RunRecord>, LedgerError>;
    /// The hosts that share the ledger, by their ids.
    async fn hosts(&self, filter: HostFilter) -> Result<Vec<HostRecord>, LedgerError>;
    /// Incidents, newest first.
    async fn incidents(&self, filter: IncidentFilter) -> Result<Vec<Incident>, LedgerError>;
    /// Messages about incidents, newest first.
    async fn alerts(&self, filter: AlertFilter) -> Result<Vec<AlertRecord>, LedgerError>;
    /// Numbers for `status`.
    async fn status(&self) -> Result<LedgerStatus, LedgerError>;
}
