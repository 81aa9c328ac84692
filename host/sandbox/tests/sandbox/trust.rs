//! Signatures and pins: with the keys and signatures that minisign itself has made (`tests/data/minisign`).

use std::collections::BTreeSet;

use noontide_domain::ports::PluginHost;
use noontide_domain::{PluginStatus, Trust};
use serde_json::json;

use crate::stage::Stage;
use crate::tiny;

const MINIMAL: &[u8] = include_bytes!("../data/minisign/minimal.wasm");
const PREHASHED: &str = include_str!("../data/minisign/minimal.wasm.minisig");
const LEGACY: &str = include_str!("../data/minisign/legacy.minisig");
const KEY: &str = include_str!("../data/minisign/plain.pub");
const OTHER: &str = include_str!("../data/minisign/locked.pub");

fn keys(keys: &[&str], required: bool) -> Trust {
    let keys = keys.iter().map(|key| key.parse().expect("a key")).collect();
    Trust { keys, required, ..Trust::default() }
}

fn pinned(name: &str, digests: &[&str]) -> Trust {
    let digests: BTreeSet<String> = digests.iter().map(|digest| (*digest).to_owned()).collect();
    Trust { pins: [(name.parse().expect("a name"), digests)].into(), ..Trust::default() }
}

fn stage(trust: Trust) -> Stage {
    Stage::with(|settings| settings.trust = trust)
}

impl Stage {
    async fn looked_at(&self, file: &str) -> PluginStatus {
        self.sandbox.rescan().await;
        self.status(file).expect("the file is known")
    }

    async fn refused_as_untrusted(&self, file: &str) -> String {
        let status = self.looked_at(file).await;
        let error = status.error.unwrap_or_else(|| panic!("{file} was taken"));
        assert_eq!(error.stage, "trust", "{error}");
        error.message
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_signed_by_minisign_is_taken_and_its_signer_shown() {
    for (signature, comment) in [(PREHASHED, "of minisign 0.11, prehashed"), (LEGACY, "of minisign 0.11, legacy")] {
        let stage = stage(keys(&[OTHER, KEY], true));
        stage.put("minimal.wasm", MINIMAL);
        stage.put("minimal.wasm.minisig", signature.as_bytes());
        let status = stage.looked_at("minimal.wasm").await;
        let signer = status.loaded.and_then(|loaded| loaded.signer).unwrap_or_else(|| panic!("{:?}", status.error));
        assert_eq!((signer.key.to_string().as_str(), signer.comment.as_str()), ("36A24298D2382BDB", comment));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_valid_signature_nothing_is_even_looked_into() {
    let stage = stage(keys(&[KEY], true));
    // Neither would pass the next stage: that it is not reached shows in the one that refused.
    stage.put("text.wasm", b"#!/bin/sh");
    let message = stage.refused_as_untrusted("text.wasm").await;
    assert!(
        message.contains("not signed") && message.contains("36A24298D2382BDB") && message.contains("plugin sign"),
        "{message}"
    );
    for (signature, word) in [
        (PREHASHED.replace("of minisign", "of Minisign"), "other bytes"),
        (PREHASHED.replacen("RUTb", "RUTc", 1), "by the key"),
        (PREHASHED.lines().take(2).collect(), "no signature of minisign"),
        ("x".repeat(20 << 10), "no signature of minisign"),
        (String::new(), "no signature of minisign"),
    ] {
        stage.put("minimal.wasm", MINIMAL);
        stage.put("minimal.wasm.minisig", signature.as_bytes());
        let message = stage.refused_as_untrusted("minimal.wasm").await;
        assert!(message.contains(word), "`{word}` is not in: {message}");
    }
    let mut changed = MINIMAL.to_vec();
    *changed.last_mut().expect("bytes") ^= 1;
    stage.put("minimal.wasm", &changed);
    stage.put("minimal.wasm.minisig", PREHASHED.as_bytes());
    assert!(stage.refused_as_untrusted("minimal.wasm").await.contains("other bytes"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_not_trusted_is_named_beside_those_that_are() {
    let stage = stage(keys(&[OTHER], false));
    stage.put("minimal.wasm", MINIMAL);
    assert_eq!(stage.looked_at("minimal.wasm").await.error, None, "unsigned is allowed here");
    stage.put("other.wasm", MINIMAL);
    stage.put("other.wasm.minisig", PREHASHED.as_bytes());
    let message = stage.refused_as_untrusted("other.wasm").await;
    assert!(message.contains("36A24298D2382BDB") && message.contains("49124994244C321D"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_that_comes_later_makes_the_host_take_the_file() {
    let stage = stage(keys(&[KEY], true));
    stage.sandbox.start_watching();
    stage.put("minimal.wasm", MINIMAL);
    stage.until("minimal.wasm", |status| status.is_some_and(|status| status.error.is_some())).await;
    stage.put("minimal.wasm.minisig", PREHASHED.as_bytes());
    stage.until("minimal.wasm", |status| status.is_some_and(|status| status.loaded.is_some())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_longer_trusted_is_taken_out_and_comes_back_when_it_is_again() {
    let stage = stage(Trust::default());
    stage.put("minimal.wasm", MINIMAL);
    stage.put("tiny.wasm", &tiny::of_this_contract());
    stage.put("minimal.wasm.minisig", PREHASHED.as_bytes());
    stage.sandbox.rescan().await;
    let loaded = |file: &str| stage.status(file).is_some_and(|status| status.loaded.is_some());
    assert!(loaded("minimal.wasm") && loaded("tiny.wasm"));
    for (trust, minimal, tiny) in [
        (keys(&[KEY], true), true, false),
        (keys(&[KEY], false), true, true),
        (keys(&[OTHER], true), false, false),
        (Trust::default(), true, true),
        (pinned("tiny", &["ab"]), true, false),
        (Trust::default(), true, true),
    ] {
        stage.sandbox.set_trust(trust.clone());
        stage.sandbox.rescan().await;
        assert_eq!((loaded("minimal.wasm"), loaded("tiny.wasm")), (minimal, tiny), "{trust:?}");
    }
    assert!(stage.call("tiny", json!({})).await.outcome.ended_well());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replaced_file_without_its_signature_leaves_the_trusted_one_working() {
    let stage = stage(keys(&[KEY], true));
    stage.put("minimal.wasm", MINIMAL);
    stage.put("minimal.wasm.minisig", PREHASHED.as_bytes());
    let good = stage.looked_at("minimal.wasm").await.loaded.expect("loaded");
    stage.put("minimal.wasm", &tiny::of_this_contract());
    assert!(stage.refused_as_untrusted("minimal.wasm").await.contains("other bytes"));
    let kept = stage.status("minimal.wasm").and_then(|status| status.loaded).expect("it works on");
    assert_eq!(kept.version, good.version);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pinned_name_is_held_by_the_listed_bytes_only() {
    let first = stage(Trust::default());
    first.put("minimal.wasm", MINIMAL);
    first.put("tiny.wasm", &tiny::of_this_contract());
    let digest = |status: PluginStatus| status.loaded.expect("loaded").version.sha256;
    let (program, plugin) = (digest(first.looked_at("minimal.wasm").await), digest(first.looked_at("tiny.wasm").await));
    for (name, file, bytes, right) in [
        ("minimal", "minimal.wasm", MINIMAL.to_vec(), program.as_str()),
        ("tiny", "tiny.wasm", tiny::of_this_contract(), plugin.as_str()),
    ] {
        let stage = stage(pinned(name, &["00", right]));
        stage.put(file, &bytes);
        assert_eq!(stage.looked_at(file).await.error, None);
        let wrong = Stage::with(|settings| settings.trust = pinned(name, &["00"]));
        wrong.put(file, &bytes);
        let message = wrong.refused_as_untrusted(file).await;
        assert!(message.contains(&format!("[plugin.{name}] sha256")) && message.contains(right), "{message}");
    }
}
