//! Nudges of other hosts: one that left something to lease says so, and the runner looks at once.

use std::sync::Arc;

use crate::core::Core;

pub(crate) async fn run(core: Arc<Core>) {
    loop {
        tokio::select! {
            biased;
            () = core.stopping.cancelled() => return,
            () = core.ledger.nudged() => core.look_for_runs.notify_one(),
        }
    }
}
