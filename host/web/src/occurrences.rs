//! `/occurrences`: why. One answer for any due instant of a schedule, past or future.

mod explain;
mod moment;
mod verdict;

use axum::Json;
use axum::extract::State;
use noontide_domain::Lang;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::WebParts;
use crate::body::Query;
use crate::problem::{Answer, Problem};
use crate::shape::{Run, Time};
pub(crate) use explain::{Explained, explain};

pub(crate) fn routes() -> OpenApiRouter<WebParts> {
    OpenApiRouter::new().routes(routes!(why))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct WhyQuery {
    /// The schedule.
    schedule: String,
    /// RFC 3339, or wall time in `tz`; without seconds any due instant of that minute is meant.
    #[param(example = "2026-10-01 08:00")]
    at: String,
    /// The schedule's own if not given.
    tz: Option<String>,
}

/// What became of a due instant, or what will.
#[derive(Debug, Serialize, ToSchema)]
struct Occurrence {
    schedule: String,
    at: Time,
    /// The same in the schedule's zone.
    local: String,
    timezone: &'static str,
    /// Whether the trigger, as it is now, names it.
    due: bool,
    /// A word for programs: a run's state, `upcoming`, `not-due`, `paused`, `no-row` and others.
    state: &'static str,
    /// A sentence for people.
    text: String,
    /// The rows that tell of it.
    rows: Vec<Run>,
    /// Where it is not due: the due instants around it.
    nearest: Option<Nearest>,
    /// The next due instant.
    next: Option<Time>,
    /// The trigger in a sentence.
    words: String,
}

/// The due instants around one that is not.
#[derive(Debug, Serialize, ToSchema)]
struct Nearest {
    before: Option<Time>,
    after: Option<Time>,
}

/// Why: what became of any due instant of a schedule, or what will
#[utoipa::path(get, path = "/occurrences", operation_id = "explainOccurrence", params(WhyQuery),
    responses((status = 200, body = Occurrence, description = "One answer")))]
async fn why(State(parts): State<WebParts>, Query(query): Query<WhyQuery>) -> Answer<Json<Occurrence>> {
    let standing = parts.engine.standing(&query.schedule)?;
    let schedule = &standing.schedule;
    let zone = match &query.tz {
        None => schedule.timezone,
        Some(name) => name.parse().map_err(|_| {
            Problem::bad_request(format!("`tz`: no time zone `{name}`; write a name such as Europe/Berlin"))
        })?,
    };
    let told = explain(&parts, standing, &query.at, zone).await?;
    let schedule = &told.standing.schedule;
    Ok(Json(Occurrence {
        schedule: schedule.name.to_string(),
        at: Time(told.at),
        local: told.at.with_timezone(&schedule.timezone).to_rfc3339(),
        timezone: schedule.timezone.name(),
        due: told.due,
        state: told.state,
        text: told.text,
        rows: told.rows.iter().map(Into::into).collect(),
        nearest: (!told.due).then(|| Nearest { before: told.before.map(Time), after: told.after.map(Time) }),
        next: told.standing.next_due().map(Time),
        words: schedule.trigger.words(Lang::En),
    }))
}
