//! When a schedule comes due: `cron`, `every`, `at`, `solar`, `after`, `timetable` or `manual` in its own table, or several
//! tables in `trigger`.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use noontide_domain::trigger::at::parse_instant;
use noontide_domain::trigger::cron::{Dialect, DstGap, DstOverlap, Rules, Source};
use noontide_domain::trigger::solar::parse_offset;
use noontide_domain::trigger::{At, Calendar, Cron, KEYS, OffDays, OnWorkdays, Solar, Within};
use noontide_domain::{Queues, ScheduleName, Trigger, suggest};

use super::calendar::Calendars;
use super::named::{self, Triggers};
use super::{every, own_zone, timetable};
use crate::reader::Reader;
use crate::tree::{Node, Place, Value};

const KINDS: [&str; 7] = ["cron", "every", "at", "solar", "after", "timetable", "manual"];

/// What schedules are read with.
pub(crate) struct Times<'a> {
    /// The schedule's zone.
    pub(crate) zone: Tz,
    /// All `[calendar.x]`.
    pub(crate) calendars: &'a Calendars,
    /// All `[trigger.x]`.
    pub(crate) triggers: &'a Triggers,
    /// All `[queue.x]`.
    pub(crate) queues: &'a Queues,
    /// All `[plugin.x]`.
    pub(crate) grants: &'a super::Grants,
}

/// The trigger of a schedule.
pub(super) fn trigger(reader: &Reader<'_>, table: &Place, times: &Times<'_>) -> Option<Trigger> {
    let Some(node) = reader.get("trigger") else { return one(reader, table, times) };
    for key in KEYS.iter().filter(|key| reader.is_written(key)) {
        let _ = reader.get(key);
        let message = format!("`{key}` stands beside `trigger`: put it into one of the tables of `trigger`");
        reader.problem(&reader.place_of(key), message);
    }
    let nodes = match &node.value {
        Value::Text(_) => return named::named(reader, node, times),
        Value::Array(nodes) => nodes,
        other => {
            let expected = "the name of a [trigger.NAME], or a list of names and tables, is expected";
            reader.problem(&node.place, format!("`trigger` is {}; {expected}", other.kind()));
            return None;
        }
    };
    let triggers: Vec<_> = nodes.iter().map(|node| entry(reader, node, times)).collect();
    match triggers.into_iter().collect::<Option<Vec<_>>>()? {
        none if none.is_empty() => reader.good(&node.place, Err("`trigger` is an empty list: it would never fire")),
        triggers if triggers.iter().any(|trigger| trigger.timetable().is_some()) => {
            reader.good(&node.place, Err("`timetable` stands in a list: give it a schedule of its own"))
        }
        triggers => Some(Trigger::Several(triggers)),
    }
}

fn entry(reader: &Reader<'_>, node: &Node, times: &Times<'_>) -> Option<Trigger> {
    let table = match &node.value {
        Value::Text(_) => return named::named(reader, node, times),
        Value::Table(table) => table,
        other => {
            reader.problem(&node.place, format!("`trigger` holds {}; names and tables are expected", other.kind()));
            return None;
        }
    };
    let inside = reader.inside(table);
    let zone = own_zone(&inside).unwrap_or(times.zone);
    let trigger = one(&inside, &node.place, &Times { zone, ..*times });
    if !inside.finish() {
        reader.spoil();
    }
    trigger
}

/// One trigger with its bounds and its calendar. Every key is asked for in any case.
fn one(reader: &Reader<'_>, table: &Place, times: &Times<'_>) -> Option<Trigger> {
    let zone = times.zone;
    let (start, end) = (bound(reader, "start", zone), bound(reader, "end", zone));
    let rules = rules(reader);
    let place = solar_place(reader);
    let calendar = calendar(reader, times);
    let given: Vec<_> = KINDS.into_iter().filter(|kind| reader.has(kind)).collect();
    for (keys, kind) in
        [(&["lat", "lon", "offset"][..], "solar"), (&["dialect", "dst", "dst-gap", "dst-overlap"], "cron")]
    {
        for key in keys.iter().filter(|key| reader.is_written(key) && !given.is_empty() && !given.contains(&kind)) {
            reader.problem(&reader.place_of(key), format!("`{key}` goes with `{kind}` only"));
        }
    }
    let [kind] = given.as_slice() else {
        match given.as_slice() {
            [] => reader.problem(table, format!("has no trigger; give exactly one of {}", KINDS.join(", "))),
            several => reader.problem(table, too_many(reader, several)),
        }
        return None;
    };
    let node = reader.get(kind)?;
    let (start, end) = (start?, end?);
    let trigger = match *kind {
        "cron" => cron(reader, node, zone, rules?).map(Trigger::Cron),
        "every" => return every::every(reader, node, zone, start, end).and_then(|trigger| on(calendar, trigger, zone)),
        "at" => at(reader, node, zone).map(Trigger::At),
        "solar" => solar(reader, node, place?, zone).map(Trigger::Solar),
        "after" => after(reader, node).map(Trigger::After),
        "timetable" => return timetable::timetable(reader, node).map(Trigger::Timetable),
        _ => match reader.flag("manual")? {
            true => Some(Trigger::Manual),
            false => {
                reader.good(&node.place, Err("`manual = false` says nothing; take it out and give another trigger"))
            }
        },
    }?;
    let bounded = match (start, end) {
        (None, None) => Ok(trigger),
        (start, end) => Within::new(trigger, start, end).map(|within| Trigger::Within(Box::new(within))),
    };
    let bounded = reader.good(&reader.place_of("end"), bounded.map_err(|reason| format!("`end`: {reason}")))?;
    on(calendar, bounded, zone)
}

/// Files lie over one another, so the two need not be seen together: each is named with its place.
fn too_many(reader: &Reader<'_>, kinds: &[&str]) -> String {
    let each: Vec<_> = kinds.iter().map(|kind| format!("{kind} ({})", reader.place_of(kind))).collect();
    format!(
        "has {}; exactly one trigger is possible here: take out the others, or list them in `trigger`",
        each.join(" and ")
    )
}

/// A text, or fields by name.
fn cron(reader: &Reader<'_>, node: &Node, zone: Tz, rules: Rules) -> Option<Cron> {
    let source = match &node.value {
        Value::Table(table) => {
            let field = |(name, (_, node)): (&String, &(Place, Node))| {
                let text = match &node.value {
                    Value::Integer(number) => number.to_string(),
                    _ => reader.as_text(name, node)?,
                };
                Some((name.clone(), text))
            };
            Source::Table(table.iter().map(field).collect::<Option<_>>()?)
        }
        _ => Source::Text(reader.as_text("cron", node)?),
    };
    reader.good(&node.place, Cron::read(source, zone, rules).map_err(|reason| format!("`cron`: {reason}")))
}

fn rules(reader: &Reader<'_>) -> Option<Rules> {
    fn word<T: std::str::FromStr<Err: std::fmt::Display> + Default>(
        reader: &Reader<'_>,
        key: &'static str,
    ) -> Option<T> {
        match reader.get(key) {
            None => Some(T::default()),
            Some(node) => {
                let text = reader.as_text(key, node)?;
                reader.good(&node.place, text.parse().map_err(|reason| format!("`{key}`: {reason}")))
            }
        }
    }
    if let Some((dst, node)) = reader.text("dst").filter(|(dst, _)| dst != "vixie") {
        let message = format!("`dst` is `{dst}`; only vixie is known: dst-gap and dst-overlap change its two halves");
        reader.problem(&node.place, message);
    }
    let dialect: Option<Dialect> = word(reader, "dialect");
    let gap: Option<DstGap> = word(reader, "dst-gap");
    let overlap: Option<DstOverlap> = word(reader, "dst-overlap");
    Some(Rules { dialect: dialect?, dst_gap: gap?, dst_overlap: overlap? })
}

fn at(reader: &Reader<'_>, node: &Node, zone: Tz) -> Option<At> {
    let instants = match &node.value {
        Value::Array(nodes) if nodes.is_empty() => {
            return reader.good(&node.place, Err("`at` is an empty list: it would never fire"));
        }
        Value::Array(nodes) => nodes.iter().map(|node| instant(reader, "at", node, zone)).collect::<Option<_>>()?,
        _ => vec![instant(reader, "at", node, zone)?],
    };
    reader.good(&node.place, At::list(instants).map_err(|reason| format!("`at`: {reason}")))
}

/// Latitude, longitude, offset as text.
type SolarPlace = (f64, f64, Option<String>);

fn solar_place(reader: &Reader<'_>) -> Option<SolarPlace> {
    let degrees = |key: &'static str| {
        let node = reader.get(key)?;
        match &node.value {
            Value::Float(degrees) => Some(*degrees),
            Value::Integer(degrees) => Some(*degrees as f64),
            other => reader.good(&node.place, Err(format!("`{key}` is {}; degrees are expected", other.kind()))),
        }
    };
    let (lat, lon) = (degrees("lat"), degrees("lon"));
    let offset = reader.text("offset").map(|(offset, _)| offset);
    if !reader.is_written("solar") {
        return None;
    }
    for key in ["lat", "lon"].into_iter().filter(|key| !reader.is_written(key)) {
        let message = format!("has no `{key}`; `solar` needs lat and lon, in degrees, north and east positive");
        reader.problem(&reader.place_of("solar"), message);
    }
    Some((lat?, lon?, offset))
}

fn solar(reader: &Reader<'_>, node: &Node, (lat, lon, offset): SolarPlace, zone: Tz) -> Option<Solar> {
    let event = reader.as_text("solar", node)?;
    let offset = offset.as_deref().map_or_else(|| Ok(TimeDelta::zero()), parse_offset);
    let offset = reader.good(&reader.place_of("offset"), offset.map_err(|reason| format!("`offset`: {reason}")))?;
    let solar = event.parse().and_then(|event| Solar::new(event, lat, lon, offset, zone));
    reader.good(&node.place, solar.map_err(|reason| format!("`solar`: {reason}")))
}

/// That the schedule exists is looked at when all are read.
fn after(reader: &Reader<'_>, node: &Node) -> Option<ScheduleName> {
    let name = reader.as_text("after", node)?;
    reader.good(&node.place, name.parse().map_err(|reason| format!("`after`: {reason}")))
}

/// What `calendar` asks for: nothing, or a calendar and what happens on its off days. Outer `None` if it is wrong.
type On = Option<Option<(Arc<Calendar>, OffDays)>>;

/// `"china"`, or `{ name = "china", off-days = "before" }`.
fn calendar(reader: &Reader<'_>, times: &Times<'_>) -> On {
    let Some(node) = reader.get("calendar") else { return Some(None) };
    let (name, place, off_days) = match &node.value {
        Value::Table(table) => {
            let inside = reader.inside(table);
            let off_days = match inside.text("off-days") {
                None => Some(OffDays::default()),
                Some((text, node)) => {
                    inside.good(&node.place, text.parse().map_err(|reason| format!("`off-days`: {reason}")))
                }
            };
            let name = inside.text("name");
            if !inside.has("name") {
                inside.problem(&node.place, "`calendar` has no `name`; write { name = \"…\", off-days = \"skip\" }");
            }
            if !inside.finish() {
                reader.spoil();
            }
            let (name, node) = name?;
            (name, &node.place, off_days)
        }
        _ => (reader.as_text("calendar", node)?, &node.place, Some(OffDays::default())),
    };
    let unknown = || {
        let names: Vec<_> = times.calendars.keys().map(String::as_str).collect();
        let hint = suggest::hint(&name, names.iter().copied());
        let all =
            if names.is_empty() { "; there is none".to_owned() } else { format!("; there are {}", names.join(", ")) };
        format!("no [calendar.{name}]{}", if hint.is_empty() { all } else { hint })
    };
    let calendar = reader.good(place, times.calendars.get(&name).ok_or_else(unknown))?.clone();
    if calendar.is_none() {
        reader.spoil();
    }
    Some(Some((calendar?, off_days?)))
}

fn on(calendar: On, trigger: Trigger, zone: Tz) -> Option<Trigger> {
    Some(match calendar? {
        None => trigger,
        Some((calendar, off_days)) => {
            Trigger::OnWorkdays(Box::new(OnWorkdays { trigger, calendar, off_days, timezone: zone }))
        }
    })
}

/// Outer `None` if it is wrong.
fn bound(reader: &Reader<'_>, key: &'static str, zone: Tz) -> Option<Option<DateTime<Utc>>> {
    match reader.get(key) {
        None => Some(None),
        Some(node) => instant(reader, key, node, zone).map(Some),
    }
}

/// A string, or TOML's own date with a time.
pub(super) fn instant(reader: &Reader<'_>, key: &str, node: &Node, zone: Tz) -> Option<DateTime<Utc>> {
    let text = match &node.value {
        Value::Datetime(text) => text.clone(),
        _ => reader.as_text(key, node)?,
    };
    reader.good(&node.place, parse_instant(&text, zone).map_err(|reason| format!("`{key}`: {reason}")))
}
