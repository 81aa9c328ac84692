//! The planner: from how far every schedule has come to what fires now.
//!
//! One pure function. Due instants run from the cursor (exclusive) to `now` (inclusive). The newest, up to a minute
//! old, are on time; older ones were missed and the catch-up policy decides. Every due instant ends in a fire or a
//! skip with a reason; long runs of skipped ones share a row.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::policy::LATE;
use crate::ports::{Claim, Fire, Skip};
use crate::{
    CatchUpMode, Cause, HandlerInfo, Key, Order, Pause, RunId, ScheduleName, SkipReason, Standing, Unavailable, Window,
};

/// Where counting the instants of one long gap ends. A row with this count means "at least".
pub const COUNT_CAP: u64 = 10_000;

/// On-time instants of one schedule that one pass fires at most; the rest waits for the next pass, a moment later.
const FIRES_A_PASS: usize = 1_000;

/// One schedule before a pass.
#[derive(Debug, Clone)]
pub struct Candidate<'a> {
    /// How far it has come.
    pub standing: &'a Standing,
    /// Whether its handler can be called.
    pub handler: Result<HandlerInfo, Unavailable>,
}

/// What one pass decided.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    /// To be written in one transaction.
    pub claim: Claim,
    /// When each of the planned schedules comes due next.
    pub next: Vec<(ScheduleName, DateTime<Utc>)>,
}

/// Decides what fires at `now`. `candidates` are schedules that may have come due; one that has not is answered with
/// its next due instant only.
pub fn plan<'a>(candidates: impl IntoIterator<Item = Candidate<'a>>, now: DateTime<Utc>) -> Plan {
    let mut plan = Plan::default();
    for candidate in candidates {
        let standing = candidate.standing;
        let cursor = decide(&candidate, now, &mut plan.claim);
        if cursor > standing.cursor {
            plan.claim.cursors.push((standing.schedule.name.clone(), cursor));
        }
        let next = standing.schedule.trigger.next_after(cursor, standing.anchor);
        if let Some(next) = next.filter(|_| standing.schedule.enabled) {
            plan.next.push((standing.schedule.name.clone(), next));
        }
    }
    plan
}

/// Adds what is due of one schedule to `claim`; gives back how far it has come now.
fn decide(candidate: &Candidate<'_>, now: DateTime<Utc>, claim: &mut Claim) -> DateTime<Utc> {
    let standing = candidate.standing;
    let trigger = &standing.schedule.trigger;
    let anchor = standing.anchor;
    let Some(first) = standing.next_due().filter(|first| *first <= now) else {
        return standing.cursor;
    };
    if let Some(reason) = why_not(candidate, first) {
        let until = match &standing.pause {
            // A pause that ended meanwhile covers only what came due before its end.
            Some(Pause { until: Some(until), .. }) if *until <= now => *until - TimeDelta::milliseconds(1),
            _ => now,
        };
        let last = trigger.last_within(standing.cursor, until, anchor).unwrap_or(first);
        claim.skip.push(span(standing, first, last, reason));
        return last;
    }
    let late_until = now - LATE;
    let missed_end = (first < late_until)
        .then(|| trigger.last_within(standing.cursor, late_until - TimeDelta::milliseconds(1), anchor))
        .flatten();
    let on_time = instants(standing, missed_end.unwrap_or(standing.cursor), now, FIRES_A_PASS);
    if let Some(last_missed) = missed_end {
        catch_up(standing, first, last_missed, on_time.is_empty(), now, claim);
    }
    claim.fire.extend(on_time.iter().map(|due| fire(standing, *due, false)));
    on_time.last().copied().or(missed_end).unwrap_or(standing.cursor)
}

fn why_not(candidate: &Candidate<'_>, due: DateTime<Utc>) -> Option<SkipReason> {
    if let Some(pause) = candidate.standing.pause.as_ref().filter(|pause| pause.covers(due)) {
        return Some(SkipReason::Paused { by: pause.by.clone(), reason: pause.reason.clone() });
    }
    let missing = candidate.handler.as_ref().err()?;
    Some(SkipReason::HandlerMissing { message: missing.to_string() })
}

/// Splits what was missed, `first` to `last`, into what still runs and what does not.
fn catch_up(
    standing: &Standing,
    first: DateTime<Utc>,
    last: DateTime<Utc>,
    nothing_on_time: bool,
    now: DateTime<Utc>,
    claim: &mut Claim,
) {
    let policy = standing.schedule.catch_up;
    // A one-shot is worth running however late: there is no next instant that would make up for it.
    let within = match &standing.schedule.trigger {
        crate::Trigger::At(_) => Duration::MAX,
        _ => policy.within,
    };
    let oldest = TimeDelta::from_std(within).ok().and_then(|within| now.checked_sub_signed(within));
    let young = |due: DateTime<Utc>| oldest.is_none_or(|oldest| due >= oldest);
    let kept = match policy.mode {
        CatchUpMode::None => Vec::new(),
        CatchUpMode::Latest if nothing_on_time && young(last) => vec![last],
        CatchUpMode::Latest => Vec::new(),
        CatchUpMode::All => newest(standing, first, last, policy.limit, oldest),
    };
    let dropped_end = match kept.first() {
        Some(oldest_kept) => standing.schedule.trigger.last_within(
            standing.cursor,
            *oldest_kept - TimeDelta::milliseconds(1),
            standing.anchor,
        ),
        None => Some(last),
    };
    if let Some(end) = dropped_end {
        claim.skip.push(span(standing, first, end, SkipReason::Missed));
    }
    claim.fire.extend(kept.iter().map(|due| fire(standing, *due, true)));
}

/// The newest due instants in [`first`, `last`], at most `limit`, none before `oldest`; ascending.
fn newest(
    standing: &Standing,
    first: DateTime<Utc>,
    last: DateTime<Utc>,
    limit: usize,
    oldest: Option<DateTime<Utc>>,
) -> Vec<DateTime<Utc>> {
    let mut found = Vec::new();
    let mut due = Some(last).filter(|due| oldest.is_none_or(|oldest| *due >= oldest));
    while let Some(instant) = due.filter(|_| found.len() < limit) {
        found.push(instant);
        due = (instant > first)
            .then(|| {
                let before = instant - TimeDelta::milliseconds(1);
                standing.schedule.trigger.last_within(standing.cursor, before, standing.anchor)
            })
            .flatten()
            .filter(|due| oldest.is_none_or(|oldest| *due >= oldest));
    }
    found.reverse();
    found
}

/// Due instants in (`after`, `until`], at most `most`.
fn instants(standing: &Standing, after: DateTime<Utc>, until: DateTime<Utc>, most: usize) -> Vec<DateTime<Utc>> {
    let next = |after| standing.schedule.trigger.next_after(after, standing.anchor);
    std::iter::successors(next(after), |due| next(*due)).take_while(|due| *due <= until).take(most).collect()
}

fn span(standing: &Standing, first: DateTime<Utc>, last: DateTime<Utc>, reason: SkipReason) -> Skip {
    let count = if first == last {
        1
    } else {
        instants(standing, first - TimeDelta::milliseconds(1), last, COUNT_CAP as usize).len() as u64
    };
    let schedule = &standing.schedule;
    Skip {
        schedule: schedule.name.clone(),
        handler: schedule.handler.clone(),
        due_at: first,
        until: last,
        count,
        reason,
    }
}

fn fire(standing: &Standing, due_at: DateTime<Utc>, late: bool) -> Fire {
    let order = Order {
        key: Key::occurrence(&standing.schedule.name, due_at),
        late,
        ..order(standing, RunId::new(), due_at, Cause::Schedule)
    };
    Fire { order, overlap: standing.schedule.overlap, not_before: due_at }
}

/// The order for a run of `standing` at `due_at`; its key is that of a fire by hand.
pub fn order(standing: &Standing, id: RunId, due_at: DateTime<Utc>, cause: Cause) -> Order {
    let schedule = &standing.schedule;
    Order {
        id,
        key: Key::manual(id),
        schedule: Some(schedule.name.clone()),
        handler: schedule.handler.clone(),
        due_at,
        cause,
        late: false,
        input: schedule.input.clone(),
        window: schedule
            .window
            .map(|length| Window { from: window_start(due_at, length, schedule.timezone), to: due_at }),
        timezone: schedule.timezone,
        retry: schedule.retry,
        timeout: schedule.timeout,
        trace_id: trace_id(id),
    }
}

/// Whole days go back on the wall clock, so `3d` at Wednesday 08:00 starts on Sunday at 08:00 even if the clock was
/// changed between; the rest is elapsed time.
fn window_start(due_at: DateTime<Utc>, length: Duration, zone: chrono_tz::Tz) -> DateTime<Utc> {
    use crate::trigger::civil;
    let days = length.as_secs() / 86_400;
    let rest = length - Duration::from_secs(days * 86_400);
    let wall = civil::wall(due_at, zone) - TimeDelta::days(i64::try_from(days).unwrap_or(i64::MAX / 86_400_000));
    civil::forward(wall, zone) - rest
}

/// 32 hexadecimal digits, as W3C trace context wants them. The run's own id serves: it is unique and random enough.
pub fn trace_id(run: RunId) -> String {
    run.0.simple().to_string()
}

#[cfg(test)]
mod tests;
