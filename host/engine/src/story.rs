//! What a run did, as lines of the log: each names the run, its trace, its schedule, its handler and this host. They have
//! targets of their own, so that whoever reads the host's own log is not told of every run.

use noontide_domain::{Leased, LogLine, Report, RunState};
use tracing::{debug, error, info, trace, warn};

use crate::Settings;

/// Lines about runs have this target.
pub const RUN: &str = "run";
/// Lines that a handler said have this target.
pub const HANDLER: &str = "handler";

/// One line, with what each of them says.
macro_rules! line {
    ($level:ident, $target:ident, $settings:expr, $leased:expr, $($rest:tt)+) => {{
        let order = &$leased.order;
        $level!(
            target: $target,
            trace_id = order.trace_id.as_str(),
            host = %$settings.host,
            run = %order.id,
            schedule = order.schedule.as_ref().map(|schedule| schedule.as_str()),
            handler = %order.handler,
            attempt = $leased.lease.attempt,
            $($rest)+
        )
    }};
}

/// An attempt begins.
pub(crate) fn begins(settings: &Settings, leased: &Leased) {
    line!(debug, RUN, settings, leased, due_at = %leased.order.due_at.to_rfc3339(), "attempt begins");
}

/// An attempt was recorded: what its handler said, and how it ended.
pub(crate) fn ended(settings: &Settings, leased: &Leased, state: RunState, report: &Report) {
    report.logs.iter().for_each(|said| tell(settings, leased, said));
    let (outcome, state, wall_ms) = (report.outcome.as_str(), state.as_str(), report.usage.wall_ms);
    let message = report.outcome.message();
    let error = message.as_deref();
    line!(info, RUN, settings, leased, outcome, state, wall_ms, error, "attempt ended");
}

/// It was said before; `said_at` is when.
fn tell(settings: &Settings, leased: &Leased, said: &LogLine) {
    let said_at = said.at.to_rfc3339();
    let fields = (!said.fields.is_empty()).then(|| serde_json::json!(said.fields).to_string());
    match said.level.as_str() {
        "error" => {
            line!(error, HANDLER, settings, leased, said_at, said_fields = fields.as_deref(), "{}", said.message)
        }
        "warn" => line!(warn, HANDLER, settings, leased, said_at, said_fields = fields.as_deref(), "{}", said.message),
        "debug" => {
            line!(debug, HANDLER, settings, leased, said_at, said_fields = fields.as_deref(), "{}", said.message)
        }
        "trace" => {
            line!(trace, HANDLER, settings, leased, said_at, said_fields = fields.as_deref(), "{}", said.message)
        }
        _ => line!(info, HANDLER, settings, leased, said_at, said_fields = fields.as_deref(), "{}", said.message),
    }
}
