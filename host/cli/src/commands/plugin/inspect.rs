//! `plugin inspect` and `plugin check`: the whole way of loading, up to what the plugin says about itself.

use std::path::Path;

use serde_json::{Value, json};

use super::file;
use crate::args::Global;
use crate::conf;
use crate::exit::{Done, Exit};
use crate::output::Rows;

/// Shows what is in a file.
///
/// # Errors
/// The stage that refused it.
pub async fn inspect(global: &Global, path: &Path) -> Done {
    let sandbox = file::sandbox(conf::allowed_if_there(global)?)?;
    let loaded = sandbox.inspect_file(path).await.map_err(|error| file::refused(path, &error))?;
    let shown = file::shown(path, &loaded);
    global.output().thing(&shown, || text(&shown))?;
    Ok(Exit::Ok)
}

/// Says whether a file would be taken.
///
/// # Errors
/// The stage that refused it.
pub async fn check(global: &Global, path: &Path) -> Done {
    let sandbox = file::sandbox(conf::allowed_if_there(global)?)?;
    let (output, name) = (global.output(), path.display().to_string());
    match sandbox.inspect_file(path).await {
        Ok(loaded) => {
            let version = &loaded.version;
            let value = json!({"file": name, "ok": true, "name": version.name, "version": version.version});
            output.thing(&value, || format!("{name}: ok, {} {}", version.name, version.version))?;
            Ok(Exit::Ok)
        }
        Err(error) => {
            let value = json!({"file": name, "ok": false, "stage": error.stage, "message": error.message});
            if output.format != crate::output::Format::Table {
                output.thing(&value, String::new)?;
            }
            Err(file::refused(path, &error))
        }
    }
}

fn text(shown: &Value) -> String {
    let word = |key: &str| shown[key].as_str().unwrap_or_default();
    let mut text = format!("{} {}  {}\nsha256 {}\n", word("name"), word("version"), word("summary"), word("sha256"));
    if let Some(key) = shown["signer"]["key"].as_str() {
        text.push_str(&format!("signed {key}  {}\n", shown["signer"]["comment"].as_str().unwrap_or_default()));
    }
    text.push_str(&format!("loaded in {} ms\n\n", shown["load_ms"]));
    let mut rows = Rows::of(["handler", "summary", "timeout", "example input"]);
    for handler in shown["handlers"].as_array().into_iter().flatten() {
        let word = |key: &str| handler[key].as_str().unwrap_or("-").to_owned();
        let example = Some(&handler["example_input"]).filter(|example| !example.is_null());
        rows.push([word("name"), word("summary"), word("timeout"), example.map_or("-".to_owned(), Value::to_string)]);
    }
    text.push_str(&rows.drawn());
    let wants: Vec<_> = shown["wants"].as_object().into_iter().flatten().filter_map(wanted).collect();
    text.push_str(&format!("\n\nwants {}", if wants.is_empty() { "nothing".to_owned() } else { wants.join("; ") }));
    text
}

fn wanted((kind, names): (&String, &Value)) -> Option<String> {
    let names: Vec<_> = names.as_array()?.iter().filter_map(Value::as_str).collect();
    (!names.is_empty()).then(|| format!("{kind} {}", names.join(", ")))
}
