//! Style and modules, embedded in the binary. Their address carries a digest of all of them, so a browser may keep them for ever
//! and has the right ones after an upgrade.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::{Router, get};
use sha2::{Digest, Sha256};

use crate::WebParts;
use crate::problem::Problem;

struct Asset {
    name: &'static str,
    kind: &'static str,
    text: &'static str,
}

macro_rules! asset {
    ($name:literal, $kind:literal) => {
        Asset { name: $name, kind: $kind, text: include_str!(concat!("../../assets/", $name)) }
    };
}

const ASSETS: &[Asset] = &[
    asset!("act.js", "text/javascript; charset=utf-8"),
    asset!("countdown.js", "text/javascript; charset=utf-8"),
    asset!("icon.svg", "image/svg+xml"),
    asset!("live.js", "text/javascript; charset=utf-8"),
    asset!("log.js", "text/javascript; charset=utf-8"),
    asset!("noontide.css", "text/css; charset=utf-8"),
    asset!("slide.js", "text/javascript; charset=utf-8"),
    asset!("tail.js", "text/javascript; charset=utf-8"),
    asset!("view.js", "text/javascript; charset=utf-8"),
];

/// Of all of them together: modules import each other by their bare names.
static DIGEST: LazyLock<String> = LazyLock::new(|| {
    let all = ASSETS.iter().fold(Sha256::new(), |all, asset| all.chain_update(asset.text));
    all.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect()
});

/// The path of one, below the base.
pub(crate) fn path(name: &str) -> String {
    format!("/assets/{}/{name}", *DIGEST)
}

pub(crate) fn routes() -> Router<WebParts> {
    Router::new().route("/assets/{digest}/{name}", get(asset))
}

/// Also under an older digest: a page that was open during an upgrade gets what there is now, and is not told to keep it.
async fn asset(Path((digest, name)): Path<(String, String)>) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.name == name) else {
        return Problem::not_found(format!("there is no asset `{name}`")).into_response();
    };
    let keep = if digest == *DIGEST { "public, max-age=31536000, immutable" } else { "no-store" };
    let headers = [
        (header::CONTENT_TYPE, asset.kind),
        (header::CACHE_CONTROL, keep),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, asset.text).into_response()
}
