//! What is asked of the API: counted after the answer's head, by route and not by path, so that nobody can make labels.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use noontide_domain::tally::{Count, Each, Lengths};

use super::page::{Metric, Page};
use crate::WebParts;

const REQUESTS: Metric =
    Metric::counter("noontide_http_requests_total", "Requests that were answered, by route, method and status.");
const DURATION: Metric = Metric::histogram(
    "noontide_http_request_duration_seconds",
    "From the head of a request to the head of its answer, by route.",
);

/// What stands for the route of a path that leads nowhere.
const NOWHERE: &str = "(none)";

/// Requests so far.
#[derive(Debug, Default)]
pub struct Requests {
    /// By route, method and status.
    answers: Each<(String, String, u16), Count>,
    lengths: Each<String, Lengths>,
}

/// Around every route.
pub(crate) async fn count(State(parts): State<WebParts>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let route = route.unwrap_or_else(|| NOWHERE.to_owned());
    // A client may ask with any word.
    let method = match request.method().as_str() {
        known @ ("GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS") => known.to_owned(),
        _ => "other".to_owned(),
    };
    let response = next.run(request).await;
    parts.requests.lengths.of(&route).took(begun.elapsed());
    parts.requests.answers.of(&(route, method, response.status().as_u16())).one();
    response
}

pub(super) fn write(page: &mut Page, requests: &Requests) {
    let mut answers = page.metric(&REQUESTS);
    for ((route, method, status), count) in requests.answers.all() {
        let status = status.to_string();
        answers.add(&[("route", &route), ("method", &method), ("status", &status)], count.read() as f64);
    }
    let mut lengths = page.metric(&DURATION);
    for (route, spread) in requests.lengths.all() {
        lengths.spread(&[("route", &route)], &spread.read());
    }
}
