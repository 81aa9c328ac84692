//! What a guest hands to the outbox, and what it remembers for all of its plugin: gathered, bounded, and handed over with a good
//! end only.

use noontide_domain::ports::PluginHost;
use noontide_domain::{Grant, Limits, Outcome, Report, StateScope};
use serde_json::{Value, json};

use crate::stage::{Desk, Stage, call, call_at, named};

const URL: &str = "https://hooks.example.com/in/x?token=s3cret";

fn granted(limits: Limits) -> Grant {
    Grant { http: vec!["https://hooks.example.com".parse().expect("a grant")], limits, ..Grant::default() }
}

async fn stage(limits: Limits) -> Stage {
    let stage = Stage::of(&["outbox"]).await;
    stage.grant("fixture-outbox", granted(limits));
    stage
}

fn words(report: &Report) -> String {
    report.outcome.message().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_handed_over_is_reported_after_a_good_end_and_never_after_another() {
    let stage = stage(Limits::default()).await;
    let mut asked = call("fixture-outbox/send", json!({ "url": URL, "messages": 2 }));
    asked.leased.messages = 5;
    let fire = asked.leased.order.key.hex();
    let good = stage.sandbox.invoke(asked).await;
    let Outcome::Succeeded { result: Some(result) } = &good.outcome else { panic!("{good:?}") };
    assert_eq!(result["keys"], json!([format!("{fire}-5"), format!("{fire}-6")]));
    let message = &good.messages[0];
    assert_eq!((message.url.as_str(), message.method.as_str(), good.messages.len()), (URL, "POST", 2));
    let own = |name: &str| message.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str());
    assert_eq!((own("content-type"), own("x-attempt")), (Some("application/json"), Some("1")));
    let body: Value = serde_json::from_slice(&message.body).expect("JSON");
    assert_eq!((&body["number"], &body["count"]), (&json!(0), &json!(1)));
    assert_eq!(good.effects.outbox["https://hooks.example.com"], 2);
    for end in ["fail", "trap", "flaky"] {
        let bad = stage.call("fixture-outbox/send", json!({ "url": URL, "end": end })).await;
        assert!(!bad.outcome.ended_well(), "{bad:?}");
        assert_eq!((bad.messages, bad.state), (Vec::new(), Vec::new()), "{end}");
        assert_eq!(bad.effects.outbox["https://hooks.example.com"], 1, "that it was handed over is on record");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_grant_covers_is_refused_with_what_would() {
    let stage = stage(Limits { outbox_messages: 1, ..Limits::default() }).await;
    let send = async |input: Value| words(&stage.call("fixture-outbox/send", input).await);
    let elsewhere = send(json!({ "url": "https://evil.example.com/" })).await;
    assert!(
        elsewhere.contains("not granted") && elsewhere.contains("http = [\"https://evil.example.com\"]"),
        "{elsewhere}"
    );
    for url in ["file:///etc/passwd", "https://me@hooks.example.com/", "no url", "https://hooks.example.com.evil.org"] {
        assert!(send(json!({ "url": url })).await.contains("outbox: "), "{url}");
    }
    let many = send(json!({ "url": URL, "messages": 2 })).await;
    assert!(many.contains("`outbox-messages`, which allows 1 messages"), "{many}");
    stage.grant("fixture-outbox", Grant::default());
    assert!(send(json!({ "url": URL })).await.contains("not granted"));
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_listed_with_what_the_run_itself_has_written_and_removed() {
    let stage = Stage::of(&["state"]).await;
    let desk = Desk::new();
    for (scope, key) in [
        (StateScope::Plugin, "a/1"),
        (StateScope::Plugin, "a/2"),
        (StateScope::Plugin, "b"),
        (StateScope::Schedule, "a/own"),
    ] {
        desk.state.lock().expect("no panic").insert(named(scope, key), (b"x".to_vec(), 1));
    }
    let input = json!({ "shared": true, "set": ["a/0", "a/3", "c"], "remove": ["a/1", "a/3"], "prefix": "a/" });
    let report = stage.sandbox.invoke(call_at("fixture-state/list", input, desk, 1)).await;
    let Outcome::Succeeded { result: Some(result) } = &report.outcome else { panic!("{report:?}") };
    assert_eq!(result["keys"], json!(["a/0", "a/2"]));
    let written: Vec<_> = report.state.iter().map(|write| (write.key.as_str(), write.value.is_some())).collect();
    assert_eq!(written, [("a/0", true), ("a/1", false), ("c", true)]);
    assert!(report.state.iter().all(|write| write.scope == StateScope::Plugin));
    assert!(report.effects.state_written.contains_key("plugin:a/0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_over_the_plugins_quota_is_refused_by_the_limits_name_and_those_before_it_hold() {
    let stage = Stage::of(&["state"]).await;
    let desk = Desk::new();
    desk.state.lock().expect("no panic").insert(named(StateScope::Schedule, "old"), (vec![b'x'; 97], 1));
    let list = async |limits: Limits, input: Value| {
        stage.grant("fixture-state", Grant { limits, ..Grant::default() });
        let report = stage.sandbox.invoke(call_at("fixture-state/list", input, desk.clone(), 1)).await;
        let Outcome::Succeeded { result: Some(result) } = report.outcome else { panic!("{report:?}") };
        (result["refused"].as_str().unwrap_or_default().to_owned(), report.state.len())
    };
    let two = |bytes: usize| json!({ "shared": true, "set": ["a", "b"], "bytes": bytes });
    let (refused, kept) = list(Limits { state_size: 160, ..Limits::default() }, two(40)).await;
    assert!(refused.contains("`state-size`, which allows 160 bytes") && kept == 1, "{refused}");
    let (refused, kept) = list(Limits { state_keys: 2, ..Limits::default() }, two(1)).await;
    assert!(refused.contains("`state-keys`, which allows 2 entries") && kept == 1, "{refused}");
    let (refused, kept) = list(Limits { state_keys: 3, state_size: 182, ..Limits::default() }, two(40)).await;
    assert_eq!((refused.as_str(), kept), ("", 2));
}
