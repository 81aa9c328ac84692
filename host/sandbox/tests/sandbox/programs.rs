//! Programs: any command of WASI is a handler, by the name of its file.

use std::collections::BTreeMap;
use std::time::Duration;

use noontide_domain::ports::PluginHost;
use noontide_domain::{ExitMeaning, Grant, Limits, Outcome, Report};
use serde_json::{Value, json};

use crate::stage::{Stage, fixture};

async fn with_program() -> Stage {
    let stage = Stage::empty();
    stage.put("Some_Program.wasm", &fixture("program"));
    stage.sandbox.rescan().await;
    stage
}

fn result(report: &Report) -> Value {
    match &report.outcome {
        Outcome::Succeeded { result } => result.clone().unwrap_or_default(),
        other => panic!("{other:?}"),
    }
}

fn failed(report: &Report) -> (String, bool) {
    match &report.outcome {
        Outcome::Failed { message, retryable, .. } => (message.clone(), *retryable),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_is_a_plugin_of_its_files_name_with_one_handler() {
    let stage = with_program().await;
    let loaded = stage.status("Some_Program.wasm").and_then(|status| status.loaded).expect("loaded");
    assert_eq!((loaded.version.name.as_str(), loaded.version.version.len()), ("some-program", 12));
    assert_eq!(loaded.info.handlers[0].name, "run");
    let input = json!({ "level": "weekly", "n": 12 });
    for handler in ["some-program", "some-program/run"] {
        assert_eq!(result(&stage.call(handler, input.clone()).await), input, "JSON in on stdin, JSON out");
    }
    let text = stage.call("some-program", json!({ "stdin": "two\nlines\n" })).await;
    assert_eq!(result(&text), "two\nlines");
    assert_eq!(text.logs.iter().map(|line| line.message.as_str()).collect::<Vec<_>>(), ["two", "lines"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn arguments_come_from_the_grant_and_from_the_input_and_variables_tell_of_the_run() {
    let stage = with_program().await;
    stage.grant("some-program", Grant { args: vec!["args".into(), "first".into()], ..Grant::default() });
    let report = stage.call("some-program", json!({ "args": ["a b", 7] })).await;
    assert_eq!(result(&report), "first|a b|7");
    let env = BTreeMap::from([("COLOR".to_owned(), "blue".to_owned())]);
    stage.grant("some-program", Grant { args: vec!["env".into()], env, ..Grant::default() });
    let report = result(&stage.call("some-program", json!({})).await);
    let lines: Vec<_> = report.as_str().expect("text").lines().collect();
    for wanted in ["COLOR=blue", "NOONTIDE_SCHEDULE=nightly", "NOONTIDE_ATTEMPT=1", "NOONTIDE_CAUSE=manual"] {
        assert!(lines.contains(&wanted), "{wanted} in {lines:?}");
    }
    let ours = |line: &&&str| line.starts_with("NOONTIDE_") || line.starts_with("TRACEPARENT=00-");
    assert_eq!(lines.iter().filter(|line| !ours(line)).count(), 1, "nothing of the host's own: {lines:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_it_says_last_tells_why_it_failed_and_more_output_than_a_result_holds_is_no_failure() {
    let stage = with_program().await;
    let report = stage.call("some-program", json!({ "args": ["fail", "the disk is on fire"] })).await;
    assert_eq!(failed(&report), ("exited with 1 — the disk is on fire".to_owned(), true));
    let report = stage.call("some-program", json!({ "args": ["flood", 2_000_000] })).await;
    assert_eq!(result(&report), Value::Null);
    let panicked = stage.call("some-program", json!({ "args": ["dance"] })).await;
    assert!(
        matches!(&panicked.outcome, Outcome::Trapped { message, .. } if message.contains("no idea how to")),
        "{panicked:?}"
    );
}

/// A module of preview 1 that says something on stderr and ends with a code.
fn exits_with(code: i32) -> Vec<u8> {
    let text = format!(
        r#"(module
            (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
            (memory (export "memory") 1)
            (data (i32.const 16) "no luck\n")
            (func (export "_start")
                (i32.store (i32.const 0) (i32.const 16))
                (i32.store (i32.const 4) (i32.const 8))
                (drop (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 8)))
                (call $exit (i32.const {code}))))"#
    );
    wat::parse_str(text).expect("a module")
}

async fn exit(code: i32, meanings: &[(i32, ExitMeaning)]) -> Report {
    let stage = Stage::empty();
    stage.put("old.wasm", &exits_with(code));
    stage.sandbox.rescan().await;
    stage.grant("old", Grant { exit_codes: meanings.iter().copied().collect(), ..Grant::default() });
    stage.call("old", json!({})).await
}

#[tokio::test(flavor = "multi_thread")]
async fn exit_codes_of_preview_1_arrive_as_they_are_and_mean_what_sysexits_or_the_operator_says() {
    assert_eq!(result(&exit(0, &[]).await), Value::Null);
    let words = |code: i32| format!("exited with {code} — no luck");
    for (code, retryable) in [(1, true), (3, true), (64, false), (75, true), (78, false)] {
        assert_eq!(failed(&exit(code, &[]).await), (words(code), retryable), "{code}");
    }
    let own = [(1, ExitMeaning::Skipped), (2, ExitMeaning::Done), (75, ExitMeaning::Permanent)];
    let skipped = exit(1, &own).await.outcome;
    assert!(matches!(&skipped, Outcome::Skipped { reason } if *reason == words(1)), "{skipped:?}");
    assert_eq!(result(&exit(2, &own).await), Value::Null);
    assert_eq!(failed(&exit(75, &own).await), (words(75), false));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_of_preview_1_is_bounded_like_every_other_guest() {
    let stage = Stage::empty();
    let module = |body: &str| {
        let text = format!("(module (memory (export \"memory\") 1) (func (export \"_start\") {body}))");
        wat::parse_str(text).expect("a module")
    };
    stage.put("loops.wasm", &module("(loop (br 0))"));
    stage.put(
        "grows.wasm",
        &module("(loop (br_if 0 (i32.ne (memory.grow (i32.const 64)) (i32.const -1)))) unreachable"),
    );
    stage.sandbox.rescan().await;
    let report = stage.call_within("loops", Duration::from_millis(200)).await;
    assert!(matches!(report.outcome, Outcome::TimedOut { .. }) && report.usage.wall_ms < 2_000, "{report:?}");
    stage.grant("grows", Grant { limits: Limits { memory: 16 << 20, ..Limits::default() }, ..Grant::default() });
    let report = stage.call("grows", json!({})).await;
    assert!(matches!(report.outcome, Outcome::OutOfMemory { limit } if limit == 16 << 20), "{report:?}");
    assert!(report.usage.peak_memory_bytes <= 16 << 20, "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_program_is_told_why() {
    let stage = Stage::empty();
    let library = "(module (func (export \"add\") (result i32) (i32.const 1)))";
    stage.put("library.wasm", &wat::parse_str(library).expect("a module"));
    let foreign = "(module (import \"env\" \"puts\" (func)) (memory (export \"memory\") 1) (func (export \"_start\")))";
    stage.put("foreign.wasm", &wat::parse_str(foreign).expect("a module"));
    stage.put("7 samurai!.wasm", &exits_with(0));
    stage.sandbox.rescan().await;
    for (file, stage_name, word) in [
        ("library.wasm", "world", "without `_start`"),
        ("foreign.wasm", "world", "`env`"),
        ("7 samurai!.wasm", "name", "rename the file"),
    ] {
        let error = stage.status(file).and_then(|status| status.error).expect("refused");
        assert!(error.stage == stage_name && error.message.contains(word), "{file}: {error}");
    }
}
