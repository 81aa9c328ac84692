//! `/runs`.

use axum::Json;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::routing::{Router, get, post};
use noontide_domain::ports::{CancelAnswer, ItemPage, RunFilter, RunRecord};
use noontide_domain::{RunId, RunState, ScheduleName};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::body::{Instant, JsonBody, Name, Nothing, Query};
use crate::problem::{Answer, Problem};
use crate::{WebParts, errand, shape};

/// A batch of calls may be large.
const ENQUEUE_BYTES: usize = 16 << 20;

/// The longest page.
const MOST: usize = 1_000;

pub(crate) fn routes() -> Router<WebParts> {
    Router::new()
        .route("/runs", get(list).merge(post(enqueue).layer(DefaultBodyLimit::max(ENQUEUE_BYTES))))
        .route("/runs/{id}", get(show))
        .route("/runs/{id}/logs", get(logs))
        .route("/runs/{id}/items", get(items))
        .route("/runs/{id}/cancel", post(cancel))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    schedule: Option<String>,
    handler: Option<String>,
    state: Option<String>,
    since: Option<Instant>,
    until: Option<Instant>,
    after: Option<RunId>,
    #[serde(default = "hundred")]
    limit: usize,
}

fn hundred() -> usize {
    100
}

async fn list(State(parts): State<WebParts>, Query(query): Query<ListQuery>) -> Answer<Json<Value>> {
    if query.limit == 0 || query.limit > MOST {
        return Err(Problem::bad_request(format!("`limit` is {}; 1 to {MOST} is possible", query.limit)));
    }
    let filter = RunFilter {
        schedule: query.schedule.map(|name| schedule(&name)).transpose()?,
        handler: query.handler,
        state: query.state.map(|word| state(&word)).transpose()?,
        since: query.since.map(|since| since.0),
        until: query.until.map(|until| until.0),
        after: query.after,
        // One more tells whether another page follows.
        limit: query.limit + 1,
    };
    let mut runs = parts.history.runs(filter).await?;
    let more = runs.len() > query.limit;
    runs.truncate(query.limit);
    let next = runs.last().filter(|_| more).map(|run| run.id.to_string());
    Ok(Json(shape::list(runs.iter().map(shape::run).collect(), next)))
}

fn schedule(name: &str) -> Answer<ScheduleName> {
    name.parse().map_err(|reason| Problem::bad_request(format!("`schedule`: {reason}")))
}

fn state(word: &str) -> Answer<RunState> {
    RunState::parse(word).ok_or_else(|| {
        let known: Vec<_> = RunState::ALL.iter().map(|state| state.as_str()).collect();
        Problem::bad_request(format!("`state` is `{word}`; one of {} is expected", known.join(", ")))
    })
}

pub(crate) async fn find(parts: &WebParts, id: &str) -> Answer<RunRecord> {
    let id: RunId = id.parse().map_err(|_| Problem::not_found(format!("`{id}` is no run's id")))?;
    parts.history.run(id).await?.ok_or_else(|| Problem::not_found(format!("no run {id}; it may be past the retention")))
}

async fn show(State(parts): State<WebParts>, Name(id): Name) -> Answer<Json<Value>> {
    let run = find(&parts, &id).await?;
    let attempts = parts.history.attempts(run.id).await?;
    let mut shown = shape::run(&run);
    shown["attempts"] = attempts.iter().map(shape::attempt).collect();
    let files = parts.history.artifacts(run.id).await?;
    shown["artifacts"] = files.iter().map(shape::artifact).collect();
    shown["progress"] = parts.engine.progress(run.id).as_ref().map(shape::progress).into();
    Ok(Json(shown))
}

async fn logs(State(parts): State<WebParts>, Name(id): Name) -> Answer<Json<Value>> {
    let run = find(&parts, &id).await?;
    let logs = parts.history.logs(run.id).await?;
    Ok(Json(shape::list(logs.iter().map(shape::logs).collect(), None)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ItemsQuery {
    after: Option<u64>,
    #[serde(default = "hundred")]
    limit: usize,
}

async fn items(State(parts): State<WebParts>, Name(id): Name, Query(query): Query<ItemsQuery>) -> Answer<Json<Value>> {
    if query.limit == 0 || query.limit > MOST {
        return Err(Problem::bad_request(format!("`limit` is {}; 1 to {MOST} is possible", query.limit)));
    }
    let run = find(&parts, &id).await?.id;
    // One more tells whether another page follows.
    let mut items = parts.history.items(ItemPage { run, after: query.after, limit: query.limit + 1 }).await?;
    let more = items.len() > query.limit;
    items.truncate(query.limit);
    let next = items.last().filter(|_| more).map(|item| item.id.to_string());
    Ok(Json(shape::list(items.iter().map(shape::item).collect(), next)))
}

async fn cancel(
    State(parts): State<WebParts>,
    Name(id): Name,
    JsonBody(Nothing {}): JsonBody<Nothing>,
) -> Answer<Json<Value>> {
    let run = find(&parts, &id).await?;
    let answer = match parts.engine.cancel(run.id).await? {
        CancelAnswer::Cancelled => "cancelled",
        CancelAnswer::Asked => "asked to stop",
        CancelAnswer::Over(state) => {
            let detail = format!("run {} is over: {}", run.id, state.as_str());
            return Err(Problem::new(StatusCode::CONFLICT, detail));
        }
        CancelAnswer::NotFound => return Err(Problem::not_found(format!("no run {}", run.id))),
    };
    Ok(Json(json!({ "run": run.id.to_string(), "answer": answer })))
}

/// One call is a batch of one.
async fn enqueue(State(parts): State<WebParts>, JsonBody(body): JsonBody<Value>) -> Answer<(StatusCode, Json<Value>)> {
    let runs = parts.engine.enqueue(errand::read_all(body)?).await?;
    let duplicate = runs.iter().filter(|(_, duplicate)| *duplicate).count();
    let runs: Vec<_> = runs.iter().map(|(id, _)| id.to_string()).collect();
    Ok((StatusCode::ACCEPTED, Json(json!({ "runs": runs, "duplicate": duplicate }))))
}
