//! What happens, as those who look on hear it.

use noontide_engine::{Event, Happening};
use serde_json::{Value, json};

use super::{PluginVersion, time};

/// The event's name and what it says.
pub(crate) fn event(event: &Event) -> (&'static str, Value) {
    let at = time(event.at);
    match &event.happening {
        Happening::Started { run, schedule, handler, due_at, attempt } => (
            "run-started",
            json!({
                "at": at, "run": run.to_string(), "schedule": schedule, "handler": handler.to_string(),
                "due_at": time(*due_at), "attempt": attempt,
            }),
        ),
        Happening::Finished { run, schedule, handler, attempt, outcome, message, result, state, wall_ms } => (
            "run-finished",
            json!({
                "at": at, "run": run.to_string(), "schedule": schedule, "handler": handler.to_string(),
                "attempt": attempt, "outcome": outcome, "error": message, "result": result,
                "state": state.as_str(), "wall_ms": wall_ms,
            }),
        ),
        Happening::Skipped { schedule, due_at, count, reason } => (
            "skipped",
            json!({ "at": at, "schedule": schedule, "due_at": time(*due_at), "count": count, "reason": reason }),
        ),
        Happening::Overdue { schedule, since } => {
            ("overdue", json!({ "at": at, "schedule": schedule, "since": time(*since) }))
        }
        Happening::TakenOver { schedule, place } => {
            ("taken-over", json!({ "at": at, "schedule": schedule, "place": place }))
        }
        Happening::SchedulesChanged => ("schedules-changed", json!({ "at": at })),
        Happening::Undelivered { message, run, plugin, destination, answer } => (
            "undelivered",
            json!({
                "at": at, "message": message.to_string(), "run": run.to_string(), "plugin": plugin,
                "destination": destination, "answer": answer,
            }),
        ),
        Happening::Alert { kind, incident, rule, subject, title, words } => (
            "alert",
            json!({
                "at": at, "kind": kind.as_str(), "incident": incident.to_string(), "rule": rule, "subject": subject,
                "title": title, "words": words,
            }),
        ),
        Happening::EditRefused { schedule, reason } => {
            ("edit-refused", json!({ "at": at, "schedule": schedule, "reason": reason }))
        }
        Happening::PluginVersion { version: about, standing, words } => (
            "plugin-version",
            json!({ "at": at, "plugin": PluginVersion::from(about), "standing": standing.as_str(), "words": words }),
        ),
    }
}
