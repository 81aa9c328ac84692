//! `POST /schedules/{name}/submit`: payloads with due times of their own, as JSON or line by line.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{DefaultBodyLimit, FromRequest, Request, State};
use axum::http::StatusCode;
use futures::StreamExt;
use noontide_domain::SubmissionId;
use noontide_domain::submission::{BYTES, Data, Lines};
use noontide_engine::EngineError;
use serde::Serialize;
use tracing::info;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::WebParts;
use crate::body::{JsonBody, Name, TOO_LARGE, content_type};
use crate::problem::{Answer, Problem};

/// What JSON Lines are called; none of these is registered.
const LINES: [&str; 3] = ["application/jsonl", "application/x-ndjson", "application/x-jsonlines"];

pub(crate) fn routes() -> OpenApiRouter<WebParts> {
    OpenApiRouter::new().routes(routes!(submit)).layer(DefaultBodyLimit::max(BYTES))
}

/// Unix seconds to payloads, for the document. [`Data`] reads it.
#[derive(ToSchema)]
#[schema(example = json!({ "1602349200": [{ "channel_id": 7 }] }))]
#[expect(dead_code, reason = "only the document builds it")]
struct Timetable(BTreeMap<String, Vec<serde_json::Value>>);

/// What was taken of a timetable.
#[derive(Debug, Serialize, ToSchema)]
struct Submitted {
    /// Tells submissions apart in the log.
    submission: String,
    accepted: u64,
    /// Were executed before.
    duplicate: u64,
    /// Too early or too late to be taken; may come again.
    out_of_window: u64,
    /// Came too late to run.
    expired: u64,
    /// One for each timestamp.
    runs: Vec<String>,
}

/// Hand a schedule payloads with due times of their own
///
/// `{"1602349200": [{…}, {…}], …}`, unix seconds to payloads; or line by line `{"at": 1602349200, "payload": {…}}`. All of it
/// is taken or, if anything is wrong, nothing.
#[utoipa::path(post, path = "/schedules/{name}/submit", operation_id = "submitTimetable",
    request_body(content(
        (Timetable = "application/json"),
        (String = "application/jsonl"),
    )),
    responses((status = 202, body = Submitted, description = "What was taken is recorded")))]
async fn submit(
    State(parts): State<WebParts>,
    Name(name): Name,
    request: Request,
) -> Answer<(StatusCode, Json<Submitted>)> {
    let data = match LINES.contains(&content_type(&request).as_str()) {
        true => lines(request).await?,
        false => JsonBody::from_request(request, &()).await.map_err(Problem::or_unprocessable)?.0,
    };
    let submission = SubmissionId::new();
    let handed = parts.engine.submit(&name, submission, data).await?;
    let counts = handed.counts;
    info!(schedule = name, %submission, accepted = counts.accepted, duplicate = counts.duplicate, "submitted");
    let runs: Vec<_> = handed.runs.iter().map(ToString::to_string).collect();
    let answer = Submitted {
        submission: submission.to_string(),
        accepted: counts.accepted,
        duplicate: counts.duplicate,
        out_of_window: counts.out_of_window,
        expired: counts.expired,
        runs,
    };
    Ok((StatusCode::ACCEPTED, Json(answer)))
}

/// Read as they come: what is wrong or too much ends it there.
async fn lines(request: Request) -> Answer<Data> {
    let refused = |refusal| Problem::from(EngineError::Refused(refusal));
    let mut stream = request.into_body().into_data_stream();
    let (mut lines, mut bytes) = (Lines::default(), 0);
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|reason| Problem::bad_request(format!("the body cannot be read: {reason}")))?;
        bytes += chunk.len();
        if bytes > BYTES {
            return Err(Problem::too_large(TOO_LARGE));
        }
        lines.add(&chunk).map_err(refused)?;
    }
    lines.end().map_err(refused)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::response::IntoResponse;

    #[tokio::test]
    async fn lines_without_an_end_are_not_read_to_it() {
        let line = format!("{{\"at\": 1, \"payload\": \"{}\"}}\n", "x".repeat(1 << 17));
        let endless = futures::stream::repeat(line).map(Ok::<_, std::io::Error>);
        let refused = lines(Request::new(Body::from_stream(endless))).await.expect_err("too much");
        assert_eq!(refused.into_response().status(), StatusCode::PAYLOAD_TOO_LARGE);
    }
}
