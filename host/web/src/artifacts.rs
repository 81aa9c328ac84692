//! `/runs/{id}/artifacts`: the files that a handler attached to its run.
//!
//! What is in them is a guest's word. A browser that opens one gets a download, and shown by force it is a page without
//! scripts, forms and origin: stored HTML cannot act in the name of whoever looks at it.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use noontide_domain::ArtifactName;
use noontide_domain::ports::ArtifactRecord;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::WebParts;
use crate::body::Name;
use crate::problem::{Answer, Problem};
use crate::runs::find;
use crate::shape::{Artifact, Page};

/// Nothing runs, nothing is fetched, nothing is sent; a report's own style and its pictures are shown.
const SANDBOX: &str = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:";

pub(crate) fn routes() -> OpenApiRouter<WebParts> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(read))
}

/// The files that a handler attached to its run
#[utoipa::path(get, path = "/runs/{id}/artifacts", operation_id = "listArtifacts",
    responses((status = 200, body = Page<Artifact>, description = "All of them, by name")))]
async fn list(State(parts): State<WebParts>, Name(id): Name) -> Answer<Json<Page<Artifact>>> {
    let run = find(&parts, &id).await?;
    let files = parts.history.artifacts(run.id).await?;
    Ok(Json(Page::whole(files.iter().map(Into::into))))
}

/// One of these files
///
/// It is what a handler made: it comes as a download of the media type that the handler gave.
#[utoipa::path(get, path = "/runs/{id}/artifacts/{name}", operation_id = "getArtifact",
    params(("If-None-Match" = Option<String>, Header, description = "The `ETag` of what is there already")),
    responses(
        (status = 200, content_type = "*/*", body = Vec<u8>, description = "The file", headers(("ETag" = String))),
        (status = 304, description = "It is the one that is there already"),
    ))]
async fn read(
    State(parts): State<WebParts>,
    Name((id, name)): Name<(String, String)>,
    asked: HeaderMap,
) -> Answer<Response> {
    let run = find(&parts, &id).await?;
    let wanted: ArtifactName = name.parse().map_err(|reason| Problem::not_found(format!("artifact: {reason}")))?;
    let Some((file, content)) = parts.history.artifact(run.id, &wanted).await? else {
        let detail = format!("run {} has no artifact `{wanted}`; GET /runs/{}/artifacts lists them", run.id, run.id);
        return Err(Problem::not_found(detail));
    };
    let headers = headers(&file);
    if asked.get(header::IF_NONE_MATCH).is_some_and(|tag| Some(tag) == headers.get(header::ETAG)) {
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    Ok((headers, content.to_vec()).into_response())
}

fn headers(file: &ArtifactRecord) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let disposition = format!("attachment; filename*=UTF-8''{}", escaped(file.name.as_str()));
    let values = [
        (header::CONTENT_TYPE, file.media_type.as_str()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, SANDBOX),
        (header::CONTENT_DISPOSITION, &disposition),
        (header::ETAG, &format!("\"{}\"", file.sha256)),
        // A later attempt may put another file there.
        (header::CACHE_CONTROL, "private, no-cache"),
    ];
    for (name, value) in values {
        // All of it is printable ASCII: the name escaped, the media type checked when it was attached.
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    }
    headers
}

/// As RFC 8187 writes a text in a header.
fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
