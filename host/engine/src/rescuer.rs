//! The rescuer: settles runs whose host went away.

use std::sync::Arc;
use std::time::Duration;

use noontide_domain::ports::{Lapsed, LedgerError, Settled, Settlement};
use noontide_domain::run::settle;
use noontide_domain::{Outcome, Report};
use tracing::{error, warn};

use crate::core::Core;
use crate::tally::AttemptEnd;

/// Settled in one transaction.
const BATCH: usize = 500;

/// How often it looks, at the longest: a run whose host has died is taken over soon after its lease.
const EVERY: Duration = Duration::from_secs(3);

pub(crate) async fn run(core: Arc<Core>) {
    loop {
        match rescue(&core).await {
            Ok(BATCH) => continue,
            Ok(_) => {}
            Err(problem) => error!(%problem, "lapsed leases cannot be looked for; trying again"),
        }
        if !core.rest(core.settings.heartbeat.min(EVERY)).await {
            return;
        }
    }
}

/// How many leases had lapsed.
async fn rescue(core: &Core) -> Result<usize, LedgerError> {
    let mut lapsed = core.ledger.lapsed(BATCH).await?;
    // A lease of our own lapses while the ledger cannot be written; its handler is here, and so will its end be.
    lapsed.retain(|lapsed| core.held().get(&lapsed.order.id).is_none_or(|held| held.lease != lapsed.lease));
    let count = lapsed.len();
    if count > 0 {
        warn!(count, "leases have lapsed: their host went away; the retry policies decide");
        let settlements: Vec<_> = lapsed.iter().map(|lapsed| abandoned(core, lapsed)).collect();
        let settled = core.ledger.settle(settlements.clone()).await?;
        for ((lapsed, settlement), settled) in lapsed.iter().zip(&settlements).zip(settled) {
            // Another host may have been faster.
            if settled == Settled::Recorded {
                core.tally.rescued.one();
                let (attempt, state) = (lapsed.lease.attempt, settlement.verdict.state());
                core.tally.ended(AttemptEnd { order: &lapsed.order, attempt, state, report: &settlement.report });
            }
        }
        core.look_for_runs.notify_one();
    }
    Ok(count)
}

fn abandoned(core: &Core, lapsed: &Lapsed) -> Settlement {
    let now = core.clock.now();
    let outcome = Outcome::Abandoned;
    let verdict = settle(&outcome, lapsed.lease.attempt, lapsed.order.id, &lapsed.order.retry, now);
    let report = Report::never_began(outcome, now);
    Settlement::new(lapsed.lease, verdict, report)
}
