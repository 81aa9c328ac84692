//! `POST /runs/cancel` and `/runs/retry`: a verb for all runs of a filter. Each answers for itself.

use axum::Json;
use axum::extract::State;
use noontide_domain::ports::{RunFilter, RunRecord};
use noontide_domain::{RunId, RunState};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::again::{AGAIN, again};
use super::{cancel_one, find_many, schedule, states};
use crate::WebParts;
use crate::body::{Instant, JsonBody};
use crate::expect::{MOST, expected};
use crate::problem::{Answer, Problem};

/// Those that can be cancelled.
const STOPPABLE: [RunState; 2] = [RunState::Ready, RunState::Running];

pub(super) fn routes() -> OpenApiRouter<WebParts> {
    OpenApiRouter::new().routes(routes!(cancel_all)).routes(routes!(retry_all))
}

/// Which runs.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RunChoice {
    schedule: Option<String>,
    /// As written in the order.
    #[schema(example = "mail/send")]
    handler: Option<String>,
    #[schema(value_type = Option<String>, format = Uuid)]
    chain: Option<RunId>,
    /// In one of these states, by commas; if not given, all that the verb can be meant for.
    #[schema(example = "failed,expired")]
    state: Option<String>,
    /// Due at or after.
    since: Option<Instant>,
    /// Due before.
    until: Option<Instant>,
}

/// Which runs, and how many of them the caller has seen.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ManyRuns {
    #[serde(default)]
    filter: RunChoice,
    /// How many the caller saw with this filter. If it is another number by more than a tenth, nothing is done.
    expect: usize,
}

/// What became of a wish about many runs.
#[derive(Debug, Serialize, ToSchema)]
struct RunOutcomes {
    /// How many it worked for.
    done: usize,
    /// One for each run, newest first.
    items: Vec<RunOutcome>,
}

/// What became of it for one run.
#[derive(Debug, Serialize, ToSchema)]
struct RunOutcome {
    id: String,
    /// `cancelled`, `asked to stop`, or the id of the new run.
    answer: Option<String>,
    /// Why it did not work.
    error: Option<String>,
}

impl RunOutcome {
    fn of(run: &RunRecord, done: Answer<String>) -> Self {
        let (answer, error) = match done {
            Ok(answer) => (Some(answer), None),
            Err(problem) => (None, Some(problem.detail().to_owned())),
        };
        Self { id: run.id.to_string(), answer, error }
    }
}

fn outcomes(items: Vec<RunOutcome>) -> Json<RunOutcomes> {
    Json(RunOutcomes { done: items.iter().filter(|one| one.error.is_none()).count(), items })
}

async fn meant(parts: &WebParts, body: ManyRuns, possible: &[RunState]) -> Answer<Vec<RunRecord>> {
    let RunChoice { schedule: name, handler, chain, state, since, until } = body.filter;
    let wanted = state.as_deref().map_or_else(|| Ok(possible.to_vec()), states)?;
    if let Some(other) = wanted.iter().find(|state| !possible.contains(state)) {
        let known: Vec<_> = possible.iter().map(|state| state.as_str()).collect();
        let detail =
            format!("`state`: nothing can be done with what is `{}`; only {}", other.as_str(), known.join(", "));
        return Err(Problem::bad_request(detail));
    }
    let filter = RunFilter {
        schedule: name.map(|name| schedule(&name)).transpose()?,
        handler,
        chain,
        since: since.map(|since| since.0),
        until: until.map(|until| until.0),
        limit: MOST + 1,
        ..RunFilter::default()
    };
    let found = find_many(parts, filter, &wanted).await?;
    expected("runs", body.expect, found.len())?;
    Ok(found)
}

/// Stop many runs, or take them back before they begin
#[utoipa::path(post, path = "/runs/cancel", operation_id = "cancelRuns", request_body = ManyRuns,
    responses((status = 200, body = RunOutcomes, description = "What became of each")))]
async fn cancel_all(State(parts): State<WebParts>, JsonBody(body): JsonBody<ManyRuns>) -> Answer<Json<RunOutcomes>> {
    let mut items = Vec::new();
    for run in meant(&parts, body, &STOPPABLE).await? {
        items.push(RunOutcome::of(&run, cancel_one(&parts, run.id).await.map(str::to_owned)));
    }
    Ok(outcomes(items))
}

/// Do once more what many runs did not do
#[utoipa::path(post, path = "/runs/retry", operation_id = "retryRuns", request_body = ManyRuns,
    responses((status = 200, body = RunOutcomes, description = "What became of each")))]
async fn retry_all(State(parts): State<WebParts>, JsonBody(body): JsonBody<ManyRuns>) -> Answer<Json<RunOutcomes>> {
    let mut items = Vec::new();
    for run in meant(&parts, body, &AGAIN).await? {
        items.push(RunOutcome::of(&run, again(&parts, &run).await.map(|id| id.to_string())));
    }
    Ok(outcomes(items))
}
