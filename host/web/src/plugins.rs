//! `/plugins`: what is loaded, what is known of versions, and what people decide about them.

use axum::Json;
use axum::extract::State;
use axum::routing::{Router, get, post};
use noontide_domain::plugin::upgrade::{KnownVersion, PluginNews, VersionStanding, active, difference};
use noontide_domain::ports::VersionWish;
use noontide_domain::{PluginName, PluginStatus, suggest};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::access::Visitor;
use crate::body::{JsonBody, Name};
use crate::problem::{Answer, Problem};
use crate::{WebParts, shape};

pub(crate) fn routes() -> Router<WebParts> {
    Router::new()
        .route("/plugins", get(list))
        .route("/plugins/{name}", get(show))
        .route("/plugins/{name}/approve", post(approve))
        .route("/plugins/{name}/rollback", post(roll_back))
}

async fn list(State(parts): State<WebParts>) -> Answer<Json<Value>> {
    let known = parts.engine.plugin_versions(None).await?;
    Ok(Json(shape::list(parts.engine.plugins().iter().map(|status| plugin(status, &known)).collect(), None)))
}

/// By the plugin's name, or by its file's where it could not say one. A plugin whose file is gone is known by its versions.
async fn show(State(parts): State<WebParts>, Name(name): Name) -> Answer<Json<Value>> {
    let plugins = parts.engine.plugins();
    let known = parts.engine.plugin_versions(None).await?;
    let named =
        |plugin: &&PluginStatus| plugin.file == name || own_name(plugin).is_some_and(|own| own.as_str() == name);
    if let Some(status) = plugins.iter().find(named) {
        return Ok(Json(plugin(status, &known)));
    }
    let versions = versions(&known, |own| own.as_str() == name);
    if !versions.is_empty() {
        return Ok(Json(json!({ "file": null, "name": name, "sha256": null, "error": null, "versions": versions })));
    }
    let names = plugins.iter().filter_map(|plugin| own_name(plugin).map(PluginName::as_str));
    Err(Problem::not_found(format!("no plugin `{name}` is loaded{}", suggest::hint(&name, names))))
}

fn own_name(status: &PluginStatus) -> Option<&PluginName> {
    status.loaded.as_ref().map(|loaded| &loaded.version.name)
}

fn plugin(status: &PluginStatus, known: &[KnownVersion]) -> Value {
    let mut shown = shape::plugin(status);
    let versions = versions(known, |name| Some(name) == own_name(status));
    let of = |standing: VersionStanding| versions.iter().find(|one| one["standing"] == standing.as_str()).cloned();
    shown["held"] = of(VersionStanding::Held).into();
    shown["candidate"] = of(VersionStanding::Candidate).into();
    shown["versions"] = versions.into();
    shown
}

/// Each with what it differs in from the active one.
fn versions(known: &[KnownVersion], wanted: impl Fn(&PluginName) -> bool) -> Vec<Value> {
    let mine: Vec<_> = known.iter().filter(|one| wanted(&one.version.name)).cloned().collect();
    let active = active(&mine);
    mine.iter().map(|one| version(one, active)).collect()
}

fn version(one: &KnownVersion, active: Option<&KnownVersion>) -> Value {
    let (good, bad) = one.calls();
    let last_error = one.records.values().find_map(|record| record.last_error.clone());
    let differs = active.filter(|active| active.version.sha256 != one.version.sha256);
    json!({
        "version": one.version.version,
        "sha256": one.version.sha256,
        "standing": one.standing.as_str(),
        "since": shape::time(one.since),
        "why": one.why,
        "approved": one.approved.as_ref().map(|approved| json!({ "by": approved.by, "at": shape::time(approved.at) })),
        "replaces": one.replaces,
        "file": one.file,
        "size": one.size,
        "first_seen": shape::time(one.first_seen),
        "last_loaded": shape::time(one.last_loaded),
        "calls": { "good": good, "bad": bad },
        "last_error": last_error,
        "difference": differs.map(|active| difference(active.offer(), one.offer())),
    })
}

/// What somebody wants of a plugin's versions.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    /// How the digest begins of the version that is meant.
    sha256: Option<String>,
    /// Who wants it.
    by: Option<String>,
}

async fn approve(
    State(parts): State<WebParts>,
    visitor: Visitor,
    Name(name): Name,
    JsonBody(wish): JsonBody<Wish>,
) -> Answer<Json<Value>> {
    decide(&parts, &visitor, &name, wish, false).await
}

async fn roll_back(
    State(parts): State<WebParts>,
    visitor: Visitor,
    Name(name): Name,
    JsonBody(wish): JsonBody<Wish>,
) -> Answer<Json<Value>> {
    decide(&parts, &visitor, &name, wish, true).await
}

async fn decide(parts: &WebParts, visitor: &Visitor, name: &str, wish: Wish, back: bool) -> Answer<Json<Value>> {
    let plugin = name.parse().map_err(|error| Problem::not_found(format!("{error}")))?;
    let digest = wish.sha256.map(|digest| digest.to_ascii_lowercase());
    let wish = VersionWish { plugin, back, digest, by: visitor.signed(wish.by) };
    let PluginNews { version, standing, words } = parts.engine.decide_version(wish).await?;
    Ok(Json(json!({ "plugin": shape::version(&version), "standing": standing.as_str(), "words": words })))
}
