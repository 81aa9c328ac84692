//! The pruner: deletes finished runs past the retention, in bounded steps.

use std::sync::Arc;
use std::time::Duration;

use noontide_domain::ports::Retention;
use tracing::{error, info};

use crate::core::Core;

/// How often it looks.
const EVERY: Duration = Duration::from_secs(3_600);

/// Rows in one transaction: small enough that claims never wait long behind it.
const BATCH: usize = 1_000;

pub(crate) async fn run(core: Arc<Core>) {
    while core.rest(EVERY).await {
        let before = core.clock.now() - core.settings.retention;
        let mut total = 0;
        loop {
            match core.ledger.prune(Retention { before, batch: BATCH }).await {
                Ok(gone) => {
                    total += gone;
                    if gone < BATCH as u64 || core.stopping.is_cancelled() {
                        break;
                    }
                }
                Err(problem) => {
                    error!(%problem, "finished runs cannot be deleted; trying again in an hour");
                    break;
                }
            }
        }
        if total > 0 {
            info!(runs = total, %before, "deleted finished runs past the retention");
        }
    }
}
