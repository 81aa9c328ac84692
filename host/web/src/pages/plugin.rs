//! `/plugins/{name}`: one plugin. Its versions, its handlers and what they take, what it wants and what it has.

mod schema;

use askama::Template;
use axum::extract::State;
use axum::routing::{Router, get};
use chrono_tz::Tz;
use noontide_domain::plugin::upgrade::{KnownVersion, VersionStanding, active, difference};
use noontide_domain::plugin::wants::Answer;
use noontide_domain::{Granted, HandlerInfo, LoadedPlugin, PluginStatus, duration, suggest};
use std::collections::BTreeMap;

use super::moment::Moment;
use super::page::{Page, Shown};
use super::plugins::state;
use super::visit::Visit;
use crate::WebParts;
use crate::body::Name;
use crate::problem::Problem;
use schema::{Field, fields};

pub(crate) fn routes() -> Router<WebParts> {
    Router::new().route("/plugins/{name}", get(plugin))
}

#[derive(Template)]
#[template(path = "plugin.html")]
struct PluginPage {
    visit: Visit,
    name: String,
    summary: String,
    state: &'static str,
    /// Why the newest file is not in use.
    error: Option<(String, Moment)>,
    facts: Vec<(&'static str, String)>,
    handlers: Vec<Handler>,
    grants: Vec<Grant>,
    versions: Vec<Version>,
    /// Names of schedules, and the handler that each calls.
    users: Vec<(String, String)>,
}

/// What it offers.
struct Handler {
    name: String,
    summary: String,
    fields: Vec<Field>,
    /// Anything is taken.
    is_open: bool,
    example: Option<String>,
    timeout: Option<String>,
}

/// A name that it wants, or has, or both.
struct Grant {
    kind: &'static str,
    name: String,
    wanted: bool,
    /// What it has, with the source.
    has: Option<String>,
    mark: &'static str,
    words: &'static str,
    /// What would grant it.
    toml: Option<String>,
}

/// A version as the ledger knows it.
struct Version {
    version: String,
    sha256: String,
    standing: &'static str,
    mark: &'static str,
    since: Moment,
    why: Option<String>,
    approved: Option<String>,
    good: u64,
    bad: u64,
    last_error: Option<String>,
    difference: Vec<String>,
    may_approve: bool,
    may_return: bool,
}

/// By the plugin's name, or by its file's where it could not say one.
async fn plugin(visit: Visit, State(parts): State<WebParts>, Name(name): Name) -> Shown<PluginPage> {
    let plugins = parts.engine.plugins();
    let known = parts.engine.plugin_versions(None).await.map_err(visit.problem())?;
    let known: Vec<_> = known.into_iter().filter(|one| one.version.name.as_str() == name).collect();
    let own = |status: &PluginStatus| status.loaded.as_ref().map(|loaded| loaded.version.name.to_string());
    let found = plugins.iter().find(|status| status.file == name || own(status).as_deref() == Some(name.as_str()));
    if found.is_none() && known.is_empty() {
        let names: Vec<_> = plugins.iter().filter_map(own).collect();
        let hint = suggest::hint(&name, names.iter().map(String::as_str));
        return Err(visit.problem()(Problem::not_found(format!("no plugin `{name}` is loaded{hint}"))));
    }
    let loaded = found.and_then(|status| status.loaded.as_ref());
    let schedules = parts.engine.list();
    let users = schedules.iter().map(|one| &one.schedule);
    let users = users.filter(|schedule| schedule.handler.plugin.as_str() == name);
    Ok(Page(PluginPage {
        summary: loaded.map_or_else(String::new, |loaded| loaded.info.summary.clone()),
        state: found.map_or("bad", state),
        error: found
            .and_then(|status| status.error.as_ref())
            .map(|error| (error.to_string(), visit.moment(error.at, Tz::UTC))),
        facts: loaded.map_or_else(Vec::new, |loaded| facts(found.map_or("", |status| &status.file), loaded)),
        handlers: loaded.iter().flat_map(|loaded| &loaded.info.handlers).map(handler).collect(),
        grants: loaded.map_or_else(Vec::new, grants),
        versions: versions(&visit, &known),
        users: users.map(|schedule| (schedule.name.to_string(), schedule.handler.to_string())).collect(),
        visit,
        name,
    }))
}

fn facts(file: &str, loaded: &LoadedPlugin) -> Vec<(&'static str, String)> {
    let makeup = &loaded.makeup;
    let mut facts = vec![
        ("File", format!("{file}, {}", duration::bytes(makeup.bytes))),
        ("Version", loaded.version.version.clone()),
        ("SHA-256", loaded.version.sha256.clone()),
        ("Contract", makeup.contract.clone()),
        ("Loaded in", format!("{} ms", loaded.load_ms)),
        ("Made by", makeup.producers.join(", ")),
        ("Signed by", loaded.signer.as_ref().map_or_else(String::new, |signer| signer.comment.clone())),
        ("Imports", makeup.imports.join(", ")),
    ];
    facts.extend(makeup.labels.iter().map(|(_, value)| ("Says of itself", value.clone())));
    facts.retain(|(_, value)| !value.is_empty());
    facts
}

fn handler(info: &HandlerInfo) -> Handler {
    Handler {
        name: info.name.clone(),
        summary: info.summary.clone(),
        fields: info.input_schema.as_ref().map_or_else(Vec::new, fields),
        is_open: info.input_schema.is_none(),
        example: info.example_input.as_ref().and_then(|example| serde_json::to_string_pretty(example).ok()),
        timeout: info.timeout.map(duration::words),
    }
}

fn grants(loaded: &LoadedPlugin) -> Vec<Grant> {
    let sources = sources(&loaded.granted);
    let wish = |wish: &noontide_domain::plugin::wants::Wish| {
        let (mark, words) = match wish.answer {
            Answer::Granted => ("ok", "granted"),
            Answer::ReadOnly => ("warn", "for reading only"),
            Answer::NotGranted => ("bad", "not granted"),
            Answer::NotWanted => ("skipped", "granted, not wanted"),
        };
        let has = sources.get(&(wish.kind.as_str(), wish.name.clone())).cloned();
        let has = has.or_else(|| (wish.answer != Answer::NotGranted).then(|| wish.name.clone()));
        let (name, wanted, toml) = (wish.name.clone(), wish.is_wanted(), wish.toml.clone());
        Grant { kind: wish.kind.as_str(), name, wanted, has, mark, words, toml }
    };
    loaded.wishes.iter().map(wish).collect()
}

/// Where what is granted comes from, by kind and name.
fn sources(granted: &Granted) -> BTreeMap<(&'static str, String), String> {
    let mut all = BTreeMap::new();
    for (kind, names) in
        [("env", &granted.env), ("secrets", &granted.secrets), ("sql", &granted.sql), ("kv", &granted.kv)]
    {
        all.extend(names.iter().map(|(name, source)| ((kind, name.clone()), source.clone())));
    }
    let folder = |(guest, folder): (&String, &noontide_domain::plugin::GrantedFolder)| {
        (("folders", guest.clone()), format!("{} ({})", folder.path, folder.mode))
    };
    all.extend(granted.folders.iter().map(folder));
    all
}

/// Each with what it differs in from the active one, the newest first.
fn versions(visit: &Visit, known: &[KnownVersion]) -> Vec<Version> {
    let active = active(known);
    let version = |one: &KnownVersion| {
        let (good, bad) = one.calls();
        let differs = active.filter(|active| active.version.sha256 != one.version.sha256);
        Version {
            version: one.version.version.clone(),
            sha256: one.version.sha256.clone(),
            standing: one.standing.as_str(),
            mark: mark(one.standing),
            since: visit.moment(one.since, Tz::UTC),
            why: one.why.clone(),
            approved: one.approved.as_ref().map(|approved| approved.by.clone()),
            good,
            bad,
            last_error: one.records.values().find_map(|record| record.last_error.clone()),
            difference: differs.map_or_else(Vec::new, |active| difference(active.offer(), one.offer())),
            may_approve: matches!(one.standing, VersionStanding::Held | VersionStanding::Candidate),
            may_return: matches!(one.standing, VersionStanding::Superseded | VersionStanding::RolledBack),
        }
    };
    let mut all: Vec<_> = known.iter().collect();
    all.sort_by_key(|one| std::cmp::Reverse(one.since));
    all.into_iter().map(version).collect()
}

fn mark(standing: VersionStanding) -> &'static str {
    match standing {
        VersionStanding::Active => "active",
        VersionStanding::Candidate => "running",
        VersionStanding::Held => "warn",
        VersionStanding::RolledBack => "failed",
        VersionStanding::Superseded => "skipped",
    }
}
