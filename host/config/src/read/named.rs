//! `[trigger.x]`: triggers that several schedules name.

use std::cell::RefCell;
use std::collections::BTreeMap;

use noontide_domain::{NamedTrigger, ScheduleName, Trigger, suggest};

use super::trigger::{self, Times};
use super::{named_tables, own_zone};
use crate::interpolate::interpolate;
use crate::problem::Scope;
use crate::reader::{Desk, Reader};
use crate::tree::{Node, Place, Table, Value};

/// Triggers by name; `None` for one that has a problem, so that who names it is not told of a second.
pub(crate) type Triggers = BTreeMap<String, Option<Named>>;

/// What a schedule that names it reads, as if the keys were its own: in its zone, unless they name one.
#[derive(Debug, Clone)]
pub(crate) struct Named {
    place: Place,
    /// With the variables put in.
    keys: Table,
}

/// Reads all `[trigger.x]`. A mistake in one is a mistake of the whole: schedules of other files lean on it.
pub(super) fn triggers<'a>(desk: &'a Desk<'a>, top: &Reader<'a>, times: &Times<'_>) -> Triggers {
    let mut triggers = Triggers::new();
    for (name, place, table) in named_tables(top, "trigger") {
        let reader = Reader::new(desk, table, Scope::Host, format!("trigger `{name}`: "));
        // It is written where names of schedules are, and goes by their rules.
        let is_named = reader.good(place, name.parse::<ScheduleName>()).is_some();
        let read = read(&reader, place, times);
        let is_clean = reader.finish();
        let named = Named { place: place.clone(), keys: resolved(desk, table) };
        triggers.insert(name.to_owned(), read.filter(|_| is_named && is_clean).map(|_| named));
    }
    triggers
}

fn read(reader: &Reader<'_>, place: &Place, times: &Times<'_>) -> Option<Trigger> {
    let zone = own_zone(reader).unwrap_or(times.zone);
    // For people: read so that it is no unknown key.
    let _ = reader.text("description");
    if let Some(node) = reader.get("timetable") {
        return reader.good(&node.place, Err("`timetable` belongs to one schedule: write it there"));
    }
    trigger::trigger(reader, place, &Times { zone, triggers: &Triggers::new(), ..*times })
}

/// The trigger that `node` names.
pub(super) fn named(reader: &Reader<'_>, node: &Node, times: &Times<'_>) -> Option<Trigger> {
    let name = reader.as_text("trigger", node)?;
    let Some(found) = times.triggers.get(&name) else {
        return reader.good(&node.place, Err(unknown(&name, times.triggers)));
    };
    let Some(found) = found else {
        reader.spoil();
        return None;
    };
    // Texts are as they shall be: a client of the API that names it reads no variable.
    let desk = Desk { vars: None, problems: RefCell::default() };
    let inside = Reader::new(&desk, &found.keys, Scope::Host, String::new());
    let trigger = read(&inside, &found.place, times);
    let is_clean = inside.finish();
    if let Some(problem) = desk.problems.borrow().first() {
        // Right by itself, and not in the zone of this schedule.
        reader.problem(&node.place, format!("[trigger.{name}] at {problem}"));
    }
    trigger.filter(|_| is_clean)
}

fn unknown(name: &str, triggers: &Triggers) -> String {
    let names: Vec<_> = triggers.keys().map(String::as_str).collect();
    let hint = suggest::hint(name, names.iter().copied());
    let all = if names.is_empty() { "; there is none".to_owned() } else { format!("; there are {}", names.join(", ")) };
    format!("no [trigger.{name}]{}", if hint.is_empty() { all } else { hint })
}

/// The names that `trigger` of a schedule holds, with their places.
pub(super) fn names(reader: &Reader<'_>, triggers: &Triggers) -> Vec<NamedTrigger> {
    let nodes = match reader.get("trigger") {
        Some(Node { value: Value::Array(nodes), .. }) => nodes.as_slice(),
        Some(node) => std::slice::from_ref(node),
        None => &[],
    };
    let found = |node: &Node| {
        let Value::Text(_) = &node.value else { return None };
        let name = reader.as_text("trigger", node)?;
        let place = triggers.get(&name)?.as_ref()?.place.to_string();
        Some(NamedTrigger { name, place })
    };
    nodes.iter().filter_map(found).collect()
}

/// What cannot be put in has been noted when it was read.
fn resolved(desk: &Desk<'_>, table: &Table) -> Table {
    table.iter().map(|(key, (place, node))| (key.clone(), (place.clone(), put_in(desk, node)))).collect()
}

fn put_in(desk: &Desk<'_>, node: &Node) -> Node {
    let value = match (&node.value, desk.vars) {
        (Value::Text(text), Some(vars)) => Value::Text(interpolate(text, vars).unwrap_or_else(|_| text.clone())),
        (Value::Array(nodes), _) => Value::Array(nodes.iter().map(|node| put_in(desk, node)).collect()),
        (Value::Table(table), _) => Value::Table(resolved(desk, table)),
        (plain, _) => plain.clone(),
    };
    Node { place: node.place.clone(), value }
}
