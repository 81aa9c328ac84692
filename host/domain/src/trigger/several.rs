//! Several triggers as one.

use chrono::{DateTime, Utc};

use super::{Absent, Trigger};

/// The first instant at which any of them is due; equal ones are one.
pub(super) fn next_after(triggers: &[Trigger], after: DateTime<Utc>, anchor: DateTime<Utc>) -> Option<DateTime<Utc>> {
    triggers.iter().filter_map(|trigger| trigger.next_after(after, anchor)).min()
}

/// What any of them leaves out, in no order.
pub(super) fn absent(
    triggers: &[Trigger],
    after: DateTime<Utc>,
    until: DateTime<Utc>,
    anchor: DateTime<Utc>,
) -> Vec<Absent> {
    triggers.iter().flat_map(|trigger| trigger.absent(after, until, anchor)).collect()
}

/// The earliest day with something left out.
pub(super) fn first_absent_day_end(
    triggers: &[Trigger],
    after: DateTime<Utc>,
    anchor: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    triggers.iter().filter_map(|trigger| trigger.first_absent_day_end(after, anchor)).min()
}
