//! `plugin list`: the plugins of the host, and why a file is not in use.

use serde_json::Value;

use super::versions::label;
use crate::args::Global;
use crate::commands::show::word;
use crate::exit::{Done, Exit};
use crate::output::Rows;
use crate::reach::Reach;

/// `plugin list`
///
/// # Errors
/// If the host does not answer.
pub async fn run(global: &Global) -> Done {
    let plugins = Reach::to(global)?.list("/plugins").await?;
    if plugins.is_empty() {
        global.output().hint("no plugins; put a .wasm file into the plugin folder");
    }
    global.output().list(&plugins, table)?;
    Ok(Exit::Ok)
}

fn table(plugins: &[Value]) -> Rows {
    let mut rows = Rows::of(["plugin", "version", "sha256", "handlers", "running", "signed", "file", "note"]);
    for plugin in plugins {
        let digest: String = word(plugin, "sha256").chars().take(12).collect();
        let handlers = plugin["handlers"].as_array().into_iter().flatten();
        let handlers: Vec<_> = handlers.map(|handler| word(handler, "name")).collect();
        rows.push([
            word(plugin, "name"),
            word(plugin, "version"),
            digest,
            handlers.join(", "),
            word(plugin, "running"),
            word(&plugin["signer"], "key"),
            word(plugin, "file"),
            note(plugin),
        ]);
    }
    rows
}

/// Why the newest bytes of its file are not in use, or what is on trial.
fn note(plugin: &Value) -> String {
    let (held, trial) = (&plugin["held"], &plugin["candidate"]);
    match &plugin["error"] {
        Value::Null if held.is_object() => format!("{} held: {}", label(held), word(held, "why")),
        Value::Null if trial.is_object() => format!("{} on trial", label(trial)),
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => format!("{}: {}", word(other, "stage"), word(other, "message")),
    }
}
