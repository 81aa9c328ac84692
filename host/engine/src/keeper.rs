//! The keeper: prolongs the leases of what goes on here and hears who shall be cancelled.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use noontide_domain::{Role, RunId};
use tracing::{error, warn};

use crate::core::Core;

/// Pause after the ledger did not answer: a lease that lapses for one lost beat helps nobody.
const LEDGER_PAUSE: Duration = Duration::from_secs(1);

/// How often a host without a scheduler shows that it lives, to whoever watches from outside.
const TICK: Duration = Duration::from_secs(10);

pub(crate) async fn run(core: Arc<Core>) {
    // Goes on while the engine drains: handlers that still run must keep their leases.
    let mut pause = core.settings.heartbeat;
    loop {
        tokio::select! {
            biased;
            () = core.look_at_leases.notified() => {}
            () = wait(&core, pause) => {}
        }
        let held: Vec<_> = core.held().values().map(|held| held.lease).collect();
        if held.is_empty() {
            if core.stopping.is_cancelled() {
                return;
            }
            continue;
        }
        let asked: HashMap<_, _> = held.iter().map(|lease| (lease.run, *lease)).collect();
        let asked_at = core.clock.elapsed();
        let answer = core.ledger.heartbeat(core.tenant(0), held).await;
        core.heard(&answer);
        match answer {
            Ok(pulse) => {
                // What ended meanwhile has no lease any more, and that is as it should be.
                let mut held = core.held();
                for (run, held) in held.iter_mut().filter(|(run, held)| asked.get(run) == Some(&held.lease)) {
                    if !pulse.lost.contains(run) {
                        held.confirmed = held.confirmed.max(asked_at);
                    }
                }
                // Nor does the answer say anything of the next attempt, if this host has leased it meanwhile.
                let going_on = |run: &RunId| {
                    let same = held.get(run).filter(|held| asked.get(run) == Some(&held.lease));
                    same.map(|held| &held.desk).filter(|desk| !desk.has_ended())
                };
                for (run, desk) in pulse.lost.iter().filter_map(|run| Some((run, going_on(run)?))) {
                    warn!(%run, "its lease is lost: the handler is asked to stop and its result will not count");
                    desk.cancel();
                }
                pulse.cancel.iter().filter_map(going_on).for_each(|desk| desk.cancel());
            }
            Err(problem) => {
                error!(%problem, "leases cannot be prolonged; trying again");
                pause = LEDGER_PAUSE.min(core.settings.heartbeat);
                continue;
            }
        }
        pause = core.settings.heartbeat;
    }
}

/// Long waits in parts: this is the loop that must not stop where there is no scheduler.
async fn wait(core: &Core, pause: Duration) {
    let mut left = pause;
    loop {
        if !core.has(Role::Scheduler) {
            core.tick();
        }
        let part = left.min(TICK);
        core.wait(part).await;
        left -= part;
        if left.is_zero() {
            return;
        }
    }
}
