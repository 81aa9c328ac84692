//! `/schedules`.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{Router, get, post};
use chrono::{DateTime, Utc};
use noontide_domain::ports::{RunFilter, RunRecord};
use noontide_domain::{Looking, Overlap, Pause, ScheduleName, Standing, Window};
use noontide_engine::{Backfill, FireRequest};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::access::Visitor;
use crate::body::{Instant, JsonBody, Name, Nothing, Query, start};
use crate::problem::{Answer, Problem};
use crate::{WebParts, shape};

/// Next due instants shown at most.
const MOST_NEXT: usize = 1_000;

/// Rows of a schedule looked at for its last run before all are.
const NEAR: usize = 16;

pub(crate) fn routes() -> Router<WebParts> {
    Router::new()
        .route("/schedules", get(list))
        .route("/schedules/{name}", get(show))
        .route("/schedules/{name}/next", get(next))
        .route("/schedules/{name}/fire", post(fire))
        .route("/schedules/{name}/backfill", post(backfill))
        .route("/schedules/{name}/pause", post(pause))
        .route("/schedules/{name}/resume", post(resume))
}

/// The words of [`shape::state`].
const STATES: [&str; 5] = ["active", "paused", "parked", "disabled", "done"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    state: Option<String>,
}

impl ListQuery {
    /// `None` for all of them.
    fn states(&self) -> Answer<Option<Vec<&str>>> {
        let Some(states) = &self.state else { return Ok(None) };
        let states: Vec<_> = states.split(',').map(str::trim).collect();
        match states.iter().find(|state| !STATES.contains(state)) {
            None => Ok(Some(states)),
            Some(other) => Err(Problem::bad_request(format!("`state`: `{other}` is none of {}", STATES.join(", ")))),
        }
    }
}

async fn list(State(parts): State<WebParts>, Query(query): Query<ListQuery>) -> Answer<Json<Value>> {
    let states = query.states()?;
    let last: HashMap<_, _> =
        parts.history.last_runs().await?.into_iter().filter_map(|run| Some((run.schedule.clone()?, run))).collect();
    let now = parts.engine.now();
    let items = parts
        .engine
        .standings()
        .iter()
        .map(|standing| shape::schedule(standing, problem(&parts, standing), last.get(&standing.schedule.name), now))
        .filter(|shown| states.as_ref().is_none_or(|states| states.iter().any(|state| shown["state"] == *state)))
        .collect();
    Ok(Json(shape::list(items, None)))
}

fn problem(parts: &WebParts, standing: &Standing) -> Option<String> {
    let schedule = &standing.schedule;
    parts.engine.check(&schedule.handler, &schedule.input).err().map(|missing| missing.to_string())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NextQuery {
    #[serde(default = "ten")]
    count: usize,
    from: Option<Instant>,
    to: Option<Instant>,
}

fn ten() -> usize {
    10
}

async fn show(State(parts): State<WebParts>, Name(name): Name, Query(query): Query<NextQuery>) -> Answer<Json<Value>> {
    let standing = parts.engine.standing(&name)?;
    let next = upcoming(&standing, &query, parts.engine.now())?;
    let mut shown = shown(&parts, &standing).await?;
    shown["superseded"] = superseded(&parts, &standing, &next);
    shown["next"] = next.into_iter().map(shape::time).collect();
    Ok(Json(shown))
}

async fn next(State(parts): State<WebParts>, Name(name): Name, Query(query): Query<NextQuery>) -> Answer<Json<Value>> {
    let standing = parts.engine.standing(&name)?;
    let next = upcoming(&standing, &query, parts.engine.now())?;
    let superseded = superseded(&parts, &standing, &next);
    let mut shown = shape::list(next.into_iter().map(|due| shape::time(due).into()).collect(), None);
    shown["superseded"] = superseded;
    Ok(Json(shown))
}

/// Of these due instants those that will not fire, each with the larger fire in its place.
fn superseded(parts: &WebParts, standing: &Standing, due: &[DateTime<Utc>]) -> Value {
    let levels = parts.engine.levels();
    let larger = |due: &DateTime<Utc>| levels.superseding(&standing.schedule, *due, Looking::Ahead);
    due.iter()
        .filter_map(|due| Some((shape::time(*due), shape::superseding(&larger(due)?))))
        .collect::<Map<_, _>>()
        .into()
}

fn upcoming(standing: &Standing, query: &NextQuery, now: DateTime<Utc>) -> Answer<Vec<DateTime<Utc>>> {
    if query.count > MOST_NEXT {
        return Err(Problem::bad_request(format!("`count` is {}; up to {MOST_NEXT} is possible", query.count)));
    }
    // What `max-runs` leaves; 0 for a disabled schedule.
    let left = usize::try_from(standing.runs_left()).unwrap_or(usize::MAX);
    let after = |after| standing.schedule.trigger.next_after(after, standing.anchor);
    let due = std::iter::successors(after(query.from.map_or(now, |from| from.0)), |due| after(*due))
        .take_while(|due| query.to.is_none_or(|to| *due <= to.0))
        .take(query.count.min(left));
    Ok(due.collect())
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct FireBody {
    input: Option<Value>,
    window: Option<WindowBody>,
    delay: Option<String>,
    at: Option<Instant>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WindowBody {
    from: Instant,
    to: Instant,
}

async fn fire(
    State(parts): State<WebParts>,
    Name(name): Name,
    JsonBody(body): JsonBody<FireBody>,
) -> Answer<(StatusCode, Json<Value>)> {
    let window = body.window.map(|window| Window { from: window.from.0, to: window.to.0 });
    if window.is_some_and(|window| window.from >= window.to) {
        return Err(Problem::bad_request("`window`: `from` must lie before `to`"));
    }
    let at = start(body.delay.as_deref(), body.at, parts.engine.now()).map_err(Problem::bad_request)?;
    let run = parts.engine.fire(&name, FireRequest { input: body.input, window, at }).await?;
    Ok((StatusCode::ACCEPTED, Json(json!({ "run": run.to_string() }))))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BackfillBody {
    from: Instant,
    to: Instant,
    overlap: Option<String>,
    limit: Option<usize>,
    #[serde(default)]
    dry_run: bool,
}

async fn backfill(
    State(parts): State<WebParts>,
    Name(name): Name,
    JsonBody(body): JsonBody<BackfillBody>,
) -> Answer<(StatusCode, Json<Value>)> {
    let overlap = body.overlap.as_deref().map(Overlap::parse).transpose();
    let overlap = overlap.map_err(|reason| Problem::bad_request(format!("`overlap`: {reason}")))?;
    let (from, to, limit, dry_run) = (body.from.0, body.to.0, body.limit, body.dry_run);
    let done = parts.engine.backfill(&name, Backfill { from, to, overlap, limit, dry_run }).await?;
    let status = if dry_run { StatusCode::OK } else { StatusCode::ACCEPTED };
    let runs: Vec<_> = done.runs.iter().map(ToString::to_string).collect();
    let due: Vec<_> = done.due.into_iter().map(shape::time).collect();
    Ok((status, Json(json!({ "runs": runs, "duplicate": done.duplicate, "superseded": done.superseded, "due": due }))))
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct PauseBody {
    reason: Option<String>,
    until: Option<Instant>,
    by: Option<String>,
}

async fn pause(
    State(parts): State<WebParts>,
    visitor: Visitor,
    Name(name): Name,
    JsonBody(body): JsonBody<PauseBody>,
) -> Answer<Json<Value>> {
    let now = parts.engine.now();
    let until = body.until.map(|until| until.0);
    if let Some(until) = until.filter(|until| *until <= now) {
        return Err(Problem::bad_request(format!("`until` is {}, which has passed", shape::time(until))));
    }
    let pause = Pause { since: now, by: visitor.signed(body.by), reason: body.reason, until };
    parts.engine.pause(&name, Some(pause)).await?;
    Ok(Json(shown(&parts, &parts.engine.standing(&name)?).await?))
}

async fn resume(
    State(parts): State<WebParts>,
    Name(name): Name,
    JsonBody(Nothing {}): JsonBody<Nothing>,
) -> Answer<Json<Value>> {
    parts.engine.pause(&name, None).await?;
    Ok(Json(shown(&parts, &parts.engine.standing(&name)?).await?))
}

pub(crate) async fn shown(parts: &WebParts, standing: &Standing) -> Answer<Value> {
    let last = last_run(parts, &standing.schedule.name).await?;
    Ok(shape::schedule(standing, problem(parts, standing), last.as_ref(), parts.engine.now()))
}

/// The newest run that began, as in the list. It is nearly always among the newest rows; only behind a row of skips are
/// the last runs of all schedules asked for.
async fn last_run(parts: &WebParts, name: &ScheduleName) -> Answer<Option<RunRecord>> {
    let filter = RunFilter { schedule: Some(name.clone()), limit: NEAR, ..RunFilter::default() };
    let newest = parts.history.runs(filter).await?;
    let all_seen = newest.len() < NEAR;
    match newest.into_iter().find(|run| run.started_at.is_some()) {
        None if !all_seen => {
            Ok(parts.history.last_runs().await?.into_iter().find(|run| run.schedule.as_ref() == Some(name)))
        }
        found => Ok(found),
    }
}
