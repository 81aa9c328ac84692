//! `/events`: what happens from now on, as server-sent events. A client that is too slow is told how much it missed.

use std::convert::Infallible;

use axum::extract::State;
use axum::response::Sse;
use axum::response::sse::{Event as SseEvent, KeepAlive};
use axum::routing::{Router, get};
use futures::Stream;
use futures::stream::unfold;
use noontide_engine::{Event, Happening};
use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

use crate::{WebParts, shape};

pub(crate) fn routes(stop: CancellationToken) -> Router<WebParts> {
    Router::new().route("/events", get(move |State(parts): State<WebParts>| async move { events(&parts, stop) }))
}

/// Ends when the host stops, so that open pages never hold a shutdown up.
fn events(parts: &WebParts, stop: CancellationToken) -> Sse<impl Stream<Item = Result<SseEvent, Infallible>> + use<>> {
    let stream = unfold((parts.engine.events(), stop, 0u64), |(mut events, stop, id)| async move {
        let event = tokio::select! {
            () = stop.cancelled() => return None,
            event = events.recv() => match event {
                Ok(event) => shown(&event),
                Err(RecvError::Lagged(missed)) => ("lagged", json!({ "missed": missed })),
                Err(RecvError::Closed) => return None,
            },
        };
        let (name, data) = event;
        let sse = SseEvent::default().id(id.to_string()).event(name).data(data.to_string());
        Some((Ok(sse), (events, stop, id + 1)))
    });
    Sse::new(stream).keep_alive(KeepAlive::default())
}

fn shown(event: &Event) -> (&'static str, Value) {
    let at = shape::time(event.at);
    match &event.happening {
        Happening::Started { run, schedule, handler, due_at, attempt } => (
            "run-started",
            json!({
                "at": at, "run": run.to_string(), "schedule": schedule, "handler": handler.to_string(),
                "due_at": shape::time(*due_at), "attempt": attempt,
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
            json!({
                "at": at, "schedule": schedule, "due_at": shape::time(*due_at), "count": count, "reason": reason,
            }),
        ),
        Happening::SchedulesChanged => ("schedules-changed", json!({ "at": at })),
    }
}
