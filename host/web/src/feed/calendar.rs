//! `/calendar.ics`: the due instants to come, each an event of its own. No recurrence rules: no calendar program has our
//! triggers, and what is written out is what happens, in every zone.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use icalendar::{Calendar, Component, Event, EventLike};
use noontide_domain::{Lang, Levels, Looking, Standing};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::WebParts;
use crate::body::Query;
use crate::problem::{Answer, Problem};

/// Days ahead, where nothing is asked, and at most.
const DAYS: i64 = 14;
const MOST_DAYS: i64 = 92;

/// Schedules in a feed of all: those first by name.
const SCHEDULES: usize = 1_000;

/// Events of one schedule in a feed of all, so that one of every minute leaves room for others; and in all.
const OF_ONE: usize = 200;
const EVENTS: usize = 5_000;

pub(super) fn routes() -> OpenApiRouter<WebParts> {
    OpenApiRouter::new().routes(routes!(calendar))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CalendarQuery {
    /// How many days ahead.
    #[param(minimum = 1, maximum = 92, default = 14)]
    days: Option<i64>,
    /// Of this schedule only.
    schedule: Option<String>,
    /// A token of the scope `feed`, for programs that cannot send a header.
    #[serde(rename = "token")]
    _token: Option<String>,
}

/// What comes next, as iCalendar
///
/// An event for each due instant. Of a schedule that fires often the first 200 are in a feed of all; name it to have more.
#[utoipa::path(get, path = "/calendar.ics", operation_id = "getCalendar", params(CalendarQuery),
    responses((status = 200, content_type = "text/calendar", body = String, description = "The feed")))]
async fn calendar(State(parts): State<WebParts>, Query(query): Query<CalendarQuery>) -> Answer<Response> {
    let days = query.days.unwrap_or(DAYS);
    if !(1..=MOST_DAYS).contains(&days) {
        return Err(Problem::bad_request(format!("`days` is {days}; 1 to {MOST_DAYS} is possible")));
    }
    let (standings, of_one) = match &query.schedule {
        Some(name) => (vec![parts.engine.standing(name)?], EVENTS),
        None => (parts.engine.page(None, |standing| standing.schedule.enabled, SCHEDULES), OF_ONE),
    };
    let (now, levels) = (parts.engine.now(), parts.engine.levels());
    let until = now + TimeDelta::days(days);
    // Of the hour, so that a feed in which nothing has changed is the same.
    let made = now.duration_trunc(TimeDelta::hours(1)).unwrap_or(now);
    let events =
        standings.iter().flat_map(|one| due(one, &levels, now, until).take(of_one).map(|due| event(one, due, made)));
    let mut feed = Calendar::new();
    feed.name(query.schedule.as_deref().unwrap_or("Noontide")).extend(events.take(EVENTS));
    let headers =
        [(header::CONTENT_TYPE, "text/calendar; charset=utf-8"), (header::CACHE_CONTROL, "private, max-age=300")];
    Ok((headers, feed.done().to_string()).into_response())
}

/// Those that will fire as things stand.
fn due<'s>(
    standing: &'s Standing,
    levels: &'s Levels,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> impl Iterator<Item = DateTime<Utc>> + use<'s> {
    let next = |after| standing.next_after(after);
    let left = usize::try_from(standing.runs_left()).unwrap_or(usize::MAX);
    let fires = |due: &DateTime<Utc>| {
        let paused = standing.pause.as_ref().is_some_and(|pause| pause.covers(*due));
        !paused && levels.superseding(&standing.schedule, *due, Looking::Ahead).is_none()
    };
    std::iter::successors(next(now), move |due| next(*due))
        .take(left)
        .take_while(move |due| *due <= until)
        .filter(fires)
}

/// The same one whenever it is asked for: its id is made of schedule and instant.
fn event(standing: &Standing, due: DateTime<Utc>, made: DateTime<Utc>) -> Event {
    let schedule = &standing.schedule;
    let words = schedule.description.clone().unwrap_or_else(|| schedule.trigger.words(Lang::En));
    Event::new()
        .uid(&format!("{}-{}@noontide", schedule.name, due.timestamp_millis()))
        .timestamp(made)
        .starts(due)
        .summary(schedule.name.as_str())
        .description(&format!("{words}\n{}", schedule.handler))
        .done()
}
