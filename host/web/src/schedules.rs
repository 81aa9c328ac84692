//! `/schedules`: one of them. Lists are in `list`, verbs for many in `bulk`, who is meant in `choice`.

mod bulk;
mod changes;
mod choice;
mod last;
mod list;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use noontide_domain::ports::{RunFilter, RunRecord};
use noontide_domain::{Looking, Overlap, Pause, ScheduleName, Standing, Window};
use noontide_engine::{Backfill, FireRequest};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::WebParts;
use crate::access::Visitor;
use crate::body::{Instant, JsonBody, Name, Nothing, Query, start};
use crate::caller::Caller;
use crate::problem::{Answer, Problem};
use crate::shape::{Schedule, Superseded, Time, time, words};

/// Next due instants shown at most.
const MOST_NEXT: usize = 1_000;

/// Rows of a schedule looked at for its last run before all are.
const NEAR: usize = 16;

pub(crate) fn routes() -> OpenApiRouter<WebParts> {
    OpenApiRouter::new()
        .merge(list::routes())
        .merge(bulk::routes())
        .merge(changes::routes())
        .routes(routes!(show))
        .routes(routes!(next))
        .routes(routes!(fire))
        .routes(routes!(backfill))
        .routes(routes!(pause))
        .routes(routes!(resume))
}

fn problem(parts: &WebParts, standing: &Standing) -> Option<String> {
    let schedule = &standing.schedule;
    parts.engine.check(&schedule.handler, &schedule.input).err().map(|missing| missing.to_string())
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct NextQuery {
    /// Due instants at most, up to 1,000.
    #[serde(default = "ten")]
    #[param(required = false, minimum = 0, maximum = 1000, default = 10)]
    count: usize,
    /// Strictly after; now if not given.
    from: Option<Instant>,
    /// Up to and with.
    to: Option<Instant>,
}

fn ten() -> usize {
    10
}

/// A schedule, with its next due instants
#[utoipa::path(get, path = "/schedules/{name}", operation_id = "getSchedule", params(NextQuery),
    responses((status = 200, body = Schedule, description = "The schedule")))]
async fn show(
    State(parts): State<WebParts>,
    Name(name): Name,
    Query(query): Query<NextQuery>,
) -> Answer<Json<Schedule>> {
    let standing = parts.engine.standing(&name)?;
    let next = upcoming(&standing, &query, parts.engine.now())?;
    let superseded = superseded(&parts, &standing, &next);
    Ok(Json(shown(&parts, &standing).await?.with_next(next, superseded)))
}

/// Due instants to come.
#[derive(Debug, Serialize, ToSchema)]
struct Upcoming {
    items: Vec<Time>,
    /// All of them are on this page.
    #[schema(value_type = Option<String>)]
    next: (),
    /// Of these the ones that a larger fire takes the place of.
    superseded: Superseded,
}

/// The next due instants of a schedule
#[utoipa::path(get, path = "/schedules/{name}/next", operation_id = "listNextDue", params(NextQuery),
    responses((status = 200, body = Upcoming, description = "Due instants, ascending")))]
async fn next(
    State(parts): State<WebParts>,
    Name(name): Name,
    Query(query): Query<NextQuery>,
) -> Answer<Json<Upcoming>> {
    let standing = parts.engine.standing(&name)?;
    let next = upcoming(&standing, &query, parts.engine.now())?;
    let superseded = superseded(&parts, &standing, &next);
    Ok(Json(Upcoming { items: next.into_iter().map(Time).collect(), next: (), superseded }))
}

/// Of these due instants those that will not fire, each with the larger fire in its place.
fn superseded(parts: &WebParts, standing: &Standing, due: &[DateTime<Utc>]) -> Superseded {
    let levels = parts.engine.levels();
    let larger = |due: &DateTime<Utc>| levels.superseding(&standing.schedule, *due, Looking::Ahead);
    due.iter().filter_map(|due| Some((*due, larger(due)?))).collect()
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

/// How a fire by hand differs from the schedule's own.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FireBody {
    /// Instead of the schedule's.
    input: Option<Value>,
    /// Instead of the schedule's.
    window: Option<WindowBody>,
    /// How long to wait before.
    #[schema(example = "10s")]
    delay: Option<String>,
    /// When, instead of `delay`.
    at: Option<Instant>,
    /// Why, for the audit log.
    #[serde(rename = "reason")]
    _reason: Option<String>,
}

/// A half-open span of data.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WindowBody {
    from: Instant,
    to: Instant,
}

/// The run that was made.
#[derive(Debug, Serialize, ToSchema)]
struct Fired {
    run: String,
}

/// Run a schedule now, or at another time
#[utoipa::path(post, path = "/schedules/{name}/fire", operation_id = "fireSchedule", request_body = FireBody,
    responses((status = 202, body = Fired, description = "The run is recorded")))]
async fn fire(
    State(parts): State<WebParts>,
    Name(name): Name,
    Caller(trace): Caller,
    JsonBody(body): JsonBody<FireBody>,
) -> Answer<(StatusCode, Json<Fired>)> {
    let window = body.window.map(|window| Window { from: window.from.0, to: window.to.0 });
    if window.is_some_and(|window| window.from >= window.to) {
        return Err(Problem::bad_request("`window`: `from` must lie before `to`"));
    }
    let at = start(body.delay.as_deref(), body.at, parts.engine.now()).map_err(Problem::bad_request)?;
    let run = parts.engine.fire(&name, FireRequest { input: body.input, window, at, trace }).await?;
    Ok((StatusCode::ACCEPTED, Json(Fired { run: run.to_string() })))
}

/// Which due instants of the past run now.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BackfillBody {
    from: Instant,
    /// Before.
    to: Instant,
    /// Instead of the schedule's.
    #[schema(value_type = Option<words::Overlap>)]
    overlap: Option<String>,
    /// Runs at most; more refuse all of it.
    limit: Option<usize>,
    /// Only tell.
    #[serde(default)]
    dry_run: bool,
    /// Why, for the audit log.
    #[serde(rename = "reason")]
    _reason: Option<String>,
}

/// What a backfill comes to.
#[derive(Debug, Serialize, ToSchema)]
struct Backfilled {
    runs: Vec<String>,
    /// Due instants that have a row already.
    duplicate: usize,
    /// Due instants that a larger fire takes the place of.
    superseded: u64,
    /// What runs, or would.
    due: Vec<Time>,
}

/// Run due instants of the past
#[utoipa::path(post, path = "/schedules/{name}/backfill", operation_id = "backfillSchedule", request_body = BackfillBody,
    responses(
        (status = 200, body = Backfilled, description = "What would run (`dry_run`)"),
        (status = 202, body = Backfilled, description = "The runs are recorded"),
    ))]
async fn backfill(
    State(parts): State<WebParts>,
    Name(name): Name,
    JsonBody(body): JsonBody<BackfillBody>,
) -> Answer<(StatusCode, Json<Backfilled>)> {
    let overlap = body.overlap.as_deref().map(Overlap::parse).transpose();
    let overlap = overlap.map_err(|reason| Problem::bad_request(format!("`overlap`: {reason}")))?;
    let (from, to, limit, dry_run) = (body.from.0, body.to.0, body.limit, body.dry_run);
    let done = parts.engine.backfill(&name, Backfill { from, to, overlap, limit, dry_run }).await?;
    let status = if dry_run { StatusCode::OK } else { StatusCode::ACCEPTED };
    let runs: Vec<_> = done.runs.iter().map(ToString::to_string).collect();
    let due = done.due.into_iter().map(Time).collect();
    Ok((status, Json(Backfilled { runs, duplicate: done.duplicate, superseded: done.superseded, due })))
}

/// Why, and for how long.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PauseBody {
    reason: Option<String>,
    /// Until somebody resumes it, if not given.
    until: Option<Instant>,
    /// Who asks for it.
    by: Option<String>,
}

/// Let nothing of a schedule fire
#[utoipa::path(post, path = "/schedules/{name}/pause", operation_id = "pauseSchedule", request_body = PauseBody,
    responses((status = 200, body = Schedule, description = "It is paused")))]
async fn pause(
    State(parts): State<WebParts>,
    visitor: Visitor,
    Name(name): Name,
    JsonBody(body): JsonBody<PauseBody>,
) -> Answer<Json<Schedule>> {
    let now = parts.engine.now();
    let until = body.until.map(|until| until.0);
    if let Some(until) = until.filter(|until| *until <= now) {
        return Err(Problem::bad_request(format!("`until` is {}, which has passed", time(until))));
    }
    let pause = Pause { since: now, by: visitor.signed(body.by), reason: body.reason, until };
    parts.engine.pause(&name, Some(pause)).await?;
    Ok(Json(shown(&parts, &parts.engine.standing(&name)?).await?))
}

/// Let a schedule fire again, from now on
#[utoipa::path(post, path = "/schedules/{name}/resume", operation_id = "resumeSchedule", request_body = Nothing,
    responses((status = 200, body = Schedule, description = "It fires again")))]
async fn resume(
    State(parts): State<WebParts>,
    Name(name): Name,
    JsonBody(Nothing {}): JsonBody<Nothing>,
) -> Answer<Json<Schedule>> {
    parts.engine.pause(&name, None).await?;
    Ok(Json(shown(&parts, &parts.engine.standing(&name)?).await?))
}

pub(crate) async fn shown(parts: &WebParts, standing: &Standing) -> Answer<Schedule> {
    let last = last_run(parts, &standing.schedule.name).await?;
    Ok(Schedule::of(standing, problem(parts, standing), last.as_ref(), parts.engine.now()))
}

/// The newest run that began, as in the list. It is nearly always among the newest rows; only behind a row of skips are
/// the last runs of all schedules asked for.
pub(crate) async fn last_run(parts: &WebParts, name: &ScheduleName) -> Answer<Option<RunRecord>> {
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
