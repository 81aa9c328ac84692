//! `/plugins`: what is loaded, what is known of versions, and what people decide about them.

use axum::Json;
use axum::extract::State;
use noontide_domain::plugin::upgrade::PluginNews;
use noontide_domain::ports::VersionWish;
use noontide_domain::{PluginName, PluginStatus, suggest};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::WebParts;
use crate::access::Visitor;
use crate::body::{JsonBody, Name};
use crate::problem::{Answer, Problem};
use crate::shape::{Page, Plugin, PluginVersion, words};

pub(crate) fn routes() -> OpenApiRouter<WebParts> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(show)).routes(routes!(approve)).routes(routes!(roll_back))
}

/// Plugins: what is loaded, what was refused, what is known of versions
#[utoipa::path(get, path = "/plugins", operation_id = "listPlugins",
    responses((status = 200, body = Page<Plugin>, description = "All of them")))]
async fn list(State(parts): State<WebParts>) -> Answer<Json<Page<Plugin>>> {
    let known = parts.engine.plugin_versions(None).await?;
    Ok(Json(Page::whole(parts.engine.plugins().iter().map(|status| Plugin::of(status, &known)))))
}

/// A plugin
///
/// By its name, or by its file's where it could not say one. A plugin whose file is gone is known by its versions.
#[utoipa::path(get, path = "/plugins/{name}", operation_id = "getPlugin",
    responses((status = 200, body = Plugin, description = "The plugin")))]
async fn show(State(parts): State<WebParts>, Name(name): Name) -> Answer<Json<Plugin>> {
    let plugins = parts.engine.plugins();
    let known = parts.engine.plugin_versions(None).await?;
    let named =
        |plugin: &&PluginStatus| plugin.file == name || own_name(plugin).is_some_and(|own| own.as_str() == name);
    if let Some(status) = plugins.iter().find(named) {
        return Ok(Json(Plugin::of(status, &known)));
    }
    if let Some(gone) = name.parse().ok().and_then(|name| Plugin::gone(name, &known)) {
        return Ok(Json(gone));
    }
    let names = plugins.iter().filter_map(|plugin| own_name(plugin).map(PluginName::as_str));
    Err(Problem::not_found(format!("no plugin `{name}` is loaded{}", suggest::hint(&name, names))))
}

fn own_name(status: &PluginStatus) -> Option<&PluginName> {
    status.loaded.as_ref().map(|loaded| &loaded.version.name)
}

/// What somebody wants of a plugin's versions.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Wish {
    /// How the digest begins of the version that is meant.
    sha256: Option<String>,
    /// Who wants it.
    by: Option<String>,
}

/// What was decided about a version.
#[derive(Debug, Serialize, ToSchema)]
struct Decided {
    plugin: PluginVersion,
    #[schema(value_type = words::VersionStanding)]
    standing: &'static str,
    /// A sentence.
    words: String,
}

/// Let a version in that is held
#[utoipa::path(post, path = "/plugins/{name}/approve", operation_id = "approvePluginVersion", request_body = Wish,
    responses((status = 200, body = Decided, description = "What was decided")))]
async fn approve(
    State(parts): State<WebParts>,
    visitor: Visitor,
    Name(name): Name,
    JsonBody(wish): JsonBody<Wish>,
) -> Answer<Json<Decided>> {
    decide(&parts, &visitor, &name, wish, false).await
}

/// Go back to an earlier version
#[utoipa::path(post, path = "/plugins/{name}/rollback", operation_id = "rollBackPlugin", request_body = Wish,
    responses((status = 200, body = Decided, description = "What was decided")))]
async fn roll_back(
    State(parts): State<WebParts>,
    visitor: Visitor,
    Name(name): Name,
    JsonBody(wish): JsonBody<Wish>,
) -> Answer<Json<Decided>> {
    decide(&parts, &visitor, &name, wish, true).await
}

async fn decide(parts: &WebParts, visitor: &Visitor, name: &str, wish: Wish, back: bool) -> Answer<Json<Decided>> {
    let plugin = name.parse().map_err(|error| Problem::not_found(format!("{error}")))?;
    let digest = wish.sha256.map(|digest| digest.to_ascii_lowercase());
    let wish = VersionWish { plugin, back, digest, by: visitor.signed(wish.by) };
    let PluginNews { version, standing, words } = parts.engine.decide_version(wish).await?;
    Ok(Json(Decided { plugin: PluginVersion::from(&version), standing: standing.as_str(), words }))
}
