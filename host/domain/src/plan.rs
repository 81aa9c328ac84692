//! The planner: from how far every schedule has come to what fires now.
//!
//! Pure functions. Due instants run from the cursor (exclusive) to `now` (inclusive). The newest, up to a minute
//! old, are on time; older ones were missed and the catch-up policy decides. Every due instant ends in a fire or a
//! skip with a reason; long runs of skipped ones share a row.

mod catch_up;
mod order;

use chrono::{DateTime, TimeDelta, Utc};

use crate::policy::LATE;
use crate::ports::{Claim, Fire, Skip};
use crate::{
    Cause, HandlerInfo, Key, Levels, Looking, Order, Overlap, Pause, RunId, ScheduleName, SkipReason, Standing,
    Unavailable,
};

use catch_up::{Caught, catch_up};
use order::patient;

pub(crate) use order::fire;
pub use order::order;

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
    /// When each of the planned schedules has to be looked at next.
    pub next: Vec<(ScheduleName, DateTime<Utc>)>,
}

/// Decides what fires at `now`. `candidates` are schedules that may have come due; one that has not is answered with
/// its next due instant only. `levels` are of all schedules that stand.
pub fn plan<'a>(candidates: impl IntoIterator<Item = Candidate<'a>>, levels: &Levels, now: DateTime<Utc>) -> Plan {
    let mut plan = Plan::default();
    for candidate in candidates {
        let standing = candidate.standing;
        let before = plan.claim.fire.len();
        let decided = decide(&candidate, levels, now, &mut plan.claim);
        let fired = (plan.claim.fire.len() - before) as u64;
        plan.claim.at_most.extend(at_most(standing).filter(|_| fired > 0));
        let cursor = leave_out(standing, decided, now, &mut plan.claim);
        if cursor > standing.cursor {
            plan.claim.cursors.push((standing.schedule.name.clone(), cursor));
        }
        if let Some(next) = standing.looks_after(cursor).filter(|_| fired < standing.runs_left()) {
            plan.next.push((standing.schedule.name.clone(), next));
        }
    }
    plan
}

/// This host may not have heard of all its runs: the ledger counts them.
fn at_most(standing: &Standing) -> Option<(ScheduleName, u64)> {
    Some((standing.schedule.name.clone(), standing.schedule.max_runs?))
}

/// Adds what is due of one schedule to `claim`; gives back how far it has come now.
fn decide(candidate: &Candidate<'_>, levels: &Levels, now: DateTime<Utc>, claim: &mut Claim) -> DateTime<Utc> {
    let standing = candidate.standing;
    let Some(first) = standing.next_due().filter(|first| *first <= now) else {
        return standing.cursor;
    };
    if let Some(reason) = why_not(candidate, first) {
        let until = match (&reason, &standing.pause) {
            // A pause that ended meanwhile covers only what came due before its end.
            (SkipReason::Paused { .. }, Some(Pause { until: Some(until), .. })) if *until <= now => {
                *until - TimeDelta::milliseconds(1)
            }
            _ => now,
        };
        let last = last_within(standing, until).unwrap_or(first);
        claim.skip.push(span(standing, first, last, reason));
        return last;
    }
    let late_until = now - LATE;
    let missed_until =
        (first < late_until).then(|| last_within(standing, late_until - TimeDelta::milliseconds(1))).flatten();
    let on_time = instants(standing, missed_until.unwrap_or(standing.cursor), now, FIRES_A_PASS);
    let mut fires = Vec::new();
    if let Some(last) = missed_until {
        let Caught { kept, dropped_until } = catch_up(standing, first, last, on_time.is_empty(), now);
        claim.skip.extend(dropped_until.map(|until| span(standing, first, until, SkipReason::Missed)));
        fires.extend(kept.iter().map(|due| fire(standing, levels, *due, true)));
    }
    fires.extend(on_time.iter().map(|due| fire(standing, levels, *due, false)));
    let end = fires.last().map(|fire| fire.order.due_at).or(missed_until).unwrap_or(standing.cursor);
    take_up(standing, levels, fires, now, claim).unwrap_or(end)
}

/// Adds rows for instants that do not occur, of days that are over and of what has been decided anyway; gives back how far
/// it has come now.
fn leave_out(standing: &Standing, decided: DateTime<Utc>, now: DateTime<Utc>, claim: &mut Claim) -> DateTime<Utc> {
    let (schedule, anchor) = (&standing.schedule, standing.anchor);
    let is_all_decided = standing.next_after(decided).is_none_or(|next| next > now);
    let is_a_day_over = schedule.trigger.first_absent_day_end(decided, anchor).is_some_and(|end| end <= now);
    let until = if is_all_decided && is_a_day_over { now } else { decided };
    let absent = schedule.trigger.absent(standing.cursor, until, anchor);
    let last = absent.last().map(|absent| absent.last);
    claim.skip.extend(absent.into_iter().map(|absent| Skip {
        schedule: schedule.name.clone(),
        handler: schedule.handler.clone(),
        due_at: absent.first,
        until: absent.last,
        count: absent.count,
        reason: SkipReason::NotOccurring { message: absent.reason },
    }));
    last.map_or(decided, |last| last.max(decided))
}

/// Of what would fire, what a larger schedule supersedes and what can no longer begin in time gets a row, and the rest fires,
/// as long as `max-runs` allows. `Some` of the last instant that could be taken up, if not all could.
fn take_up(
    standing: &Standing,
    levels: &Levels,
    fires: Vec<Fire>,
    now: DateTime<Utc>,
    claim: &mut Claim,
) -> Option<DateTime<Utc>> {
    let mut left = standing.runs_left();
    let mut taken = None;
    for fire in fires {
        let due_at = fire.order.due_at;
        let expired = || fire.order.begins_by(true).filter(|by| *by < now).map(|by| SkipReason::Expired { by });
        match superseded(standing, levels, due_at, Looking::Ahead).or_else(expired) {
            Some(reason @ SkipReason::Superseded { .. }) => lengthen(&mut claim.skip, single(standing, due_at, reason)),
            Some(reason) => claim.skip.push(single(standing, due_at, reason)),
            None if left == 0 => return taken,
            None => {
                left -= 1;
                claim.fire.push(fire);
            }
        }
        taken = Some(due_at);
    }
    None
}

fn superseded(standing: &Standing, levels: &Levels, due_at: DateTime<Utc>, looking: Looking) -> Option<SkipReason> {
    levels.superseding(&standing.schedule, due_at, looking).map(SkipReason::from)
}

/// Instants in a row that one larger fire supersedes share a row.
fn lengthen(skips: &mut Vec<Skip>, next: Skip) {
    match skips.last_mut().filter(|last| last.schedule == next.schedule && last.reason == next.reason) {
        Some(last) => (last.until, last.count) = (next.until, last.count + next.count),
        None => skips.push(next),
    }
}

/// What follows the success of `done`: a fire of `follower` with the same due instant, or the reason why there is none.
/// Nothing if the follower does not follow it at that instant, is disabled, or has run as often as it may.
pub fn follow(follower: &Candidate<'_>, levels: &Levels, done: &Order, now: DateTime<Utc>) -> Claim {
    let standing = follower.standing;
    let due_at = done.due_at;
    let mut claim = Claim::default();
    let is_heeded = done.schedule.as_ref().is_some_and(|name| standing.schedule.trigger.heeds(name, due_at));
    if standing.runs_left() == 0 || !is_heeded {
        return claim;
    }
    if let Some(reason) = why_not(follower, now) {
        claim.skip.push(span(standing, due_at, due_at, reason));
        return claim;
    }
    let mut fire = fire(standing, levels, due_at, false);
    fire.not_before = now + standing.schedule.delay(due_at);
    fire.order = Order {
        cause: Cause::After,
        // One trace from the first of a chain to its last.
        trace_id: done.trace_id.clone(),
        // The instant is that of the first of the chain and may be hours ago: patience begins here.
        ..patient(standing, fire.order, fire.not_before)
    };
    claim.fire.push(fire);
    claim.at_most.extend(at_most(standing));
    claim
}

/// Fires for the due instants in [`from`, `to`) that have passed by `now`, and rows for those that a larger schedule
/// supersedes. One that ran already, or goes on, is left alone by the ledger. They do not count for `max-runs`, and the
/// cursor does not move.
///
/// # Errors
/// A line, if there are more than `limit`.
pub fn backfill(
    standing: &Standing,
    levels: &Levels,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    limit: usize,
    overlap: Overlap,
    now: DateTime<Utc>,
) -> Result<Claim, String> {
    let moment = TimeDelta::milliseconds(1);
    let trigger = &standing.schedule.trigger;
    let next = |after| trigger.next_after(after, standing.anchor).filter(|due| *due < to && *due <= now);
    let due: Vec<_> = std::iter::successors(next(from - moment), |due| next(*due)).take(limit + 1).collect();
    if due.len() > limit {
        return Err(format!(
            "more than {limit} due instants lie in that span (the last within the limit is {}): narrow it, or raise the limit",
            due[limit.saturating_sub(1)].to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
        ));
    }
    let name = &standing.schedule.name;
    let fire = |due_at: DateTime<Utc>| Fire {
        order: Order {
            key: Key::backfill(name, due_at),
            late: true,
            ..order(standing, levels, RunId::new(), due_at, Cause::Backfill)
        },
        overlap: standing.schedule.line_up(overlap),
        not_before: now,
        fills: Some(Key::occurrence(name, due_at)),
    };
    let mut claim = Claim::default();
    for due_at in due {
        match superseded(standing, levels, due_at, Looking::Back) {
            Some(reason) => lengthen(&mut claim.skip, single(standing, due_at, reason)),
            None => claim.fire.push(fire(due_at)),
        }
    }
    Ok(claim)
}

fn why_not(candidate: &Candidate<'_>, due: DateTime<Utc>) -> Option<SkipReason> {
    if let Some(pause) = candidate.standing.pause.as_ref().filter(|pause| pause.covers(due)) {
        return Some(SkipReason::Paused { by: pause.by.clone(), reason: pause.reason.clone() });
    }
    let missing = candidate.handler.as_ref().err()?;
    Some(SkipReason::HandlerMissing { message: missing.to_string() })
}

/// The last undecided due instant up to `until`.
fn last_within(standing: &Standing, until: DateTime<Utc>) -> Option<DateTime<Utc>> {
    standing.schedule.trigger.last_within(standing.cursor, until, standing.anchor)
}

/// Due instants in (`after`, `until`], at most `most`.
fn instants(standing: &Standing, after: DateTime<Utc>, until: DateTime<Utc>, most: usize) -> Vec<DateTime<Utc>> {
    let next = |after| standing.schedule.trigger.next_after(after, standing.anchor);
    std::iter::successors(next(after), |due| next(*due)).take_while(|due| *due <= until).take(most).collect()
}

fn single(standing: &Standing, due_at: DateTime<Utc>, reason: SkipReason) -> Skip {
    let schedule = &standing.schedule;
    let (name, handler) = (schedule.name.clone(), schedule.handler.clone());
    Skip { schedule: name, handler, due_at, until: due_at, count: 1, reason }
}

fn span(standing: &Standing, first: DateTime<Utc>, last: DateTime<Utc>, reason: SkipReason) -> Skip {
    let before = first - TimeDelta::milliseconds(1);
    let count = standing.schedule.trigger.count_within(before, last, standing.anchor, COUNT_CAP as usize) as u64;
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

#[cfg(test)]
mod property;
#[cfg(test)]
mod tests;
