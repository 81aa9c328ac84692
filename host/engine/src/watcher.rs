//! The watcher: tells of schedules that have had no success for longer than their `expect-within`, once each time.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tracing::warn;

use crate::core::Core;
use crate::event::Happening;

/// How often it looks.
const EVERY: Duration = Duration::from_secs(30);

pub(crate) async fn run(core: Arc<Core>) {
    let mut told = BTreeMap::new();
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
        if !core.rest(EVERY).await {
            return;
        }
    }
}
