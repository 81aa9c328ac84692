//! What was changed of the definition, as the page lists it.

use chrono_tz::Tz;
use noontide_domain::change::{ChangedKey, ScheduleChange};

use crate::pages::moment::Moment;
use crate::pages::visit::Visit;

/// Shown at once; the rest is folded.
pub(super) const SHOWN: usize = 5;

/// A change.
pub(super) struct Change {
    pub(super) at: Moment,
    pub(super) by: String,
    pub(super) kind: &'static str,
    pub(super) keys: Vec<ChangedKey>,
}

/// In the schedule's zone.
pub(super) fn changes(visit: &Visit, zone: Tz, found: Vec<ScheduleChange>) -> Vec<Change> {
    let change = |one: ScheduleChange| Change {
        at: visit.moment(one.at, zone),
        by: one.by,
        kind: one.kind.as_str(),
        keys: one.keys,
    };
    found.into_iter().map(change).collect()
}
