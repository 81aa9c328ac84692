//! The watcher: tells of schedules that have had no success for longer than their `expect-within`, once and by one host,
//! until they have succeeded again; and of ready runs for which there is never a place.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use noontide_domain::ports::{LedgerError, Overdue};
use noontide_domain::{QueueRoom, ScheduleName};
use tracing::warn;

use crate::core::Core;
use crate::event::Happening;

/// How often it looks.
const EVERY: Duration = Duration::from_secs(30);

/// A run that is ready for so long waits for more than its turn: for a host that takes its queue, or for others of higher
/// priority to become fewer.
const STARVES: Duration = Duration::from_secs(600);

pub(crate) async fn run(core: Arc<Core>) {
    let mut asked = BTreeMap::new();
    let mut starving = None;
    loop {
        if let Err(problem) = look(&core, &mut asked).await {
            warn!(%problem, "overdue schedules cannot be told of; trying again");
        }
        let oldest = starved(&core, core.clock.now()).await;
        if let Some(since) = oldest.filter(|_| starving.is_none()) {
            warn!(%since, "a ready run finds no place: `noontide status` shows which queue; give it a host or more priority");
        }
        starving = oldest;
        if !core.rest(EVERY).await {
            return;
        }
    }
}

/// What this host counts as overdue may be told already, by another or before a restart, or may have succeeded elsewhere:
/// the ledger knows. It is asked once for each instant and success.
async fn look(core: &Core, asked: &mut BTreeMap<ScheduleName, Overdue>) -> Result<(), LedgerError> {
    let overdue = core.book().overdue(core.clock.now());
    asked.retain(|_, before| overdue.contains(before));
    let anew: Vec<_> = overdue.into_iter().filter(|overdue| asked.get(&overdue.schedule) != Some(overdue)).collect();
    if anew.is_empty() {
        return Ok(());
    }
    let is_news = core.ledger.tell_overdue(anew.clone()).await?;
    for (overdue, is_news) in anew.into_iter().zip(is_news) {
        if is_news {
            let Overdue { schedule, since, .. } = overdue.clone();
            warn!(%schedule, %since, "overdue: no success within the time its `expect-within` gives");
            core.tell(Happening::Overdue { schedule, since });
        }
        asked.insert(overdue.schedule.clone(), overdue);
    }
    Ok(())
}

/// Since when the oldest of the ready runs starves. A ledger that does not answer is others' news.
async fn starved(core: &Core, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let oldest = core.ledger.next_ready(&QueueRoom::ALL).await.ok()??;
    (oldest + STARVES < now).then_some(oldest)
}
