//! `plugin inspect`: what a file is, offers, wants and is granted, the whole way of loading up to what it says about itself.

use std::path::Path;

use noontide_domain::{Answer, LoadedPlugin, Wish, duration};
use serde_json::Value;

use super::file;
use crate::args::Global;
use crate::conf;
use crate::exit::{Done, Exit};
use crate::output::Rows;

/// Interfaces that are of no use without a grant, and the wants that go with them.
const GRANTED: [(&str, &str); 4] = [
    ("noontide:plugin/secrets", "secrets"),
    ("noontide:plugin/sql", "sql"),
    ("noontide:plugin/kv", "kv"),
    ("wasi:http/outgoing-handler", "http"),
];

/// Shows what is in a file.
///
/// # Errors
/// The stage that refused it (1); the configuration is wrong (3).
pub async fn run(global: &Global, path: &Path) -> Done {
    let sandbox = file::sandbox(conf::allowed_if_there(global)?)?;
    let loaded = sandbox.inspect_file(path).await.map_err(|error| file::refused(path, &error))?;
    let shown = file::shown(path, &loaded);
    global.output().thing(&shown, || text(&loaded, &shown))?;
    Ok(Exit::Ok)
}

fn text(loaded: &LoadedPlugin, shown: &Value) -> String {
    let (version, makeup) = (&loaded.version, &loaded.makeup);
    let mut parts = vec![format!(
        "{} {}  {}\nsha256 {}\n{}, {}, loaded in {} ms",
        version.name,
        version.version,
        loaded.info.summary,
        version.sha256,
        makeup.contract,
        duration::bytes(makeup.bytes),
        loaded.load_ms
    )];
    if let Some(signer) = &loaded.signer {
        parts.push(format!("signed {}  {}", signer.key, signer.comment));
    }
    parts.push(handlers(shown));
    parts.push(format!("wants {}", wants(&loaded.wishes)));
    parts.push(list("imports", &makeup.imports));
    parts.push(list("exports", &makeup.exports));
    let made =
        makeup.labels.iter().map(|(name, text)| format!("{name}: {text}")).chain(makeup.producers.iter().cloned());
    parts.push(list("made by", &made.collect::<Vec<_>>()));
    parts.extend(unused(loaded));
    parts.retain(|part| !part.is_empty());
    parts.join("\n\n")
}

fn handlers(shown: &Value) -> String {
    let mut rows = Rows::of(["handler", "summary", "timeout", "example input"]);
    let handlers = || shown["handlers"].as_array().into_iter().flatten();
    for handler in handlers() {
        let word = |key: &str| handler[key].as_str().unwrap_or("-").to_owned();
        let example = Some(&handler["example_input"]).filter(|example| !example.is_null());
        rows.push([word("name"), word("summary"), word("timeout"), example.map_or("-".to_owned(), Value::to_string)]);
    }
    let schemas = handlers().filter(|handler| !handler["input_schema"].is_null());
    let schemas = schemas
        .map(|handler| format!("\ninput of {}: {}", handler["name"].as_str().unwrap_or("-"), handler["input_schema"]));
    format!("{}{}", rows.drawn(), schemas.collect::<String>())
}

/// Each wish, and what the configuration at hand says to it.
fn wants(wishes: &[Wish]) -> String {
    if wishes.is_empty() {
        return "nothing, and is granted nothing".to_owned();
    }
    let mut rows = Rows::of(["kind", "name", "configuration", "to grant it"]);
    for wish in wishes {
        let answer = match wish.answer {
            Answer::Granted => "granted",
            Answer::ReadOnly => "granted for reading only",
            Answer::NotGranted => "not granted",
            Answer::NotWanted => "granted, not wanted",
        };
        let toml = wish.toml.clone().unwrap_or_else(|| "-".to_owned());
        rows.push([wish.kind.as_str().to_owned(), wish.name.clone(), answer.to_owned(), toml]);
    }
    format!("(beside the configuration at hand)\n{}", rows.drawn())
}

/// Interfaces that it imports without a want that goes with them, and the other way round.
fn unused(loaded: &LoadedPlugin) -> Vec<String> {
    let imports = |interface: &str| {
        let name = |name: &String| name.split('@').next() == Some(interface);
        loaded.makeup.imports.iter().any(name)
    };
    let wanted = |kind: &str| loaded.wishes.iter().any(|wish| wish.is_wanted() && wish.kind.as_str() == kind);
    let told = GRANTED.iter().filter_map(|(interface, kind)| match (imports(interface), wanted(kind)) {
        (true, false) => Some(format!("note: it imports {interface} and wants no {kind}")),
        (false, true) => Some(format!("note: it wants {kind} and does not import {interface}")),
        _ => None,
    });
    let told: Vec<_> = told.collect();
    if told.is_empty() { told } else { vec![told.join("\n")] }
}

fn list(heading: &str, items: &[String]) -> String {
    if items.is_empty() {
        return String::new();
    }
    let items: String = items.iter().map(|item| format!("\n  {item}")).collect();
    format!("{heading}{items}")
}
