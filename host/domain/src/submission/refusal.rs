//! Why a submission is refused, with the place.

use std::fmt;

use serde_json::Value;

use crate::excerpt::excerpt;

/// Why nothing of a submission was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The line, counted from 1, if each payload has its own.
    pub line: Option<usize>,
    /// The timestamp as it was written, if one is to blame.
    pub timestamp: Option<String>,
    /// The payload's place in the list of its timestamp, counted from 0.
    pub index: Option<usize>,
    /// The field of the payload.
    pub field: Option<String>,
    /// What is wrong, in a sentence.
    pub reason: String,
}

impl Refusal {
    pub(super) fn whole(reason: String) -> Self {
        Self { line: None, timestamp: None, index: None, field: None, reason }
    }

    pub(super) fn of_timestamp(timestamp: &str, reason: String) -> Self {
        Self { timestamp: Some(excerpt(timestamp)), ..Self::whole(reason) }
    }

    pub(super) fn no_list(timestamp: &str, found: &Value) -> Self {
        Self::of_timestamp(timestamp, format!("{} stands there; a list of payloads is expected", kind(found)))
    }

    pub(super) fn of_field(field: &str, reason: String) -> Self {
        Self { field: Some(field.to_owned()), ..Self::whole(reason) }
    }

    pub(super) fn of_line(line: usize, reason: String) -> Self {
        Self { line: Some(line), ..Self::whole(reason) }
    }

    pub(super) fn at(self, place: Place<'_>) -> Self {
        Self { timestamp: Some(excerpt(place.timestamp)), line: place.line, index: place.index, ..self }
    }
}

/// Where a payload stands.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub timestamp: &'a str,
    pub line: Option<usize>,
    pub index: Option<usize>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing was kept: ")?;
        if let Some(line) = self.line {
            write!(f, "line {line}, ")?;
        }
        if let Some(timestamp) = &self.timestamp {
            write!(f, "timestamp {timestamp}, ")?;
        }
        if let Some(index) = self.index {
            write!(f, "index {index}, ")?;
        }
        if let Some(field) = &self.field {
            write!(f, "field `{}`: ", excerpt(field))?;
        }
        f.write_str(&self.reason)
    }
}

impl std::error::Error for Refusal {}

/// What a JSON value is, with its article.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
