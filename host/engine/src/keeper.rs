//! The keeper: prolongs the leases of what goes on here and hears who shall be cancelled.

use std::sync::Arc;

use tracing::{error, warn};

use crate::core::Core;

pub(crate) async fn run(core: Arc<Core>) {
    // Goes on while the engine drains: handlers that still run must keep their leases.
    loop {
        let next = core.clock.now() + core.settings.heartbeat;
        while core.clock.now() < next {
            core.clock.sleep_until(next).await;
        }
        let held: Vec<_> = core.held().values().map(|held| held.lease).collect();
        if held.is_empty() {
            if core.stopping.is_cancelled() {
                return;
            }
            continue;
        }
        match core.ledger.heartbeat(core.tenant(0), held).await {
            Ok(pulse) => {
                for run in &pulse.lost {
                    warn!(%run, "its lease is lost: the handler is asked to stop and its result will not count");
                }
                let book = core.held();
                pulse
                    .cancel
                    .iter()
                    .chain(&pulse.lost)
                    .filter_map(|run| book.get(run))
                    .for_each(|held| held.desk.cancel());
            }
            Err(problem) => error!(%problem, "leases cannot be prolonged; trying again"),
        }
    }
}
