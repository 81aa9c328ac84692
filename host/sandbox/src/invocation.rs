//! From a run that is leased to what its handler is told of it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use noontide_domain::{Cause, Item, Leased, Order, TraceParent};
use serde_json::{Map, Value, json};

use crate::bindings::types as wit;

pub(crate) fn invocation(leased: &Leased, handler: &str, now: DateTime<Utc>, allowed: Duration) -> wit::Invocation {
    let order = &leased.order;
    let millis = DateTime::timestamp_millis;
    wit::Invocation {
        run_id: order.id.to_string(),
        fire_key: order.key.hex(),
        schedule: order.schedule.as_ref().map(ToString::to_string),
        handler: handler.to_owned(),
        attempt: leased.lease.attempt,
        max_attempts: order.retry.attempts,
        due_at: millis(&order.due_at),
        fired_at: millis(&now),
        deadline: i64::try_from(allowed.as_millis()).ok().map(|allowed| millis(&now) + allowed),
        previous_success: leased.previous_success.as_ref().map(millis),
        window: order.window.map(|window| wit::Window { from: millis(&window.from), to: millis(&window.to) }),
        timezone: order.timezone.name().to_owned(),
        cause: match order.cause {
            Cause::Schedule | Cause::After => wit::Cause::Schedule,
            Cause::Manual => wit::Cause::Manual,
            Cause::Enqueued => wit::Cause::Enqueued,
            Cause::Backfill => wit::Cause::Backfill,
        },
        trace_parent: trace_parent(leased).to_string(),
        input: order.input.to_string(),
        items: leased.items.iter().map(item).collect(),
        extra: extra(order),
    }
}

/// What the contract has no word for: a record or an enum that grows would turn away the plugins that are there. Headers are
/// told apart by their beginning.
fn extra(order: &Order) -> Vec<(String, String)> {
    let cause = (order.cause == Cause::After).then(|| ("cause".to_owned(), "after".to_owned()));
    let headers = order.headers.iter().map(|(name, text)| (format!("header.{name}"), text.to_owned()));
    let chain = order.chain.map(|chain| ("chain".to_owned(), chain.to_string()));
    let told = order.origin.iter().flat_map(|origin| origin.told());
    cause.into_iter().chain(headers).chain(includes(order)).chain(chain).chain(told).collect()
}

fn includes(order: &Order) -> Vec<(String, String)> {
    if order.includes.is_empty() {
        return Vec::new();
    }
    let names: Vec<_> = order.includes.iter().map(|one| one.schedule.as_str()).collect();
    let inputs: Map<_, _> = order.includes.iter().map(|one| (one.schedule.to_string(), one.input.clone())).collect();
    vec![
        ("includes".to_owned(), json!(names).to_string()),
        ("included-inputs".to_owned(), Value::Object(inputs).to_string()),
    ]
}

fn item(item: &Item) -> wit::Item {
    wit::Item { key: item.key.hex(), payload: item.payload.clone() }
}

/// The run's trace, and a span of its own for this attempt.
pub(crate) fn trace_parent(leased: &Leased) -> TraceParent {
    TraceParent::of_attempt(&leased.order.trace_id, leased.order.id, leased.lease.attempt)
}

#[cfg(test)]
mod tests {
    use noontide_domain::{Headers, Key, RunId};

    use super::*;

    #[test]
    fn headers_are_handed_over_beside_what_the_contract_has_no_word_for() {
        let id = RunId::new();
        let handler = "mail/send".parse().expect("a handler");
        let headers = Headers::new([("tenant".to_owned(), "acme".to_owned())].into()).expect("headers");
        let order = Order { headers, ..Order::new(id, Key::manual(id), handler, DateTime::UNIX_EPOCH, Cause::After) };
        let pair = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        assert_eq!(extra(&order), [pair("cause", "after"), pair("header.tenant", "acme")]);
    }
}
