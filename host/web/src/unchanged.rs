//! ETags: who has seen an answer before is told that it is the same, and not sent it again. The tag is a digest of what would be
//! sent, so it needs no bookkeeping and is right on every host.

use axum::body::{Body, to_bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::WebParts;
use crate::access::within;

/// What is asked for again and again.
pub(crate) const TAGGED: [&str; 8] = [
    "/api/v1/schedules",
    "/api/v1/schedules/{name}",
    "/api/v1/plugins",
    "/api/v1/plugins/{name}",
    "/openapi.json",
    "/assets/{digest}/{name}",
    "/calendar.ics",
    "/badge/{schedule}",
];

/// Bytes of the digest.
const LENGTH: usize = 16;

/// Before every route, behind the guard.
pub(crate) async fn tagged(State(parts): State<WebParts>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let is_tagged = *request.method() == Method::GET && TAGGED.contains(&within(route, &parts.settings.path));
    if !is_tagged {
        return next.run(request).await;
    }
    let seen = request.headers().get_all(header::IF_NONE_MATCH).iter().cloned().collect::<Vec<_>>();
    let response = next.run(request).await;
    match response.status() {
        StatusCode::OK => answered(response, &seen).await,
        _ => response,
    }
}

async fn answered(response: Response, seen: &[HeaderValue]) -> Response {
    let (mut head, body) = response.into_parts();
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let digest = BASE64_URL_SAFE_NO_PAD.encode(&Sha256::digest(&body)[..LENGTH]);
    let tag = format!("\"{digest}\"");
    // Letters and quotation marks.
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        head.headers.insert(header::ETAG, tag);
    }
    // Asked again each time, where nothing else is said: most answers are short-lived.
    head.headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("private, no-cache"));
    if !is_among(&tag, seen) {
        return Response::from_parts(head, Body::from(body));
    }
    let mut headers = HeaderMap::new();
    for name in [header::ETAG, header::CACHE_CONTROL, header::VARY] {
        headers.extend(head.headers.remove(&name).map(|value| (name, value)));
    }
    (StatusCode::NOT_MODIFIED, headers).into_response()
}

/// Compared as `If-None-Match` wants it: weak tags and strong ones alike.
fn is_among(tag: &str, seen: &[HeaderValue]) -> bool {
    let all = seen.iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    all.map(str::trim).any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_found_among_others_weak_or_strong() {
        let seen = |text: &'static str| is_among("\"b\"", &[HeaderValue::from_static(text)]);
        assert!(seen("\"a\", W/\"b\"") && seen("\"b\"") && seen("*"));
        assert!(!seen("\"a\"") && !seen("b") && !is_among("\"b\"", &[]));
    }
}
