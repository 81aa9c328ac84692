//! `/runs`: what ran, waits, or did not run, newest first.

mod filter;
mod row;

use std::cmp::Reverse;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{Router, get};
use noontide_domain::RunState;
use noontide_domain::ports::{LedgerError, RunFilter, RunRecord};

use super::page::{Asked, Page, PageProblem};
use super::visit::Visit;
use crate::WebParts;
use filter::Filter;
pub(crate) use row::{Row, zone};

/// Rows of a page.
const ROWS: usize = 50;

pub(crate) fn routes() -> Router<WebParts> {
    Router::new().route("/runs", get(runs))
}

#[derive(Template)]
#[template(path = "runs.html")]
struct Runs {
    visit: Visit,
    filter: Filter,
    rows: Vec<Row>,
    /// The address of the next page, below the base.
    next: Option<String>,
}

async fn runs(
    visit: Visit,
    State(parts): State<WebParts>,
    Asked(pairs): Asked<Vec<(String, String)>>,
) -> Result<Response, PageProblem> {
    let filter = Filter::read(pairs).map_err(visit.problem())?;
    if let Some(run) = filter.run().map_err(visit.problem())? {
        return Ok(Redirect::to(&format!("{}/runs/{run}", visit.base)).into_response());
    }
    let wanted = filter.wanted(&visit, ROWS + 1).map_err(visit.problem())?;
    let mut found = find(&parts, wanted, &filter.states).await.map_err(visit.problem())?;
    let more = found.len() > ROWS;
    found.truncate(ROWS);
    let next = found.last().filter(|_| more).map(|last| filter.after(last.id));
    let rows = found.iter().map(|run| Row::new(&parts, &visit, run)).collect();
    Ok(Page(Runs { visit, filter, rows, next }).into_response())
}

/// Newest first. Each state is looked up for itself, so that each look-up has its index.
async fn find(parts: &WebParts, wanted: RunFilter, states: &[RunState]) -> Result<Vec<RunRecord>, LedgerError> {
    if states.is_empty() || states.len() == RunState::ALL.len() {
        return parts.history.runs(wanted).await;
    }
    let mut found = Vec::new();
    for state in states {
        found.extend(parts.history.runs(RunFilter { state: Some(*state), ..wanted.clone() }).await?);
    }
    found.sort_by_key(|run| Reverse(run.id));
    found.truncate(wanted.limit);
    Ok(found)
}
