//! What clients send: paths, queries and JSON bodies, read strictly.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query as AxumQuery, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use chrono::{DateTime, Timelike, Utc};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use crate::problem::Problem;

/// What is said of a body that is not read to its end.
pub(crate) const TOO_LARGE: &str =
    "the body is larger than 1 MiB (for /runs 16 MiB, for a submission 64 MiB); send less at a time";

/// A JSON body. It must say that it is JSON, which no form of a foreign web page can; one that is empty counts as `{}`,
/// so that verbs without arguments need none.
pub(crate) struct JsonBody<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        // First: what is not taken anyway need not be read.
        says_json(&request)?;
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Problem::too_large(TOO_LARGE),
            status => Problem::new(status, rejection.body_text()),
        })?;
        let text = if bytes.is_empty() { b"{}".as_slice() } else { &bytes };
        serde_json::from_slice(text)
            .map(Self)
            .map_err(|reason| Problem::bad_request(format!("the body cannot be read: {reason}")))
    }
}

/// In small letters and without parameters; empty if none is given.
pub(crate) fn content_type(request: &Request) -> String {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn says_json(request: &Request) -> Result<(), Problem> {
    let detail = match content_type(request).as_str() {
        "application/json" => return Ok(()),
        "" => "no content type is given; send application/json".to_owned(),
        other => format!("content type `{other}` is not taken; send application/json"),
    };
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail))
}

/// The body of a verb without arguments.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

/// The name in the path, or the names.
pub(crate) struct Name<T = String>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Name<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(name) = Path::from_request_parts(parts, state)
            .await
            .map_err(|reason| Problem::bad_request(format!("the path cannot be read: {}", reason.body_text())))?;
        Ok(Self(name))
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

/// An instant as RFC 3339 has it, and no other: longer years and leap seconds are where the arithmetic of dates ends.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, format = DateTime, example = "2026-10-01T08:00:00Z")]
pub(crate) struct Instant(pub(crate) DateTime<Utc>);

impl TryFrom<String> for Instant {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        DateTime::parse_from_rfc3339(&text)
            .ok()
            .filter(|read| read.nanosecond() < 1_000_000_000)
            .map(|read| Self(read.with_timezone(&Utc)))
            .ok_or_else(|| format!("`{text}` is no instant; write for example 2026-10-01T08:00:00Z"))
    }
}

/// When a call by hand shall run: after `delay`, at `at`, or now.
///
/// # Errors
/// If both are given or the delay cannot be read.
pub(crate) fn start(
    delay: Option<&str>,
    at: Option<Instant>,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, String> {
    match (delay, at) {
        (Some(_), Some(_)) => Err("`delay` and `at` exclude each other; send one of them".to_owned()),
        (Some(delay), None) => match noontide_domain::duration::parse(delay) {
            Ok(delay) => Ok(Some(now + delay)),
            Err(reason) => Err(format!("`delay`: {reason}")),
        },
        (None, at) => Ok(at.map(|at| at.0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_rfc_3339_and_lies_where_dates_can_be_reckoned() {
        let read = |text: &str| Instant::try_from(text.to_owned()).map(|instant| instant.0);
        assert_eq!(read("2026-10-01T16:00:00+08:00"), read("2026-10-01T08:00:00Z"));
        for text in
            ["", "tomorrow", "2026-10-01", "+262142-01-01T00:00:00Z", "12026-10-01T00:00:00Z", "2026-12-31T23:59:60Z"]
        {
            assert!(read(text).is_err(), "{text:?} was taken");
        }
    }
}
