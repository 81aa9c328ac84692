//! `/metrics`: what this host is doing and has done, for Prometheus.
//!
//! ```text
//! engine/tally, ledger/tally, sandbox/tally    count where things happen
//! figures                                      brings those of the rooms that `web` does not know
//! runs schedules queues ledger plugins host    a family of metrics each: its names, and where its numbers are
//! requests                                     counts what is asked of the API
//! page                                         the text
//! ```
//!
//! Nothing is kept up to date in between: a host that nobody asks only counts.

mod figures;
mod host;
mod ledger;
mod page;
mod plugins;
mod queues;
mod requests;
mod runs;
mod schedules;

use std::time::Duration;

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::{Router, get};
use noontide_domain::ports::LedgerError;

pub use figures::{Figures, LedgerFigures, ProcessFigures, SandboxFigures};
pub use requests::Requests;
pub(crate) use requests::count;

use crate::WebParts;
use page::{CONTENT_TYPE, Page};

/// How long the ledger may take; Prometheus waits 10 s by default, and gets the rest without it.
const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) fn routes() -> Router<WebParts> {
    Router::new().route("/metrics", get(tell))
}

async fn tell(State(parts): State<WebParts>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, CONTENT_TYPE)], text(&parts).await)
}

/// All metrics.
pub(crate) async fn text(parts: &WebParts) -> String {
    let (figures, heard) = (parts.host.figures(), queues::ask(parts).await);
    let mut page = Page::default();
    let detail = figures.per_schedule.covers(parts.engine.status().schedules);
    runs::write(&mut page, &parts.engine, detail);
    schedules::write(&mut page, &parts.engine, detail);
    queues::write(&mut page, &parts.engine, heard.as_ref());
    ledger::write(&mut page, parts.engine.tally(), &figures, heard.is_some());
    plugins::write(&mut page, &parts.engine, &figures.sandbox);
    host::write(&mut page, parts, &figures);
    requests::write(&mut page, &parts.requests);
    page.into_text()
}

/// The answer of the ledger, if it comes in time. The question goes on without us: a ledger's future is never dropped half way.
async fn in_time<T: Send + 'static>(
    question: impl Future<Output = Result<T, LedgerError>> + Send + 'static,
) -> Option<T> {
    tokio::time::timeout(PATIENCE, tokio::spawn(question)).await.ok()?.ok()?.ok()
}
