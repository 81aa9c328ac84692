//! `POST /schedules/pause`, `/resume` and `/fire`: a verb for all schedules of a filter. Each answers for itself.

use axum::Json;
use axum::extract::State;
use axum::routing::get;
use noontide_domain::{Pause, Standing};
use noontide_engine::{EngineError, FireRequest};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::choice::ScheduleChoice;
use crate::WebParts;
use crate::access::Visitor;
use crate::body::{Instant, JsonBody, Name};
use crate::expect::{MOST, expected};
use crate::problem::{Answer, Problem};
use crate::put;

pub(super) fn routes() -> OpenApiRouter<WebParts> {
    let verbs = OpenApiRouter::new().routes(routes!(pause_all)).routes(routes!(resume_all)).routes(routes!(fire_all));
    ["pause", "resume", "fire"].into_iter().fold(verbs, named)
}

/// A schedule may have the name of a verb: its own path stays its own.
fn named(router: OpenApiRouter<WebParts>, name: &'static str) -> OpenApiRouter<WebParts> {
    let own = move || Name(name.to_owned());
    let one = get(move |parts, query| super::show(parts, own(), query))
        .put(move |parts, who, body| put::replace(parts, who, own(), body))
        .patch(move |parts, who, body| put::patch(parts, who, own(), body))
        .delete(move |parts, who, query| put::remove(parts, who, own(), query));
    router.route(&format!("/schedules/{name}"), one)
}

/// Which schedules, and how many of them the caller has seen.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Many {
    #[serde(default)]
    filter: ScheduleChoice,
    /// How many the caller saw with this filter. If it is another number by more than a tenth, nothing is done.
    expect: usize,
}

/// Which schedules are paused, why, and for how long.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PauseMany {
    #[serde(default)]
    filter: ScheduleChoice,
    /// How many the caller saw with this filter. If it is another number by more than a tenth, nothing is done.
    expect: usize,
    reason: Option<String>,
    /// Until somebody resumes it, if not given.
    until: Option<Instant>,
    /// Who asks for it.
    by: Option<String>,
}

/// What became of a wish about many.
#[derive(Debug, Serialize, ToSchema)]
struct Outcomes {
    /// How many it worked for.
    done: usize,
    /// One for each schedule, by name.
    items: Vec<Outcome>,
}

/// What became of it for one.
#[derive(Debug, Serialize, ToSchema)]
struct Outcome {
    name: String,
    /// The run that was made, if one was.
    run: Option<String>,
    /// Why it did not work.
    error: Option<String>,
}

impl Outcome {
    fn of(name: &str, done: Result<Option<String>, EngineError>) -> Self {
        let (run, error) = match done {
            Ok(run) => (run, None),
            Err(error) => (None, Some(error.to_string())),
        };
        Self { name: name.to_owned(), run, error }
    }
}

fn outcomes(items: Vec<Outcome>) -> Json<Outcomes> {
    Json(Outcomes { done: items.iter().filter(|one| one.error.is_none()).count(), items })
}

fn meant(parts: &WebParts, filter: &ScheduleChoice, expect: usize) -> Answer<Vec<Standing>> {
    let found = filter.find(parts, None, MOST + 1)?;
    expected("schedules", expect, found.len())?;
    Ok(found)
}

/// Let nothing of many schedules fire
#[utoipa::path(post, path = "/schedules/pause", operation_id = "pauseSchedules", request_body = PauseMany,
    responses((status = 200, body = Outcomes, description = "What became of each")))]
async fn pause_all(
    State(parts): State<WebParts>,
    visitor: Visitor,
    JsonBody(body): JsonBody<PauseMany>,
) -> Answer<Json<Outcomes>> {
    let now = parts.engine.now();
    let until = body.until.map(|until| until.0);
    if until.is_some_and(|until| until <= now) {
        return Err(Problem::bad_request("`until` has passed"));
    }
    let pause = Pause { since: now, by: visitor.signed(body.by), reason: body.reason, until };
    let mut items = Vec::new();
    for standing in meant(&parts, &body.filter, body.expect)? {
        let name = standing.schedule.name.as_str();
        items.push(Outcome::of(name, parts.engine.pause(name, Some(pause.clone())).await.map(|()| None)));
    }
    Ok(outcomes(items))
}

/// Let many schedules fire again, from now on
#[utoipa::path(post, path = "/schedules/resume", operation_id = "resumeSchedules", request_body = Many,
    responses((status = 200, body = Outcomes, description = "What became of each")))]
async fn resume_all(State(parts): State<WebParts>, JsonBody(body): JsonBody<Many>) -> Answer<Json<Outcomes>> {
    let mut items = Vec::new();
    for standing in meant(&parts, &body.filter, body.expect)? {
        let name = standing.schedule.name.as_str();
        items.push(Outcome::of(name, parts.engine.pause(name, None).await.map(|()| None)));
    }
    Ok(outcomes(items))
}

/// Run many schedules now
#[utoipa::path(post, path = "/schedules/fire", operation_id = "fireSchedules", request_body = Many,
    responses((status = 200, body = Outcomes, description = "What became of each")))]
async fn fire_all(State(parts): State<WebParts>, JsonBody(body): JsonBody<Many>) -> Answer<Json<Outcomes>> {
    let mut items = Vec::new();
    for standing in meant(&parts, &body.filter, body.expect)? {
        let name = standing.schedule.name.as_str();
        let request = FireRequest::default();
        let fired = parts.engine.fire(name, request).await;
        items.push(Outcome::of(name, fired.map(|run| Some(run.to_string()))));
    }
    Ok(outcomes(items))
}
