//! Reading answers of the host: words, instants, and a thing as lines.

use chrono::{DateTime, Utc};
use serde_json::Value;

/// The text under `key`, `-` if there is none.
pub fn word(value: &Value, key: &str) -> String {
    match value.get(key) {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// The instant under `key`.
pub fn instant(value: &Value, key: &str) -> Option<DateTime<Utc>> {
    value.get(key)?.as_str()?.parse().ok()
}

/// What a reader looks for first; the rest follows by name, and what has parts of its own comes last.
const FIRST: [&str; 8] = ["name", "id", "state", "schedule", "handler", "words", "due_at", "next_due"];

/// `key  value`, a line each, in one column; a nested thing is indented below its key.
pub fn lines(value: &Value) -> String {
    let mut out = String::new();
    write(value, 0, &mut out);
    out.trim_end().to_owned()
}

fn write(value: &Value, depth: usize, out: &mut String) {
    let Some(fields) = value.as_object() else {
        out.push_str(&format!("{}{}\n", "  ".repeat(depth), plain(value)));
        return;
    };
    let mut fields: Vec<_> = fields.iter().filter(|(_, value)| !is_empty(value)).collect();
    fields.sort_by_key(|(key, value)| {
        (is_nested(value), FIRST.iter().position(|first| first == key).unwrap_or(FIRST.len()))
    });
    let width =
        fields.iter().filter(|(_, value)| !is_nested(value)).map(|(key, _)| key.len()).max().unwrap_or_default();
    for (key, value) in fields {
        let margin = "  ".repeat(depth);
        match value {
            Value::Object(_) => {
                out.push_str(&format!("{margin}{key}\n"));
                write(value, depth + 1, out);
            }
            Value::Array(items) if items.iter().any(Value::is_object) => {
                out.push_str(&format!("{margin}{key}\n"));
                for item in items {
                    write(item, depth + 1, out);
                    out.push('\n');
                }
            }
            _ => out.push_str(&format!("{margin}{key:width$}  {}\n", plain(value))),
        }
    }
}

fn is_nested(value: &Value) -> bool {
    value.is_object() || value.as_array().is_some_and(|items| items.iter().any(Value::is_object))
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_thing_is_shown_as_aligned_lines_without_what_is_not_there() {
        let text =
            lines(&json!({"cause": "x", "name": "hello", "at": null, "last_run": {"state": "failed"}, "tags": []}));
        assert_eq!(text, "name   hello\ncause  x\nlast_run\n  state  failed");
    }
}
