//! The watcher: tells of schedules that have had no success for longer than their `expect-within`, and of ready runs for
//! which there is never a place; once each time.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use noontide_domain::QueueRoom;
use tracing::warn;

use crate::core::Core;
use crate::event::Happening;

/// How often it looks.
const EVERY: Duration = Duration::from_secs(30);

/// A run that is ready for so long waits for more than its turn: for a host that takes its queue, or for others of higher
/// priority to become fewer.
const STARVES: Duration = Duration::from_secs(600);

pub(crate) async fn run(core: Arc<Core>) {
    let mut told = BTreeMap::new();
    let mut starving = None;
    loop {
        let now = core.clock.now();
        let overdue: Vec<_> = core.book().overdue(now);
        // A schedule that has succeeded meanwhile is told of again when it falls back.
        told.retain(|name, since| overdue.iter().any(|(still, anew)| still == name && anew == since));
        for (schedule, since) in overdue {
            if told.insert(schedule.clone(), since).is_none() {
                warn!(%schedule, %since, "overdue: no success within the time its `expect-within` gives");
                core.tell(Happening::Overdue { schedule, since });
            }
        }
        let oldest = starved(&core, now).await;
        if let Some(since) = oldest.filter(|_| starving.is_none()) {
            warn!(%since, "a ready run finds no place: `noontide status` shows which queue; give it a host or more priority");
        }
        starving = oldest;
        if !core.rest(EVERY).await {
            return;
        }
    }
}

/// Since when the oldest of the ready runs starves. A ledger that does not answer is others' news.
async fn starved(core: &Core, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let oldest = core.ledger.next_ready(&QueueRoom::ALL).await.ok()??;
    (oldest + STARVES < now).then_some(oldest)
}
