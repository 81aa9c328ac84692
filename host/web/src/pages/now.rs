//! `/`: what goes on, what failed, what comes next, how the last day went, and whether all is well.

mod health;

use askama::Template;
use axum::extract::State;
use axum::routing::{Router, get};
use chrono::TimeDelta;
use chrono_tz::Tz;
use noontide_domain::ports::{LedgerError, LedgerStatus, RunFilter, RunRecord};
use noontide_domain::rollup::{Ends, Whose};
use noontide_domain::{RunState, Standing};

use super::length::length;
use super::moment::Moment;
use super::page::{Page, Shown};
use super::picture::day::{self, Day};
use super::visit::Visit;
use crate::WebParts;

/// Rows of each list.
const ROWS: usize = 12;

/// Of the agenda: what is paused is passed over.
const LOOKED_AT: usize = 60;

pub(crate) fn routes() -> Router<WebParts> {
    Router::new().route("/", get(now))
}

#[derive(Template)]
#[template(path = "now.html")]
struct Now {
    visit: Visit,
    tiles: Vec<health::Tile>,
    problems: Vec<String>,
    running: Vec<Running>,
    /// And so many that are not shown.
    more_running: u64,
    waiting: u64,
    failures: Vec<Failure>,
    upcoming: Vec<Upcoming>,
    has_schedules: bool,
    day: Day,
}

/// A run that goes on.
struct Running {
    id: String,
    schedule: Option<String>,
    handler: String,
    attempt: u32,
    since: Option<Moment>,
    lasts: String,
    progress: Option<Progress>,
    host: String,
}

/// How far it has come.
struct Progress {
    done: u64,
    /// `None` if the handler does not say.
    total: Option<u64>,
    note: String,
}

struct Failure {
    id: String,
    schedule: Option<String>,
    handler: String,
    error: String,
    at: Option<Moment>,
}

struct Upcoming {
    schedule: String,
    handler: String,
    due: Moment,
    /// For the countdown, in unix milliseconds.
    due_ms: i64,
}

async fn now(visit: Visit, State(parts): State<WebParts>) -> Shown<Now> {
    let Found { status, tiles, running, failures, ends } = found(&visit, &parts).await.map_err(visit.problem())?;
    let a_day_ago = visit.now - TimeDelta::days(1);
    let is_of_today = |run: &&RunRecord| run.finished_at.is_some_and(|at| at >= a_day_ago);
    let due = parts.engine.upcoming(LOOKED_AT);
    let is_paused = |standing: &Standing, at| standing.pause.as_ref().is_some_and(|pause| pause.covers(at));
    let due = due.into_iter().filter(|(due, standing)| !is_paused(standing, *due)).take(ROWS);
    let upcoming = due.map(|(due, standing)| Upcoming {
        schedule: standing.schedule.name.to_string(),
        handler: standing.schedule.handler.to_string(),
        due: visit.moment(due, standing.schedule.timezone),
        due_ms: due.timestamp_millis(),
    });
    Ok(Page(Now {
        tiles,
        problems: parts.host.problems(),
        more_running: status.running.saturating_sub(running.len() as u64),
        waiting: status.ready,
        running: running.iter().map(|run| goes_on(&parts, &visit, run)).collect(),
        failures: failures.iter().filter(is_of_today).map(|run| failure(&parts, &visit, run)).collect(),
        upcoming: upcoming.collect(),
        has_schedules: parts.engine.status().schedules > 0,
        day: day::day(&ends.counts, visit.now, visit.zone.of(Tz::UTC, visit.mine)),
        visit,
    }))
}

/// What the ledger knows.
struct Found {
    status: LedgerStatus,
    tiles: Vec<health::Tile>,
    running: Vec<RunRecord>,
    failures: Vec<RunRecord>,
    ends: Ends,
}

async fn found(visit: &Visit, parts: &WebParts) -> Result<Found, LedgerError> {
    let of = |state| RunFilter { state: Some(state), limit: ROWS, ..RunFilter::default() };
    let asked_at = parts.engine.now();
    let status = parts.history.status().await?;
    let answered_in = parts.engine.now() - asked_at;
    Ok(Found {
        tiles: health::tiles(parts, visit, &status, answered_in).await?,
        running: parts.history.runs(of(RunState::Running)).await?,
        failures: parts.history.runs(of(RunState::Failed)).await?,
        ends: parts.history.ends(&Whose::All, day::begin(visit.now), visit.now + TimeDelta::seconds(1)).await?,
        status,
    })
}

fn goes_on(parts: &WebParts, visit: &Visit, run: &RunRecord) -> Running {
    let progress = parts.engine.progress(run.id);
    Running {
        id: run.id.to_string(),
        schedule: run.schedule.as_ref().map(ToString::to_string),
        handler: run.handler.to_string(),
        attempt: run.attempt,
        since: run.started_at.map(|at| visit.moment(at, zone(parts, run))),
        lasts: run.started_at.map(|at| length(visit.now - at)).unwrap_or_default(),
        progress: progress.map(|told| Progress { done: told.done, total: told.total, note: told.note }),
        host: run.host.map(|host| host.to_string().chars().take(8).collect()).unwrap_or_default(),
    }
}

fn failure(parts: &WebParts, visit: &Visit, run: &RunRecord) -> Failure {
    let error = run.outcome.as_ref().and_then(|outcome| {
        outcome
            .message()
            .and_then(|message| message.lines().next().map(str::to_owned))
            .or(Some(outcome.as_str().into()))
    });
    Failure {
        id: run.id.to_string(),
        schedule: run.schedule.as_ref().map(ToString::to_string),
        handler: run.handler.to_string(),
        error: error.unwrap_or_else(|| "failed".to_owned()),
        at: run.finished_at.map(|at| visit.moment(at, zone(parts, run))),
    }
}

/// The zone of the schedule that a run is of.
fn zone(parts: &WebParts, run: &RunRecord) -> Tz {
    let schedule = run.schedule.as_ref().and_then(|name| parts.engine.find(name.as_str()));
    schedule.map_or(Tz::UTC, |standing| standing.schedule.timezone)
}
