//! `/badge/{schedule}.svg`: how a schedule stands, as a small picture for pages elsewhere. Nothing foreign is in it.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use noontide_domain::{RunState, Standing};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::WebParts;
use crate::body::{Name, Query};
use crate::problem::{Answer, Problem};
use crate::schedules::last_run;

/// Of a letter, in pixels: wide enough for the widest fonts that a reader may have.
const LETTER: usize = 7;
/// Beside each text, in pixels.
const MARGIN: usize = 7;

pub(super) fn routes() -> OpenApiRouter<WebParts> {
    OpenApiRouter::new().routes(routes!(badge))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct BadgeQuery {
    /// A token of the scope `feed`, for pages that cannot send a header.
    #[serde(rename = "token")]
    _token: Option<String>,
}

/// How a schedule stands, as a small picture
///
/// `NAME.svg`. It says `paused`, `disabled`, `late` (a success is overdue), how the last run that began ended, or `no run yet`.
#[utoipa::path(get, path = "/badge/{schedule}", operation_id = "getBadge", params(BadgeQuery),
    responses((status = 200, content_type = "image/svg+xml", body = String, description = "The picture")))]
async fn badge(
    State(parts): State<WebParts>,
    Name(file): Name,
    Query(BadgeQuery { .. }): Query<BadgeQuery>,
) -> Answer<Response> {
    let missing = || Problem::not_found(format!("`{file}` is no badge; ask for `NAME.svg`"));
    let name = file.strip_suffix(".svg").ok_or_else(missing)?;
    let standing = parts.engine.standing(name)?;
    let last = last_run(&parts, &standing.schedule.name).await?.map(|run| run.state);
    let now = parts.engine.now();
    let paused = standing.pause.as_ref().is_some_and(|pause| pause.covers(now));
    let (word, colour) = verdict(&standing, paused, standing.overdue_since(now).is_some(), last);
    let headers = [
        (header::CONTENT_TYPE, "image/svg+xml"),
        (header::CACHE_CONTROL, "private, max-age=30"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((headers, drawn(standing.schedule.name.as_str(), word, colour)).into_response())
}

/// A word and its colour. What keeps it from running comes first.
fn verdict(standing: &Standing, paused: bool, late: bool, last: Option<RunState>) -> (&'static str, &'static str) {
    const GREY: &str = "#6b7280";
    const RED: &str = "#b91c1c";
    const AMBER: &str = "#b45309";
    const GREEN: &str = "#15803d";
    match last {
        _ if !standing.schedule.enabled => ("disabled", GREY),
        _ if paused => ("paused", GREY),
        _ if late => ("late", RED),
        None => ("no run yet", GREY),
        Some(state @ RunState::Succeeded) => (state.as_str(), GREEN),
        Some(state @ RunState::Failed) => (state.as_str(), RED),
        Some(state @ (RunState::Ready | RunState::Running)) => (state.as_str(), GREY),
        Some(state) => (state.as_str(), AMBER),
    }
}

/// Names of schedules and the words have nothing in them that XML would read.
fn drawn(name: &str, word: &str, colour: &str) -> String {
    let width = |text: &str| text.chars().count() * LETTER + 2 * MARGIN;
    let (left, right) = (width(name), width(word));
    let (all, second) = (left + right, left + MARGIN);
    let (inner, outer) = (left - 2 * MARGIN, right - 2 * MARGIN);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{all}\" height=\"20\" role=\"img\" aria-label=\"{name}: {word}\">\
         <title>{name}: {word}</title>\
         <rect width=\"{all}\" height=\"20\" rx=\"3\" fill=\"{colour}\"/>\
         <path d=\"M3 0H{left}V20H3A3 3 0 0 1 0 17V3A3 3 0 0 1 3 0Z\" fill=\"#374151\"/>\
         <g fill=\"#fff\" font-family=\"Verdana,DejaVu Sans,sans-serif\" font-size=\"11\">\
         <text x=\"{MARGIN}\" y=\"14\" textLength=\"{inner}\">{name}</text>\
         <text x=\"{second}\" y=\"14\" textLength=\"{outer}\">{word}</text></g></svg>"
    )
}
