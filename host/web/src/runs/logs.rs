//! `/runs/{id}/logs`: what a run has said, or says.

use axum::Extension;
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{find, follow};
use crate::WebParts;
use crate::body::{Name, Query};
use crate::events::{Source, last_seen};
use crate::problem::{Answer, Problem};
use crate::shape::{AttemptLog, Page};

pub(super) fn routes() -> OpenApiRouter<WebParts> {
    OpenApiRouter::new().routes(routes!(logs))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct LogsQuery {
    /// As server-sent events, while it goes on.
    #[serde(default)]
    #[param(required = false)]
    follow: bool,
    /// With `follow`: only lines with a number above this. `Last-Event-ID` says the same, and goes first.
    after: Option<u64>,
}

/// What a run said, attempt by attempt
///
/// With `follow=true` as server-sent events: a `line` for each, with its number in the run as id; `lagged` says how many lines
/// were over the limits, `elsewhere` which other host the run is on (its lines come when its attempt is over), and `end` that
/// the attempt is over and how the run stands. A run that waits is waited for. The stream ends when the host stops, too.
#[utoipa::path(get, path = "/runs/{id}/logs", operation_id = "getRunLogs",
    params(LogsQuery, ("Last-Event-ID" = Option<u64>, Header, description = "With `follow`: the id of the last line that was seen")),
    responses((status = 200, description = "The lines of each attempt that has ended; or the stream",
        content((Page<AttemptLog> = "application/json"), (String = "text/event-stream")))))]
async fn logs(
    State(parts): State<WebParts>,
    Extension(source): Extension<Source>,
    headers: HeaderMap,
    Name(id): Name,
    Query(query): Query<LogsQuery>,
) -> Answer<Response> {
    if query.after.is_some() && !query.follow {
        return Err(Problem::bad_request("`after` goes with `follow=true`; without it the log comes whole"));
    }
    let run = find(&parts, &id).await?;
    if query.follow {
        let last = last_seen(&headers).or(query.after).unwrap_or_default();
        return Ok(follow::stream(parts, &source, run.id, last)?.into_response());
    }
    let logs = parts.history.logs(run.id).await?;
    Ok(Json(Page::<AttemptLog>::whole(logs.iter().map(Into::into))).into_response())
}
