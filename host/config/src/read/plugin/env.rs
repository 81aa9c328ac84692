//! `env` and `secrets`: values, and names of values.

use std::collections::BTreeMap;

use noontide_domain::SecretSource;

use crate::reader::{Reader, variable};
use crate::tree::Value;

/// The values, and for those that come from the host's environment how.
pub(super) fn env(reader: &Reader<'_>) -> (BTreeMap<String, String>, BTreeMap<String, String>) {
    let (mut env, mut from) = (BTreeMap::new(), BTreeMap::new());
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
                let value = inside.var_name("env").and_then(|(variable, node)| {
                    from.insert(name.clone(), format!("env {variable}"));
                    let missing =
                        || format!("`env.{name}`: the variable {variable} is not set; set it, or write a string");
                    inside.good(&node.place, reader.var(&variable).ok_or_else(missing))
                });
                if !inside.finish() {
                    reader.spoil();
                }
                value
            }
            Value::Text(written) => {
                let text = reader.as_text(name, node);
                // `$$` is a dollar sign and no variable.
                if text.as_ref().is_some_and(|text| *text != written.replace("$$", "$")) {
                    from.insert(name.clone(), written.clone());
                }
                text
            }
            _ => reader.as_text(name, node),
        };
        if let Some(value) = value {
            env.insert(name.clone(), value);
        }
    }
    (env, from)
}

pub(super) fn secrets(reader: &Reader<'_>) -> BTreeMap<String, SecretSource> {
    let table = reader.table("secrets").into_iter().flatten();
    table.filter_map(|(name, (_, node))| Some((name.clone(), reader.as_secret(name, node)?))).collect()
}
