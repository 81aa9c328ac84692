//! The trace that a request is part of: what it sets going is part of it, too.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use noontide_domain::TraceParent;
use noontide_domain::trace::TRACEPARENT;

/// The caller's span, if the request names one. A header that is none is as if it were not there, as the standard wants it.
pub(crate) struct Caller(pub(crate) Option<TraceParent>);

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let header = parts.headers.get(TRACEPARENT).and_then(|value| value.to_str().ok());
        Ok(Self(header.and_then(TraceParent::parse)))
    }
}
