//! From a schedule and a due instant to the order of a run.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::ports::Fire;
use crate::{Cause, Key, Levels, Order, RunId, Standing};

/// The order for a run of `standing` at `due_at`; its key is that of a fire by hand.
pub fn order(standing: &Standing, levels: &Levels, id: RunId, due_at: DateTime<Utc>, cause: Cause) -> Order {
    let schedule = &standing.schedule;
    Order {
        schedule: Some(schedule.name.clone()),
        input: schedule.input.clone(),
        priority: schedule.priority,
        queue: schedule.queue.clone(),
        runs_on: schedule.runs_on.clone(),
        headers: schedule.headers.clone(),
        window: schedule.window.map(|length| length.ending(due_at, schedule.timezone)),
        includes: levels.included(schedule),
        timezone: schedule.timezone,
        retry: schedule.retry,
        timeout: schedule.timeout,
        terms: schedule.terms.clone(),
        ..Order::new(id, Key::manual(id), schedule.handler.clone(), due_at, cause)
    }
}

/// The fire of an occurrence. Whatever delays its start delays the ends of its patience, too.
pub(crate) fn fire(standing: &Standing, levels: &Levels, due_at: DateTime<Utc>, late: bool) -> Fire {
    let schedule = &standing.schedule;
    let not_before = due_at + schedule.delay(due_at);
    let order = Order {
        key: Key::occurrence(&schedule.name, due_at),
        late,
        ..patient(standing, order(standing, levels, RunId::new(), due_at, Cause::Schedule), not_before)
    };
    Fire { order, overlap: schedule.line_up(schedule.overlap), not_before, fills: None }
}

/// With `start-deadline` and `expires` counted from `from`.
pub(super) fn patient(standing: &Standing, order: Order, from: DateTime<Utc>) -> Order {
    let end = |length: Option<Duration>| {
        length.and_then(|length| TimeDelta::from_std(length).ok()).and_then(|length| from.checked_add_signed(length))
    };
    let schedule = &standing.schedule;
    Order { start_by: end(schedule.start_deadline), expires_at: end(schedule.expires), ..order }
}
