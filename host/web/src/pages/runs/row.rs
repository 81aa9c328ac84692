//! A run, as a row of a list.

use chrono_tz::Tz;
use noontide_domain::ports::RunRecord;
use noontide_domain::{Cause, Outcome};

use crate::WebParts;
use crate::pages::length::length;
use crate::pages::moment::Moment;
use crate::pages::visit::Visit;

/// What a list shows of a run.
pub(crate) struct Row {
    pub(crate) id: String,
    /// The end of its id: what tells it from its neighbours.
    pub(crate) short: String,
    pub(crate) schedule: Option<String>,
    pub(crate) handler: String,
    pub(crate) state: &'static str,
    pub(crate) due: Moment,
    /// The row stands for so many due instants.
    pub(crate) instants: Option<u64>,
    /// From the due instant to the begin of the first attempt.
    pub(crate) delay: Option<String>,
    /// Of the newest attempt.
    pub(crate) length: Option<String>,
    pub(crate) attempt: u32,
    pub(crate) max_attempts: u32,
    pub(crate) cause: &'static str,
    /// What went wrong, or why it did not run.
    pub(crate) remark: Option<String>,
}

impl Row {
    pub(crate) fn new(parts: &WebParts, visit: &Visit, run: &RunRecord) -> Self {
        let id = run.id.to_string();
        let end = run.finished_at.unwrap_or(visit.now);
        let delay = run.started_at.filter(|_| run.attempt == 1).map(|begin| length(begin - run.due_at));
        Self {
            short: id.chars().skip(id.len().saturating_sub(8)).collect(),
            id,
            schedule: run.schedule.as_ref().map(ToString::to_string),
            handler: run.handler.to_string(),
            state: run.state.as_str(),
            due: visit.moment(run.due_at, zone(parts, run)),
            instants: run.span.map(|(_, count)| count).filter(|count| *count > 1),
            delay,
            length: run.started_at.map(|begin| length(end - begin)),
            attempt: run.attempt,
            max_attempts: run.max_attempts,
            cause: cause(run.cause),
            remark: remark(run),
        }
    }
}

/// The zone of its schedule, as it is now.
pub(crate) fn zone(parts: &WebParts, run: &RunRecord) -> Tz {
    let standing = run.schedule.as_ref().and_then(|name| parts.engine.find(name.as_str()));
    standing.map_or(Tz::UTC, |standing| standing.schedule.timezone)
}

/// Why there is a run, in two words.
fn cause(cause: Cause) -> &'static str {
    match cause {
        Cause::Schedule => "came due",
        Cause::Manual => "by hand",
        Cause::Enqueued => "call",
        Cause::After => "followed",
        Cause::Backfill => "backfill",
    }
}

/// Why it did not run, or what went wrong.
fn remark(run: &RunRecord) -> Option<String> {
    let reason = run.reason.as_ref().map(ToString::to_string);
    reason.or_else(|| run.outcome.as_ref().and_then(Outcome::message))
}
