//! What becomes of each fire of a claim. Pure: the claim reads what is known, asks here, and writes the answer.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use noontide_domain::ports::Fire;
use noontide_domain::{Overlap, RunId, ScheduleName};

/// What the ledger knows before the claim.
#[derive(Default)]
pub(super) struct Known {
    /// Which run has the key.
    pub keys: HashMap<[u8; 16], RunId>,
    /// The live run of the schedule that is in the way first.
    pub live: HashMap<ScheduleName, Live>,
    /// The due instant of the schedule's last success.
    pub successes: HashMap<ScheduleName, DateTime<Utc>>,
}

/// A run that is not over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Live {
    /// When it gets in the way: a run that waits for its time is in nobody's before. `None` if it has begun.
    pub from: Option<DateTime<Utc>>,
    /// The run.
    pub run: RunId,
}

/// What becomes of a fire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Inserted and leased.
    Leased,
    /// Inserted.
    Ready,
    /// Its key is taken.
    Duplicate(RunId),
    /// Inserted as a row that names the run in the way.
    Overlapped(RunId),
}

impl Known {
    /// Judges one fire after the other; each becomes known to the next. `places` counts down.
    pub fn judge(&mut self, fire: &Fire, places: &mut usize, now: DateTime<Utc>) -> Fate {
        let order = &fire.order;
        if let Some(run) = self.keys.get(&order.key.hash) {
            return Fate::Duplicate(*run);
        }
        self.keys.insert(order.key.hash, order.id);
        let schedule = order.schedule.as_ref();
        if fire.overlap == Overlap::Skip
            && let Some(live) = schedule.and_then(|schedule| self.live.get(schedule))
            && live.from.is_none_or(|from| from <= fire.not_before)
        {
            return Fate::Overlapped(live.run);
        }
        if let Some(schedule) = schedule {
            let new = Live { from: Some(fire.not_before), run: order.id };
            let first = self.live.entry(schedule.clone()).or_insert(new);
            *first = new.min(*first);
        }
        if *places == 0 || fire.not_before > now {
            return Fate::Ready;
        }
        *places -= 1;
        Fate::Leased
    }
}
