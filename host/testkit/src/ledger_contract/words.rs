//! Words to write checks with.

use chrono::{DateTime, TimeDelta, Utc};
use noontide_domain::ports::{Fire, Tenant};
use noontide_domain::{
    Cause, HostId, Included, Key, Order, Outcome, Overlap, Report, RetryPolicy, RunId, RunState, ScheduleName,
    StateWrite, Usage, Verdict,
};

use super::{LEASE, START};

/// So many seconds after the exam began.
pub(super) fn second(seconds: i64) -> DateTime<Utc> {
    START.parse::<DateTime<Utc>>().expect("an instant") + TimeDelta::seconds(seconds)
}

/// The same host in a check, however often it is asked for.
pub(super) fn tenant(places: usize) -> Tenant {
    Tenant { host: HostId("b7c1f1de-5c50-4f0e-9d0f-3d0b7a3c5a11".parse().expect("a uuid")), lease: LEASE, places }
}

pub(super) fn named(schedule: &str) -> ScheduleName {
    schedule.parse().expect("a name")
}

/// An occurrence of `schedule`, due so many seconds after the exam began.
pub(super) fn fire(schedule: &str, due: i64) -> Fire {
    let id = RunId::new();
    let name = named(schedule);
    let key = Key::occurrence(&name, second(due));
    let handler = "mail/send".parse().expect("a handler");
    let order = Order {
        schedule: Some(name),
        input: serde_json::json!({ "to": "ops" }),
        retry: RetryPolicy { attempts: 3, ..RetryPolicy::default() },
        ..Order::new(id, key, handler, second(due), Cause::Schedule)
    };
    Fire { order, overlap: Overlap::Allow, not_before: second(due), fills: None }
}

/// The same, with overlap `skip`.
pub(super) fn exclusive(schedule: &str, due: i64) -> Fire {
    Fire { overlap: Overlap::Skip, ..fire(schedule, due) }
}

/// A call without a schedule, under a key of the client's.
pub(super) fn enqueued(key: &str) -> Fire {
    let mut fire = fire("none", 0);
    fire.order.schedule = None;
    fire.order.cause = Cause::Enqueued;
    fire.order.key = Key::chosen("mail/send", key);
    fire
}

pub(super) fn included(schedule: &str, input: serde_json::Value) -> Included {
    Included { schedule: named(schedule), input }
}

pub(super) fn over(state: RunState) -> Verdict {
    Verdict::Final { state, reason: None }
}

pub(super) fn again(seconds: i64, counted: bool) -> Verdict {
    Verdict::Again { not_before: second(seconds), counted }
}

pub(super) fn report(outcome: Outcome) -> Report {
    Report {
        outcome,
        plugin: None,
        started_at: second(1),
        finished_at: second(2),
        usage: Usage::default(),
        logs: Vec::new(),
        logs_dropped: 0,
        items: Vec::new(),
        state: Vec::new(),
        artifacts: Vec::new(),
    }
}

pub(super) fn success() -> Report {
    report(Outcome::Succeeded { result: None })
}

pub(super) fn failure() -> Report {
    report(Outcome::Failed { message: "no".to_owned(), retryable: true, after: None })
}

pub(super) fn write(key: &str, value: &str, base: u64) -> StateWrite {
    StateWrite { key: key.to_owned(), value: Some(value.as_bytes().to_vec()), base, revision: base + 1 }
}
