//! Leasing: who works on a run for now.

use std::cmp::Reverse;

use chrono::{DateTime, Utc};
use noontide_domain::alert::noted;
use noontide_domain::ports::{Lapsed, Pulse, Tenant};
use noontide_domain::{Lease, Leased, QueueRoom, RunId, RunState, SkipReason};

use super::book::Book;
use super::row::Row;

/// Rows that one call writes off at most.
const EXPIRE_AT_ONCE: usize = 1_000;

impl Book {
    pub fn take(&mut self, id: RunId, tenant: &Tenant, now: DateTime<Utc>) -> Leased {
        let row = self.rows.get_mut(&id).expect("the caller just saw it");
        row.state = RunState::Running;
        row.queued = false;
        row.host = Some(tenant.host);
        row.fence += 1;
        row.attempt += 1;
        row.lease_until = now + tenant.lease;
        row.started_at = Some(now);
        row.finished_at = None;
        row.plugin = None;
        row.usage = Default::default();
        row.provenance = None;
        let order = row.order.clone();
        let lease = Lease { run: id, host: tenant.host, fence: row.fence, attempt: row.attempt };
        let entry = order.schedule.as_ref().and_then(|schedule| self.schedules.get(schedule));
        let previous_success = entry.and_then(|entry| entry.standing.last_success);
        let messages = row.messages;
        Leased { previous_success, order, lease, items: self.items_left(id), messages }
    }

    pub fn lease(&mut self, tenant: &Tenant, now: DateTime<Utc>, clock: DateTime<Utc>) -> Vec<Leased> {
        self.expire(now, clock);
        let may_begin = |row: &&Row| {
            let in_time = row.begins_by().is_none_or(|by| by >= now);
            row.not_before <= now && in_time && self.has_its_turn(row, now.max(clock))
        };
        let place = |row: &Row| (Reverse(row.order.priority), row.not_before, row.order.id);
        let mut ready: Vec<_> = self.ready().filter(may_begin).map(place).collect();
        ready.sort();
        let mut queues = tenant.queues.clone();
        let mut left = self.left(&queues);
        ready.retain(|(.., id)| {
            self.has_left(*id, &left, &queues) && self.has_room(*id, &mut queues) && self.use_up(*id, &mut left)
        });
        ready.into_iter().take(tenant.places).map(|(.., id)| self.take(id, tenant, clock)).collect()
    }

    fn expire(&mut self, now: DateTime<Utc>, clock: DateTime<Utc>) {
        let late = |row: &Row| row.begins_by().filter(|by| *by < now).map(|by| (by, row.order.id));
        let mut expired: Vec<_> = self.ready().filter_map(late).collect();
        expired.sort();
        expired.truncate(EXPIRE_AT_ONCE);
        for (by, id) in &expired {
            if let Some(row) = self.rows.get_mut(id) {
                row.never_runs(SkipReason::Expired { by: *by }, clock);
                let notice = noted::expiry(row.of_run(), *by, clock);
                self.note([notice]);
            }
        }
        self.follow(expired.into_iter().map(|(_, id)| id), clock);
    }

    pub fn next_ready(&self, queues: &QueueRoom, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let left = self.left(queues);
        let wanted = |row: &&Row| {
            let has_room = queues.has(&row.order.queue, &row.order.handler.plugin);
            has_room && self.has_left(row.order.id, &left, queues) && self.has_its_turn(row, now)
        };
        self.ready().filter(wanted).map(|row| row.not_before).min()
    }

    fn ready(&self) -> impl Iterator<Item = &Row> {
        self.rows.values().filter(|row| row.state == RunState::Ready)
    }

    /// Nothing stands before it: what is queued lets everything go first that has begun, is ready without being queued, or
    /// was queued earlier.
    fn has_its_turn(&self, row: &Row, now: DateTime<Utc>) -> bool {
        let id = row.order.id;
        let is_ahead = |other: &Row| match other.queued {
            true => other.order.id < id,
            false => other.is_in_the_way(now),
        };
        !row.queued || !self.live(row.order.schedule.as_ref()).any(is_ahead)
    }

    pub fn heartbeat(&mut self, tenant: &Tenant, held: &[Lease], now: DateTime<Utc>) -> Pulse {
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
        let mut ended = Vec::new();
        for lease in leases {
            let Some(row) = self.rows.get_mut(&lease.run).filter(|row| row.is_held_by(lease)) else { continue };
            row.attempt -= 1;
            row.started_at = None;
            row.host = None;
            row.state = RunState::Ready;
            if row.cancel_asked {
                row.end(RunState::Cancelled, now);
                ended.push(lease.run);
            }
        }
        self.follow(ended, now);
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
