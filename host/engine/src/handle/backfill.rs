//! Due instants of the past, run now.

use noontide_domain::ports::Claimed;
use noontide_domain::{Overlap, plan};

use super::EngineHandle;
use crate::request::{Backfill, Backfilled, EngineError};

impl EngineHandle {
    /// Runs due instants of the past that have not run. The cadence does not move, and `max-runs` does not count them.
    ///
    /// # Errors
    /// No such schedule; handler missing or input wrong; a span that is empty or holds too many; stopping; no ledger.
    pub async fn backfill(&self, name: &str, asked: Backfill) -> Result<Backfilled, EngineError> {
        let entered = self.open()?;
        let standing = self.standing(name)?;
        if asked.from >= asked.to {
            return Err(EngineError::BadSpan("the span ends before it begins: give a `to` after `from`".to_owned()));
        }
        self.core.plugins.check(&standing.schedule.handler, &standing.schedule.input)?;
        let limit = asked.limit.unwrap_or(Backfill::LIMIT);
        let overlap = asked.overlap.unwrap_or(Overlap::QueueAll);
        let (span, now) = ((asked.from, asked.to), self.core.clock.now());
        let plan =
            plan::backfill(&standing, &self.levels(), span, limit, overlap, now).map_err(EngineError::BadSpan)?;
        let superseded = plan.skip.iter().map(|skip| skip.count).sum();
        let fires = &plan.fire;
        let due = fires.iter().map(|fire| fire.order.due_at).collect();
        if asked.dry_run {
            return Ok(Backfilled { due, superseded, ..Backfilled::default() });
        }
        let claimed = self.claim(plan, entered).await?;
        let runs = claimed.iter().filter_map(Claimed::new_run).collect();
        let duplicate = claimed.iter().filter(|claimed| matches!(claimed, Claimed::Duplicate(_))).count();
        Ok(Backfilled { due, runs, duplicate, superseded })
    }
}
