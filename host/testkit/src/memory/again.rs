//! What was handed in before is answered as it was then, as far as that still holds, and nothing is written.

use noontide_domain::ports::{Claim, Claimed, Fire, Settlement, Tenant};
use noontide_domain::{Leased, Outcome, Overlap, RunId, RunState, SkipReason};

use super::book::Book;
use super::row::Row;

impl Book {
    /// `None` unless rows have ids of the claim's own fires: then all of it was written.
    pub fn claimed_before(&self, claim: &Claim, tenant: Option<&Tenant>) -> Option<Vec<Claimed>> {
        claim.fire.iter().find(|fire| self.own(fire).is_some())?;
        let answer = |fire: &Fire| match self.own(fire) {
            Some(row) => self.became(fire, row, tenant),
            None => Claimed::Duplicate(self.keeper(fire, &claim.fire).unwrap_or(fire.order.id)),
        };
        Some(claim.fire.iter().map(answer).collect())
    }

    fn own(&self, fire: &Fire) -> Option<&Row> {
        let holder = self.keys.get(&fire.order.key.hash).filter(|run| **run == fire.order.id)?;
        self.rows.get(holder)
    }

    fn became(&self, fire: &Fire, row: &Row, tenant: Option<&Tenant>) -> Claimed {
        let run = fire.order.id;
        let is_of_the_claim = row.state == RunState::Running && row.started_at == Some(row.created_at);
        match row.reason {
            Some(SkipReason::Overlap { blocking: run } | SkipReason::Replaced { by: run }) => Claimed::Overlapped(run),
            _ if is_of_the_claim && tenant.is_some_and(|tenant| row.host == Some(tenant.host)) => {
                let Some((host, order)) = row.host.map(|host| (host, row.order.clone())) else {
                    return Claimed::Ready(run);
                };
                let entry = order.schedule.as_ref().and_then(|schedule| self.schedules.get(schedule));
                let previous_success = entry.and_then(|entry| entry.standing.last_success);
                let lease = noontide_domain::Lease { run, host, fence: 1, attempt: 1 };
                Claimed::Leased(Box::new(Leased {
                    order,
                    lease,
                    previous_success,
                    items: Default::default(),
                    messages: 0,
                }))
            }
            _ if row.state == RunState::Ready && row.queued && row.not_before <= row.created_at => {
                Claimed::Queued { run, cancel: self.asked_for(fire) }
            }
            _ => Claimed::Ready(run),
        }
    }

    /// Those that were asked to stop for it and have not stopped yet.
    fn asked_for(&self, fire: &Fire) -> Vec<RunId> {
        let running = |row: &&Row| fire.overlap == Overlap::CancelRunning && row.state == RunState::Running;
        self.live(fire.order.schedule.as_ref()).filter(running).map(|row| row.order.id).collect()
    }

    /// The run that keeps `fire` from having a row; of a chain, that of its first.
    fn keeper(&self, fire: &Fire, fires: &[Fire]) -> Option<RunId> {
        let by_key = |fire: &Fire| {
            let keys = [Some(&fire.order.key), fire.fills.as_ref()];
            keys.into_iter().flatten().find_map(|key| self.keys.get(&key.hash)).copied()
        };
        let of_chain = |other: &&Fire| fire.order.chain.is_some() && other.order.chain == fire.order.chain;
        by_key(fire).or_else(|| fires.iter().filter(of_chain).find_map(by_key))
    }

    /// Whether this very settlement has ended its attempt.
    pub fn is_settled_by(&self, settlement: &Settlement) -> bool {
        let Settlement { lease, verdict, report, .. } = settlement;
        let Some(row) = self.rows.get(&lease.run) else { return false };
        let is_the_same = |at, outcome: &Outcome| at == Some(report.finished_at) && *outcome == report.outcome;
        let in_the_row = row.host == Some(lease.host)
            && row.fence == lease.fence
            && verdict.leads_to(row.state)
            && row.outcome.as_ref().is_some_and(|outcome| is_the_same(row.finished_at, outcome));
        let mut archived =
            row.archive.iter().filter(|(fence, one)| *fence == lease.fence && one.host == Some(lease.host));
        in_the_row
            || verdict.leads_to(RunState::Ready)
                && archived.any(|(_, one)| is_the_same(Some(one.finished_at), &one.outcome))
    }
}
