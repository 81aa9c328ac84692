//! `/schedules`.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{Router, get, post};
use chrono::{DateTime, Utc};
use noontide_domain::{Pause, Standing, Window};
use noontide_engine::FireRequest;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::body::{JsonBody, Query, start};
use crate::problem::{Answer, Problem};
use crate::{WebParts, shape};

/// Next due instants shown at most.
const MOST_NEXT: usize = 1_000;

pub(crate) fn routes() -> Router<WebParts> {
    Router::new()
        .route("/schedules", get(list))
        .route("/schedules/{name}", get(show))
        .route("/schedules/{name}/next", get(next))
        .route("/schedules/{name}/fire", post(fire))
        .route("/schedules/{name}/pause", post(pause))
        .route("/schedules/{name}/resume", post(resume))
}

async fn list(State(parts): State<WebParts>) -> Answer<Json<Value>> {
    let last: HashMap<_, _> =
        parts.history.last_runs().await?.into_iter().filter_map(|run| Some((run.schedule.clone()?, run))).collect();
    let now = parts.engine.now();
    let items = parts
        .engine
        .standings()
        .iter()
        .map(|standing| shape::schedule(standing, problem(&parts, standing), last.get(&standing.schedule.name), now))
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
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
}

fn ten() -> usize {
    10
}

async fn show(
    State(parts): State<WebParts>,
    Path(name): Path<String>,
    Query(query): Query<NextQuery>,
) -> Answer<Json<Value>> {
    let standing = parts.engine.standing(&name)?;
    let filter = noontide_domain::ports::RunFilter {
        schedule: Some(standing.schedule.name.clone()),
        limit: 1,
        ..Default::default()
    };
    let last = parts.history.runs(filter).await?;
    let mut shown = shape::schedule(&standing, problem(&parts, &standing), last.first(), parts.engine.now());
    shown["next"] = upcoming(&standing, &query, parts.engine.now()).into();
    Ok(Json(shown))
}

async fn next(
    State(parts): State<WebParts>,
    Path(name): Path<String>,
    Query(query): Query<NextQuery>,
) -> Answer<Json<Value>> {
    let standing = parts.engine.standing(&name)?;
    let items = upcoming(&standing, &query, parts.engine.now()).into_iter().map(Value::from).collect();
    Ok(Json(shape::list(items, None)))
}

fn upcoming(standing: &Standing, query: &NextQuery, now: DateTime<Utc>) -> Vec<String> {
    if !standing.schedule.enabled {
        return Vec::new();
    }
    let after = |after| standing.schedule.trigger.next_after(after, standing.anchor);
    std::iter::successors(after(query.from.unwrap_or(now)), |due| after(*due))
        .take_while(|due| query.to.is_none_or(|to| *due <= to))
        .take(query.count.min(MOST_NEXT))
        .map(shape::time)
        .collect()
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct FireBody {
    input: Option<Value>,
    window: Option<WindowBody>,
    delay: Option<String>,
    at: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WindowBody {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
}

async fn fire(
    State(parts): State<WebParts>,
    Path(name): Path<String>,
    JsonBody(body): JsonBody<FireBody>,
) -> Answer<(StatusCode, Json<Value>)> {
    let window = body.window.map(|window| Window { from: window.from, to: window.to });
    if window.is_some_and(|window| window.from >= window.to) {
        return Err(Problem::bad_request("`window`: `from` must lie before `to`"));
    }
    let at = start(body.delay.as_deref(), body.at, parts.engine.now())?;
    let run = parts.engine.fire(&name, FireRequest { input: body.input, window, at }).await?;
    Ok((StatusCode::ACCEPTED, Json(json!({ "run": run.to_string() }))))
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct PauseBody {
    reason: Option<String>,
    until: Option<DateTime<Utc>>,
    by: Option<String>,
}

async fn pause(
    State(parts): State<WebParts>,
    Path(name): Path<String>,
    JsonBody(body): JsonBody<PauseBody>,
) -> Answer<Json<Value>> {
    let now = parts.engine.now();
    if let Some(until) = body.until.filter(|until| *until <= now) {
        return Err(Problem::bad_request(format!("`until` is {}, which has passed", shape::time(until))));
    }
    let by = body.by.unwrap_or_else(|| "api".to_owned());
    let pause = Pause { since: now, by, reason: body.reason, until: body.until };
    parts.engine.pause(&name, Some(pause)).await?;
    standing(&parts, &name)
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

async fn resume(
    State(parts): State<WebParts>,
    Path(name): Path<String>,
    JsonBody(Nothing {}): JsonBody<Nothing>,
) -> Answer<Json<Value>> {
    parts.engine.pause(&name, None).await?;
    standing(&parts, &name)
}

fn standing(parts: &WebParts, name: &str) -> Answer<Json<Value>> {
    let standing = parts.engine.standing(name)?;
    Ok(Json(shape::schedule(&standing, problem(parts, &standing), None, parts.engine.now())))
}
