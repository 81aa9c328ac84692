//! The fence: stops what goes on here before its lease can lapse unheard. Whoever is cut off from the ledger cannot know that
//! another host has begun with the same run.

use std::sync::Arc;
use std::time::Duration;

use tracing::warn;

use crate::Settings;
use crate::core::Core;

/// How often it looks, at the longest.
const EVERY: Duration = Duration::from_secs(1);

/// A handler that is asked to stop has 5 s to do so by itself.
const GRACE: Duration = Duration::from_secs(6);

/// After which time without a word of the ledger a handler is asked to stop, and is stopped.
fn bounds(settings: &Settings) -> (Duration, Duration) {
    let lease = settings.lease;
    (lease - GRACE.min(lease / 3), lease - EVERY.min(lease / 10))
}

pub(crate) async fn run(core: Arc<Core>) {
    let every = EVERY.min(core.settings.lease / 10);
    // Goes on while the engine drains, as handlers do.
    loop {
        let slept_at = core.clock.elapsed();
        core.wait(every).await;
        match core.clock.elapsed().saturating_sub(slept_at) {
            // The process stood still, and the keeper with it: that one asks first, most often the lease is still there.
            slept if slept > every + core.settings.lease / 10 => ask(&core),
            _ => look(&core),
        }
    }
}

/// Has the keeper ask at once, if it is time.
fn ask(core: &Core) {
    let now = core.clock.elapsed();
    if core.held().values().any(|held| now.saturating_sub(held.confirmed) >= core.settings.heartbeat) {
        core.look_at_leases.notify_one();
    }
}

/// By the clock that nobody sets: what was heard of last was heard in answer to what was asked then, or later.
fn look(core: &Core) {
    let (ask, stop) = bounds(&core.settings);
    let now = core.clock.elapsed();
    for (run, held) in core.held().iter() {
        let unheard = now.saturating_sub(held.confirmed);
        if unheard >= ask && held.desk.cut_off() {
            core.tally.cut_off.one();
            warn!(%run, seconds = unheard.as_secs(),
                "the ledger has not confirmed its lease: the handler is stopped before another host begins with the run");
        }
        if unheard >= stop {
            held.desk.stop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_the_lease_a_handler_is_asked_first_and_stopped_before_its_end() {
        for lease in [Duration::from_millis(300), Duration::from_secs(3), Duration::from_secs(30)] {
            let (ask, stop) = bounds(&Settings { lease, ..Settings::default() });
            assert!(lease / 2 < ask && ask < stop && stop < lease, "{lease:?}");
        }
    }
}
