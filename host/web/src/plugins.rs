//! `/plugins`.

use axum::Json;
use axum::extract::State;
use axum::routing::{Router, get};
use serde_json::Value;

use crate::body::Name;
use crate::problem::{Answer, Problem};
use crate::{WebParts, shape};

pub(crate) fn routes() -> Router<WebParts> {
    Router::new().route("/plugins", get(list)).route("/plugins/{name}", get(show))
}

async fn list(State(parts): State<WebParts>) -> Json<Value> {
    Json(shape::list(parts.engine.plugins().iter().map(shape::plugin).collect(), None))
}

/// By the plugin's name, or by its file's where it could not say one.
async fn show(State(parts): State<WebParts>, Name(name): Name) -> Answer<Json<Value>> {
    let plugins = parts.engine.plugins();
    let named = |plugin: &&noontide_domain::PluginStatus| {
        plugin.file == name || plugin.loaded.as_ref().is_some_and(|loaded| loaded.version.name.as_str() == name)
    };
    plugins.iter().find(named).map(|plugin| Json(shape::plugin(plugin))).ok_or_else(|| {
        let names = plugins.iter().filter_map(|plugin| Some(plugin.loaded.as_ref()?.version.name.as_str()));
        Problem::not_found(format!("no plugin `{name}` is loaded{}", noontide_domain::suggest::hint(&name, names)))
    })
}
