//! The one sentence: what became of an instant, or what will.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use noontide_domain::ports::RunRecord;
use noontide_domain::{Cause, Lang, Outcome, RunState, SkipReason, Standing, Superseding, duration};

use super::moment::told;

/// Undecided instants counted before `max-runs` is said to be far.
const MOST: u64 = 10_000;

/// What is known.
pub(super) struct Asked<'a> {
    pub(super) standing: &'a Standing,
    pub(super) at: DateTime<Utc>,
    /// Whether the trigger, as it is now, names `at`.
    pub(super) due: bool,
    pub(super) now: DateTime<Utc>,
    /// The occurrence's own row first.
    pub(super) rows: &'a [RunRecord],
    /// The larger fire that takes its place.
    pub(super) superseding: Option<Superseding>,
    /// Why its handler cannot be called now.
    pub(super) problem: Option<String>,
}

/// The answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    /// A word for programs: a run's state, or one of those below.
    pub(super) state: &'static str,
    /// For people.
    pub(super) text: String,
}

fn verdict_of(state: &'static str, text: impl Into<String>) -> Verdict {
    Verdict { state, text: text.into() }
}

pub(super) fn verdict(asked: &Asked<'_>) -> Verdict {
    let [row, others @ ..] = asked.rows else { return without_rows(asked) };
    let mut text = of_row(row, asked);
    if !asked.due && row.cause == Cause::Schedule && row.items.is_none() {
        text.push_str("; the trigger has been changed since and names no such instant now");
    }
    for other in others {
        text.push_str(&format!("; {}", of_row(other, asked)));
    }
    verdict_of(row.state.as_str(), text)
}

fn of_row(row: &RunRecord, asked: &Asked<'_>) -> String {
    let who = match row.cause {
        Cause::Schedule if row.items.is_some() => "submitted: ",
        Cause::Schedule => "",
        Cause::After => "after the schedule before it: ",
        Cause::Backfill => "backfilled: ",
        Cause::Manual => "fired by hand: ",
        Cause::Enqueued => "enqueued: ",
    };
    let share = match row.span {
        Some((until, count)) if count > 1 => {
            let zone = asked.standing.schedule.timezone;
            format!(", one of {count} due instants from {} to {} in one row", told(row.due_at, zone), told(until, zone))
        }
        _ => String::new(),
    };
    format!("{who}{}{share}", told_state(row, asked))
}

fn told_state(row: &RunRecord, asked: &Asked<'_>) -> String {
    let attempt = format!("attempt {} of {}", row.attempt, row.max_attempts);
    let (id, error) = (row.id, row.outcome.as_ref().and_then(Outcome::message).unwrap_or_default());
    match row.state {
        RunState::Succeeded => format!("ran and succeeded{} with {attempt}; run {id}", began(row)),
        RunState::Failed => format!("ran and failed{} with {attempt}: {error}; run {id}", began(row)),
        RunState::Running => format!("is going on{}, {attempt}; run {id}", began(row)),
        RunState::Ready => format!("{}; run {id}", waits(row, asked)),
        RunState::Cancelled => match &row.reason {
            Some(reason) => format!("did not run: {reason}; run {id}"),
            None => format!("was cancelled at {attempt}; run {id}"),
        },
        RunState::Skipped | RunState::Expired => match &row.reason {
            Some(reason @ SkipReason::NothingToDo { .. }) => format!("ran and had nothing to do: {reason}; run {id}"),
            Some(reason) => format!("did not run: {reason}"),
            None => format!("did not run; run {id}"),
        },
    }
}

/// `, 3h late`: from the due instant to the begin of the newest attempt.
fn began(row: &RunRecord) -> String {
    let after = row.started_at.map_or(TimeDelta::zero(), |begin| begin - row.due_at);
    let after = coarse(after);
    match row.late {
        true => format!(", caught up {after} late"),
        false => format!(", begun {after} after it was due"),
    }
}

fn waits(row: &RunRecord, asked: &Asked<'_>) -> String {
    let zone = asked.standing.schedule.timezone;
    let later = row.not_before.filter(|begin| *begin > asked.now).map(|begin| told(begin, zone));
    match (row.attempt, later) {
        (0, Some(begin)) => format!("waits until {begin}"),
        (0, None) => format!("waits for a free place{}, or for the run before it{}", on(row), bound(asked)),
        (done, later) => {
            let error = row.outcome.as_ref().and_then(Outcome::message).unwrap_or_default();
            let begin = later.map_or(format!("as soon as there is a place{}", on(row)), |begin| format!("at {begin}"));
            format!(
                "waits for attempt {} of {}, {begin}; the one before ended with: {error}",
                done + 1,
                row.max_attempts
            )
        }
    }
}

/// ` on a host with gpu=true`.
fn on(row: &RunRecord) -> String {
    if row.runs_on.is_empty() { String::new() } else { format!(" on a host with {}", row.runs_on) }
}

fn bound(asked: &Asked<'_>) -> String {
    let most = asked.standing.schedule.concurrency;
    most.map_or(String::new(), |most| format!(" (of this schedule {most} may go on at a time, on all hosts together)"))
}

fn without_rows(asked: &Asked<'_>) -> Verdict {
    let Asked { standing, at, now, .. } = asked;
    let zone = standing.schedule.timezone;
    if !asked.due {
        return verdict_of("not-due", not_due(asked));
    }
    if at > now {
        return future(asked);
    }
    if *at <= standing.anchor {
        let seen = told(standing.anchor, zone);
        return verdict_of("before-first-seen", format!("lies before the schedule was first seen, at {seen}"));
    }
    if !standing.schedule.enabled {
        return verdict_of("disabled", "did not run: the schedule is disabled");
    }
    if *at > standing.cursor {
        return match standing.runs_left() {
            0 => verdict_of("max-runs", used_up(standing)),
            _ => verdict_of("undecided", "is due and not decided yet; ask again in a moment"),
        };
    }
    verdict_of(
        "no-row",
        "has no row: the schedule was changed, enabled or resumed after it (nothing looks back), \
         or its row is past the retention",
    )
}

fn not_due(asked: &Asked<'_>) -> String {
    let schedule = &asked.standing.schedule;
    let day = TimeDelta::days(2);
    let left_out = schedule.trigger.absent(asked.at - day, asked.at + day, asked.standing.anchor);
    let left_out = left_out.into_iter().find(|absent| absent.first <= asked.at && asked.at <= absent.last);
    if let Some(absent) = left_out {
        return format!("does not occur: {}", absent.reason);
    }
    let (before, after) = super::explain::around(asked.standing, asked.at);
    let told = |at: Option<DateTime<Utc>>| at.map(|at| told(at, schedule.timezone));
    let around = match (told(before), told(after)) {
        (Some(before), Some(after)) => format!("the ones around it are {before} and {after}"),
        (Some(before), None) => format!("the last one before it is {before}, and none follows"),
        (None, Some(after)) => format!("the first one after it is {after}"),
        (None, None) => "there is none".to_owned(),
    };
    format!("is not a due instant: {around}; the trigger says: {}", schedule.trigger.words(Lang::En))
}

fn future(asked: &Asked<'_>) -> Verdict {
    let Asked { standing, at, now, .. } = *asked;
    let schedule = &standing.schedule;
    let zone = schedule.timezone;
    if !schedule.enabled {
        return verdict_of("disabled", "will not fire: the schedule is disabled");
    }
    if let Some(pause) = standing.pause.as_ref().filter(|pause| pause.covers(at)) {
        let until = pause.until.map_or(String::new(), |until| format!(" until {}", told(until, zone)));
        let reason = pause.reason.as_ref().map_or(String::new(), |reason| format!(": {reason}"));
        return verdict_of("paused", format!("will not fire unless resumed: paused by {}{until}{reason}", pause.by));
    }
    if runs_out_before(standing, at) {
        return verdict_of("max-runs", used_up(standing));
    }
    if let Some(Superseding { by, at: larger }) = &asked.superseding {
        let text = format!("will not fire: superseded by `{by}`, which fires that day at {}", told(*larger, zone));
        return verdict_of("superseded", text);
    }
    if let Some(problem) = &asked.problem {
        return verdict_of("handler-missing", format!("will not run as things stand: {problem}"));
    }
    let delay = schedule.delay(at);
    let delay = match delay {
        Duration::ZERO => String::new(),
        delay => format!(", to begin {} later (spread, jitter)", duration::words(delay)),
    };
    verdict_of("upcoming", format!("will fire in {}, at {}{delay}", coarse(at - now), told(at, zone)))
}

/// Whether `max-runs` is reached with the instants before `at`.
fn runs_out_before(standing: &Standing, at: DateTime<Utc>) -> bool {
    let left = standing.runs_left();
    let next = |after| standing.next_after(after).filter(|due| *due < at);
    // A number that large cannot be counted while somebody waits.
    left <= MOST
        && std::iter::successors(next(standing.cursor), |due| next(*due)).take(MOST as usize).count() as u64 >= left
}

fn used_up(standing: &Standing) -> String {
    let most = standing.schedule.max_runs.unwrap_or_default();
    format!("will not fire: by then the schedule has had its max-runs of {most} ({} so far)", standing.runs)
}

/// `3h20m`: two units at most, never finer than a reader wants.
fn coarse(length: TimeDelta) -> String {
    let millis = u64::try_from(length.num_milliseconds()).unwrap_or_default();
    let step = match millis {
        0..10_000 => 1,
        10_000..3_600_000 => 1_000,
        3_600_000..86_400_000 => 60_000,
        _ => 3_600_000,
    };
    duration::words(Duration::from_millis(millis - millis % step))
}
