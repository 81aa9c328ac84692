//! The schema for editors knows the keys that the readers know, and takes what they take.

use std::collections::BTreeSet;

use serde_json::Value;

use super::*;
use crate::schema::SCHEMA;

/// A key that is none, and like none.
const WRONG: &str = "qqqqqqqqqqqq";

/// Where a table's keys are in the schema, and a file with a wrong key in such a table.
const TABLES: [(&str, &str); 29] = [
    ("", "@ = 1"),
    ("/properties/data", "[data]\n@ = 1"),
    ("/properties/ledger", "[ledger]\n@ = 1"),
    ("/properties/host", "[host]\n@ = 1"),
    ("/properties/plugins", "[plugins]\n@ = 1"),
    ("/properties/plugins/properties/trust", "[plugins]\ntrust = { @ = 1 }"),
    ("/properties/http", "[http]\n@ = 1"),
    ("/properties/http-client", "[http-client]\n@ = 1"),
    ("/properties/engine", "[engine]\n@ = 1"),
    ("/properties/log", "[log]\n@ = 1"),
    ("/properties/log/properties/file/anyOf/0/anyOf/1", "[[log.file]]\n@ = 1"),
    ("/definitions/queue", "[queue.x]\n@ = 1"),
    ("/definitions/sink", "[sink.x]\n@ = 1"),
    ("/definitions/alert", "[[alert]]\n@ = 1"),
    ("/definitions/calendar", "[calendar.x]\n@ = 1"),
    ("/definitions/days/anyOf/1", "[calendar.x]\nholidays = [{ @ = 1 }]"),
    ("/definitions/trigger", "[trigger.x]\n@ = 1"),
    ("/definitions/connection", "[connection.x]\nurl = 'redis://r'\n@ = 1"),
    ("/definitions/plugin", "[plugin.x]\n@ = 1"),
    ("/definitions/plugin/properties/limits", "[plugin.x]\nlimits = { @ = 1 }"),
    ("/definitions/plugin/properties/http/items/anyOf/1", "[plugin.x]\nhttp = [{ @ = 1 }]"),
    ("/definitions/plugin/properties/tcp/items/anyOf/1", "[plugin.x]\ntcp = [{ @ = 1 }]"),
    ("/definitions/secret", "[plugin.x]\nsecrets = { A = { @ = 1 } }"),
    ("/definitions/schedule", "[schedule.x]\n@ = 1"),
    ("/definitions/timetable", "[schedule.x]\ntimetable = { @ = 1 }"),
    ("/definitions/catch-up/anyOf/2", "[schedule.x]\ncatch-up = { @ = 1 }"),
    ("/definitions/retry/anyOf/1", "[schedule.x]\nretry = { @ = 1 }"),
    ("/definitions/narrowing", "[schedule.x]\ngrant = { @ = 1 }"),
    ("/definitions/narrowing/properties/limits", "[schedule.x]\ngrant = { limits = { @ = 1 } }"),
];

fn schema() -> Value {
    serde_json::from_str(SCHEMA).expect("JSON")
}

/// What the reader of that table says it knows.
fn known_to_the_reader(file: &str) -> BTreeSet<String> {
    let all = problems(&[("a.toml", &file.replace('@', WRONG))], &[]);
    let told = all.iter().find_map(|line| line.split_once(&format!("`{WRONG}`; known are "))).map(|(_, keys)| keys);
    let keys = told.unwrap_or_else(|| panic!("{file}: {all:?}"));
    keys.split(", ").map(str::to_owned).collect()
}

#[test]
fn the_schema_for_editors_has_the_keys_that_are_read_and_no_others() {
    let schema = schema();
    for (at, file) in TABLES {
        let table = schema.pointer(at).unwrap_or_else(|| panic!("{at} is gone"));
        let written = table["properties"].as_object().unwrap_or_else(|| panic!("{at}: {table}"));
        let written: BTreeSet<String> = written.keys().cloned().collect();
        assert_eq!(written, known_to_the_reader(file), "host/config/schema.json{at}, and what is read of {file:?}");
        assert_eq!(table["additionalProperties"], false, "{at}");
    }
}

/// A TOML file as the schema sees it.
fn as_json(text: &str) -> Value {
    let table: toml::Table = text.parse().unwrap_or_else(|error| panic!("{error}\n{text}"));
    serde_json::to_value(table).expect("TOML is JSON but for its dates")
}

/// Some examples are a few keys of a schedule.
fn whole(block: &str) -> String {
    match block.lines().any(|line| line.starts_with('[')) {
        true => block.to_owned(),
        false => format!("[schedule.example]\nhandler = 'a/b'\n{block}"),
    }
}

fn faults(text: &str) -> Vec<String> {
    let validator = jsonschema::validator_for(&schema()).expect("a schema");
    validator.iter_errors(&as_json(text)).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

#[test]
fn the_schema_takes_every_file_of_the_repository_and_every_example_of_the_pages() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let read = |path: &Path| fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let within = |folder: &str| {
        let entries = fs::read_dir(root.join(folder)).expect("a folder").map(|entry| entry.expect("an entry").path());
        entries.filter(|path| path.is_file()).collect::<Vec<_>>()
    };
    let mut texts = Vec::new();
    for folder in ["conf", "conf/local", "conf/test", "conf/online"] {
        texts.extend(within(folder).iter().map(|path| (path.clone(), read(path))));
    }
    let files = texts.len();
    for page in within("docs").iter().filter(|path| path.extension().is_some_and(|is| is == "md")) {
        let page_text = read(page);
        let blocks = page_text.split("\n```toml\n").skip(1).filter_map(|rest| rest.split("\n```").next());
        // A plugin's own folder has a manifest of Cargo's and a noontide.toml, which are no configuration.
        let of_others =
            |block: &&str| ["[package]", "[dependencies]", "[build", "[try"].iter().any(|own| block.contains(own));
        texts.extend(blocks.filter(|block| !of_others(block)).map(|block| (page.clone(), whole(block))));
    }
    assert!(files >= 5 && texts.len() > files + 10, "{files} files, {} texts", texts.len());
    for (path, text) in texts {
        assert_eq!(faults(&text), [""; 0], "{}:\n{text}", path.display());
    }
}

#[test]
fn an_editor_underlines_a_mistyped_key_and_a_value_of_another_kind() {
    for wrong in [
        "[schedule.x]\nhandler = \"a/b\"\ncrn = \"0 8 * * *\"",
        "[engine]\nconcurrency = \"many\"",
        "[http]\ntoken = \"plain\"",
    ] {
        assert!(!faults(wrong).is_empty(), "{wrong}");
    }
    assert_eq!(faults(GOOD), [""; 0]);
}
