//! What is asked: a trigger, a zone, and from when on. Read from fields that may hold anything.

use std::fmt::Display;
use std::str::FromStr;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use chrono_tz::Tz;
use noontide_domain::trigger::cron::{Rules, Source};
use noontide_domain::trigger::every::{self, Every, Length};
use noontide_domain::trigger::solar::parse_offset;
use noontide_domain::trigger::{At, Cron, Solar, Step, Within};
use noontide_domain::{Trigger, suggest};
use serde_json::{Map, Value};

use crate::zone;

/// Most instants one answer holds; a year of minutes would be five times as many.
const MOST: u64 = 100_000;

const FIELDS: [&str; 15] = [
    "cron",
    "every",
    "at",
    "solar",
    "lat",
    "lon",
    "offset",
    "tz",
    "from",
    "count",
    "start",
    "end",
    "dialect",
    "dst_gap",
    "dst_overlap",
];

/// A question that can be answered.
#[derive(Debug)]
pub struct Question {
    /// When.
    pub trigger: Trigger,
    /// The zone it is read and shown in.
    pub zone: Tz,
    /// Strictly after this instant.
    pub from: DateTime<Utc>,
    /// At most so many.
    pub count: usize,
    /// For `at`: as it was written.
    pub written: String,
}

impl Question {
    /// Reads a question.
    ///
    /// # Errors
    /// One line that names the field and the reason.
    pub fn read(fields: &Map<String, Value>, now: DateTime<Utc>) -> Result<Self, String> {
        known(fields)?;
        let zone = match text(fields, "tz")? {
            Some(name) => zone::named(name).map_err(|reason| format!("tz: {reason}"))?,
            None => Tz::UTC,
        };
        let from = instant(fields, "from", zone)?.unwrap_or_else(|| now.trunc_subsecs(0));
        let count = count(fields)?;
        let (trigger, written) = trigger(fields, zone)?;
        Ok(Self { trigger, zone, from, count, written })
    }
}

fn known(fields: &Map<String, Value>) -> Result<(), String> {
    match fields.keys().find(|name| !FIELDS.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => {
            let hint = suggest::hint(name, FIELDS);
            let hint = if hint.is_empty() { format!("; there are {}", FIELDS.join(", ")) } else { hint };
            Err(format!("unknown field `{name}`{hint}"))
        }
    }
}

const KINDS: [&str; 4] = ["cron", "every", "at", "solar"];

/// The trigger, and for `at` its text as it was written.
fn trigger(fields: &Map<String, Value>, zone: Tz) -> Result<(Trigger, String), String> {
    let (start, end) = (instant(fields, "start", zone)?, instant(fields, "end", zone)?);
    let (rules, place) = (rules(fields)?, place(fields)?);
    let given: Vec<_> = KINDS.into_iter().filter(|kind| fields.contains_key(*kind)).collect();
    let [kind] = given.as_slice() else {
        return Err(match given.as_slice() {
            [] => format!("nothing to explain: give one of {}", KINDS.join(", ")),
            several => format!("{}: give exactly one of them", several.join(", ")),
        });
    };
    belongs(fields, kind)?;
    let said = |reason: String| format!("{kind}: {reason}");
    let trigger = match *kind {
        "cron" => cron(fields, zone, rules).map(Trigger::Cron).map_err(said)?,
        "every" => return every(fields, zone, start, end).map(|trigger| (trigger, String::new())).map_err(said),
        "at" => Trigger::At(At::list(instants(fields, zone)?).map_err(said)?),
        _ => {
            let (lat, lon) = place.ok_or("lat and lon: solar needs both, in degrees, north and east positive")?;
            let event = text(fields, "solar")?.unwrap_or_default();
            let offset = text(fields, "offset")?.map_or_else(|| Ok(TimeDelta::zero()), parse_offset);
            let offset = offset.map_err(|reason| format!("offset: {reason}"))?;
            let solar = event.parse().and_then(|event| Solar::new(event, lat, lon, offset, zone));
            solar.map(Trigger::Solar).map_err(said)?
        }
    };
    let written = fields.get("at").and_then(Value::as_str).unwrap_or_default().to_owned();
    within(trigger, start, end).map(|trigger| (trigger, written))
}

/// Keys of one kind of trigger beside another are slips.
fn belongs(fields: &Map<String, Value>, kind: &str) -> Result<(), String> {
    let owners = [("cron", &["dialect", "dst_gap", "dst_overlap"]), ("solar", &["lat", "lon", "offset"])];
    let strays = owners.iter().filter(|(owner, _)| *owner != kind);
    match strays
        .flat_map(|(owner, names)| names.iter().map(move |name| (owner, name)))
        .find(|(_, name)| fields.contains_key(**name))
    {
        Some((owner, name)) => Err(format!("{name}: goes with {owner}, not with {kind}")),
        None => Ok(()),
    }
}

fn within(trigger: Trigger, start: Option<DateTime<Utc>>, end: Option<DateTime<Utc>>) -> Result<Trigger, String> {
    if start.is_none() && end.is_none() {
        return Ok(trigger);
    }
    Within::new(trigger, start, end)
        .map(|within| Trigger::Within(Box::new(within)))
        .map_err(|reason| format!("end: {reason}"))
}

/// A text, or fields by name.
fn cron(fields: &Map<String, Value>, zone: Tz, rules: Rules) -> Result<Cron, String> {
    let source = match fields.get("cron") {
        Some(Value::String(text)) => Source::Text(text.clone()),
        Some(Value::Object(table)) => {
            let field = |(name, value): (&String, &Value)| match value {
                Value::String(text) => Ok((name.clone(), text.clone())),
                Value::Number(number) => Ok((name.clone(), number.to_string())),
                other => Err(format!("{name}: expected text or a number, found {}", kind(other))),
            };
            Source::Table(table.iter().map(field).collect::<Result<_, _>>()?)
        }
        other => return Err(format!("expected text, found {}", other.map(kind).unwrap_or_default())),
    };
    Cron::read(source, zone, rules).map_err(|error| error.to_string())
}

/// How a cron expression is read.
fn rules(fields: &Map<String, Value>) -> Result<Rules, String> {
    fn word<T: FromStr<Err: Display> + Default>(fields: &Map<String, Value>, name: &str) -> Result<T, String> {
        let read = |text: &str| text.parse().map_err(|reason| format!("{name}: {reason}"));
        text(fields, name)?.map_or_else(|| Ok(T::default()), read)
    }
    Ok(Rules {
        dialect: word(fields, "dialect")?,
        dst_gap: word(fields, "dst_gap")?,
        dst_overlap: word(fields, "dst_overlap")?,
    })
}

fn every(
    fields: &Map<String, Value>,
    zone: Tz,
    start: Option<DateTime<Utc>>,
    end: Option<DateTime<Utc>>,
) -> Result<Trigger, String> {
    let length = text(fields, "every")?.unwrap_or_default();
    if start.zip(end).is_some_and(|(start, end)| start > end) {
        return Err("the end lies before the start: it would never fire".to_owned());
    }
    match every::parse(length)? {
        Length::Elapsed(every) if every.is_zero() => {
            Err(format!("`{length}` is no time at all; a millisecond is the least"))
        }
        Length::Elapsed(every) => Ok(Trigger::Every(Every { every, start, end })),
        Length::Months(months) => within(Trigger::Step(Step::new(months, start, zone)?), None, end),
    }
}

/// One instant, or a list.
fn instants(fields: &Map<String, Value>, zone: Tz) -> Result<Vec<DateTime<Utc>>, String> {
    let read = |value: &Value| match value {
        Value::String(text) => zone::instant(text, zone).map_err(|reason| format!("at: {reason}")),
        other => Err(format!("at: expected text, found {}", kind(other))),
    };
    match fields.get("at") {
        Some(Value::Array(list)) if list.is_empty() => Err("at: the list is empty".to_owned()),
        Some(Value::Array(list)) => list.iter().map(read).collect(),
        Some(one) => Ok(vec![read(one)?]),
        None => Ok(Vec::new()),
    }
}

fn place(fields: &Map<String, Value>) -> Result<Option<(f64, f64)>, String> {
    Ok(number(fields, "lat")?.zip(number(fields, "lon")?))
}

fn count(fields: &Map<String, Value>) -> Result<usize, String> {
    let Some(value) = fields.get("count") else { return Ok(5) };
    let wrong = || format!("count: expected a whole number from 0 to {MOST}, found {}", kind(value));
    let count = value.as_u64().filter(|count| *count <= MOST).ok_or_else(wrong)?;
    usize::try_from(count).map_err(|_| wrong())
}

fn instant(fields: &Map<String, Value>, name: &str, zone: Tz) -> Result<Option<DateTime<Utc>>, String> {
    text(fields, name)?.map(|text| zone::instant(text, zone).map_err(|reason| format!("{name}: {reason}"))).transpose()
}

fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, String> {
    match fields.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(format!("{name}: expected text, found {}", kind(other))),
    }
}

fn number(fields: &Map<String, Value>, name: &str) -> Result<Option<f64>, String> {
    match fields.get(name) {
        None => Ok(None),
        Some(Value::Number(number)) => Ok(number.as_f64()),
        Some(other) => Err(format!("{name}: expected a number, found {}", kind(other))),
    }
}

fn kind(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => format!("`{value}`"),
        Value::Number(number) => format!("the number {number}"),
        Value::String(_) => "text".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}
