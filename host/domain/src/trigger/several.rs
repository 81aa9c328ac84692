//! Several triggers as one.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Absent, Trigger};

/// The first instant at which any of them is due; equal ones are one.
pub(super) fn next_after(triggers: &[Trigger], after: DateTime<Utc>, anchor: DateTime<Utc>) -> Option<DateTime<Utc>> {
    triggers.iter().filter_map(|trigger| trigger.next_after(after, anchor)).min()
}

/// What any of them leaves out, unless it begins where another one fires: that instant has its run. One instant is left
/// out once.
pub(super) fn absent(
    triggers: &[Trigger],
    after: DateTime<Utc>,
    until: DateTime<Utc>,
    anchor: DateTime<Utc>,
) -> Vec<Absent> {
    let mut all: Vec<_> = triggers
        .iter()
        .flat_map(|trigger| trigger.absent(after, until, anchor))
        .filter(|absent| {
            let before = absent.first - TimeDelta::nanoseconds(1);
            next_after(triggers, before, anchor) != Some(absent.first)
        })
        .collect();
    all.sort_by_key(|absent| (absent.first, absent.last));
    all.dedup_by_key(|absent| absent.first);
    all
}

/// The earliest day with something left out.
pub(super) fn first_absent_day_end(
    triggers: &[Trigger],
    after: DateTime<Utc>,
    anchor: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    triggers.iter().filter_map(|trigger| trigger.first_absent_day_end(after, anchor)).min()
}
