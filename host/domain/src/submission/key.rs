//! What makes a payload the same as another: handler, flag, due instant, and its unique fields.

use std::fmt::Write as _;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::Value;

use super::refusal::{Refusal, kind};
use crate::excerpt::excerpt;
use crate::{HandlerRef, Key, KeyPart, Timetable};

/// The values that count, each with the field it stands in; one without a field for a whole payload.
pub(super) enum Parts<'a> {
    Fields(Vec<(&'a str, &'a Value)>),
    Whole(String),
}

/// Looks up the unique fields.
///
/// # Errors
/// If one is not there, or is neither a string nor a number.
pub(super) fn parts<'a>(timetable: &'a Timetable, payload: &'a Value) -> Result<Parts<'a>, Refusal> {
    if timetable.unique.is_empty() {
        let mut text = String::new();
        canonical(payload, &mut text);
        return Ok(Parts::Whole(text));
    }
    let Value::Object(_) = payload else {
        return Err(Refusal::whole(format!(
            "the payload is {}; an object with the unique fields is expected",
            kind(payload)
        )));
    };
    let value = |field: &'a String| match found(payload, field) {
        None => Err(Refusal::of_field(field, "is missing; every payload needs the unique fields".to_owned())),
        Some(value @ (Value::String(_) | Value::Number(_))) => Ok((field.as_str(), value)),
        Some(other) => {
            let reason = format!("is {}; a unique field holds a string or a number", kind(other));
            Err(Refusal::of_field(field, reason))
        }
    };
    timetable.unique.iter().map(value).collect::<Result<_, _>>().map(Parts::Fields)
}

/// `user.id` is a field of that name, or else `id` within `user`.
fn found<'a>(payload: &'a Value, field: &str) -> Option<&'a Value> {
    payload.get(field).or_else(|| field.split('.').try_fold(payload, |value, name| value.get(name)))
}

/// The key of a payload.
pub(super) fn of(handler: &HandlerRef, timetable: &Timetable, due_at: DateTime<Utc>, parts: &Parts<'_>) -> Key {
    let name = handler.to_string();
    let millis = due_at.timestamp_millis();
    let mut all = vec![KeyPart::Text(&name), KeyPart::Text(&timetable.flag), KeyPart::Integer(millis)];
    let mut text = format!("{name} {}@{}", timetable.flag, due_at.to_rfc3339_opts(SecondsFormat::AutoSi, true));
    let kind = match parts {
        Parts::Fields(fields) => {
            for (field, value) in fields {
                all.extend([KeyPart::Text(field), part(value)]);
                // Writing to a text cannot fail.
                let _ = write!(text, " {field}={}", excerpt(&value.to_string()));
            }
            "item"
        }
        Parts::Whole(payload) => {
            all.push(KeyPart::Text(payload));
            let _ = write!(text, " {}", excerpt(payload));
            "item by its whole payload"
        }
    };
    Key { text, ..Key::of(kind, &all) }
}

fn part(value: &Value) -> KeyPart<'_> {
    match value {
        Value::String(text) => KeyPart::Text(text),
        other => match (other.as_i64(), other.as_u64()) {
            (Some(number), _) => KeyPart::Integer(number),
            (None, Some(number)) => KeyPart::Unsigned(number),
            // Only numbers come here, and a number is one of the three.
            (None, None) => KeyPart::Float(other.as_f64().unwrap_or(f64::NAN)),
        },
    }
}

/// The same text for the same value, whatever the order of its fields.
fn canonical(value: &Value, text: &mut String) {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(name, _)| *name);
            text.push('{');
            for (i, (name, value)) in entries.into_iter().enumerate() {
                text.push_str(if i > 0 { "," } else { "" });
                let _ = write!(text, "{}:", Value::from(name.as_str()));
                canonical(value, text);
            }
            text.push('}');
        }
        Value::Array(values) => {
            text.push('[');
            for (i, value) in values.iter().enumerate() {
                text.push_str(if i > 0 { "," } else { "" });
                canonical(value, text);
            }
            text.push(']');
        }
        plain => {
            let _ = write!(text, "{plain}");
        }
    }
}
