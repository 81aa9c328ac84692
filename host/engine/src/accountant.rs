//! The accountant: has ends counted that nobody has counted yet, so that whoever looks at a month does not read a month of
//! runs. Whichever host does it, each end is counted once.

use std::sync::Arc;
use std::time::Duration;

use tracing::{debug, warn};

use crate::core::Core;

/// How often it looks. Until then, ends are counted by whoever looks at them.
const EVERY: Duration = Duration::from_secs(15);

/// Between two parts of a long history: the writers go first.
const BREATH: Duration = Duration::from_millis(50);

/// Ends in one transaction: small enough that claims never wait long behind it.
const BATCH: usize = 2_000;

pub(crate) async fn run(core: Arc<Core>) {
    let mut rest = EVERY;
    while core.rest(rest).await {
        rest = match core.ledger.roll_up(BATCH).await {
            Ok(ends) if ends >= BATCH as u64 => BREATH,
            Ok(_) => EVERY,
            Err(problem) => {
                warn!(%problem, "ends cannot be counted; pictures of the past are incomplete until it succeeds");
                EVERY
            }
        };
        debug!(again_in = ?rest, "counted ends");
    }
}
