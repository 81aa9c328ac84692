//! `/runs`.

use axum::Json;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::routing::{Router, get, post};
use noontide_domain::ports::{CancelAnswer, ItemPage, RunFilter, RunRecord};
use noontide_domain::{RunId, RunState, ScheduleName};
use noontide_engine::Enqueued;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::body::{Instant, JsonBody, Name, Nothing, Query};
use crate::caller::Caller;
use crate::page::PageSize;
use crate::problem::{Answer, Problem};
use crate::{WebParts, chains, errand, shape};

/// A batch of calls may be large.
const ENQUEUE_BYTES: usize = 16 << 20;

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
    chain: Option<RunId>,
    state: Option<String>,
    since: Option<Instant>,
    until: Option<Instant>,
    after: Option<RunId>,
    #[serde(default)]
    limit: PageSize,
}

async fn list(State(parts): State<WebParts>, Query(query): Query<ListQuery>) -> Answer<Json<Value>> {
    let filter = RunFilter {
        schedule: query.schedule.map(|name| schedule(&name)).transpose()?,
        handler: query.handler,
        chain: query.chain,
        state: query.state.map(|word| state(&word)).transpose()?,
        since: query.since.map(|since| since.0),
        until: query.until.map(|until| until.0),
        after: query.after,
        limit: query.limit.rows()?,
    };
    let runs = parts.history.runs(filter).await?;
    Ok(query.limit.of(runs, |run| run.id.to_string(), shape::run))
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
    shown["chain"] = chains::around(&parts, &run).await?;
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
    #[serde(default)]
    limit: PageSize,
}

async fn items(State(parts): State<WebParts>, Name(id): Name, Query(query): Query<ItemsQuery>) -> Answer<Json<Value>> {
    let limit = query.limit.rows()?;
    let run = find(&parts, &id).await?.id;
    let items = parts.history.items(ItemPage { run, after: query.after, limit }).await?;
    Ok(query.limit.of(items, |item| item.id.to_string(), shape::item))
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
async fn enqueue(
    State(parts): State<WebParts>,
    Caller(trace): Caller,
    JsonBody(body): JsonBody<Value>,
) -> Answer<(StatusCode, Json<Value>)> {
    let mut chains = errand::read_all(body)?;
    if let Some(trace) = trace {
        chains = chains.into_iter().map(|chain| chain.within(&trace)).collect();
    }
    let enqueued = parts.engine.enqueue_chains(chains).await?;
    let runs = || enqueued.iter().flat_map(|one| &one.runs);
    let duplicate = runs().filter(|(_, duplicate)| *duplicate).count();
    let mut answer =
        json!({ "runs": runs().map(|(id, _)| id.to_string()).collect::<Vec<_>>(), "duplicate": duplicate });
    if enqueued.iter().any(|one| one.chain.is_some()) {
        // Of a duplicate nothing was written.
        let is_new = |one: &&Enqueued| one.runs.iter().all(|(_, duplicate)| !duplicate);
        let chain = |one: &Enqueued| Some(one).filter(is_new).and_then(|one| one.chain).map(|chain| chain.to_string());
        answer["chains"] = enqueued.iter().map(chain).collect();
    }
    Ok((StatusCode::ACCEPTED, Json(answer)))
}
