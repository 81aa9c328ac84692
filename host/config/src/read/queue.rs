//! `[queue.x]`, and what a schedule says about its place in the line: `queue`, `priority`, `headers`.

use std::collections::BTreeMap;

use noontide_domain::{Headers, Priority, QueueName, Queues};

use super::named_tables;
use crate::problem::Scope;
use crate::reader::{Desk, Reader};
use crate::tree::{Node, Value};

/// Reads all `[queue.x]`. A mistake in one is a mistake of the whole: schedules of other files lean on it.
pub(super) fn queues<'a>(desk: &'a Desk<'a>, top: &Reader<'a>) -> Queues {
    let mut queues = Queues::default();
    for (name, place, table) in named_tables(top, "queue") {
        let reader = Reader::new(desk, table, Scope::Host, format!("queue `{name}`: "));
        let concurrency = reader.count("concurrency", 1);
        // For people: read so that it is no unknown key.
        let _ = reader.text("description");
        if let Some(name) = reader.good(place, name.parse()) {
            queues.named.insert(name, concurrency);
        }
        reader.finish();
    }
    queues
}

/// The queues that this host takes from; all if nothing is said.
pub(super) fn taken(reader: &Reader<'_>, queues: &mut Queues) {
    let Some(node) = reader.get("queues") else { return };
    let Value::Array(nodes) = &node.value else {
        return reader.problem(&node.place, format!("`queues` is {}; a list of names is expected", node.value.kind()));
    };
    if nodes.is_empty() {
        reader.problem(&node.place, "`queues` is empty: no run would ever begin; take it out to take from all");
    }
    let name = |node: &Node| known(reader, "queues", &reader.as_text("queues", node)?, node, queues);
    queues.taken = Some(nodes.iter().filter_map(name).collect());
}

/// The queue of a schedule.
pub(super) fn queue(reader: &Reader<'_>, queues: &Queues) -> QueueName {
    let named = reader.text("queue").and_then(|(name, node)| known(reader, "queue", &name, node, queues));
    named.unwrap_or_default()
}

fn known(reader: &Reader<'_>, key: &str, name: &str, node: &Node, queues: &Queues) -> Option<QueueName> {
    let read = name.parse::<QueueName>().map_err(|reason| reason.to_string());
    let read = read.and_then(|name| queues.check(&name).map(|()| name));
    reader.good(&node.place, read.map_err(|reason| format!("`{key}`: {reason}")))
}

/// The priority of a schedule.
pub(super) fn priority(reader: &Reader<'_>) -> Priority {
    let Some(number) = reader.count("priority", 0) else { return Priority::SCHEDULE };
    let read = Priority::of_number(i64::try_from(number).unwrap_or(i64::MAX));
    let place = reader.place_of("priority");
    reader.good(&place, read.map_err(|reason| format!("`priority`: {reason}"))).unwrap_or(Priority::SCHEDULE)
}

/// The headers of a schedule.
pub(super) fn headers(reader: &Reader<'_>) -> Headers {
    let mut texts = BTreeMap::new();
    for (name, (_, node)) in reader.table("headers").into_iter().flatten() {
        texts.extend(reader.as_text(name, node).map(|text| (name.clone(), text)));
    }
    let read = Headers::new(texts).map_err(|reason| format!("`headers`: {reason}"));
    reader.good(&reader.place_of("headers"), read).unwrap_or_default()
}
