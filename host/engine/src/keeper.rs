//! The keeper: prolongs the leases of what goes on here and hears who shall be cancelled.

use std::collections::HashMap;
use std::sync::Arc;

use noontide_domain::RunId;
use tracing::{error, warn};

use crate::core::Core;

pub(crate) async fn run(core: Arc<Core>) {
    // Goes on while the engine drains: handlers that still run must keep their leases.
    loop {
        core.wait(core.settings.heartbeat).await;
        let held: Vec<_> = core.held().values().map(|held| held.lease).collect();
        if held.is_empty() {
            if core.stopping.is_cancelled() {
                return;
            }
            continue;
        }
        let asked: HashMap<_, _> = held.iter().map(|lease| (lease.run, *lease)).collect();
        match core.ledger.heartbeat(core.tenant(0), held).await {
            Ok(pulse) => {
                // What ended meanwhile has no lease any more, and that is as it should be.
                let held = core.held();
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
            Err(problem) => error!(%problem, "leases cannot be prolonged; trying again"),
        }
    }
}
