//! `/simulator`: the coming month by the same planner that fires, and what another trigger would change.

mod change;
mod month;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{Router, get};
use chrono::TimeDelta;
use noontide_domain::Schedule;
use noontide_domain::forecast::Span;
use serde::Deserialize;

use super::page::{Asked, Page, PageProblem, Shown};
use super::picture::month::{Month, Planned};
use super::visit::Visit;
use crate::problem::Problem;
use crate::selection::Selection;
use crate::{WebParts, simulate};

/// Days looked ahead.
const DAYS: i64 = 31;

pub(crate) fn routes() -> Router<WebParts> {
    Router::new().route("/simulator", get(simulator))
}

/// What stands in the address of the page.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Filter {
    q: String,
    handler: String,
    /// The schedule whose trigger would be another one.
    schedule: String,
    /// The key of the other trigger: `cron`, `every` …
    key: String,
    /// And its value.
    value: String,
}

#[derive(Template)]
#[template(path = "simulator.html")]
struct Simulator {
    visit: Visit,
    filter: Filter,
    schedules: usize,
    month: Month,
    told: month::Told,
    change: Option<change::Shown>,
}

async fn simulator(visit: Visit, State(parts): State<WebParts>, Asked(filter): Asked<Filter>) -> Shown<Simulator> {
    let selection = Selection { q: filter.q.clone(), handler: filter.handler.clone(), ..Selection::default() };
    let meant = selection.of(&parts, None, visit.now);
    let schedules: Vec<_> = meant.iter().map(|standing| Schedule::clone(&standing.schedule)).collect();
    let change = match filter.schedule.is_empty() {
        true => None,
        false => Some(change::shown(&visit, &parts, &filter).await.map_err(visit.problem())?),
    };
    let zone = visit.zone.of(chrono_tz::Tz::UTC, visit.mine);
    let from = month::begin(visit.now, zone);
    let span = Span { from, to: from + TimeDelta::days(DAYS) };
    let count = schedules.len();
    let told = walked(&visit, &parts, schedules, span, zone).await?;
    let planned = Planned { series: &told.series, from, until: told.until };
    let month = super::picture::month::month(&planned, zone);
    Ok(Page(Simulator { visit, filter, schedules: count, month, told, change }))
}

/// Off the threads that answer requests.
async fn walked(
    visit: &Visit,
    parts: &WebParts,
    schedules: Vec<Schedule>,
    span: Span,
    zone: chrono_tz::Tz,
) -> Result<month::Told, PageProblem> {
    let place = simulate::place().map_err(visit.problem())?;
    let (engine, looking) = (parts.engine.clone(), visit.clone());
    let work = tokio::task::spawn_blocking(move || {
        let told = month::told(&looking, schedules, span, zone, || engine.now());
        drop(place);
        told
    });
    let failed = |panic: tokio::task::JoinError| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, panic.to_string());
    work.await.map_err(failed).map_err(visit.problem())
}
