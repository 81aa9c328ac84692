//! What is asked: a trigger, a zone, and from when on. Read from fields that may hold anything.

use chrono::{DateTime, SubsecRound, Utc};
use chrono_tz::Tz;
use noontide_domain::trigger::{At, Cron, Every};
use noontide_domain::{Trigger, duration, suggest};
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
        not_in_this_version(fields)?;
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

/// Checks what later versions take, so that a slip is told from a thing that is still to come.
fn not_in_this_version(fields: &Map<String, Value>) -> Result<(), String> {
    let names = [
        ("dialect", "posix", &["quartz", "celery", "apscheduler"][..]),
        ("dst_gap", "vixie", &["skip"]),
        ("dst_overlap", "vixie", &["both"]),
    ];
    for (field, taken, later) in names {
        match text(fields, field)? {
            None => {}
            Some(name) if name == taken => {}
            Some(name) if later.contains(&name) => {
                return Err(format!("{field}: `{name}` is not in this version yet; only `{taken}` is"));
            }
            Some(name) => return Err(format!("{field}: `{name}` is not known; there is `{taken}`")),
        }
    }
    let (lat, lon) = (number(fields, "lat")?, number(fields, "lon")?);
    match (text(fields, "solar")?, text(fields, "offset")?) {
        (Some(event), _) => Err(format!("solar: `{event}`: solar triggers are not in this version yet")),
        (None, None) if !lat && !lon => Ok(()),
        (None, _) => Err("lat, lon and offset: go with solar, which is not in this version yet".to_owned()),
    }
}

fn trigger(fields: &Map<String, Value>, zone: Tz) -> Result<(Trigger, String), String> {
    let (cron, every, at) = (text(fields, "cron")?, text(fields, "every")?, text(fields, "at")?);
    let (start, end) = (instant(fields, "start", zone)?, instant(fields, "end", zone)?);
    if every.is_none() && (start.is_some() || end.is_some()) {
        return Err("start and end: go with every only, in this version".to_owned());
    }
    match (cron, every, at) {
        (Some(expression), None, None) => {
            let cron = Cron::parse(expression, zone).map_err(|error| format!("cron: {error}"))?;
            Ok((Trigger::Cron(cron), expression.to_owned()))
        }
        (None, Some(length), None) => {
            let every = duration::parse(length).map_err(|reason| format!("every: {reason}"))?;
            if every.is_zero() {
                return Err(format!("every: `{length}` is no time at all; a millisecond is the least"));
            }
            Ok((Trigger::Every(Every { every, start, end }), length.to_owned()))
        }
        (None, None, Some(wall)) => {
            let instant = zone::instant(wall, zone).map_err(|reason| format!("at: {reason}"))?;
            Ok((Trigger::At(At::new(vec![instant])), wall.to_owned()))
        }
        (None, None, None) => Err("nothing to explain: give one of cron, every, at".to_owned()),
        _ => Err("cron, every, at: give exactly one of them".to_owned()),
    }
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

fn number(fields: &Map<String, Value>, name: &str) -> Result<bool, String> {
    match fields.get(name) {
        None => Ok(false),
        Some(Value::Number(_)) => Ok(true),
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
