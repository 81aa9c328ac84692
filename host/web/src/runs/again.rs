//! `POST /runs/{id}/retry`: what a run did not do is done by a new one. The old row stays as it is: it tells what happened.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use noontide_domain::ports::RunRecord;
use noontide_domain::{Errand, RetryPolicy, RunId, RunState};
use noontide_engine::FireRequest;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::find;
use crate::WebParts;
use crate::body::{JsonBody, Name, Nothing};
use crate::problem::{Answer, Problem};

/// What did not end well.
pub(super) const AGAIN: [RunState; 3] = [RunState::Failed, RunState::Cancelled, RunState::Expired];

pub(super) fn routes() -> OpenApiRouter<WebParts> {
    OpenApiRouter::new().routes(routes!(retry))
}

/// The run that does it once more.
#[derive(Debug, Serialize, ToSchema)]
struct Again {
    /// The new run.
    run: String,
    /// The one it does again.
    of: String,
}

/// Do once more what a run did not do
///
/// A new run with the same input and window. A run that succeeded is not done again: fire its schedule for that.
#[utoipa::path(post, path = "/runs/{id}/retry", operation_id = "retryRun", request_body = Nothing,
    responses((status = 202, body = Again, description = "The new run is recorded")))]
async fn retry(
    State(parts): State<WebParts>,
    Name(id): Name,
    JsonBody(Nothing {}): JsonBody<Nothing>,
) -> Answer<(StatusCode, Json<Again>)> {
    let run = find(&parts, &id).await?;
    let new = again(&parts, &run).await?;
    Ok((StatusCode::ACCEPTED, Json(Again { run: new.to_string(), of: run.id.to_string() })))
}

pub(super) async fn again(parts: &WebParts, run: &RunRecord) -> Answer<RunId> {
    if !AGAIN.contains(&run.state) {
        let state = run.state.as_str();
        let detail = format!("run {} is {state}; only what failed, expired or was cancelled is done again", run.id);
        return Err(Problem::new(StatusCode::CONFLICT, detail));
    }
    if let Some(schedule) = &run.schedule {
        let request = FireRequest { input: Some(run.input.clone()), window: run.window, ..FireRequest::default() };
        return Ok(parts.engine.fire(schedule.as_str(), request).await?);
    }
    let errand = Errand {
        priority: run.priority,
        queue: run.queue.clone(),
        runs_on: run.runs_on.clone(),
        headers: run.headers.clone(),
        retry: RetryPolicy { attempts: run.max_attempts, ..RetryPolicy::default() },
        ..Errand::new(run.handler.clone(), run.input.clone())
    };
    let made = parts.engine.enqueue(vec![errand]).await?;
    let gone = || Problem::new(StatusCode::SERVICE_UNAVAILABLE, "nothing was recorded; ask again");
    made.first().map(|(id, _)| *id).ok_or_else(gone)
}
