//! What a function of Python is called with, as the input of a schedule.

use noontide_domain::excerpt::excerpt;
use serde_json::{Map, Value};

use super::write::Toml;

/// `args` and `kwargs`, each only if there is something in it.
///
/// # Errors
/// A sentence about an argument that TOML has no way to write.
pub fn keys(
    args: &[Value],
    kwargs: &Map<String, Value>,
    notes: &mut Vec<String>,
) -> Result<Vec<(String, Toml)>, String> {
    let mut keys = Vec::new();
    if !args.is_empty() {
        let args = args.iter().zip(1..).map(|(value, number)| checked(&format!("argument {number}"), value));
        keys.push(("args".to_owned(), Toml::List(args.collect::<Result<_, _>>()?)));
    }
    let mut named = Vec::new();
    for (name, value) in kwargs {
        match value {
            Value::Null => notes.push(format!("argument `{name}` was None and is left out")),
            _ => named.push((name.clone(), checked(&format!("argument `{name}`"), value)?)),
        }
    }
    if !named.is_empty() {
        keys.push(("kwargs".to_owned(), Toml::Table(named)));
    }
    Ok(keys)
}

fn checked(what: &str, value: &Value) -> Result<Toml, String> {
    let read = if let Some(shown) = foreign(value) { Err(format!("{shown}, no JSON")) } else { Toml::of(value) };
    read.map_err(|reason| format!("{what} is {}; give it another value", excerpt(&reason)))
}

/// What an exporter wrote for a value that is no JSON, wherever it lies.
fn foreign(value: &Value) -> Option<&str> {
    match value {
        Value::Array(values) => values.iter().find_map(foreign),
        Value::Object(table) if table.len() == 1 && table.contains_key("not-json") => value["not-json"].as_str(),
        Value::Object(table) => table.values().find_map(foreign),
        _ => None,
    }
}
