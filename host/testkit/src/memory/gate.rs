//! What is asked of a host, and what goes on in all, whoever holds it.

use std::collections::BTreeMap;

use noontide_domain::{QueueName, QueueRoom, RunId, RunState, ScheduleName};

use super::book::Book;
use super::row::Row;

/// How many more may be under lease, of what is bounded.
pub(super) struct Left {
    queues: BTreeMap<QueueName, usize>,
    schedules: BTreeMap<ScheduleName, usize>,
}

impl Book {
    pub fn left(&self, room: &QueueRoom) -> Left {
        let running = |wanted: &dyn Fn(&Row) -> bool| {
            self.rows.values().filter(|row| row.state == RunState::Running && wanted(row)).count()
        };
        let of_queue = |(name, total): (&QueueName, &usize)| {
            (name.clone(), total.saturating_sub(running(&|row| row.order.queue == *name)))
        };
        let of_schedule = |name: &ScheduleName| {
            let left = self.most(name)?.saturating_sub(running(&|row| row.order.schedule.as_ref() == Some(name)));
            Some((name.clone(), left))
        };
        Left {
            queues: room.totals.iter().map(of_queue).collect(),
            schedules: self.schedules.keys().filter_map(of_schedule).collect(),
        }
    }

    fn most(&self, schedule: &ScheduleName) -> Option<usize> {
        let most = self.schedules.get(schedule)?.standing.schedule.concurrency?;
        Some(most as usize)
    }

    /// Nothing but the host's own room bounds it: it may be leased where it is claimed.
    pub fn is_free(&self, id: RunId, room: &QueueRoom) -> bool {
        let Some(order) = self.rows.get(&id).map(|row| &row.order) else { return false };
        let is_bounded = order.schedule.as_ref().is_some_and(|name| self.most(name).is_some());
        !is_bounded && !room.totals.contains_key(&order.queue) && room.meets(&order.runs_on)
    }

    /// Whether there is a place left for it, and this host is what it asks for.
    pub fn has_left(&self, id: RunId, left: &Left, room: &QueueRoom) -> bool {
        let Some(order) = self.rows.get(&id).map(|row| &row.order) else { return false };
        let of_schedule = order.schedule.as_ref().and_then(|name| left.schedules.get(name));
        room.meets(&order.runs_on) && left.queues.get(&order.queue) != Some(&0) && of_schedule != Some(&0)
    }

    /// Always true.
    pub fn use_up(&self, id: RunId, left: &mut Left) -> bool {
        if let Some(order) = self.rows.get(&id).map(|row| &row.order) {
            left.queues.entry(order.queue.clone()).and_modify(|left| *left -= 1);
            if let Some(left) = order.schedule.as_ref().and_then(|name| left.schedules.get_mut(name)) {
                *left -= 1;
            }
        }
        true
    }
}
