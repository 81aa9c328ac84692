//! Keys, signatures and pins, from the command line to the running host; and the real minisign, where it is installed.

use std::process::Command;

use serde_json::json;

use super::support::{Place, until};

const KEY: [&str; 2] = ["--key", "keys/noontide.key"];

/// Makes keys in the place and signs one of its plugins.
fn signed(place: &Place, file: &str) -> serde_json::Value {
    let keys = place.path("keys");
    let keys = keys.to_str().expect("a path");
    let made = place.noontide(&["plugin", "keygen", "--out", keys, "--no-password", "-o", "json"]).json();
    sign(place, file);
    made
}

fn sign(place: &Place, file: &str) {
    let (file, key) = (place.path(file), place.path(KEY[1]));
    let said =
        place.noontide(&["plugin", "sign", file.to_str().expect("a path"), KEY[0], key.to_str().expect("a path")]);
    assert_eq!(said.code, 0, "{said:?}");
}

#[tokio::test]
async fn with_keys_only_signed_files_are_taken_and_the_signer_is_shown() {
    let place = Place::new();
    place.plugin("hello");
    place.plugin("noop");
    let made = signed(&place, "plugins/hello.wasm");
    place.conf("trust.toml", "[plugins]\ntrust = { keys = [{ file = \"../keys/noontide.pub\" }] }\n");
    let host = place.serve().await;
    let api = host.api();
    let hello = api.get("/plugins/hello").await;
    assert_eq!(hello["signer"]["key"], made["id"], "{hello}");
    let refused = api.get("/plugins/noop.wasm").await;
    assert_eq!(refused["error"]["stage"], "trust", "{refused}");
    let run = api.call("hello/greet", json!({ "name": "Ada" })).await;
    assert_eq!(api.ended(&run).await["state"], "succeeded");

    sign(&place, "plugins/noop.wasm");
    until("a signature that came later counts", async || {
        api.list("/plugins").await.iter().any(|plugin| plugin["name"] == "fixture-noop").then_some(())
    })
    .await;

    place.conf("trust.toml", &format!("[plugin.hello]\nsha256 = [\"{}\"]\n", "0".repeat(64)));
    until("what is pinned to other bytes goes", async || {
        let plugins = api.list("/plugins").await;
        let hello = plugins.iter().find(|plugin| plugin["file"] == "hello.wasm")?;
        (hello["name"].is_null() && hello["error"]["stage"] == "trust").then_some(())
    })
    .await;
}

#[tokio::test]
async fn what_is_signed_here_is_verified_here_and_by_minisign() {
    let place = Place::new();
    place.plugin("hello");
    let made = signed(&place, "plugins/hello.wasm");
    let (file, public) = (place.path("plugins/hello.wasm"), place.path("keys/noontide.pub"));
    let (file, public) = (file.to_str().expect("a path"), public.to_str().expect("a path"));
    let verified = place.noontide(&["plugin", "verify", file, "--key", public, "-o", "json"]).json();
    assert_eq!(verified["signer"]["key"], made["id"]);
    match Command::new("minisign").args(["-V", "-m", file, "-p", public]).output() {
        Ok(said) => assert!(said.status.success(), "{said:?}"),
        Err(_) => println!("minisign is not installed; its own signatures are among the sandbox's tests"),
    }
    std::fs::write(file, b"other bytes").expect("written");
    let said = place.noontide(&["plugin", "verify", file, "--key", public]);
    assert!(said.code == 1 && said.err.contains("other bytes"), "{said:?}");
    let twice =
        place.noontide(&["plugin", "keygen", "--out", place.path("keys").to_str().expect("a path"), "--no-password"]);
    assert!(twice.code == 1 && twice.err.contains("is there already"), "{twice:?}");
}

#[tokio::test]
async fn a_compiler_that_is_at_work_ends_with_its_host() {
    let place = Place::new();
    place.conf("limits.toml", "[plugins]\ncompile-memory = \"2GiB\"\ncompile-timeout = \"5m\"\n");
    let host = place.serve().await;
    place.plugin_bytes("slow.wasm", &super::hostile_files::slow());
    let child = until("a process compiles it", async || compiling(host.id())).await;
    host.kill();
    until("it has ended, too", async || (!std::path::Path::new(&format!("/proc/{child}")).exists()).then_some(()))
        .await;
}

/// The process that a host has started.
fn compiling(host: u32) -> Option<u32> {
    let processes = std::fs::read_dir("/proc").ok()?.flatten();
    let mut ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    ids.find(|id| {
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        status.lines().any(|line| line.strip_prefix("PPid:").is_some_and(|of| of.trim() == host.to_string()))
    })
}
