//! `/schedules/{name}`: what it says, when it comes due, how it went, and what can be done with it.

mod changes;
mod facts;
mod fields;
mod next;

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, State};
use axum::routing::{Router, get};
use chrono::TimeDelta;
use noontide_domain::change::{self, ScheduleChange};
use noontide_domain::ports::{LedgerError, RunBrief};
use noontide_domain::rollup::{Ends, Whose};
use noontide_domain::{Lang, Pause, Schedule, ScheduleName, Scope, Standing};
use serde_json::Value;

use super::length::length_ms;
use super::moment::Moment;
use super::page::{Page, Shown};
use super::picture::heat::{self, Heat, heat};
use super::picture::lengths::{self, Lengths, lengths};
use super::visit::Visit;
use crate::selection;
use crate::{WebParts, problem::Problem};

/// Rows of the list of runs.
const ROWS: usize = 15;

pub(crate) fn routes() -> Router<WebParts> {
    Router::new().route("/schedules/{name}", get(schedule))
}

#[derive(Template)]
#[template(path = "schedule.html")]
struct SchedulePage {
    visit: Visit,
    may_operate: bool,
    may_administer: bool,
    name: String,
    description: Option<String>,
    state: &'static str,
    words: String,
    written: String,
    notes: Vec<String>,
    zone: String,
    handler: String,
    /// Why the handler cannot be called.
    problem: Option<String>,
    owner: String,
    is_of_the_api: bool,
    /// As JSON.
    asked: Option<String>,
    definition: BTreeMap<String, String>,
    policies: Vec<(&'static str, String)>,
    pause: Option<Paused>,
    first_seen: Moment,
    last_success: Option<Moment>,
    next: Vec<next::Next>,
    heat: Heat,
    lengths: Lengths,
    runs: Vec<Run>,
    fields: Vec<fields::Field>,
    changes: Vec<changes::Change>,
}

struct Paused {
    since: Moment,
    until: Option<Moment>,
    by: String,
    reason: Option<String>,
}

struct Run {
    id: String,
    state: &'static str,
    due: Moment,
    took: Option<String>,
    attempt: u32,
}

async fn schedule(visit: Visit, State(parts): State<WebParts>, Path(name): Path<String>) -> Shown<SchedulePage> {
    let standing = parts.engine.standing(&name).map_err(visit.problem())?;
    let found = found(&parts, &standing.schedule.name, &visit).await;
    let found = found.map_err(|problem| visit.problem()(Problem::from(problem)))?;
    Ok(Page(drawn(visit, &parts, &standing, found)))
}

/// What the ledger knows.
struct Found {
    runs: Vec<RunBrief>,
    ends: Ends,
    changes: Vec<ScheduleChange>,
}

async fn found(parts: &WebParts, name: &ScheduleName, visit: &Visit) -> Result<Found, LedgerError> {
    let mut newest = parts.history.newest(std::slice::from_ref(name), lengths::BARS).await?;
    let begin = visit.now - TimeDelta::weeks(heat::WEEKS[0] + 1);
    let until = visit.now + TimeDelta::seconds(1);
    Ok(Found {
        runs: newest.remove(name).unwrap_or_default(),
        ends: parts.history.ends(&Whose::Schedule(name.clone()), begin, until).await?,
        changes: parts.history.changes(name).await?,
    })
}

fn drawn(visit: Visit, parts: &WebParts, standing: &Standing, found: Found) -> SchedulePage {
    let schedule = &standing.schedule;
    let moment = |at| visit.moment(at, schedule.timezone);
    let zone = visit.zone.of(schedule.timezone, visit.mine);
    let problem = parts.engine.check(&schedule.handler, &schedule.input).err();
    let (asked, definition) = definition(schedule);
    let planned = next::planned(standing, visit.now);
    SchedulePage {
        may_operate: visit.visitor.may(Scope::Operate),
        may_administer: visit.visitor.may(Scope::Admin),
        name: schedule.name.to_string(),
        description: schedule.description.clone(),
        state: selection::state(parts, standing, visit.now),
        words: schedule.trigger.words(Lang::En),
        written: schedule.trigger.text(),
        notes: schedule.trigger.notes(Lang::En),
        zone: schedule.timezone.name().to_owned(),
        handler: schedule.handler.to_string(),
        problem: problem.map(|missing| missing.to_string()),
        owner: schedule.owner.place().unwrap_or_else(|| "API".to_owned()),
        is_of_the_api: schedule.owner.place().is_none(),
        asked,
        definition,
        policies: facts::policies(schedule),
        pause: standing
            .pause
            .as_ref()
            .filter(|pause| pause.covers(visit.now))
            .map(|pause| paused(&visit, schedule, pause)),
        first_seen: moment(standing.anchor),
        last_success: standing.last_success.map(moment),
        next: next::next(&visit, standing, &parts.engine.levels()),
        heat: heat(&found.ends.counts, &planned, visit.now, zone),
        lengths: lengths(&found.runs, |at| moment(at).text),
        runs: found.runs.iter().take(ROWS).map(|run| row(&visit, schedule, run)).collect(),
        fields: fields::fields(schema(parts, schedule).as_ref(), &schedule.input),
        changes: changes::changes(&visit, schedule.timezone, found.changes),
        visit,
    }
}

fn paused(visit: &Visit, schedule: &Schedule, pause: &Pause) -> Paused {
    let moment = |at| visit.moment(at, schedule.timezone);
    let (since, until) = (moment(pause.since), pause.until.map(moment));
    Paused { since, until, by: pause.by.clone(), reason: pause.reason.clone() }
}

fn row(visit: &Visit, schedule: &Schedule, run: &RunBrief) -> Run {
    Run {
        id: run.id.to_string(),
        state: run.state.as_str(),
        due: visit.moment(run.due_at, schedule.timezone),
        took: run.started_at.map(|_| length_ms(run.wall_ms)),
        attempt: run.attempt,
    }
}

/// What the handler says its input looks like.
fn schema(parts: &WebParts, schedule: &Schedule) -> Option<Value> {
    let handler = &schedule.handler;
    let plugins = parts.engine.plugins().into_iter().filter_map(|plugin| plugin.loaded);
    let plugin = plugins.into_iter().find(|plugin| plugin.version.name == handler.plugin)?;
    let handlers = plugin.info.handlers.into_iter();
    let named = |name: &str| handler.handler.as_deref().is_none_or(|wanted| wanted == name);
    handlers.into_iter().find(|one| named(&one.name))?.input_schema
}

/// As a client wrote it; of a file's, what was read, key by key.
fn definition(schedule: &Schedule) -> (Option<String>, BTreeMap<String, String>) {
    let asked = schedule.asked.as_ref().and_then(|asked| serde_json::to_string_pretty(asked).ok());
    let read = if asked.is_some() { BTreeMap::new() } else { change::said(schedule) };
    (asked, read)
}
