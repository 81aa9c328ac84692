//! `cron`, `every`, `at`, `manual`: exactly one of them.

use std::time::Duration;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use noontide_domain::Trigger;
use noontide_domain::trigger::{At, Cron, Every, at::parse_instant};

use crate::reader::Reader;
use crate::tree::{Node, Place, Value};

const KINDS: [&str; 4] = ["cron", "every", "at", "manual"];

/// Triggers of a later version, and the keys that go with them.
const LATER: [&str; 5] = ["solar", "lat", "lon", "offset", "timetable"];

/// Shorter than this, a run costs more than the time to the next.
const SHORTEST: Duration = Duration::from_millis(100);

pub(super) fn trigger(reader: &Reader<'_>, table: &Place, zone: Tz) -> Option<Trigger> {
    let given: Vec<_> = KINDS.into_iter().filter(|kind| reader.has(kind)).collect();
    reader.later(&LATER, "there are cron, every, at and manual");
    let [kind] = given.as_slice() else {
        match given.as_slice() {
            [] if LATER.iter().any(|kind| reader.is_written(kind)) => {}
            [] => reader.problem(table, "has no trigger; give exactly one of cron, every, at, manual"),
            several => reader.problem(table, too_many(reader, several)),
        }
        return None;
    };
    let node = reader.get(kind)?;
    match *kind {
        "cron" => {
            let text = reader.as_text("cron", node)?;
            reader
                .good(&node.place, Cron::parse(&text, zone).map_err(|reason| format!("`cron`: {reason}")))
                .map(Trigger::Cron)
        }
        "every" => every(reader, node, zone).map(Trigger::Every),
        "at" => at(reader, node, zone).map(Trigger::At),
        _ => match reader.flag("manual")? {
            true => Some(Trigger::Manual),
            false => {
                reader.good(&node.place, Err("`manual = false` says nothing; take it out and give another trigger"))
            }
        },
    }
}

/// Files lie over one another, so the two need not be seen together: each is named with its place.
fn too_many(reader: &Reader<'_>, kinds: &[&str]) -> String {
    let each: Vec<_> = kinds.iter().map(|kind| format!("{kind} ({})", reader.place_of(kind))).collect();
    format!("has {}; exactly one trigger is possible: take out the others", each.join(" and "))
}

fn every(reader: &Reader<'_>, node: &Node, zone: Tz) -> Option<Every> {
    let every = reader.as_duration("every", node)?;
    if every < SHORTEST {
        reader.problem(
            &node.place,
            "`every` is shorter than 100ms; below that a run costs more than the wait for the next",
        );
        return None;
    }
    let [start, end] = ["start", "end"].map(|key| reader.get(key).map(|node| (instant(reader, key, node, zone), node)));
    if let (Some((Some(from), _)), Some((Some(to), node))) = (&start, &end)
        && from > to
    {
        reader.problem(&node.place, "`end` lies before `start`: it would never fire");
        return None;
    }
    let given = |bound: Option<(Option<DateTime<Utc>>, &Node)>| match bound {
        None => Some(None),
        Some((None, _)) => None,
        Some((instant, _)) => Some(instant),
    };
    Some(Every { every, start: given(start)?, end: given(end)? })
}

fn at(reader: &Reader<'_>, node: &Node, zone: Tz) -> Option<At> {
    let instants = match &node.value {
        Value::Array(nodes) if nodes.is_empty() => {
            return reader.good(&node.place, Err("`at` is an empty list: it would never fire"));
        }
        Value::Array(nodes) => nodes.iter().map(|node| instant(reader, "at", node, zone)).collect::<Option<_>>()?,
        _ => vec![instant(reader, "at", node, zone)?],
    };
    Some(At::new(instants))
}

/// A string, or TOML's own date with a time.
fn instant(reader: &Reader<'_>, key: &str, node: &Node, zone: Tz) -> Option<DateTime<Utc>> {
    let text = match &node.value {
        Value::Datetime(text) => text.clone(),
        _ => reader.as_text(key, node)?,
    };
    reader.good(&node.place, parse_instant(&text, zone).map_err(|reason| format!("`{key}`: {reason}")))
}
