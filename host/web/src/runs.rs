//! `/runs`. Verbs for many are in `bulk`, doing it once more in `again`, what runs say in `logs` and, while they go on, in `follow`.

mod again;
mod bulk;
mod follow;
mod logs;

use axum::Json;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use noontide_domain::ports::{CancelAnswer, ItemPage, RunFilter, RunRecord};
use noontide_domain::{RunId, RunState, ScheduleName};
use noontide_engine::Enqueued;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::body::{Instant, JsonBody, Name, Nothing, Query};
use crate::caller::Caller;
use crate::page::PageSize;
use crate::problem::{Answer, Problem};
use crate::shape::{Item, Page, Run, RunDetail};
use crate::{WebParts, chains, errand};

/// A batch of calls may be large.
const ENQUEUE_BYTES: usize = 16 << 20;

pub(crate) fn routes() -> OpenApiRouter<WebParts> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .merge(OpenApiRouter::new().routes(routes!(enqueue)).layer(DefaultBodyLimit::max(ENQUEUE_BYTES)))
        .routes(routes!(show))
        .routes(routes!(items))
        .routes(routes!(cancel))
        .merge(again::routes())
        .merge(logs::routes())
        .merge(bulk::routes())
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Of this schedule only.
    schedule: Option<String>,
    /// Of this handler only, as written in the order.
    #[param(example = "mail/send")]
    handler: Option<String>,
    /// Of this chain only.
    #[param(value_type = Option<String>, format = Uuid)]
    chain: Option<RunId>,
    /// In one of these states, by commas.
    #[param(example = "failed,expired")]
    state: Option<String>,
    /// Due at or after.
    since: Option<Instant>,
    /// Due before.
    until: Option<Instant>,
    /// Older than this run: the `next` of the page before.
    #[param(value_type = Option<String>, format = Uuid)]
    after: Option<RunId>,
    /// Rows of one page.
    #[serde(default)]
    #[param(required = false, inline)]
    limit: PageSize,
}

/// Runs, newest first
#[utoipa::path(get, path = "/runs", operation_id = "listRuns", params(ListQuery),
    responses((status = 200, body = Page<Run>, description = "A page of runs")))]
async fn list(State(parts): State<WebParts>, Query(query): Query<ListQuery>) -> Answer<Json<Page<Run>>> {
    let filter = RunFilter {
        schedule: query.schedule.map(|name| schedule(&name)).transpose()?,
        handler: query.handler,
        chain: query.chain,
        state: None,
        since: query.since.map(|since| since.0),
        until: query.until.map(|until| until.0),
        after: query.after,
        limit: query.limit.rows()?,
    };
    let states = query.state.as_deref().map(states).transpose()?.unwrap_or_default();
    let runs = find_many(&parts, filter, &states).await?;
    Ok(query.limit.of(runs, |run| run.id.to_string()))
}

fn schedule(name: &str) -> Answer<ScheduleName> {
    name.parse().map_err(|reason| Problem::bad_request(format!("`schedule`: {reason}")))
}

/// Newest first, in any of `states`; in all of them if none is named. Each state has an index of its own.
async fn find_many(parts: &WebParts, filter: RunFilter, states: &[RunState]) -> Answer<Vec<RunRecord>> {
    if states.is_empty() {
        return Ok(parts.history.runs(filter).await?);
    }
    let mut found = Vec::new();
    for state in states {
        found.extend(parts.history.runs(RunFilter { state: Some(*state), ..filter.clone() }).await?);
    }
    // A run that changed its state meanwhile may be in two of them.
    found.sort_by_key(|run: &RunRecord| std::cmp::Reverse(run.id));
    found.dedup_by_key(|run| run.id);
    found.truncate(filter.limit);
    Ok(found)
}

/// Words and commas.
fn states(words: &str) -> Answer<Vec<RunState>> {
    words.split(',').map(|word| state(word.trim())).collect()
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

/// A run with its attempts, files and progress
#[utoipa::path(get, path = "/runs/{id}", operation_id = "getRun",
    responses((status = 200, body = RunDetail, description = "The run")))]
async fn show(State(parts): State<WebParts>, Name(id): Name) -> Answer<Json<RunDetail>> {
    let run = find(&parts, &id).await?;
    let attempts = parts.history.attempts(run.id).await?;
    let files = parts.history.artifacts(run.id).await?;
    let mut shown = Run::from(&run);
    if let Some(chain) = &mut shown.chain {
        chain.around = chains::around(&parts, &run).await?;
    }
    Ok(Json(RunDetail {
        run: shown,
        attempts: attempts.iter().map(Into::into).collect(),
        artifacts: files.iter().map(Into::into).collect(),
        progress: parts.engine.progress(run.id).map(Into::into),
    }))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ItemsQuery {
    /// The `next` of the page before.
    after: Option<u64>,
    /// Rows of one page.
    #[serde(default)]
    #[param(required = false, inline)]
    limit: PageSize,
}

/// The items of a run of a timetable
#[utoipa::path(get, path = "/runs/{id}/items", operation_id = "listRunItems", params(ItemsQuery),
    responses((status = 200, body = Page<Item>, description = "A page of items")))]
async fn items(
    State(parts): State<WebParts>,
    Name(id): Name,
    Query(query): Query<ItemsQuery>,
) -> Answer<Json<Page<Item>>> {
    let limit = query.limit.rows()?;
    let run = find(&parts, &id).await?.id;
    let items = parts.history.items(ItemPage { run, after: query.after, limit }).await?;
    Ok(query.limit.of(items, |item| item.id.to_string()))
}

/// What became of a wish about a run.
#[derive(Debug, Serialize, ToSchema)]
struct RunAnswer {
    run: String,
    /// `cancelled`, or `asked to stop` while it is going on.
    answer: &'static str,
}

/// Stop a run, or take it back before it begins
#[utoipa::path(post, path = "/runs/{id}/cancel", operation_id = "cancelRun", request_body = Nothing,
    responses((status = 200, body = RunAnswer, description = "It is cancelled or was asked to stop")))]
async fn cancel(
    State(parts): State<WebParts>,
    Name(id): Name,
    JsonBody(Nothing {}): JsonBody<Nothing>,
) -> Answer<Json<RunAnswer>> {
    let run = find(&parts, &id).await?;
    let answer = cancel_one(&parts, run.id).await?;
    Ok(Json(RunAnswer { run: run.id.to_string(), answer }))
}

async fn cancel_one(parts: &WebParts, run: RunId) -> Answer<&'static str> {
    match parts.engine.cancel(run).await? {
        CancelAnswer::Cancelled => Ok("cancelled"),
        CancelAnswer::Asked => Ok("asked to stop"),
        CancelAnswer::Over(state) => {
            let detail = format!("run {run} is over: {}", state.as_str());
            Err(Problem::new(StatusCode::CONFLICT, detail))
        }
        CancelAnswer::NotFound => Err(Problem::not_found(format!("no run {run}"))),
    }
}

/// What was made of calls.
#[derive(Debug, Serialize, ToSchema)]
struct Made {
    /// In the order of the calls; of a duplicate, the run that was there.
    runs: Vec<String>,
    /// How many were there already, by their keys.
    duplicate: usize,
    /// Where anything follows: the chain of each, `null` for a call alone or a duplicate.
    #[serde(skip_serializing_if = "Option::is_none")]
    chains: Option<Vec<Option<String>>>,
}

/// Call handlers without a schedule
///
/// One call or an array of them, at most 50,000. All of them are taken or none.
#[utoipa::path(post, path = "/runs", operation_id = "enqueueRuns", request_body = errand::Calls,
    responses((status = 202, body = Made, description = "All of them are recorded")))]
async fn enqueue(
    State(parts): State<WebParts>,
    Caller(trace): Caller,
    JsonBody(body): JsonBody<Value>,
) -> Answer<(StatusCode, Json<Made>)> {
    let mut chains = errand::read_all(body)?;
    if let Some(trace) = trace {
        chains = chains.into_iter().map(|chain| chain.within(&trace)).collect();
    }
    let enqueued = parts.engine.enqueue_chains(chains).await?;
    Ok((StatusCode::ACCEPTED, Json(made(&enqueued))))
}

fn made(enqueued: &[Enqueued]) -> Made {
    let runs = || enqueued.iter().flat_map(|one| &one.runs);
    // Of a duplicate nothing was written.
    let is_new = |one: &&Enqueued| one.runs.iter().all(|(_, duplicate)| !duplicate);
    let chain = |one: &Enqueued| Some(one).filter(is_new).and_then(|one| one.chain).map(|chain| chain.to_string());
    let any = enqueued.iter().any(|one| one.chain.is_some());
    Made {
        runs: runs().map(|(id, _)| id.to_string()).collect(),
        duplicate: runs().filter(|(_, duplicate)| *duplicate).count(),
        chains: any.then(|| enqueued.iter().map(chain).collect()),
    }
}
