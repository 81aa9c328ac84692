//! `/schedules`: all of them, by name, page by page.

use askama::Template;
use axum::extract::State;
use axum::routing::{Router, get};
use noontide_domain::{Lang, Standing};
use serde::Deserialize;

use super::moment::Moment;
use super::page::{Asked, Page, Shown};
use super::visit::Visit;
use crate::{WebParts, shape};

/// Rows of a page.
const ROWS: usize = 50;

pub(crate) fn routes() -> Router<WebParts> {
    Router::new().route("/schedules", get(schedules))
}

/// What stands in the address of the page.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Filter {
    /// A part of the name, of the handler, or of the description.
    q: String,
    /// How it stands; all where it is empty.
    state: String,
    /// The last name of the page before.
    after: String,
}

#[derive(Template)]
#[template(path = "schedules.html")]
struct Schedules {
    visit: Visit,
    filter: Filter,
    rows: Vec<Row>,
    /// Matching the filter, on all pages.
    matching: usize,
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
    next: Option<Moment>,
}

async fn schedules(visit: Visit, State(parts): State<WebParts>, Asked(filter): Asked<Filter>) -> Shown<Schedules> {
    let standings = parts.engine.standings();
    let state = |standing: &Standing| {
        let schedule = &standing.schedule;
        shape::state(standing, parts.engine.check(&schedule.handler, &schedule.input).is_err(), visit.now)
    };
    let matches =
        |standing: &&Standing| filter.names(standing) && (filter.state.is_empty() || state(standing) == filter.state);
    let matching: Vec<_> = standings.iter().filter(matches).collect();
    let begin = matching.partition_point(|standing| standing.schedule.name.as_str() <= filter.after.as_str());
    let begin = if filter.after.is_empty() { 0 } else { begin };
    let shown = &matching[begin..(begin + ROWS).min(matching.len())];
    let rows: Vec<_> = shown.iter().map(|standing| row(&visit, standing, state(standing))).collect();
    let next = rows.last().filter(|_| begin + ROWS < matching.len()).map(|last| filter.next(&last.name));
    let matching = matching.len();
    Ok(Page(Schedules { visit, filter, rows, matching, next }))
}

fn row(visit: &Visit, standing: &Standing, state: &'static str) -> Row {
    let schedule = &standing.schedule;
    Row {
        name: schedule.name.to_string(),
        description: schedule.description.clone(),
        state,
        words: schedule.trigger.words(Lang::En),
        written: schedule.trigger.text(),
        handler: schedule.handler.to_string(),
        next: standing.next_due().map(|due| visit.moment(due, schedule.timezone)),
    }
}

impl Filter {
    fn names(&self, standing: &Standing) -> bool {
        let wanted = self.q.to_lowercase();
        let schedule = &standing.schedule;
        let texts = [Some(schedule.name.to_string()), Some(schedule.handler.to_string()), schedule.description.clone()];
        wanted.is_empty() || texts.into_iter().flatten().any(|text| text.to_lowercase().contains(&wanted))
    }

    fn next(&self, after: &str) -> String {
        let pairs = [("q", self.q.as_str()), ("state", &self.state), ("after", after)];
        let given: Vec<_> = pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        format!("/schedules?{}", serde_urlencoded::to_string(given).unwrap_or_default())
    }
}
