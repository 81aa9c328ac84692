//! A run: an occurrence being carried out, its attempts, and what became of it.
//!
//! Who moves a run, in and out of each state:
//!
//! | state | who puts it there | who takes it out |
//! |---|---|---|
//! | `Ready` | the scheduler's claim; a retry; a lease given back | the runner's lease, a cancel, expiry |
//! | `Running` | the runner's lease (or the claim, on a host with a free place) | settle, or the rescuer |
//! | `Succeeded` `Failed` `Cancelled` | settle | nobody |
//! | `Skipped` `Expired` | the scheduler's claim, or the lease | nobody |

mod artifact;
mod effects;
mod items;
mod outcome;
mod provenance;
mod settle;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

use crate::chain::Origin;
use crate::{
    Conditions, HandlerRef, Headers, HostId, Included, Key, Labels, Priority, QueueName, RetryPolicy, RunId,
    ScheduleName, Window,
};

pub use artifact::{Artifact, ArtifactName, BadArtifactName, BadMediaType, MediaType};
pub use effects::{Effects, Traffic};
pub use items::{Item, ItemCounts, ItemOutcome, ItemStatus, ItemsEnd};
pub use outcome::{LogLine, Outcome, Report, Usage};
pub use provenance::{Provenance, Terms};
pub use settle::{ABANDONED_ATTEMPTS, Verdict, settle};

/// Why a run exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// A trigger came due.
    Schedule,
    /// Somebody fired the schedule by hand.
    Manual,
    /// A handler call without a schedule.
    Enqueued,
    /// The schedule it follows succeeded.
    After,
    /// Somebody asked for due instants of the past.
    Backfill,
}

/// What is needed to carry out a run: fixed when it is claimed. A later edit of the schedule changes later runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// Identifies the run.
    pub id: RunId,
    /// Identifies the fire; unique in a ledger.
    pub key: Key,
    /// `None` for an enqueued run.
    pub schedule: Option<ScheduleName>,
    /// What is called.
    pub handler: HandlerRef,
    /// The nominal instant; never "now".
    pub due_at: DateTime<Utc>,
    /// Why it exists.
    pub cause: Cause,
    /// Was more than [`crate::LATE`] old when the host first saw it.
    pub late: bool,
    /// As JSON.
    pub input: serde_json::Value,
    /// Who goes first where places are few.
    pub priority: Priority,
    /// In which line it waits.
    pub queue: QueueName,
    /// What is asked of the host that carries it out.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub runs_on: Labels,
    /// Handed to the handler beside the input.
    pub headers: Headers,
    /// The data window.
    pub window: Option<Window>,
    /// Smaller schedules whose work is part of this run.
    pub includes: Vec<Included>,
    /// The schedule's zone.
    pub timezone: chrono_tz::Tz,
    /// For failures.
    pub retry: RetryPolicy,
    /// Longest time for one attempt.
    pub timeout: Option<Duration>,
    /// What it may do less than its plugin, and what its clock shows; `None` if nothing is said.
    #[serde(default)]
    pub terms: Option<Box<Conditions>>,
    /// The first attempt begins by this instant, or the run expires.
    pub start_by: Option<DateTime<Utc>>,
    /// No attempt begins after this instant.
    pub expires_at: Option<DateTime<Utc>>,
    /// W3C trace id, 32 hexadecimal digits.
    pub trace_id: String,
    /// The chain it belongs to.
    pub chain: Option<RunId>,
    /// What came before it in the chain; `None` for what the chain begins with.
    pub origin: Option<Box<Origin>>,
}

impl Order {
    /// An order for now with the defaults of every policy, of no schedule.
    pub fn new(id: RunId, key: Key, handler: HandlerRef, due_at: DateTime<Utc>, cause: Cause) -> Self {
        Self {
            id,
            key,
            schedule: None,
            handler,
            due_at,
            cause,
            late: false,
            input: serde_json::Value::Null,
            priority: Priority::of(cause),
            queue: QueueName::default(),
            runs_on: Labels::default(),
            headers: Headers::default(),
            window: None,
            includes: Vec::new(),
            timezone: chrono_tz::UTC,
            retry: RetryPolicy::default(),
            timeout: None,
            terms: None,
            start_by: None,
            expires_at: None,
            trace_id: id.0.simple().to_string(),
            chain: None,
            origin: None,
        }
    }

    /// The latest instant at which an attempt may begin; `is_first` if none has begun yet.
    pub fn begins_by(&self, is_first: bool) -> Option<DateTime<Utc>> {
        let start_by = self.start_by.filter(|_| is_first);
        start_by.into_iter().chain(self.expires_at).min()
    }
}

/// Who works on a run for now. Every write of its holder must carry it; a row count of 0 means it was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Lease {
    /// The run.
    pub run: RunId,
    /// The process that holds it.
    pub host: HostId,
    /// Grows with every lease of the run: a former holder's token never matches again.
    pub fence: i64,
    /// Which attempt this is, counted from 1.
    pub attempt: u32,
}

/// A run that this host may carry out.
#[derive(Debug, Clone, PartialEq)]
pub struct Leased {
    /// What to do.
    pub order: Order,
    /// The right to do it.
    pub lease: Lease,
    /// The due instant of the schedule's last success, if there was one.
    pub previous_success: Option<DateTime<Utc>>,
    /// Of a timetable: the items that have not succeeded yet.
    pub items: Arc<[Item]>,
    /// How many messages earlier attempts have left: the next one has this number.
    pub messages: u32,
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunState {
    /// Waits for a host; a retry is a `Ready` with a later `not_before`.
    Ready,
    /// A host holds the lease.
    Running,
    /// Done.
    Succeeded,
    /// Its attempts are used up, or the failure was permanent.
    Failed,
    /// Asked to stop, and stopped.
    Cancelled,
    /// Never ran; the row says why.
    Skipped,
    /// Could not start in time.
    Expired,
}

impl RunState {
    /// All states, in the order of a run's life.
    pub const ALL: [RunState; 7] = [
        RunState::Ready,
        RunState::Running,
        RunState::Succeeded,
        RunState::Failed,
        RunState::Cancelled,
        RunState::Skipped,
        RunState::Expired,
    ];

    /// The word in API, CLI and TOML.
    pub fn as_str(self) -> &'static str {
        match self {
            RunState::Ready => "ready",
            RunState::Running => "running",
            RunState::Succeeded => "succeeded",
            RunState::Failed => "failed",
            RunState::Cancelled => "cancelled",
            RunState::Skipped => "skipped",
            RunState::Expired => "expired",
        }
    }

    /// The state of that name.
    pub fn parse(text: &str) -> Option<RunState> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// Nothing follows.
    pub fn is_final(self) -> bool {
        !matches!(self, RunState::Ready | RunState::Running)
    }
}

/// Why a due instant, or several in a row, did not run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum SkipReason {
    /// A run of the same schedule was still going on.
    Overlap {
        /// The run in the way.
        blocking: RunId,
    },
    /// The host did not see them in time and the catch-up policy dropped them.
    Missed,
    /// The schedule was paused.
    Paused {
        /// Who paused it.
        by: String,
        /// Why.
        reason: Option<String>,
    },
    /// No plugin offers the handler (or the input does not fit it).
    HandlerMissing {
        /// What is missing, in words.
        message: String,
    },
    /// The trigger names the instant and yet it does not come: a holiday, a day without a sunrise.
    NotOccurring {
        /// Why, in words.
        message: String,
    },
    /// A larger schedule fires that day and takes its place.
    Superseded {
        /// The larger schedule.
        by: ScheduleName,
        /// Its due instant.
        at: DateTime<Utc>,
    },
    /// It could not begin in time.
    Expired {
        /// When it had to begin at the latest.
        by: DateTime<Utc>,
    },
    /// A newer run of the same schedule took its place before it began.
    Replaced {
        /// The newer run.
        by: RunId,
    },
    /// The handler itself said there was nothing to do.
    NothingToDo {
        /// The handler's words.
        message: String,
    },
}

impl SkipReason {
    /// The state of a row that never ran for this reason.
    pub fn state(&self) -> RunState {
        match self {
            SkipReason::Expired { .. } => RunState::Expired,
            SkipReason::Replaced { .. } => RunState::Cancelled,
            _ => RunState::Skipped,
        }
    }
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SkipReason::Overlap { blocking } => write!(f, "run {blocking} was still going on"),
            SkipReason::Missed => f.write_str("missed: the host was not there in time"),
            SkipReason::Paused { by, reason: None } => write!(f, "paused by {by}"),
            SkipReason::Paused { by, reason: Some(reason) } => write!(f, "paused by {by}: {reason}"),
            SkipReason::Superseded { by, at } => {
                write!(f, "superseded by `{by}`, due that day at {}", at.to_rfc3339_opts(SecondsFormat::AutoSi, true))
            }
            SkipReason::Expired { by } => {
                write!(f, "expired: it had to begin by {}", by.to_rfc3339_opts(SecondsFormat::AutoSi, true))
            }
            SkipReason::Replaced { by } => write!(f, "run {by} took its place before it began"),
            SkipReason::NotOccurring { message } => write!(f, "not occurring: {message}"),
            SkipReason::HandlerMissing { message } | SkipReason::NothingToDo { message } => f.write_str(message),
        }
    }
}
