//! Guests that hand the host more than it should take, or ask for more of its tables.

use noontide_domain::ports::PluginHost;
use noontide_domain::{Grant, Limits, Outcome, Report};
use serde_json::{Value, json};

use crate::stage::Stage;

const MIB: usize = 1 << 20;

async fn greedy(handler: &str, input: Value) -> Report {
    let stage = Stage::of(&["greedy"]).await;
    let limits = Limits { memory: 512 << 20, ..Limits::default() };
    stage.grant("fixture-greedy", Grant { limits, ..Grant::default() });
    stage.call(&format!("fixture-greedy/{handler}"), input).await
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_hundred_thousand_log_fields_a_few_short_ones_are_kept() {
    let report = greedy("fields", json!({ "count": 100_000, "bytes": 8 })).await;
    assert!(matches!(report.outcome, Outcome::Succeeded { .. }), "{report:?}");
    assert_eq!((report.logs.len(), report.logs[0].fields.len()), (1, 32));
    let report = greedy("fields", json!({ "count": 40, "bytes": 4_096 })).await;
    let kept: usize = report.logs[0].fields.iter().map(|(name, value)| name.len() + value.len()).sum();
    assert!(kept <= 32 * 2 * 1_100, "{kept} bytes");
    let report = greedy("fields", json!({ "count": 100_000, "bytes": 1_024 })).await;
    let Outcome::Trapped { message, .. } = &report.outcome else { panic!("{report:?}") };
    assert!(message.contains("the guest misused the host"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_is_too_long_ends_the_call_and_not_the_host() {
    let report = greedy("text", json!({ "count": 2 * MIB })).await;
    assert!(
        matches!(&report.outcome, Outcome::Failed { message, .. } if message.contains("at most 1048576")),
        "{report:?}"
    );
    for handler in ["text", "message"] {
        let report = greedy(handler, json!({ "count": 100 * MIB })).await;
        assert!(matches!(report.outcome, Outcome::Trapped { .. }), "{handler}: {:?}", report.outcome.as_str());
    }
    let report = greedy("message", json!({ "count": MIB })).await;
    assert!(report.outcome.message().is_some_and(|message| message.len() <= 5 << 10));
}

#[tokio::test(flavor = "multi_thread")]
async fn json_that_is_nested_without_end_goes_in_neither_direction() {
    let report = greedy("deep", json!({ "count": 100 })).await;
    assert!(matches!(report.outcome, Outcome::Succeeded { .. }), "{report:?}");
    let report = greedy("deep", json!({ "count": 1_000 })).await;
    let Outcome::Failed { message, retryable: false, .. } = &report.outcome else { panic!("{report:?}") };
    assert!(message.contains("recursion limit"), "{message}");
    let nested = |depth| (0..depth).fold(json!([]), |inner, _| json!([inner]));
    let report = greedy("take", json!({ "nested": nested(100) })).await;
    assert_eq!(report.outcome, Outcome::Succeeded { result: Some(json!(100)) });
    let report = greedy("take", json!({ "nested": nested(300) })).await;
    assert!(matches!(report.outcome, Outcome::Failed { retryable: false, .. }), "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_input_that_is_larger_than_the_guest_is_too_much_for_the_guest_alone() {
    let stage = Stage::of(&["greedy", "noop"]).await;
    let report = stage.call("fixture-greedy/take", json!({ "pad": "x".repeat(80 * MIB) })).await;
    assert!(
        matches!(report.outcome, Outcome::OutOfMemory { .. } | Outcome::Trapped { .. }),
        "{:?}",
        report.outcome.as_str()
    );
    assert!(matches!(stage.call("fixture-noop", json!({})).await.outcome, Outcome::Succeeded { .. }));
}

/// A program that is a component with so many core instances.
fn crowd(instances: usize) -> Vec<u8> {
    let crowd: String =
        (0..instances).map(|number| format!("(core instance $i{number} (instantiate $none))")).collect();
    let text = format!(
        r#"(component
            (core module $none)
            {crowd}
            (core module $m (func (export "run") (result i32) (i32.const 0)))
            (core instance $m (instantiate $m))
            (func $run (result (result)) (canon lift (core func $m "run")))
            (instance $face (export "run" (func $run)))
            (export "wasi:cli/run@0.2.0" (instance $face)))"#
    );
    wat::parse_str(text).expect("a component")
}

fn module(body: &str) -> Vec<u8> {
    wat::parse_str(format!("(module (memory (export \"memory\") 1) {body})")).expect("a module")
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_and_instances_have_an_end() {
    let stage = Stage::empty();
    stage.put("few.wasm", &crowd(20));
    stage.put("crowd.wasm", &crowd(5_000));
    stage.put("table.wasm", &module("(table 1000000 funcref) (func (export \"_start\"))"));
    let grows = "(table 1 funcref) (func (export \"_start\") \
                 (loop (br_if 0 (i32.ne (table.grow (ref.null func) (i32.const 1000)) (i32.const -1)))))";
    stage.put("grows.wasm", &module(grows));
    stage.sandbox.rescan().await;
    assert!(matches!(stage.call("few", json!({})).await.outcome, Outcome::Succeeded { .. }));
    assert!(matches!(stage.call("grows", json!({})).await.outcome, Outcome::Succeeded { .. }), "it is told no");
    for file in ["crowd", "table"] {
        let refused = stage.status(&format!("{file}.wasm")).and_then(|status| status.error);
        let ended = stage.call(file, json!({})).await.outcome;
        println!("{file}: {refused:?}, {ended:?}");
        assert!(refused.is_some() || !ended.ended_well(), "{file}: {ended:?}");
    }
}
