//! `/login`: a browser shows a token once, and has a session from then on.

use askama::Template;
use axum::routing::{Router, get};
use serde::Deserialize;

use super::page::{Asked, Page, Shown};
use super::visit::Visit;
use crate::WebParts;

pub(crate) fn routes() -> Router<WebParts> {
    Router::new().route("/login", get(login))
}

/// What stands in the address of the page.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Onward {
    /// Where to go afterwards.
    next: String,
}

#[derive(Template)]
#[template(path = "login.html")]
struct Login {
    visit: Visit,
    onward: Onward,
}

async fn login(visit: Visit, Asked(onward): Asked<Onward>) -> Shown<Login> {
    Ok(Page(Login { visit, onward }))
}
