//! Calls without a schedule.

use chrono::{DateTime, Utc};
use noontide_domain::ports::{Claim, Claimed, Fire};
use noontide_domain::{Errand, RunId};

use crate::EngineHandle;
use crate::request::EngineError;

impl EngineHandle {
    /// Enqueues handler calls, all or none. For each: its run, and whether that run was there already.
    ///
    /// # Errors
    /// Handler missing, input wrong, no such queue, over before it begins: which call and which field; nothing is enqueued
    /// then. Stopping; no ledger.
    pub async fn enqueue(&self, errands: Vec<Errand>) -> Result<Vec<(RunId, bool)>, EngineError> {
        let entered = self.open()?;
        let now = self.core.clock.now();
        let fire = |(index, errand)| self.errand(errand, now).map_err(|problem| problem.of_errand(index));
        let fires = errands.into_iter().enumerate().map(fire).collect::<Result<Vec<_>, _>>()?;
        let ids: Vec<_> = fires.iter().map(|fire| fire.order.id).collect();
        let claimed = self.claim(Claim { fire: fires, ..Claim::default() }, entered).await?;
        let answer = ids.into_iter().zip(claimed).map(|(id, claimed)| match claimed {
            Claimed::Duplicate(run) => (run, true),
            _ => (id, false),
        });
        Ok(answer.collect())
    }

    /// The fire of a call, if it can be carried out here.
    fn errand(&self, errand: Errand, now: DateTime<Utc>) -> Result<Fire, EngineError> {
        let wrong = |field| move |reason| EngineError::BadErrand { field, reason };
        self.core.settings.queues.check(&errand.queue).map_err(wrong("queue"))?;
        self.core.plugins.check(&errand.handler, &errand.input)?;
        errand.fire(now).map_err(|(field, reason)| EngineError::BadErrand { field, reason })
    }
}
