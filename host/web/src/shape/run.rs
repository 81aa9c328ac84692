//! Runs and their attempts.

use noontide_domain::chain::Origin;
use noontide_domain::ports::{AttemptRecord, RunRecord};
use noontide_domain::{Cause, Headers, Labels, Outcome, Priority, QueueName, ScheduleName, SkipReason};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::provenance::{Items, Provenance, Used};
use super::{Around, PluginVersion, Time, words};

/// A run: one due instant, or one call, being carried out.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Run {
    /// UUID version 7: sorts by the time of its making.
    #[schema(format = Uuid)]
    pub(crate) id: String,
    /// Its identity as a fire, in hexadecimal.
    key: String,
    /// `null` for a call without a schedule.
    #[schema(value_type = Option<String>)]
    schedule: Option<ScheduleName>,
    /// What is called, as written in the order.
    #[schema(example = "mail/send")]
    handler: String,
    /// The nominal instant.
    pub(crate) due_at: Time,
    /// The last of several due instants that this row stands for.
    due_until: Option<Time>,
    /// How many due instants this row stands for, if several.
    due_count: Option<u64>,
    #[schema(value_type = words::RunState)]
    pub(crate) state: &'static str,
    /// Why it never ran: `kind`, its parts, and `text`, a sentence.
    #[schema(value_type = Option<Object>)]
    reason: Option<Value>,
    #[schema(value_type = words::Cause)]
    cause: Cause,
    /// Was missed and caught up.
    late: bool,
    /// Of the newest attempt; 0 before the first.
    attempt: u32,
    /// Allowed in all.
    max_attempts: u32,
    /// Earliest start, while it is ready.
    not_before: Option<Time>,
    /// Begin of the newest attempt.
    started_at: Option<Time>,
    /// End of the newest attempt.
    finished_at: Option<Time>,
    /// How the newest finished attempt ended.
    #[schema(example = "succeeded")]
    outcome: Option<&'static str>,
    /// What the handler answered.
    result: Value,
    /// Why it failed, in words.
    error: Option<String>,
    /// Of a trap: the frames.
    #[schema(value_type = Value)]
    backtrace: Value,
    /// Which version it ran on.
    plugin: Option<PluginVersion>,
    /// The host of the newest attempt.
    host: Option<String>,
    /// 0 to 255; higher goes first.
    #[schema(value_type = u8)]
    priority: Priority,
    #[schema(value_type = String)]
    queue: QueueName,
    /// Labels asked of the host that carries it out.
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    runs_on: Labels,
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    headers: Headers,
    /// Of a timetable: how its items stand.
    items: Option<Items>,
    /// The data window.
    window: Option<Window>,
    /// Smaller schedules whose work is part of it.
    #[schema(value_type = Vec<String>)]
    includes: Vec<ScheduleName>,
    /// What the handler gets.
    input: Value,
    usage: Used,
    /// What held and what it did outside; `null` before its end.
    provenance: Option<Provenance>,
    /// W3C trace id.
    trace_id: String,
    /// Which chain it belongs to; `null` if to none.
    pub(crate) chain: Option<InChain>,
    created_at: Time,
}

impl From<&RunRecord> for Run {
    fn from(run: &RunRecord) -> Self {
        let outcome = run.outcome.as_ref();
        Self {
            id: run.id.to_string(),
            key: run.key.hex(),
            schedule: run.schedule.clone(),
            handler: run.handler.to_string(),
            due_at: Time(run.due_at),
            due_until: run.span.map(|(until, _)| Time(until)),
            due_count: run.span.map(|(_, count)| count),
            state: run.state.as_str(),
            reason: run.reason.as_ref().map(reason),
            cause: run.cause,
            late: run.late,
            attempt: run.attempt,
            max_attempts: run.max_attempts,
            not_before: run.not_before.map(Time),
            started_at: run.started_at.map(Time),
            finished_at: run.finished_at.map(Time),
            outcome: outcome.map(Outcome::as_str),
            result: result(outcome),
            error: outcome.and_then(Outcome::message),
            backtrace: backtrace(outcome),
            plugin: run.plugin.as_ref().map(Into::into),
            host: run.host.map(|host| host.to_string()),
            priority: run.priority,
            queue: run.queue.clone(),
            runs_on: run.runs_on.clone(),
            headers: run.headers.clone(),
            items: run.items.map(Into::into),
            window: run.window.map(|window| Window { from: Time(window.from), to: Time(window.to) }),
            includes: run.includes.iter().map(|one| one.schedule.clone()).collect(),
            input: run.input.clone(),
            usage: run.usage.into(),
            provenance: run.provenance.as_ref().map(Into::into),
            trace_id: run.trace_id.clone(),
            chain: InChain::of(run),
            created_at: Time(run.created_at),
        }
    }
}

/// The kind, the parts, and a sentence.
fn reason(reason: &SkipReason) -> Value {
    let mut shown = serde_json::to_value(reason).unwrap_or_default();
    shown["text"] = reason.to_string().into();
    shown
}

fn result(outcome: Option<&Outcome>) -> Value {
    match outcome {
        Some(Outcome::Succeeded { result: Some(result) }) => result.clone(),
        _ => Value::Null,
    }
}

fn backtrace(outcome: Option<&Outcome>) -> Value {
    match outcome {
        Some(Outcome::Trapped { backtrace, .. }) => serde_json::to_value(backtrace).unwrap_or_default(),
        _ => Value::Null,
    }
}

/// The half-open span of data that a run is about.
#[derive(Debug, Serialize, ToSchema)]
struct Window {
    from: Time,
    to: Time,
}

/// Which chain a run belongs to, and what came before it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InChain {
    /// The chain: the id of its first call.
    id: String,
    /// The run before it.
    previous: Option<String>,
    /// The group that was waited for.
    group: Option<String>,
    /// Where the run itself is asked for: its place in the chain.
    #[serde(flatten)]
    pub(crate) around: Option<Around>,
}

impl InChain {
    fn of(run: &RunRecord) -> Option<Self> {
        let origin = run.origin.as_deref();
        Some(Self {
            id: run.chain?.to_string(),
            previous: origin.and_then(Origin::previous).map(|run| run.to_string()),
            group: origin.and_then(Origin::group).map(|group| group.to_string()),
            around: None,
        })
    }
}

/// An earlier attempt of a run.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Attempt {
    /// Counted from 1.
    attempt: u32,
    /// How it ended.
    outcome: &'static str,
    /// Why it failed, in words.
    error: Option<String>,
    /// Of a trap: the frames.
    backtrace: Value,
    plugin: Option<PluginVersion>,
    host: Option<String>,
    started_at: Time,
    finished_at: Time,
    usage: Used,
    provenance: Option<Provenance>,
}

impl From<&AttemptRecord> for Attempt {
    fn from(attempt: &AttemptRecord) -> Self {
        Self {
            attempt: attempt.attempt,
            outcome: attempt.outcome.as_str(),
            error: attempt.outcome.message(),
            backtrace: backtrace(Some(&attempt.outcome)),
            plugin: attempt.plugin.as_ref().map(Into::into),
            host: attempt.host.map(|host| host.to_string()),
            started_at: Time(attempt.started_at),
            finished_at: Time(attempt.finished_at),
            usage: attempt.usage.into(),
            provenance: attempt.provenance.as_ref().map(Into::into),
        }
    }
}
