//! What comes due next, and what is to be known of each.

use chrono::{DateTime, TimeDelta, Utc};
use noontide_domain::{Levels, Looking, Standing};

use crate::pages::moment::Moment;
use crate::pages::picture::heat::{Planned, WEEKS};
use crate::pages::visit::Visit;

/// Shown at most.
const NEXT: usize = 10;

/// Counted ahead at most, for the calendar.
const AHEAD: usize = 5_000;

/// A due instant to come.
pub(super) struct Next {
    pub(super) due: Moment,
    pub(super) due_ms: i64,
    /// As the API takes it.
    pub(super) at: String,
    pub(super) notes: Vec<String>,
}

pub(super) fn next(visit: &Visit, standing: &Standing, levels: &Levels) -> Vec<Next> {
    let left = usize::try_from(standing.runs_left()).unwrap_or(usize::MAX);
    let mut before = visit.now;
    let due = upcoming(standing, visit.now).take(NEXT.min(left)).map(|due| {
        let notes = notes(standing, levels, before, due);
        before = due;
        let moment = visit.moment(due, standing.schedule.timezone);
        Next { due_ms: due.timestamp_millis(), at: moment.rfc3339.clone(), due: moment, notes }
    });
    due.collect()
}

fn upcoming(standing: &Standing, now: DateTime<Utc>) -> impl Iterator<Item = DateTime<Utc>> {
    let after = |after| standing.schedule.trigger.next_after(after, standing.anchor);
    std::iter::successors(after(now), move |due| after(*due))
}

/// As far as the calendar goes, or as can be counted.
pub(super) fn planned(standing: &Standing, now: DateTime<Utc>) -> Planned {
    let left = usize::try_from(standing.runs_left()).unwrap_or(usize::MAX);
    let end = now + TimeDelta::weeks(WEEKS[1] + 1);
    let due: Vec<_> = upcoming(standing, now).take_while(|due| *due < end).take(AHEAD.min(left)).collect();
    let until = due.last().copied().filter(|_| due.len() == AHEAD);
    Planned { due, until }
}

fn notes(standing: &Standing, levels: &Levels, before: DateTime<Utc>, due: DateTime<Utc>) -> Vec<String> {
    let schedule = &standing.schedule;
    let mut notes = Vec::new();
    if let Some(larger) = levels.superseding(schedule, due, Looking::Ahead) {
        notes.push(format!("superseded by {}", larger.by));
    }
    if standing.pause.as_ref().is_some_and(|pause| pause.covers(due)) {
        notes.push("paused".to_owned());
    }
    for absent in schedule.trigger.absent(before, due, standing.anchor) {
        notes.push(format!("left out before it: {}", absent.reason));
    }
    let offset = |at: DateTime<Utc>| {
        use chrono::Offset;
        at.with_timezone(&schedule.timezone).offset().fix().local_minus_utc()
    };
    if offset(before) != offset(due) {
        notes.push("the clocks change before it".to_owned());
    }
    notes
}
