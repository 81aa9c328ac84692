//! `/schedules`: all of them, by name or in the order in which they come due, page by page.

mod order;

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::routing::{Router, get};
use noontide_domain::ports::RunBrief;
use noontide_domain::{Lang, Scope, Standing};
use serde::Deserialize;

use super::length::length_ms;
use super::moment::Moment;
use super::page::{Asked, Page, Shown};
use super::picture::spark::{self, Spark, spark};
use super::visit::Visit;
use crate::WebParts;
use crate::selection::{self, Selection};

/// Rows of a page.
const ROWS: usize = 50;

pub(crate) fn routes() -> Router<WebParts> {
    Router::new().route("/schedules", get(schedules))
}

/// What stands in the address of the page.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Filter {
    q: String,
    state: String,
    owner: String,
    handler: String,
    last: String,
    /// `name`, or `due`.
    sort: String,
    /// The last one of the page before: its name, or its due instant and its name.
    after: String,
}

#[derive(Template)]
#[template(path = "schedules.html")]
struct Schedules {
    visit: Visit,
    may_operate: bool,
    filter: Filter,
    rows: Vec<Row>,
    /// Matching the filter, on all pages.
    matching: usize,
    all: usize,
    /// Not all that match are in this order.
    is_cut: bool,
    /// The address of the next page, below the base.
    next: Option<String>,
}

struct Row {
    name: String,
    description: Option<String>,
    state: &'static str,
    words: String,
    written: String,
    handler: String,
    owner: String,
    next: Option<(Moment, i64)>,
    last: Option<Last>,
    spark: Spark,
}

/// How the newest run ended.
struct Last {
    run: String,
    state: &'static str,
    at: Moment,
    took: Option<String>,
}

async fn schedules(visit: Visit, State(parts): State<WebParts>, Asked(filter): Asked<Filter>) -> Shown<Schedules> {
    let selection = filter.selection();
    let failing = selection.failing(&parts).await.map_err(visit.problem())?;
    let all = selection.of(&parts, failing.as_ref(), visit.now);
    let matching = all.len();
    let mut page = order::page(&parts, all, &filter.sort, &filter.after, ROWS);
    let names: Vec<_> = page.rows.iter().map(|standing| standing.schedule.name.clone()).collect();
    let mut newest = parts.history.newest(&names, spark::BARS).await.map_err(visit.problem())?;
    let rows = page.rows.drain(..).map(|standing| {
        let runs = newest.remove(&standing.schedule.name).unwrap_or_default();
        row(&parts, &visit, &standing, &runs)
    });
    Ok(Page(Schedules {
        may_operate: visit.visitor.may(Scope::Operate),
        rows: rows.collect(),
        matching,
        all: parts.engine.status().schedules,
        is_cut: page.is_cut,
        next: page.next.map(|after| filter.next(&after)),
        visit,
        filter,
    }))
}

fn row(parts: &WebParts, visit: &Visit, standing: &Arc<Standing>, runs: &[RunBrief]) -> Row {
    let schedule = &standing.schedule;
    let moment = |at| visit.moment(at, schedule.timezone);
    Row {
        name: schedule.name.to_string(),
        description: schedule.description.clone(),
        state: selection::state(parts, standing, visit.now),
        words: schedule.trigger.words(Lang::En),
        written: schedule.trigger.text(),
        handler: schedule.handler.to_string(),
        owner: schedule.owner.place().unwrap_or_else(|| "API".to_owned()),
        next: standing.next_due().map(|due| (moment(due), due.timestamp_millis())),
        last: runs.first().map(|run| Last {
            run: run.id.to_string(),
            state: run.state.as_str(),
            at: moment(run.finished_at),
            took: run.started_at.map(|_| length_ms(run.wall_ms)),
        }),
        spark: spark(runs),
    }
}

impl Filter {
    fn selection(&self) -> Selection {
        let Self { q, state, owner, handler, last, .. } = self.clone();
        Selection { q, state, owner, handler, last }
    }

    /// What is asked for, by name.
    fn pairs(&self) -> Vec<(&'static str, &str)> {
        let pairs = [
            ("q", self.q.as_str()),
            ("state", &self.state),
            ("owner", &self.owner),
            ("handler", &self.handler),
            ("last", &self.last),
        ];
        pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect()
    }

    /// The address of the page that begins after that one; of the first page, after nothing.
    fn next(&self, after: &str) -> String {
        let place = [("sort", self.sort.as_str()), ("after", after)].into_iter().filter(|(_, value)| !value.is_empty());
        let pairs: Vec<_> = self.pairs().into_iter().chain(place).collect();
        format!("/schedules?{}", serde_urlencoded::to_string(pairs).unwrap_or_default())
    }

    fn first(&self) -> String {
        self.next("")
    }
}
