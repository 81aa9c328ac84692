//! What a client of the API would have had to write for it, so that a later patch is laid over what stands.

use serde_json::{Map, Value, json};

use crate::trigger::{Every, KEYS};
use crate::{Schedule, Trigger, duration};

/// The keys of `schedule` over those of `former`; `None` if those are not known.
pub(super) fn over(former: Option<&Schedule>, schedule: &Schedule) -> Option<Value> {
    let mut keys = match former {
        None => Map::new(),
        Some(former) => former.asked.as_ref()?.as_object()?.clone(),
    };
    let mut set = |key: &str, value: Option<Value>| match value {
        Some(value) => keys.insert(key.to_owned(), value),
        None => keys.remove(key),
    };
    let differs = |same: fn(&Schedule, &Schedule) -> bool| former.is_none_or(|former| !same(former, schedule));
    if differs(|a, b| a.description == b.description) {
        set("description", schedule.description.as_ref().map(|text| json!(text)));
    }
    if differs(|a, b| a.handler == b.handler) {
        set("handler", Some(json!(schedule.handler)));
    }
    if differs(|a, b| a.input == b.input) {
        set("input", Some(schedule.input.clone()));
    }
    if differs(|a, b| a.headers == b.headers) {
        set("headers", Some(json!(schedule.headers)).filter(|_| !schedule.headers.is_empty()));
    }
    if differs(|a, b| a.enabled == b.enabled) {
        set("enabled", Some(json!(schedule.enabled)));
    }
    if differs(|a, b| a.expect_within == b.expect_within) {
        set("expect-within", schedule.expect_within.map(|within| json!(duration::words(within))));
    }
    if differs(|a, b| a.timezone == b.timezone) {
        set("timezone", Some(json!(schedule.timezone.name())));
    }
    if differs(|a, b| a.trigger == b.trigger) {
        for key in KEYS {
            set(key, None);
        }
        set("trigger", None);
        let (key, value) = trigger(&schedule.trigger);
        set(key, Some(value));
    }
    Some(Value::Object(keys))
}

fn trigger(trigger: &Trigger) -> (&'static str, Value) {
    match trigger {
        Trigger::Cron(cron) => ("cron", json!(cron.expression())),
        Trigger::Every(Every { every, .. }) => ("every", json!(duration::words(*every))),
        Trigger::Step(step) => ("every", json!(step.text())),
        Trigger::At(at) => ("at", json!(at.text())),
        _ => ("manual", json!(true)),
    }
}
