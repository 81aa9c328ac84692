//! `/tokens`: who may ask over TCP, and for what. A new token is shown once.

use askama::Template;
use axum::extract::State;
use axum::routing::{Router, get};
use chrono_tz::Tz;
use noontide_domain::Scope;
use noontide_domain::ports::TokenRecord;

use super::moment::Moment;
use super::page::{Page, Shown};
use super::visit::Visit;
use crate::WebParts;

pub(crate) fn routes() -> Router<WebParts> {
    Router::new().route("/tokens", get(tokens))
}

#[derive(Template)]
#[template(path = "tokens.html")]
struct Tokens {
    visit: Visit,
    rows: Vec<Row>,
}

struct Row {
    name: String,
    scope: Scope,
    by: String,
    made: Moment,
    used: Option<Moment>,
    ends: Option<Moment>,
    is_good: bool,
    /// By whom it was taken back.
    revoked: Option<String>,
}

async fn tokens(visit: Visit, State(parts): State<WebParts>) -> Shown<Tokens> {
    let found = parts.register.ledger.tokens().await.map_err(visit.problem())?;
    let rows = found.iter().map(|token| row(&visit, token)).collect();
    Ok(Page(Tokens { visit, rows }))
}

fn row(visit: &Visit, token: &TokenRecord) -> Row {
    let moment = |instant| visit.moment(instant, Tz::UTC);
    Row {
        name: token.name.to_string(),
        scope: token.scope,
        by: token.created_by.clone(),
        made: moment(token.created_at),
        used: token.used_at.map(moment),
        ends: token.expires_at.map(moment),
        is_good: token.is_good(visit.now),
        revoked: token.revoked.as_ref().map(|(_, by)| by.clone()),
    }
}
