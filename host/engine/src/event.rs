//! What happened, for whoever looks on. Lossy by design: the truth is in the ledger.

use chrono::{DateTime, Utc};
use noontide_domain::alert::{AlertKind, IncidentId};
use noontide_domain::plugin::upgrade::VersionStanding;
use noontide_domain::{HandlerRef, MessageId, PluginName, PluginVersion, RunId, RunState, ScheduleName};

/// Something happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub happening: Happening,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Happening {
    /// An attempt began.
    Started {
        /// The run.
        run: RunId,
        /// Its schedule.
        schedule: Option<ScheduleName>,
        /// What was called.
        handler: HandlerRef,
        /// The nominal instant.
        due_at: DateTime<Utc>,
        /// Counted from 1.
        attempt: u32,
    },
    /// An attempt was recorded.
    Finished {
        /// The run.
        run: RunId,
        /// Its schedule.
        schedule: Option<ScheduleName>,
        /// What was called.
        handler: HandlerRef,
        /// Counted from 1.
        attempt: u32,
        /// The outcome's word.
        outcome: &'static str,
        /// What went wrong, or why there was nothing to do, in a line.
        message: Option<String>,
        /// The handler's result.
        result: Option<serde_json::Value>,
        /// Where the run stands now: `Ready` if it is tried again.
        state: RunState,
        /// How long it took, in milliseconds.
        wall_ms: u64,
    },
    /// Due instants passed without a run.
    Skipped {
        /// The schedule.
        schedule: ScheduleName,
        /// The first of them.
        due_at: DateTime<Utc>,
        /// How many.
        count: u64,
        /// Why, in words.
        reason: String,
    },
    /// A schedule has had no success for longer than its `expect-within`.
    Overdue {
        /// The schedule.
        schedule: ScheduleName,
        /// When a success was due at the latest.
        since: DateTime<Utc>,
    },
    /// A file defines a name that was the API's; what a client put under it is gone.
    TakenOver {
        /// The schedule.
        schedule: ScheduleName,
        /// Where it is defined now: `path:line`.
        place: String,
    },
    /// A message was given up.
    Undelivered {
        /// The message.
        message: MessageId,
        /// The run that handed it over.
        run: RunId,
        /// The plugin.
        plugin: PluginName,
        /// Scheme, host and port.
        destination: String,
        /// What came of the last try, in words.
        answer: String,
    },
    /// A message about an incident was written, for whoever is on call.
    Alert {
        /// Why.
        kind: AlertKind,
        /// Which incident.
        incident: IncidentId,
        /// The rule's name.
        rule: String,
        /// What it is about, such as `schedule/nightly`.
        subject: String,
        /// In a line.
        title: String,
        /// What is wrong, or why it is over.
        words: String,
    },
    /// Schedules were declared anew, put, removed, or changed by others.
    SchedulesChanged,
    /// Somebody edited a schedule in the ledger itself, and what is written there cannot be taken.
    EditRefused {
        /// The name in the row, whether or not it can name a schedule.
        schedule: String,
        /// What is wrong, where, and what to do.
        reason: String,
    },
    /// Something was decided about a version of a plugin.
    PluginVersion {
        /// Which.
        version: PluginVersion,
        /// What it is from now on.
        standing: VersionStanding,
        /// A sentence.
        words: String,
    },
}
