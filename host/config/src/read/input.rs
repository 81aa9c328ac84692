//! A TOML value as JSON, for a handler.

use serde_json::Value as Json;

use crate::reader::Reader;
use crate::tree::{Node, Value};

/// Variables are put into strings; dates become RFC 3339 strings. `None` if something was wrong, which is noted.
pub(crate) fn json(reader: &Reader<'_>, node: &Node) -> Option<Json> {
    Some(match &node.value {
        Value::Text(_) => Json::String(reader.as_text("input", node)?),
        Value::Integer(number) => Json::from(*number),
        Value::Float(number) => Json::from(*number),
        Value::Boolean(flag) => Json::from(*flag),
        Value::Datetime(text) => Json::from(text.clone()),
        Value::Unreadable(digits) => {
            let message = format!("`input` holds `{digits}`, which JSON cannot carry exactly; write it as a string");
            return reader.good(&node.place, Err(message));
        }
        Value::Array(nodes) => Json::Array(nodes.iter().map(|node| json(reader, node)).collect::<Option<_>>()?),
        Value::Table(table) => Json::Object(
            table.iter().map(|(key, (_, node))| Some((key.clone(), json(reader, node)?))).collect::<Option<_>>()?,
        ),
    })
}
