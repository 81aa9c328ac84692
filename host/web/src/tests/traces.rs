//! A caller's trace goes on in what the call sets going.

use super::*;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

async fn traces_of(world: &World, path: &str, body: Value, header: &str) -> Vec<String> {
    let answer = world.raw(path).header("traceparent", header).json(&body).send().await.expect("an answer");
    assert_eq!(answer.status(), 202, "{path}");
    world.all_over().await;
    world.ledger.records().into_iter().map(|row| row.trace_id).collect()
}

#[tokio::test]
async fn a_fire_and_a_call_with_what_follows_it_are_part_of_the_callers_trace() {
    let header = format!("00-{TRACE}-b7ad6b7169203331-01");
    let call = || json!({ "handler": "mail/send" });
    let chain = json!({ "handler": "mail/send", "then": [{ "group": [call(), call()], "then": [call()] }] });
    for (path, body, runs) in [("/schedules/nightly/fire", json!({}), 1), ("/runs", call(), 1), ("/runs", chain, 4)] {
        let world = world(Access::Loopback).await;
        let answer = world.raw(path).header("traceparent", &header).json(&body).send().await.expect("an answer");
        assert_eq!(answer.status(), 202, "{path}");
        world.until(|rows| rows.len() == runs && rows.iter().all(|row| row.state.is_final())).await;
        assert!(world.ledger.records().iter().all(|row| row.trace_id == TRACE), "{path}");
        let call = &world.plugins.calls()[0];
        assert_eq!(call.leased.order.trace_id, TRACE);
    }
}

#[tokio::test]
async fn who_brings_no_trace_or_something_else_begins_one() {
    let world = world(Access::Loopback).await;
    for header in ["", "00-00000000000000000000000000000000-b7ad6b7169203331-01"] {
        let traces = traces_of(&world, "/runs", json!({ "handler": "mail/send" }), header).await;
        assert!(
            traces.iter().all(|trace| trace.len() == 32 && trace != TRACE && !trace.starts_with("0000")),
            "{traces:?}"
        );
    }
}
