//! Which version runs, with a ledger that remembers; and two hosts that share one.

use std::sync::Arc;

use noontide_domain::plugin::upgrade::{Canary, VersionStanding};
use noontide_domain::ports::{PluginHost, VersionWish, Versions, WishRefused};
use noontide_domain::{Grant, Outcome, UpgradePolicy};
use noontide_testkit::{ManualClock, MemoryLedger};
use serde_json::{Value, json};

use crate::stage::{Stage, call, fixture};

pub const PLUGIN: &str = "fixture-upgrade";

fn ledger() -> Arc<MemoryLedger> {
    MemoryLedger::new(ManualClock::at("2026-07-01T08:00:00Z"))
}

/// A host of that ledger with a folder of its own.
fn host(ledger: &Arc<MemoryLedger>) -> Stage {
    Stage::with(|settings| settings.versions = Some(ledger.clone() as Arc<dyn Versions>))
}

/// The fixture with that written into it.
pub fn kind(kind: &str) -> Vec<u8> {
    const MARK: &[u8] = b"noontide-fixture-kind=";
    let mut bytes = fixture("upgrade");
    let at = bytes.windows(MARK.len()).position(|part| part == MARK).expect("the mark") + MARK.len();
    bytes[at..at + 42].copy_from_slice(format!("{kind:42}").as_bytes());
    bytes
}

pub async fn put(stage: &Stage, version: &str) {
    stage.put("upgrade.wasm", &kind(version));
    stage.sandbox.rescan().await;
}

/// The version that answers.
pub async fn answers(stage: &Stage) -> String {
    let report = stage.call("fixture-upgrade/run", json!({})).await;
    match report.outcome {
        Outcome::Succeeded { result: Some(result) } => result["version"].as_str().expect("a version").to_owned(),
        other => panic!("{other:?}"),
    }
}

fn wish(back: bool, digest: Option<String>) -> VersionWish {
    VersionWish { plugin: PLUGIN.parse().expect("a name"), back, digest, by: "ops".to_owned() }
}

pub async fn standings(ledger: &MemoryLedger) -> Vec<(String, VersionStanding)> {
    let known = ledger.versions(None).await.expect("reads");
    known.into_iter().map(|one| (one.version.version, one.standing)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hosts_on_one_ledger_go_by_the_same_decisions_whatever_their_folders_hold() {
    let ledger = ledger();
    let (one, two) = (host(&ledger), host(&ledger));
    put(&one, "1.0.0").await;
    put(&two, "1.0.0").await;
    put(&one, "2.0.0").await;
    assert_eq!((answers(&one).await, answers(&two).await), ("2.0.0".to_owned(), "1.0.0".to_owned()));
    two.sandbox.review().await.expect("looks");
    assert_eq!(answers(&two).await, "2.0.0", "its bytes came from the ledger");
    two.sandbox.decide(wish(true, None)).await.expect("goes back");
    one.sandbox.review().await.expect("looks");
    assert_eq!((answers(&one).await, answers(&two).await), ("1.0.0".to_owned(), "1.0.0".to_owned()));
    let told = one.sandbox.review().await.expect("looks");
    assert!(told.iter().all(|news| news.standing != VersionStanding::RolledBack), "whoever decided tells: {told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_under_way_keeps_its_version_when_somebody_goes_back() {
    let ledger = ledger();
    let stage = host(&ledger);
    let folder = noontide_domain::FolderGrant { path: stage.folder.path().to_owned(), write: true, quota: None };
    let grant = Grant { folders: [("/record".to_owned(), folder)].into(), ..Grant::default() };
    stage.grant("fixture-recorder", grant);
    stage.put("recorder.wasm", &fixture("recorder"));
    stage.sandbox.rescan().await;
    stage.put("recorder.wasm", &fixture("recorder-b"));
    stage.sandbox.rescan().await;
    let (sandbox, long) = (stage.sandbox.clone(), call("fixture-recorder", json!({ "hold_ms": 2_000 })));
    let long = tokio::spawn(async move { sandbox.invoke(long).await });
    let record = stage.folder.path().join("record.jsonl");
    while !record.exists() {
        tokio::task::yield_now().await;
    }
    let back = VersionWish { plugin: "fixture-recorder".parse().expect("a name"), ..wish(true, None) };
    stage.sandbox.decide(back).await.expect("goes back");
    let version = |outcome: &Outcome| match outcome {
        Outcome::Succeeded { result: Some(result) } => result["version"].clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(version(&stage.call("fixture-recorder", json!({})).await.outcome), "a");
    assert!(!long.is_finished(), "it was to outlast the change");
    assert_eq!(version(&long.await.expect("no panic").outcome), "b");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_the_ledger_says_what_runs_and_new_bytes_are_compared_with_that() {
    let ledger = ledger();
    let first = host(&ledger);
    put(&first, "1.0.0").await;
    drop(first);
    let stage = host(&ledger);
    put(&stage, "2.0.0 wants-more").await;
    assert_eq!(answers(&stage).await, "1.0.0", "it was there before the new one came");
    assert_eq!(standings(&ledger).await[0], ("2.0.0".to_owned(), VersionStanding::Held));
    let news = stage.sandbox.review().await.expect("looks");
    assert!(news.len() == 1 && news[0].words.contains("is held: it wants more"), "{news:?}");
    let policy = UpgradePolicy { take_wider: true, ..UpgradePolicy::default() };
    stage.grant(PLUGIN, Grant { upgrade: policy, ..Grant::default() });
    stage.sandbox.review().await.expect("looks");
    assert_eq!(answers(&stage).await, "2.0.0", "the policy changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_runs_go_to_a_candidate_and_a_retry_stays_where_it_was() {
    let ledger = ledger();
    let stage = host(&ledger);
    let policy = UpgradePolicy { canary: Some(Canary { share: 100, runs: 2 }), ..UpgradePolicy::default() };
    stage.grant(PLUGIN, Grant { upgrade: policy, ..Grant::default() });
    put(&stage, "1.0.0").await;
    put(&stage, "2.0.0").await;
    let version = async |order: noontide_domain::ports::Call| match stage.sandbox.invoke(order).await.outcome {
        Outcome::Succeeded { result: Some(result) } => result["version"].clone(),
        other => panic!("{other:?}"),
    };
    let calls: Vec<_> = (0..4).map(|_| call("fixture-upgrade/run", json!({}))).collect();
    let mut first = Vec::new();
    for one in &calls {
        first.push(version(one.clone()).await);
    }
    assert_eq!(first, ["2.0.0", "2.0.0", "1.0.0", "1.0.0"].map(Value::from));
    for (one, first) in calls.into_iter().zip(first) {
        assert_eq!(version(one).await, first);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_loaded_any_more_is_not_decided() {
    let ledger = ledger();
    let stage = host(&ledger);
    put(&stage, "1.0.0").await;
    put(&stage, "2.0.0").await;
    let small = Stage::with(|settings| {
        settings.versions = Some(ledger.clone() as Arc<dyn Versions>);
        settings.memory_ceiling = 64 << 10;
    });
    let refused = small.sandbox.decide(wish(true, None)).await.expect_err("it does not fit there");
    assert!(matches!(&refused, WishRefused::Unloadable(words) if words.contains("memory")), "{refused}");
    assert_eq!(standings(&ledger).await[0], ("2.0.0".to_owned(), VersionStanding::Active));
    assert_eq!(answers(&stage).await, "2.0.0");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_ledger_that_answers_what_runs_goes_on() {
    let ledger = ledger();
    let stage = host(&ledger);
    put(&stage, "1.0.0").await;
    ledger.fail_next(usize::MAX);
    stage.put("upgrade.wasm", &kind("2.0.0"));
    stage.sandbox.start_watching();
    let mut changes = stage.sandbox.changes();
    changes.changed().await.expect("the sandbox is there");
    assert_eq!(answers(&stage).await, "1.0.0");
    ledger.fail_next(0);
    stage
        .until("upgrade.wasm", |status| {
            status.and_then(|status| status.loaded.as_ref()).is_some_and(|loaded| loaded.version.version == "2.0.0")
        })
        .await;
}
