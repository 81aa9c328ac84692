//! Calls without a schedule, and chains of them.

use std::sync::Arc;

use noontide_domain::chain::{LaidOut, LinkState, Linked, Refusal, lay_out};
use noontide_domain::ports::{ChainCancelled, Claim, Claimed, LedgerError};
use noontide_domain::{Chain, Errand, HandlerRef, QueueName, RunId};
use serde_json::Value;

use crate::EngineHandle;
use crate::request::EngineError;

/// What became of a [`Chain`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enqueued {
    /// The chain's id; `None` for a call that nothing follows.
    pub chain: Option<RunId>,
    /// The calls that begin: for each its run, and whether that run was there already.
    pub runs: Vec<(RunId, bool)>,
}

impl EngineHandle {
    /// Enqueues handler calls, all or none. For each: its run, and whether that run was there already.
    ///
    /// # Errors
    /// As [`EngineHandle::enqueue_chains`].
    pub async fn enqueue(&self, errands: Vec<Errand>) -> Result<Vec<(RunId, bool)>, EngineError> {
        let all = self.enqueue_chains(errands.into_iter().map(Chain::from).collect()).await?;
        Ok(all.into_iter().flat_map(|one| one.runs).collect())
    }

    /// Enqueues calls with what follows them, all or none. What follows is in the ledger from now on.
    ///
    /// # Errors
    /// Handler missing, input wrong, no such queue, over before it begins, a chain too long: which call and which field;
    /// nothing is enqueued then. Stopping; no ledger.
    pub async fn enqueue_chains(&self, chains: Vec<Chain>) -> Result<Vec<Enqueued>, EngineError> {
        let entered = self.open()?;
        let now = self.core.clock.now();
        let mut claim = Claim::default();
        let mut begun = Vec::with_capacity(chains.len());
        for (index, chain) in chains.into_iter().enumerate() {
            let laid = lay_out(chain, now).map_err(|refusal| bad(refusal).of_errand(index, ""))?;
            self.check_all(index, &laid)?;
            begun.push((laid.links.first().map(|link| link.chain), laid.fires.len()));
            claim.fire.extend(laid.fires);
            claim.links.extend(laid.links);
        }
        let ids: Vec<_> = claim.fire.iter().map(|fire| fire.order.id).collect();
        let mut answers = ids.into_iter().zip(self.claim(claim, entered).await?).map(|(id, claimed)| match claimed {
            Claimed::Duplicate(run) => (run, true),
            _ => (id, false),
        });
        let enqueued = |(chain, count)| Enqueued { chain, runs: answers.by_ref().take(count).collect() };
        Ok(begun.into_iter().map(enqueued).collect())
    }

    /// Takes back what has yet to come of a chain, and asks its runs to stop. `link` is the chain, or a group or call within
    /// it. `None` if there is no such link.
    ///
    /// # Errors
    /// If the ledger does not answer.
    pub async fn cancel_chain(&self, link: RunId) -> Result<Option<ChainCancelled>, EngineError> {
        let core = Arc::clone(&self.core);
        // A client that goes away must not stop it half way.
        let work = tokio::spawn(async move {
            let answer = core.ledger.cancel_chain(link, core.clock.now()).await?;
            core.cancel_held(answer.as_ref().map_or(&[], |answer| &answer.asked));
            // A group around it may have failed, and something follows that.
            core.look_for_runs.notify_one();
            Ok::<_, LedgerError>(answer)
        });
        Ok(work.await.map_err(|panic| LedgerError::Broken(panic.to_string()))??)
    }

    /// Whether each call could be carried out here now; if not, the error names the first that could not by its path.
    fn check_all(&self, index: usize, laid: &LaidOut) -> Result<(), EngineError> {
        let made = laid.links.iter().filter(|link| link.state == LinkState::Made).map(|link| link.path.as_str());
        for (fire, path) in laid.fires.iter().zip(made.chain(std::iter::repeat(""))) {
            let order = &fire.order;
            self.check_call(&order.handler, &order.input, &order.queue)
                .map_err(|problem| problem.of_errand(index, path))?;
        }
        for link in &laid.links {
            if let Linked::Call { errand: Some(errand), .. } = &link.what {
                self.check_call(&errand.handler, &errand.input, &errand.queue)
                    .map_err(|problem| problem.of_errand(index, &link.path))?;
            }
        }
        Ok(())
    }

    fn check_call(&self, handler: &HandlerRef, input: &Value, queue: &QueueName) -> Result<(), EngineError> {
        let wrong = |reason| EngineError::BadErrand { field: "queue".to_owned(), reason };
        self.core.settings.queues.check(queue).map_err(wrong)?;
        self.core.plugins.check(handler, input)?;
        Ok(())
    }
}

fn bad(refusal: Refusal) -> EngineError {
    EngineError::BadErrand { field: refusal.path, reason: refusal.reason }
}
