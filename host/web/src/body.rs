//! What clients send: JSON bodies and queries, read strictly.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Query as AxumQuery, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;

use crate::problem::Problem;

/// A JSON body. An empty body is `{}`, so that verbs without arguments need none; any other must say that it is JSON,
/// which no form of a foreign web page can.
pub(crate) struct JsonBody<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => {
                Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large; send less at a time")
            }
            status => Problem::new(status, rejection.body_text()),
        })?;
        if kind != "application/json" {
            let detail = format!("content type `{kind}` is not taken; send application/json");
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
        }
        let text = if bytes.is_empty() { b"{}".as_slice() } else { &bytes };
        serde_json::from_slice(text)
            .map(Self)
            .map_err(|reason| Problem::bad_request(format!("the body cannot be read: {reason}")))
    }
}

/// The query string.
pub(crate) struct Query<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        AxumQuery::try_from_uri(&parts.uri)
            .map(|AxumQuery(query)| Self(query))
            .map_err(|reason| Problem::bad_request(format!("the query cannot be read: {}", reason.body_text())))
    }
}

/// When a call by hand shall run: after `delay`, at `at`, or now.
///
/// # Errors
/// If both are given or one cannot be read.
pub(crate) fn start(
    delay: Option<&str>,
    at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, Problem> {
    match (delay, at) {
        (Some(_), Some(_)) => Err(Problem::bad_request("`delay` and `at` exclude each other")),
        (Some(delay), None) => noontide_domain::duration::parse(delay)
            .map(|delay| Some(now + delay))
            .map_err(|reason| Problem::bad_request(format!("`delay`: {reason}"))),
        (None, at) => Ok(at),
    }
}
