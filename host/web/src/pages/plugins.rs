//! `/plugins`: what is in the plugin folder, and how each stands.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::routing::{Router, get};
use chrono_tz::Tz;
use noontide_domain::plugin::upgrade::{KnownVersion, VersionStanding, label};
use noontide_domain::{PluginStatus, Standing};

use super::moment::Moment;
use super::page::{Page, Shown};
use super::visit::Visit;
use crate::WebParts;

pub(crate) fn routes() -> Router<WebParts> {
    Router::new().route("/plugins", get(plugins))
}

#[derive(Template)]
#[template(path = "plugins.html")]
struct Plugins {
    visit: Visit,
    rows: Vec<Row>,
}

struct Row {
    /// Of the plugin, or of its file where it could not say one.
    name: String,
    summary: String,
    state: &'static str,
    version: Option<String>,
    handlers: Vec<String>,
    schedules: usize,
    running: usize,
    /// Calls that ended well and badly, on the active version.
    calls: Option<(u64, u64)>,
    loaded: Option<Moment>,
    /// What somebody should look at.
    remarks: Vec<String>,
}

async fn plugins(visit: Visit, State(parts): State<WebParts>) -> Shown<Plugins> {
    let known = parts.engine.plugin_versions(None).await.map_err(visit.problem())?;
    let users = parts.engine.list();
    let rows = parts.engine.plugins().iter().map(|status| row(&visit, status, &known, &users)).collect();
    Ok(Page(Plugins { visit, rows }))
}

fn row(visit: &Visit, status: &PluginStatus, known: &[KnownVersion], users: &[Arc<Standing>]) -> Row {
    let loaded = status.loaded.as_ref();
    let own: Vec<_> =
        known.iter().filter(|one| loaded.is_some_and(|own| own.version.name == one.version.name)).collect();
    let of = |standing| own.iter().find(|one| one.standing == standing);
    let missing = loaded.map_or(0, |loaded| loaded.wishes.iter().filter(|wish| wish.is_missing()).count());
    let uses = |plugin: &str| users.iter().filter(|one| one.schedule.handler.plugin.as_str() == plugin).count();
    let remarks = [
        status.error.as_ref().map(|error| format!("the newest file is refused: {error}")),
        of(VersionStanding::Held).map(|held| format!("{} is held", held.label())),
        of(VersionStanding::Candidate).map(|trial| format!("{} is on trial", trial.label())),
        (missing > 0).then(|| format!("{missing} of what it wants is not granted")),
    ];
    Row {
        name: loaded.map_or_else(|| status.file.clone(), |loaded| loaded.version.name.to_string()),
        summary: loaded.map_or_else(String::new, |loaded| loaded.info.summary.clone()),
        state: state(status),
        version: loaded.map(|loaded| label(&loaded.version)),
        handlers: loaded.iter().flat_map(|one| &one.info.handlers).map(|handler| handler.name.clone()).collect(),
        schedules: loaded.map_or(0, |loaded| uses(loaded.version.name.as_str())),
        running: loaded.map_or(0, |loaded| loaded.running),
        calls: of(VersionStanding::Active).map(|active| active.calls()),
        loaded: loaded.map(|loaded| visit.moment(loaded.loaded_at, Tz::UTC)),
        remarks: remarks.into_iter().flatten().collect(),
    }
}

/// In a word.
pub(super) fn state(status: &PluginStatus) -> &'static str {
    match (&status.loaded, &status.error) {
        (Some(_), None) => "active",
        (Some(_), Some(_)) => "warn",
        (None, _) => "bad",
    }
}

/// The word as people read it.
pub(crate) fn told(state: &str) -> &'static str {
    match state {
        "active" => "loaded",
        "warn" => "older one runs",
        _ => "refused",
    }
}
