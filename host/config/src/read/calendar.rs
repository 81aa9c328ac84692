//! `[calendar.x]`: which days are worked.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{NaiveDate, Weekday};
use noontide_domain::trigger::Calendar;
use noontide_domain::trigger::calendar::saturday_and_sunday;

use super::named_tables;
use crate::ics;
use crate::problem::Scope;
use crate::reader::{Desk, Reader};
use crate::tree::{Node, Value};

/// Calendars by name; `None` for one that has a problem, so that who uses it is not told of a second.
pub(crate) type Calendars = BTreeMap<String, Option<Arc<Calendar>>>;

/// Longest range taken, in days: a slip in a year would be one of thousands.
const LONGEST: i64 = 366;

/// Names of days, and what else people write.
const WEEKDAYS: [&str; 7] = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"];

/// Reads all `[calendar.x]`. A mistake in one is a mistake of the whole: schedules of other files lean on it.
pub(super) fn calendars<'a>(desk: &'a Desk<'a>, top: &Reader<'a>) -> Calendars {
    let mut calendars = BTreeMap::new();
    for (name, place, table) in named_tables(top, "calendar") {
        let reader = Reader::new(desk, table, Scope::Host, format!("calendar `{name}`: "));
        let calendar = calendar(&reader, name);
        let calendar = reader.good(place, calendar);
        let is_clean = reader.finish();
        calendars.insert(name.to_owned(), calendar.map(Arc::new).filter(|_| is_clean));
    }
    calendars
}

fn calendar(reader: &Reader<'_>, name: &str) -> Result<Calendar, String> {
    let mut days = Days::default();
    for node in entries(reader, "holidays") {
        if let Some(holidays) = span(reader, "holidays", node) {
            days.holidays.extend(holidays);
        }
    }
    for node in entries(reader, "workdays") {
        let worked = span(reader, "workdays", node).into_iter().flatten();
        days.workdays.extend(worked.map(|(date, _)| date));
    }
    for node in entries(reader, "ics") {
        days.read_file(reader, node);
    }
    // For people: read so that it is no unknown key.
    let _ = reader.text("description");
    Calendar::new(name, weekend(reader), days.holidays, days.workdays)
}

/// A day and its name, if it has one.
type Holiday = (NaiveDate, Option<String>);

#[derive(Default)]
struct Days {
    holidays: Vec<Holiday>,
    workdays: Vec<NaiveDate>,
}

impl Days {
    fn read_file(&mut self, reader: &Reader<'_>, node: &Node) {
        let Some(path) = reader.as_path("ics", node) else { return };
        let text = std::fs::read_to_string(&path).map_err(|error| error.to_string());
        let events = text.and_then(|text| ics::events(&text));
        let told = |reason| format!("`ics` {}: {reason}", path.display());
        for event in reader.good(&node.place, events.map_err(told)).into_iter().flatten() {
            let days = event.from.iter_days().take_while(|day| *day <= event.to);
            match event.is_workday {
                true => self.workdays.extend(days),
                false => self.holidays.extend(days.map(|date| (date, named(&event.name)))),
            }
        }
    }
}

/// One value, or a list of them.
fn entries<'a>(reader: &Reader<'a>, key: &'static str) -> &'a [Node] {
    match reader.get(key) {
        None => &[],
        Some(Node { value: Value::Array(nodes), .. }) => nodes,
        Some(node) => std::slice::from_ref(node),
    }
}

/// `2026-10-01`, `2026-10-01..2026-10-07`, or `{ date = …, name = "…" }`.
fn span<'a>(reader: &Reader<'a>, key: &'static str, node: &'a Node) -> Option<Vec<Holiday>> {
    let (text, name) = match &node.value {
        Value::Datetime(text) => (text.clone(), String::new()),
        Value::Table(table) => {
            let inside = reader.inside(table);
            let name = inside.text("name").map(|(name, _)| name).unwrap_or_default();
            let date = inside.get("date").and_then(|node| match &node.value {
                Value::Datetime(text) => Some(text.clone()),
                _ => inside.as_text("date", node),
            });
            if !inside.finish() {
                reader.spoil();
            }
            if date.is_none() {
                reader.problem(&node.place, format!("`{key}`: the entry has no `date`"));
            }
            (date?, name)
        }
        _ => (reader.as_text(key, node)?, String::new()),
    };
    let dates = reader.good(&node.place, dates(&text).map_err(|reason| format!("`{key}`: {reason}")))?;
    Some(dates.into_iter().map(|date| (date, named(&name))).collect())
}

fn named(name: &str) -> Option<String> {
    (!name.is_empty()).then(|| name.to_owned())
}

fn dates(text: &str) -> Result<Vec<NaiveDate>, String> {
    let day = |text: &str| {
        NaiveDate::parse_from_str(text.trim(), "%Y-%m-%d")
            .map_err(|_| format!("`{text}` is no date; write 2026-10-01, or 2026-10-01..2026-10-07"))
    };
    let Some((from, to)) = text.split_once("..") else { return Ok(vec![day(text)?]) };
    let (from, to) = (day(from)?, day(to)?);
    match (to - from).num_days() {
        ..0 => Err(format!("`{text}` ends before it begins")),
        0..=LONGEST => Ok(from.iter_days().take_while(|day| *day <= to).collect()),
        _ => Err(format!("`{text}` is longer than a year")),
    }
}

/// Saturday and Sunday unless said otherwise.
fn weekend(reader: &Reader<'_>) -> Vec<Weekday> {
    if !reader.has("weekend") {
        return saturday_and_sunday();
    }
    let weekday = |node: &Node| {
        let text = reader.as_text("weekend", node)?;
        let known = WEEKDAYS.iter().any(|name| name.eq_ignore_ascii_case(&text));
        let read = text.parse().ok().filter(|_| known);
        let wrong = || format!("`weekend`: `{text}` is no weekday; there are {}", WEEKDAYS.join(", "));
        reader.good(&node.place, read.ok_or_else(wrong))
    };
    entries(reader, "weekend").iter().filter_map(weekday).collect()
}
