//! A plugin that cannot be used is refused by stage and reason, and stops nothing else.

use serde_json::{Value, json};

use super::support::{Place, fixtures, until};

/// A component that offers the handler of a version to come.
fn of_another_version() -> Vec<u8> {
    let text = r#"(component (instance $i) (export "noontide:plugin/handler@0.9.0" (instance $i)))"#;
    wat::parse_str(text).expect("a component")
}

fn file(plugins: &[Value], name: &str) -> Value {
    plugins.iter().find(|plugin| plugin["file"] == name).cloned().unwrap_or_else(|| panic!("{name}: {plugins:?}"))
}

#[tokio::test]
async fn bad_files_are_refused_in_words_and_the_good_one_works() {
    let place = Place::new();
    place.plugin("hello");
    place.plugin_bytes("future.wasm", &of_another_version());
    place.plugin_bytes("script.wasm", b"#!/bin/sh\necho hello\n");
    place.plugin_bytes("core.wasm", &wat::parse_str("(module)").expect("a module"));
    place.plugin_bytes("empty.wasm", b"");
    place.schedules("[schedule.hello]\nhandler = \"hello/greet\"\nevery = \"200ms\"\n");
    let host = place.serve().await;
    let plugins = host.api().list("/plugins").await;
    let expected = [
        ("future.wasm", "world", "0.9.0"),
        ("script.wasm", "sniff", "not WebAssembly"),
        ("core.wasm", "world", "wasm32-wasip2"),
        ("empty.wasm", "sniff", "empty"),
    ];
    for (name, stage, word) in expected {
        let plugin = file(&plugins, name);
        let message = plugin["error"]["message"].as_str().unwrap_or_default();
        assert_eq!(plugin["error"]["stage"], stage, "{plugin}");
        assert!(message.contains(word), "{name}: `{word}` is not in `{message}`");
        assert!(host.log().contains(name), "{name} is in the log");
    }
    assert_eq!(file(&plugins, "hello.wasm")["error"], Value::Null);
    let mut ledger = place.ledger().await;
    until("the good one runs", async || ledger.rows_of("hello").await.iter().any(|row| row.succeeded()).then_some(()))
        .await;

    let said = place.noontide(&["check"]);
    assert_eq!(said.code, 3, "{said:?}");
    for (name, stage, _) in expected {
        assert!(said.out.contains(&format!("{name}: {stage}: ")), "check names {name}: {said:?}");
    }
    let path = place.path("plugins/future.wasm");
    let said = place.noontide(&["plugin", "check", path.to_str().expect("a path")]);
    assert!(said.code == 1 && said.err.contains("0.9.0") && said.err.contains("0.1.0"), "{said:?}");
}

#[tokio::test]
async fn of_two_files_with_one_name_the_first_works_and_the_second_moves_up_when_it_is_gone() {
    let place = Place::new();
    place.plugin_as("recorder", "first.wasm");
    place.plugin_as("recorder-b", "second.wasm");
    let host = place.serve().await;
    let api = host.api();
    let plugins = api.list("/plugins").await;
    assert_eq!(file(&plugins, "first.wasm")["name"], "fixture-recorder");
    let refused = file(&plugins, "second.wasm")["error"].clone();
    assert_eq!(refused["stage"], "name", "{refused}");
    assert!(refused["message"].as_str().expect("words").contains("first.wasm"), "{refused}");
    std::fs::remove_file(place.path("plugins/first.wasm")).expect("the first");
    until("the second has moved up", async || {
        let plugins = api.list("/plugins").await;
        (plugins.len() == 1 && plugins[0]["name"] == "fixture-recorder" && plugins[0]["error"].is_null()).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_plugin_folder_that_is_not_there_is_an_error_in_words_and_no_end_of_the_host() {
    let place = Place::new();
    std::fs::remove_dir(place.path("plugins")).expect("an empty folder");
    let host = place.serve().await;
    let api = host.api();
    let plugins = api.list("/plugins").await;
    assert!(plugins[0]["error"]["message"].as_str().expect("words").contains("cannot be read"), "{plugins:?}");
    std::fs::create_dir(place.path("plugins")).expect("a folder");
    place.plugin("noop");
    until("the folder is found, and the plugin in it", async || {
        api.list("/plugins").await.iter().any(|plugin| plugin["name"] == "fixture-noop").then_some(())
    })
    .await;
    let run = api.call("fixture-noop/run", json!({})).await;
    assert_eq!(api.ended(&run).await["state"], "succeeded");
}

#[tokio::test]
async fn what_a_plugin_file_offers_can_be_looked_at_and_called_without_a_host() {
    let place = Place::new();
    let path = fixtures::wasm("hello");
    let path = path.to_str().expect("a path");
    let shown = place.noontide(&["plugin", "inspect", path, "-o", "json"]).json();
    assert_eq!((&shown["name"], &shown["handlers"][0]["name"]), (&json!("hello"), &json!("greet")));
    let called = place.noontide(&["plugin", "run", path, "--input", r#"{"name":"Ada"}"#, "-o", "json"]).json();
    assert_eq!(called["result"], json!({ "greeting": "Hello, Ada!" }));
    let wrong = place.noontide(&["plugin", "run", path, "--input", r#"{"name":5}"#]);
    assert!(wrong.code == 2 && wrong.err.contains("/name"), "{wrong:?}");
    assert_eq!(place.noontide(&["plugin", "check", "nowhere.wasm"]).code, 4);
}
