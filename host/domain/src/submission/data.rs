//! `{ "<unix seconds>": [payload, …], … }` as it was sent.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::refusal::{Place, Refusal};

/// The last second of the year 9999. What lies beyond was not counted in seconds.
const LAST_SECOND: i64 = 253_402_300_799;

/// Timestamps and what stands under them, in the order of the document. A timestamp that is there twice stands here twice:
/// a map of JSON would lose the first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Data(pub Vec<Entry>);

/// A timestamp and its payloads, as they were sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Unix seconds.
    pub timestamp: String,
    /// A list, if it is right.
    pub payloads: Value,
    /// Where it was written, counted from 1, if that was a line of its own.
    pub line: Option<usize>,
}

impl From<(String, Value)> for Entry {
    fn from((timestamp, payloads): (String, Value)) -> Self {
        Self { timestamp, payloads, line: None }
    }
}

impl Entry {
    /// The place of one of its payloads. In a line of its own there is one only.
    pub(super) fn place(&self, index: usize) -> Place<'_> {
        Place { timestamp: &self.timestamp, line: self.line, index: self.line.is_none().then_some(index) }
    }
}

impl Data {
    /// How many payloads there are.
    pub fn payloads(&self) -> usize {
        self.0.iter().map(|entry| entry.payloads.as_array().map_or(0, Vec::len)).sum()
    }
}

impl TryFrom<Value> for Data {
    type Error = Refusal;

    fn try_from(value: Value) -> Result<Self, Refusal> {
        match value {
            Value::Object(map) => Ok(Self(map.into_iter().map(Entry::from).collect())),
            other => Err(Refusal::whole(format!(
                "a timetable is an object of unix timestamps and lists of payloads, and this is {}",
                super::refusal::kind(&other)
            ))),
        }
    }
}

impl<'de> Deserialize<'de> for Data {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Entries)
    }
}

struct Entries;

impl<'de> Visitor<'de> for Entries {
    type Value = Data;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of unix timestamps and lists of payloads")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Data, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(Entry::from(entry));
        }
        Ok(Data(entries))
    }
}

/// Whole seconds in plain digits, so that no instant can be written in two ways.
pub(super) fn instant(entry: &Entry) -> Result<DateTime<Utc>, Refusal> {
    let timestamp = &entry.timestamp;
    let refused = |reason: &str| Refusal { line: entry.line, ..Refusal::of_timestamp(timestamp, reason.to_owned()) };
    let seconds = timestamp.parse::<i64>().ok().filter(|seconds| seconds.to_string() == *timestamp);
    match seconds {
        None => Err(refused("which is no unix timestamp; write whole seconds, such as \"1602349200\"")),
        Some(seconds) if seconds > LAST_SECOND => {
            Err(refused("which lies beyond the year 9999; write seconds, not milliseconds"))
        }
        Some(seconds) => DateTime::from_timestamp(seconds, 0).ok_or_else(|| refused("which is out of range")),
    }
}
