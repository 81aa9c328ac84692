//! `env` and `secrets`: values, and names of values.

use std::collections::BTreeMap;

use noontide_domain::SecretSource;

use crate::reader::{Reader, variable};
use crate::tree::Value;

pub(super) fn env(reader: &Reader<'_>) -> BTreeMap<String, String> {
    let mut env = BTreeMap::new();
    for (name, (place, node)) in reader.table("env").into_iter().flatten() {
        reader.good(place, variable(name));
        let value = match &node.value {
            Value::Table(table) => {
                let inside = reader.inside(table);
                if !inside.has("env") {
                    let message =
                        format!("`env.{name}` names no variable; write a string, or {{ env = \"VARIABLE\" }}");
                    inside.problem(&node.place, message);
                }
                let value = inside.var_name("env").and_then(|(from, node)| {
                    let missing = || format!("`env.{name}`: the variable {from} is not set; set it, or write a string");
                    inside.good(&node.place, reader.var(&from).ok_or_else(missing))
                });
                if !inside.finish() {
                    reader.spoil();
                }
                value
            }
            _ => reader.as_text(name, node),
        };
        if let Some(value) = value {
            env.insert(name.clone(), value);
        }
    }
    env
}

pub(super) fn secrets(reader: &Reader<'_>) -> BTreeMap<String, SecretSource> {
    let table = reader.table("secrets").into_iter().flatten();
    table.filter_map(|(name, (_, node))| Some((name.clone(), reader.as_secret(name, node)?))).collect()
}
