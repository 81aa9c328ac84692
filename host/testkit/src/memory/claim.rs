//! Claiming and leasing.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use noontide_domain::ports::{Claim, Claimed, Fire, Lapsed, LedgerError, Pulse, Tenant};
use noontide_domain::{Key, Lease, Leased, Overlap, RunId, RunState};

use super::book::Book;
use super::row::Row;

impl Book {
    pub fn claim(
        &mut self,
        claim: Claim,
        tenant: Option<Tenant>,
        now: DateTime<Utc>,
    ) -> Result<Vec<Claimed>, LedgerError> {
        self.refuse_known_ids(&claim)?;
        let mut places = tenant.map_or(0, |tenant| tenant.places);
        let mut answers = Vec::new();
        for fire in claim.fire {
            let is_due = fire.not_before <= now;
            let mut answer = self.fire(fire, now);
            if let (Some(tenant), Claimed::Ready(id)) = (tenant, &answer)
                && places > 0
                && is_due
            {
                places -= 1;
                answer = Claimed::Leased(Box::new(self.take(*id, tenant, now)));
            }
            answers.push(answer);
        }
        for skip in claim.skip {
            if !self.keys.contains_key(&Key::occurrence(&skip.schedule, skip.due_at).hash) {
                self.insert(Row::skipped(skip, now));
            }
        }
        for (schedule, cursor) in claim.cursors {
            if let Some(entry) = self.schedules.get_mut(&schedule) {
                entry.standing.cursor = entry.standing.cursor.max(cursor);
            }
        }
        Ok(answers)
    }

    /// The one thing that can be wrong with a claim, looked at before anything is written: all or nothing.
    fn refuse_known_ids(&self, claim: &Claim) -> Result<(), LedgerError> {
        let mut seen = HashSet::new();
        for order in claim.fire.iter().map(|fire| &fire.order) {
            let is_new = !self.keys.contains_key(&order.key.hash);
            if is_new && (self.rows.contains_key(&order.id) || !seen.insert(order.id)) {
                return Err(LedgerError::Broken(format!("the run id {} is taken", order.id)));
            }
        }
        Ok(())
    }

    fn fire(&mut self, fire: Fire, now: DateTime<Utc>) -> Claimed {
        let id = fire.order.id;
        if let Some(known) = self.keys.get(&fire.order.key.hash) {
            return Claimed::Duplicate(*known);
        }
        match self.blocking(&fire) {
            Some(blocking) => {
                self.insert(Row::overlapped(fire, blocking, now));
                Claimed::Overlapped(blocking)
            }
            None => {
                self.insert(Row::ready(fire, now));
                Claimed::Ready(id)
            }
        }
    }

    /// The live run that keeps `fire` from running: one that has begun, or one whose time comes no later.
    fn blocking(&self, fire: &Fire) -> Option<RunId> {
        let schedule = fire.order.schedule.as_ref().filter(|_| fire.overlap == Overlap::Skip)?;
        let live = self.rows.values().filter(|row| row.is_live() && row.order.schedule.as_ref() == Some(schedule));
        let first = live.min_by_key(|row| (row.in_the_way_from(), row.order.id))?;
        first.in_the_way_from().is_none_or(|from| from <= fire.not_before).then_some(first.order.id)
    }

    fn insert(&mut self, row: Row) {
        self.keys.insert(row.order.key.hash, row.order.id);
        self.rows.insert(row.order.id, row);
    }

    fn take(&mut self, id: RunId, tenant: Tenant, now: DateTime<Utc>) -> Leased {
        let row = self.rows.get_mut(&id).expect("the caller just saw it");
        row.state = RunState::Running;
        row.host = Some(tenant.host);
        row.fence += 1;
        row.attempt += 1;
        row.lease_until = now + tenant.lease;
        row.started_at = Some(now);
        row.finished_at = None;
        row.plugin = None;
        row.usage = Default::default();
        let order = row.order.clone();
        let lease = Lease { run: id, host: tenant.host, fence: row.fence, attempt: row.attempt };
        let entry = order.schedule.as_ref().and_then(|schedule| self.schedules.get(schedule));
        Leased { previous_success: entry.and_then(|entry| entry.last_success), order, lease }
    }

    pub fn lease(&mut self, tenant: Tenant, now: DateTime<Utc>, clock: DateTime<Utc>) -> Vec<Leased> {
        let mut ready: Vec<_> = self
            .rows
            .values()
            .filter(|row| row.state == RunState::Ready && row.not_before <= now)
            .map(|row| (row.not_before, row.order.id))
            .collect();
        ready.sort();
        ready.into_iter().take(tenant.places).map(|(_, id)| self.take(id, tenant, clock)).collect()
    }

    pub fn next_ready(&self) -> Option<DateTime<Utc>> {
        self.rows.values().filter(|row| row.state == RunState::Ready).map(|row| row.not_before).min()
    }

    pub fn heartbeat(&mut self, tenant: Tenant, held: &[Lease], now: DateTime<Utc>) -> Pulse {
        let mut pulse = Pulse::default();
        for lease in held {
            match self.rows.get_mut(&lease.run).filter(|row| row.is_held_by(lease)) {
                Some(row) => {
                    row.lease_until = now + tenant.lease;
                    if row.cancel_asked {
                        pulse.cancel.push(lease.run);
                    }
                }
                None => pulse.lost.push(lease.run),
            }
        }
        pulse
    }

    pub fn release(&mut self, leases: &[Lease], now: DateTime<Utc>) {
        for lease in leases {
            let Some(row) = self.rows.get_mut(&lease.run).filter(|row| row.is_held_by(lease)) else { continue };
            row.attempt -= 1;
            row.started_at = None;
            row.host = None;
            row.state = RunState::Ready;
            if row.cancel_asked {
                row.end(RunState::Cancelled, now);
            }
        }
    }

    pub fn lapsed(&self, limit: usize, now: DateTime<Utc>) -> Vec<Lapsed> {
        let mut lapsed: Vec<_> =
            self.rows.values().filter(|row| row.state == RunState::Running && row.lease_until <= now).collect();
        lapsed.sort_by_key(|row| (row.lease_until, row.order.id));
        lapsed.into_iter().take(limit).filter_map(lapse).collect()
    }
}

fn lapse(row: &Row) -> Option<Lapsed> {
    let lease = Lease { run: row.order.id, host: row.host?, fence: row.fence, attempt: row.attempt };
    Some(Lapsed { order: row.order.clone(), lease })
}
