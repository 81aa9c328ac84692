//! Guests that behave: answers, state, output, and what `check` says beforehand.

use noontide_domain::ports::PluginHost;
use noontide_domain::{HandlerRef, Outcome, Unavailable};
use serde_json::{Value, json};

use crate::stage::{Desk, Stage, call_at, guest};

fn handler(text: &str) -> HandlerRef {
    text.parse().expect("a handler")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_no_op_reports_its_version_and_what_it_used() {
    let stage = Stage::of(&["noop"]).await;
    let report = stage.call("fixture-noop", json!({})).await;
    assert!(matches!(report.outcome, Outcome::Succeeded { .. }), "{report:?}");
    let version = report.plugin.expect("it ran");
    assert_eq!((version.name.as_str(), version.sha256.len()), ("fixture-noop", 64));
    assert!(report.usage.peak_memory_bytes > 0 && report.started_at <= report.finished_at);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_handler_logs_is_reported_with_level_and_fields() {
    let stage = Stage::empty();
    stage.put("hello.wasm", &guest("hello.wasm"));
    stage.sandbox.rescan().await;
    let info = stage.sandbox.check(&handler("hello"), &json!({ "name": "Ada" })).expect("it fits");
    assert_eq!(info.timeout, Some(std::time::Duration::from_secs(10)));
    let report = stage.call("hello/greet", json!({ "name": "Ada" })).await;
    assert_eq!(report.outcome, Outcome::Succeeded { result: Some(json!({ "greeting": "Hello, Ada!" })) });
    let line = &report.logs[0];
    assert_eq!((line.level.as_str(), line.source.as_str(), line.message.as_str()), ("info", "log", "Hello, Ada!"));
    assert_eq!(line.fields, [("attempt".to_owned(), "1".to_owned())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_may_fail_twice_and_succeed_then() {
    let stage = Stage::of(&["fails-twice"]).await;
    for attempt in 1..=3 {
        let call = call_at("fixture-fails-twice/run", json!({}), Desk::new(), attempt);
        let outcome = stage.sandbox.invoke(call).await.outcome;
        match attempt {
            3 => assert_eq!(outcome, Outcome::Succeeded { result: Some(json!({ "attempt": 3 })) }),
            _ => assert!(matches!(outcome, Outcome::Failed { retryable: true, .. }), "{outcome:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn state_is_handed_over_after_success_and_never_after_a_failure() {
    let stage = Stage::of(&["state"]).await;
    let desk = Desk::new();
    desk.state.lock().expect("no panic").insert("own:count".to_owned(), (b"41".to_vec(), 7));
    let count = async |input: Value| stage.sandbox.invoke(call_at("fixture-state/count", input, desk.clone(), 1)).await;

    let good = count(json!({})).await;
    assert_eq!(good.outcome, Outcome::Succeeded { result: Some(json!(42)) });
    assert_eq!(good.state.len(), 1);
    let write = &good.state[0];
    assert_eq!((write.key.as_str(), write.value.as_deref()), ("count", Some(b"42".as_slice())));
    assert_eq!((write.base, write.revision), (7, 8));

    for fail in ["trap", "permanent"] {
        let bad = count(json!({ "fail": fail })).await;
        assert!(matches!(bad.outcome, Outcome::Trapped { .. } | Outcome::Failed { retryable: false, .. }), "{bad:?}");
        assert_eq!(bad.state, []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_over_a_passed_revision_is_a_conflict_within_the_run_too() {
    let stage = Stage::of(&["state"]).await;
    let report = stage.call("fixture-state/conflict", json!({})).await;
    assert!(matches!(report.outcome, Outcome::Succeeded { .. }), "{report:?}");
    assert_eq!((report.state[0].base, report.state[0].revision), (0, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn check_knows_plugins_handlers_and_inputs_and_offers_the_nearest() {
    let stage = Stage::of(&["state", "noop"]).await;
    let check = |name: &str, input: Value| stage.sandbox.check(&handler(name), &input);
    assert_eq!(check("fixture-noop", json!({})).expect("its only handler").name, "run");
    let several = check("fixture-state", json!({})).expect_err("two handlers").to_string();
    assert!(several.contains("fixture-state/count"), "{several}");
    let slip = check("fixture-nop", json!({})).expect_err("no such plugin").to_string();
    assert!(slip.contains("did you mean `fixture-noop`?"), "{slip}");
    let slip = check("fixture-state/cuont", json!({})).expect_err("no such handler").to_string();
    assert!(slip.contains("did you mean `count`?"), "{slip}");
    let wrong = check("fixture-state/count", json!({ "fail": "never" })).expect_err("no such way to fail");
    assert!(matches!(&wrong, Unavailable::Input { message, .. } if message.contains("`/fail`")), "{wrong}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_cannot_begin_is_reported_not_raised() {
    let stage = Stage::of(&["state"]).await;
    let report = stage.call("nobody/run", json!({})).await;
    assert!(matches!(report.outcome, Outcome::Unavailable { .. }) && report.plugin.is_none(), "{report:?}");
    let report = stage.call("fixture-state/count", json!({ "fail": 3 })).await;
    assert!(matches!(report.outcome, Outcome::Failed { retryable: false, .. }), "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_address_space_for_a_pool_guests_are_placed_one_by_one() {
    let stage = Stage::with(|settings| settings.max_concurrent = 1_000_000);
    stage.put_all(&["noop"]).await;
    assert!(stage.sandbox.allocator().starts_with("on-demand ("), "{}", stage.sandbox.allocator());
    let report = stage.call("fixture-noop", json!({})).await;
    assert!(matches!(report.outcome, Outcome::Succeeded { .. }), "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn more_calls_than_places_wait_for_their_turn() {
    let stage = Stage::with(|settings| settings.max_concurrent = 2);
    stage.put_all(&["noop"]).await;
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (sandbox, call) = (stage.sandbox.clone(), call_at("fixture-noop", json!({}), Desk::new(), 1));
        calls.spawn(async move { sandbox.invoke(call).await });
    }
    for report in calls.join_all().await {
        assert!(matches!(report.outcome, Outcome::Succeeded { .. }), "{report:?}");
    }
}
