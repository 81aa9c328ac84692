//! A drawn page, and one that says what is wrong.

use askama::Template;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use tracing::error;

use super::visit::Visit;
use crate::WebParts;
use crate::problem::Problem;

/// Nothing foreign, nothing inline, nowhere else to send a form, in nobody's frame. What pages show is of this moment and not
/// kept.
const HEADERS: [(HeaderName, &str); 5] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; \
         base-uri 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (header::CACHE_CONTROL, "no-store"),
    (header::VARY, "cookie, accept"),
];

/// A template, drawn.
pub(crate) struct Page<T>(pub(crate) T);

impl<T: Template> IntoResponse for Page<T> {
    fn into_response(self) -> Response {
        drawn(StatusCode::OK, &self.0)
    }
}

fn drawn(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => (status, HEADERS, Html(html)).into_response(),
        Err(reason) => {
            error!(%reason, "a page cannot be drawn");
            (StatusCode::INTERNAL_SERVER_ERROR, HEADERS, "This page cannot be drawn; the host's log says why.")
                .into_response()
        }
    }
}

/// What a page answers.
pub(crate) type Shown<T> = Result<Page<T>, PageProblem>;

/// A refusal, as a page of its own.
pub(crate) struct PageProblem {
    visit: Box<Visit>,
    problem: Problem,
}

impl Visit {
    /// For `map_err`: the refusal as this visitor sees it.
    pub(crate) fn problem<E: Into<Problem>>(&self) -> impl Fn(E) -> PageProblem {
        |problem| PageProblem { visit: Box::new(self.clone()), problem: problem.into() }
    }
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage<'a> {
    visit: &'a Visit,
    title: &'a str,
    detail: &'a str,
}

impl IntoResponse for PageProblem {
    fn into_response(self) -> Response {
        let status = self.problem.status();
        let title = status.canonical_reason().unwrap_or("Problem");
        drawn(status, &ProblemPage { visit: &self.visit, title, detail: self.problem.detail() })
    }
}

/// The query of a page: filters, and where it begins. What cannot be read is a page that says so.
pub(crate) struct Asked<T>(pub(crate) T);

impl<T: serde::de::DeserializeOwned> FromRequestParts<WebParts> for Asked<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &WebParts) -> Result<Self, Response> {
        let rejection = match axum::extract::Query::try_from_uri(&parts.uri) {
            Ok(axum::extract::Query(asked)) => return Ok(Self(asked)),
            Err(rejection) => rejection,
        };
        let Ok(visit) = Visit::from_request_parts(parts, state).await;
        Err(visit.problem()(Problem::bad_request(rejection.body_text())).into_response())
    }
}
