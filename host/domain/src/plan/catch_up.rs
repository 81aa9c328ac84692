//! What becomes of due instants that nobody saw in time.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::{CatchUpMode, Standing};

/// Which of the missed instants still run.
pub(super) struct Caught {
    /// Those that run, ascending.
    pub kept: Vec<DateTime<Utc>>,
    /// The last of those that do not; the first of all missed ones is the first of them. `None` if all run.
    pub dropped_until: Option<DateTime<Utc>>,
}

/// Splits what was missed, `first` to `last`.
pub(super) fn catch_up(
    standing: &Standing,
    first: DateTime<Utc>,
    last: DateTime<Utc>,
    nothing_on_time: bool,
    now: DateTime<Utc>,
) -> Caught {
    let policy = standing.schedule.catch_up;
    // A one-shot is worth running however late: there is no next instant that would make up for it.
    let within = if standing.schedule.trigger.is_one_shot() { Duration::MAX } else { policy.within };
    let oldest = TimeDelta::from_std(within).ok().and_then(|within| now.checked_sub_signed(within));
    let young = |due: DateTime<Utc>| oldest.is_none_or(|oldest| due >= oldest);
    let kept = match policy.mode {
        CatchUpMode::None => Vec::new(),
        CatchUpMode::Latest if nothing_on_time && young(last) => vec![last],
        CatchUpMode::Latest => Vec::new(),
        CatchUpMode::All => newest(standing, first, last, policy.limit, oldest),
    };
    let dropped_until = match kept.first() {
        Some(oldest_kept) => last_before(standing, *oldest_kept),
        None => Some(last),
    };
    Caught { kept, dropped_until }
}

/// The newest due instants in [`first`, `last`], at most `limit`, none before `oldest`; ascending.
fn newest(
    standing: &Standing,
    first: DateTime<Utc>,
    last: DateTime<Utc>,
    limit: usize,
    oldest: Option<DateTime<Utc>>,
) -> Vec<DateTime<Utc>> {
    let young = |due: &DateTime<Utc>| oldest.is_none_or(|oldest| *due >= oldest);
    let before = |due: &DateTime<Utc>| (*due > first).then(|| last_before(standing, *due)).flatten().filter(young);
    let mut found: Vec<_> = std::iter::successors(Some(last).filter(young), before).take(limit).collect();
    found.reverse();
    found
}

/// The last undecided due instant before `due`.
fn last_before(standing: &Standing, due: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let trigger = &standing.schedule.trigger;
    trigger.last_within(standing.cursor, due - TimeDelta::milliseconds(1), standing.anchor)
}
