//! The answer to why: one, for the API and the page.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use noontide_domain::ports::{RunFilter, RunRecord};
use noontide_domain::{Cause, Looking, SkipReason, Standing};

use super::moment::Moment;
use super::verdict::{Asked, verdict};
use crate::WebParts;
use crate::problem::{Answer, Problem};

/// Rows of one moment that are shown.
const ROWS: usize = 100;

/// What became of an instant, or what will.
pub(crate) struct Explained {
    /// The schedule.
    pub(crate) standing: Standing,
    /// The instant that is meant.
    pub(crate) at: DateTime<Utc>,
    /// Whether the trigger, as it is now, names it.
    pub(crate) due: bool,
    /// A word for programs: a run's state, or one of the verdict's own.
    pub(crate) state: &'static str,
    /// A sentence for people.
    pub(crate) text: String,
    /// The rows that tell of it, the occurrence's own first.
    pub(crate) rows: Vec<RunRecord>,
    /// The due instant before it.
    pub(crate) before: Option<DateTime<Utc>>,
    /// The due instant after it.
    pub(crate) after: Option<DateTime<Utc>>,
}

/// `text` is RFC 3339, or wall time in `zone`; without seconds any due instant of that minute is meant.
pub(crate) async fn explain(parts: &WebParts, standing: Standing, text: &str, zone: Tz) -> Answer<Explained> {
    let schedule = &standing.schedule;
    let moment = Moment::read(text, zone).map_err(|reason| Problem::bad_request(format!("`at`: {reason}")))?;
    let due = moment.due(&standing);
    let at = due.first().copied().unwrap_or(moment.at());
    let rows = rows(parts, &standing, &moment, at, !due.is_empty()).await?;
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
    let (at, due) = (asked.at, asked.due);
    let (before, after) = around(&standing, at);
    Ok(Explained { standing, at, due, state: verdict.state, text, rows, before, after })
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
pub(super) fn around(standing: &Standing, at: DateTime<Utc>) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
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
