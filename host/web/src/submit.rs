//! `POST /schedules/{name}/submit`: payloads with due times of their own, as JSON or line by line.

use axum::Json;
use axum::extract::{DefaultBodyLimit, FromRequest, Request, State};
use axum::http::StatusCode;
use axum::routing::{Router, post};
use futures::StreamExt;
use noontide_domain::SubmissionId;
use noontide_domain::submission::{BYTES, Data, Lines};
use noontide_engine::EngineError;
use serde_json::{Value, json};
use tracing::info;

use crate::WebParts;
use crate::body::{JsonBody, Name, TOO_LARGE, content_type};
use crate::caller::Caller;
use crate::problem::{Answer, Problem};

/// What JSON Lines are called; none of these is registered.
const LINES: [&str; 3] = ["application/jsonl", "application/x-ndjson", "application/x-jsonlines"];

pub(crate) fn routes() -> Router<WebParts> {
    Router::new().route("/schedules/{name}/submit", post(submit).layer(DefaultBodyLimit::max(BYTES)))
}

/// The id tells submissions apart in the log; what became of them is told by their runs.
async fn submit(
    State(parts): State<WebParts>,
    Name(name): Name,
    Caller(trace): Caller,
    request: Request,
) -> Answer<(StatusCode, Json<Value>)> {
    let data = match LINES.contains(&content_type(&request).as_str()) {
        true => lines(request).await?,
        false => JsonBody::from_request(request, &()).await.map_err(Problem::or_unprocessable)?.0,
    };
    let submission = SubmissionId::new();
    let handed = parts.engine.submit(&name, submission, data, trace).await?;
    let counts = handed.counts;
    info!(schedule = name, %submission, accepted = counts.accepted, duplicate = counts.duplicate, "submitted");
    let runs: Vec<_> = handed.runs.iter().map(ToString::to_string).collect();
    let answer = json!({
        "submission": submission.to_string(),
        "accepted": counts.accepted,
        "duplicate": counts.duplicate,
        "out_of_window": counts.out_of_window,
        "expired": counts.expired,
        "runs": runs,
    });
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
