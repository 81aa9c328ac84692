//! `/occurrences`: why. One answer for any due instant of a schedule, past or future.

mod moment;
mod verdict;

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, TimeDelta, Utc};
use noontide_domain::ports::{RunFilter, RunRecord};
use noontide_domain::{Cause, Lang, Looking, SkipReason, Standing};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::WebParts;
use crate::body::Query;
use crate::problem::{Answer, Problem};
use crate::shape::{Run, Time};
use moment::Moment;
use verdict::{Asked, verdict};

/// Rows of one moment that are shown.
const ROWS: usize = 100;

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
    let moment = Moment::read(&query.at, zone).map_err(|reason| Problem::bad_request(format!("`at`: {reason}")))?;
    let due = moment.due(&standing);
    let at = due.first().copied().unwrap_or(moment.at());
    let rows = rows(&parts, &standing, &moment, at, !due.is_empty()).await?;
    let asked = Asked {
        standing: &standing,
        at: rows.iter().find(|row| row.span.is_none()).filter(|_| due.is_empty()).map_or(at, |row| row.due_at),
        due: !due.is_empty(),
        now: parts.engine.now(),
        rows: &rows,
        superseding: parts.engine.levels().superseding(schedule, at, Looking::Ahead).filter(|_| !due.is_empty()),
        problem: parts.engine.check(&schedule.handler, &schedule.input).err().map(|missing| missing.to_string()),
    };
    let verdict = verdict(&asked);
    let mut text = verdict.text;
    text.push_str(&moment.remark(&due, schedule.timezone));
    let (before, after) = around(&standing, asked.at);
    Ok(Json(Occurrence {
        schedule: schedule.name.to_string(),
        at: Time(asked.at),
        local: asked.at.with_timezone(&schedule.timezone).to_rfc3339(),
        timezone: schedule.timezone.name(),
        due: asked.due,
        state: verdict.state,
        text,
        rows: rows.iter().map(Into::into).collect(),
        nearest: (!asked.due).then(|| Nearest { before: before.map(Time), after: after.map(Time) }),
        next: standing.next_due().map(Time),
        words: schedule.trigger.words(Lang::En),
    }))
}

/// The rows that tell of that instant: the occurrence first, then what was done by hand, newest first.
async fn rows(
    parts: &WebParts,
    standing: &Standing,
    moment: &Moment,
    at: DateTime<Utc>,
    due: bool,
) -> Answer<Vec<RunRecord>> {
    let name = &standing.schedule.name;
    let mut rows = parts.history.occurrence(name, at).await?;
    // A row of several instants tells of those that were due, not of all between; one of a day that left something out
    // tells of that day.
    let of_day = |row: &RunRecord| matches!(row.reason, Some(SkipReason::NotOccurring { .. }));
    rows.retain(|row| due || row.span.is_none() || of_day(row));
    if !due && rows.is_empty() {
        // Fires by hand have instants with milliseconds that nobody remembers, and triggers change.
        for (since, until) in moment.spans() {
            let filter = RunFilter {
                schedule: Some(name.clone()),
                since: Some(*since),
                until: Some(*until),
                limit: ROWS,
                ..RunFilter::default()
            };
            rows.extend(parts.history.runs(filter).await?);
        }
    }
    // Stable: within each kind the newest stays first.
    rows.sort_by_key(|row| !matches!(row.cause, Cause::Schedule | Cause::After));
    Ok(rows)
}

/// The due instants before and after `at`.
fn around(standing: &Standing, at: DateTime<Utc>) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
    let trigger = &standing.schedule.trigger;
    let last = at - TimeDelta::milliseconds(1);
    // Wider and wider: most schedules fire within the hour, and a leap day is eight years away at most.
    let spans = [1, 24, 24 * 31, 24 * 366, 24 * 366 * 9];
    let before = spans.into_iter().find_map(|hours| {
        let first = last.checked_sub_signed(TimeDelta::hours(hours))?;
        trigger.last_within(first, last, standing.anchor)
    });
    (before, trigger.next_after(at, standing.anchor))
}
