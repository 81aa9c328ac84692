//! What a guest has read as a secret is in nothing that it says; and what a run was is told with it.

use std::collections::BTreeMap;

use noontide_domain::ports::PluginHost;
use noontide_domain::{Answer, Grant, Limits, Outcome, Report, SecretSource};
use serde_json::json;

use crate::stage::{Stage, call};

const SECRET: &str = "kanarienvogel\"7/+ß\nsingt-nachts";
const VARIABLE: &str = "zaunkoenig&=-im-winter";

/// Pieces of both in all forms.
const SONGS: [&str; 8] = [
    "anarienvog",
    "ingt-nacht",
    "aunkoeni",
    "im-winte",
    // Within base64, at each distance from a border of three.
    "a2FuYXJpZW52b2dlb",
    "hbmFyaWVudm9nZW",
    "thbmFyaWVudm9nZ",
    "emF1bmtvZW5pZ",
];

async fn stage() -> Stage {
    let stage = Stage::of(&["canary"]).await;
    let file = stage.folder.path().join("secret");
    std::fs::write(&file, format!("{SECRET}\n")).expect("written");
    stage.grant(
        "fixture-canary",
        Grant {
            secrets: BTreeMap::from([("CANARY".into(), SecretSource::File(file))]),
            env: BTreeMap::from([("CANARY_ENV".into(), VARIABLE.into())]),
            env_from: BTreeMap::from([("CANARY_ENV".into(), "env X".into())]),
            ..Grant::default()
        },
    );
    stage
}

fn silent(by: &str, report: &Report) {
    let artifacts: Vec<_> = report.artifacts.iter().map(|file| &file.name).collect();
    let said = format!("{:?} {:?} {:?} {artifacts:?} {:?}", report.outcome, report.logs, report.items, report.effects);
    for song in SONGS {
        assert!(!said.contains(song), "{by}: {song} in {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_in_nothing_that_a_guest_says_in_whatever_form() {
    let stage = stage().await;
    for by in [
        "log",
        "field",
        "stdout",
        "stderr",
        "panic",
        "result",
        "failure",
        "retry",
        "invalid",
        "skip",
        "artifact-name",
        "artifact-content",
        "state",
        "state-key",
    ] {
        let report = stage.call("fixture-canary/leak", json!({ "by": by })).await;
        silent(by, &report);
        let kept_elsewhere = ["artifact-name", "artifact-content", "state", "state-key"].contains(&by);
        let told = format!("{report:?}");
        assert!(kept_elsewhere || told.contains("[secret CANARY]") || by == "retry", "{by}: {told}");
        assert_eq!(report.effects.secrets, BTreeMap::from([("CANARY".to_owned(), 1)]), "{by}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_the_guests_own_keeps_what_it_wrote() {
    let stage = stage().await;
    let report = stage.call("fixture-canary/leak", json!({ "by": "artifact-content" })).await;
    assert!(report.artifacts[0].content.windows(10).any(|part| part == b"anarienvog"), "no promise of contents");
    let report = stage.call("fixture-canary/leak", json!({ "by": "state" })).await;
    assert_eq!(report.state.len(), 1);
    assert!(report.effects.state_written.contains_key("canary"));
    let report = stage.call("fixture-canary/leak", json!({ "by": "state-key" })).await;
    assert_eq!(report.state[0].key, SECRET);
    assert!(report.effects.state_written.contains_key("[secret CANARY]"), "{:?}", report.effects);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_artifact_is_not_named_by_a_secret() {
    let stage = stage().await;
    let file = stage.folder.path().join("plain");
    std::fs::write(&file, "hunter22").expect("written");
    let secrets = BTreeMap::from([("CANARY".into(), SecretSource::File(file))]);
    stage.grant("fixture-canary", Grant { secrets, ..Grant::default() });
    let report = stage.call("fixture-canary/leak", json!({ "by": "artifact-name" })).await;
    assert!(report.artifacts.is_empty());
    let Outcome::Succeeded { result: Some(refused) } = report.outcome else { panic!("{:?}", report.outcome) };
    assert!(refused.to_string().contains("it holds a secret"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_tells_contract_limits_and_grant() {
    let stage = stage().await;
    let report = stage.sandbox.invoke(call("fixture-canary/leak", json!({ "by": "result" }))).await;
    let terms = report.terms.expect("it began");
    assert_eq!((terms.contract.as_str(), terms.limits), ("noontide:plugin@0.1.0", Limits::default()));
    assert_eq!(terms.grant.as_ref().map(String::len), Some(32));
    stage
        .grant("fixture-canary", Grant { limits: Limits { memory: 1 << 30, ..Limits::default() }, ..Grant::default() });
    let report = stage.sandbox.invoke(call("fixture-canary/leak", json!({ "by": "log" }))).await;
    let terms = report.terms.expect("it began");
    assert_eq!((terms.grant, terms.limits.memory), (None, 512 << 20), "nothing, and no more memory than the host has");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loaded_plugin_tells_what_it_is_made_of_and_what_it_lacks() {
    let stage = stage().await;
    stage.put_all(&["program", "sql"]).await;
    let loaded = |file: &str| stage.status(file).and_then(|status| status.loaded).expect("loaded");
    let canary = loaded("canary.wasm");
    assert!(canary.makeup.imports.iter().any(|name| name == "noontide:plugin/secrets@0.1.0"), "{:?}", canary.makeup);
    assert!(canary.makeup.producers.iter().any(|tool| tool.starts_with("language: Rust")), "{:?}", canary.makeup);
    assert!(canary.wishes.iter().all(|wish| wish.answer == Answer::Granted), "{:?}", canary.wishes);
    assert_eq!(canary.granted.env["CANARY_ENV"], "env X");
    assert!(loaded("program.wasm").makeup.contract.starts_with("wasi:cli/run@0.2"));
    let sql = loaded("sql.wasm");
    assert_eq!(sql.wishes[0].toml.as_deref(), Some("sql = { shop = \"read-write\" }"));
}
