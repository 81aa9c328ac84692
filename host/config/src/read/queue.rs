//! `[queue.x]`, and what a schedule says about its place in the line: `queue`, `priority`, `headers`; which hosts take its runs
//! (`runs-on`), and how many go on at the same time (`concurrency`).

use std::collections::BTreeMap;

use noontide_domain::{Headers, Labels, Overlap, Priority, QueueName, Queues, gate};

use super::named_tables;
use crate::problem::Scope;
use crate::reader::{Desk, Reader};
use crate::tree::{Node, Value};

/// Reads all `[queue.x]`. A mistake in one is a mistake of the whole: schedules of other files lean on it.
pub(super) fn queues<'a>(desk: &'a Desk<'a>, top: &Reader<'a>) -> Queues {
    let mut queues = Queues::default();
    for (name, place, table) in named_tables(top, "queue") {
        let reader = Reader::new(desk, table, Scope::Host, format!("queue `{name}`: "));
        let (concurrency, total) = (reader.count("concurrency", 1), reader.count("total", 1));
        // For people: read so that it is no unknown key.
        let _ = reader.text("description");
        if let Some((most, total)) = concurrency.zip(total).filter(|(most, total)| most > total) {
            let why =
                "a host would never have more than all hosts together; make `total` larger, or take `concurrency` out";
            reader.problem(
                &reader.place_of("concurrency"),
                format!("`concurrency` is {most} and `total` is {total}: {why}"),
            );
        }
        if let Some(name) = reader.good::<QueueName>(place, name.parse()) {
            queues.totals.extend(total.map(|total| (name.clone(), total)));
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

/// How many runs of a schedule go on at the same time, on all hosts together.
pub(super) fn concurrency(reader: &Reader<'_>, overlap: Overlap) -> Option<u32> {
    let most = u32::try_from(reader.count("concurrency", 1)?).unwrap_or(u32::MAX);
    if most > 1 && !matches!(overlap, Overlap::Allow | Overlap::QueueAll) {
        let (overlap, place) = (overlap.as_str(), reader.place_of("concurrency"));
        let remedy = "write overlap = \"queue-all\", or take `concurrency` out";
        reader.problem(
            &place,
            format!("`concurrency` is {most}, but with overlap `{overlap}` one run goes on at a time; {remedy}"),
        );
    }
    Some(most)
}

/// What a schedule asks of the hosts that carry out its runs.
pub(super) fn runs_on(reader: &Reader<'_>) -> Labels {
    let read = gate::runs_on(texts(reader, "runs-on")).map_err(|reason| format!("`runs-on`: {reason}"));
    reader.good(&reader.place_of("runs-on"), read).unwrap_or_default()
}

fn texts(reader: &Reader<'_>, key: &'static str) -> BTreeMap<String, String> {
    let table = reader.table(key).into_iter().flatten();
    table.filter_map(|(name, (_, node))| Some((name.clone(), reader.as_text(name, node)?))).collect()
}

/// The headers of a schedule.
pub(super) fn headers(reader: &Reader<'_>) -> Headers {
    let read = Headers::new(texts(reader, "headers")).map_err(|reason| format!("`headers`: {reason}"));
    reader.good(&reader.place_of("headers"), read).unwrap_or_default()
}
