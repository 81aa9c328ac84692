//! `POST /schedules/pause`, `/resume` and `/fire`: many schedules at once, by a filter. Whoever asks says how many they expect:
//! if others match by then, nothing is done.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{Router, post};
use noontide_domain::{Pause, ScheduleName};
use noontide_engine::FireRequest;
use serde::Deserialize;
use serde_json::{Value, json};
use tracing::info;

use crate::access::Visitor;
use crate::body::{Instant, JsonBody};
use crate::problem::{Answer, Problem};
use crate::selection::Selection;
use crate::{WebParts, shape};

/// Fired with one request at most: each is a run.
const FIRED: usize = 10_000;

/// Refusals told with their reason.
const TOLD: usize = 20;

pub(crate) fn routes() -> Router<WebParts> {
    Router::new().route("/schedules/{name}", post(many))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    #[serde(default)]
    filter: Selection,
    /// How many match, as far as the client knows.
    expect: usize,
    reason: Option<String>,
    /// Of a pause.
    until: Option<Instant>,
    by: Option<String>,
}

async fn many(
    State(parts): State<WebParts>,
    visitor: Visitor,
    Path(act): Path<String>,
    JsonBody(body): JsonBody<Body>,
) -> Answer<(StatusCode, Json<Value>)> {
    if !["pause", "resume", "fire"].contains(&act.as_str()) {
        return Err(Problem::not_found(format!(
            "`POST /schedules/{act}` is nothing: `pause`, `resume` and `fire` are for many schedules, `PUT` writes one"
        )));
    }
    let now = parts.engine.now();
    let until = body.until.map(|until| until.0);
    if let Some(until) = until.filter(|until| *until <= now) {
        return Err(Problem::bad_request(format!("`until` is {}, which has passed", shape::time(until))));
    }
    let failing = body.filter.failing(&parts).await?;
    let meant = body.filter.of(&parts, failing.as_ref(), now);
    if meant.len() != body.expect {
        let detail = format!("{} schedules match and {} were expected: nothing was done", meant.len(), body.expect);
        return Err(Problem::new(StatusCode::CONFLICT, detail));
    }
    let names: Vec<_> = meant.into_iter().map(|standing| standing.schedule.name.clone()).collect();
    let by = visitor.signed(body.by);
    info!(%act, schedules = names.len(), %by, reason = body.reason.as_deref().unwrap_or_default(), "many schedules at once");
    let matched = names.len();
    let (done, refused) = match act.as_str() {
        "pause" => {
            let pause = Pause { since: now, by, reason: body.reason, until };
            (parts.engine.pause_many(names, Some(pause)).await?, Vec::new())
        }
        "resume" => (parts.engine.pause_many(names, None).await?, Vec::new()),
        _ => fire(&parts, names).await?,
    };
    let failed = matched - done;
    let answer = json!({ "matched": matched, "done": done, "failed": failed, "refused": refused });
    Ok((if act == "fire" { StatusCode::ACCEPTED } else { StatusCode::OK }, Json(answer)))
}

async fn fire(parts: &WebParts, names: Vec<ScheduleName>) -> Answer<(usize, Vec<Value>)> {
    if names.len() > FIRED {
        return Err(Problem::bad_request(format!(
            "{} schedules match; up to {FIRED} are fired at once: narrow the filter",
            names.len()
        )));
    }
    let (mut done, mut refused) = (0, Vec::new());
    for name in names {
        let asked = FireRequest { input: None, window: None, at: None };
        match parts.engine.fire(name.as_str(), asked).await {
            Ok(_) => done += 1,
            Err(problem) if refused.len() < TOLD => {
                refused.push(json!({ "schedule": name, "detail": problem.to_string() }));
            }
            Err(_) => {}
        }
    }
    Ok((done, refused))
}
