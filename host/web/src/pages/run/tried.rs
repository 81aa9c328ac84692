//! The attempts of a run, as a table shows them.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use noontide_domain::ports::{AttemptRecord, RunRecord};
use noontide_domain::{HostId, Outcome, PluginVersion, Usage, duration};

use crate::pages::length::{length, length_ms};
use crate::pages::moment::Moment;
use crate::pages::visit::Visit;

/// An attempt.
pub(super) struct Tried {
    pub(super) number: u32,
    /// How it ended, or `running`.
    pub(super) outcome: &'static str,
    /// Colour and shape.
    pub(super) mark: &'static str,
    pub(super) began: Moment,
    pub(super) took: String,
    pub(super) error: Option<String>,
    /// Innermost first.
    pub(super) backtrace: Vec<String>,
    pub(super) plugin: Option<PluginVersion>,
    pub(super) host: Option<String>,
    pub(super) cpu: String,
    pub(super) memory: String,
    pub(super) fuel: Option<u64>,
}

/// Newest first. The newest is in the run's own record.
pub(super) fn all(
    visit: &Visit,
    zone: Tz,
    run: &RunRecord,
    earlier: &[AttemptRecord],
    named: impl Fn(HostId) -> String,
) -> Vec<Tried> {
    let mut all: Vec<_> = earlier
        .iter()
        .map(|one| {
            let took = length(one.finished_at - one.started_at);
            let usage = &one.usage;
            tried(one.attempt, Some(&one.outcome), visit.moment(one.started_at, zone), took, usage, &one.plugin)
                .on(one.host.map(&named))
        })
        .collect();
    let own = run.started_at.filter(|_| earlier.last().is_none_or(|last| last.attempt < run.attempt));
    all.extend(own.map(|begin| {
        let took = length(run.finished_at.unwrap_or(visit.now) - begin);
        let outcome = run.outcome.as_ref().filter(|_| run.finished_at.is_some());
        tried(run.attempt, outcome, visit.moment(begin, zone), took, &run.usage, &run.plugin).on(run.host.map(&named))
    }));
    all.reverse();
    all
}

fn tried(
    number: u32,
    outcome: Option<&Outcome>,
    began: Moment,
    took: String,
    usage: &Usage,
    plugin: &Option<PluginVersion>,
) -> Tried {
    let backtrace = match outcome {
        Some(Outcome::Trapped { backtrace, .. }) => backtrace.clone(),
        _ => Vec::new(),
    };
    Tried {
        number,
        outcome: outcome.map_or("running", Outcome::as_str),
        mark: mark(outcome),
        began,
        took,
        error: outcome.and_then(Outcome::message),
        backtrace,
        plugin: plugin.clone(),
        host: None,
        cpu: length_ms(usage.cpu_ms),
        memory: duration::bytes(usage.peak_memory_bytes),
        fuel: usage.fuel,
    }
}

impl Tried {
    fn on(self, host: Option<String>) -> Self {
        Self { host, ..self }
    }
}

/// The state whose colour an outcome has.
pub(super) fn mark(outcome: Option<&Outcome>) -> &'static str {
    match outcome {
        None => "running",
        Some(Outcome::Succeeded { .. }) => "succeeded",
        Some(Outcome::Skipped { .. }) => "skipped",
        Some(Outcome::RunAgain { .. }) => "ready",
        Some(Outcome::Cancelled) => "cancelled",
        Some(_) => "failed",
    }
}

/// When an attempt ran.
pub(super) struct Span<'a> {
    pub(super) number: u32,
    pub(super) begin: DateTime<Utc>,
    /// Now, if it goes on.
    pub(super) end: DateTime<Utc>,
    /// `None` while it goes on.
    pub(super) outcome: Option<&'a Outcome>,
}

/// When each attempt ran, oldest first.
pub(super) fn spans<'a>(run: &'a RunRecord, earlier: &'a [AttemptRecord], now: DateTime<Utc>) -> Vec<Span<'a>> {
    let before = earlier.iter().map(|one| Span {
        number: one.attempt,
        begin: one.started_at,
        end: one.finished_at,
        outcome: Some(&one.outcome),
    });
    let own = run.started_at.filter(|_| earlier.last().is_none_or(|last| last.attempt < run.attempt));
    let own = own.map(|begin| Span {
        number: run.attempt,
        begin,
        end: run.finished_at.unwrap_or(now),
        outcome: run.outcome.as_ref().filter(|_| run.finished_at.is_some()),
    });
    before.chain(own).collect()
}
