//! The log of a run that goes on, with a real plugin.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::support::{Host, Place};

/// A line takes no longer than this, on a busy machine.
const SOON: Duration = Duration::from_secs(30);

async fn talking(lines: u64, pause_ms: u64) -> (Place, Host, String) {
    let place = Place::new();
    place.plugin("talker");
    let host = place.serve().await;
    let run = host.api().call("fixture-talker/run", json!({ "lines": lines, "pause_ms": pause_ms })).await;
    (place, host, run)
}

/// Reads on until `wanted` is told.
async fn read(stream: &mut reqwest::Response, wanted: &str) -> String {
    let mut text = String::new();
    while !text.contains(wanted) || !text.ends_with("\n\n") {
        let chunk = tokio::time::timeout(SOON, stream.chunk()).await.expect("in time");
        text.push_str(&String::from_utf8_lossy(&chunk.expect("a chunk").expect("not the end")));
    }
    text
}

fn ids(text: &str) -> Vec<u64> {
    text.lines().filter_map(|line| line.strip_prefix("id: ")?.parse().ok()).collect()
}

#[tokio::test]
async fn lines_of_a_run_arrive_while_it_runs_and_none_is_missing_after_a_cut() {
    let (_place, host, run) = talking(100_000, 20).await;
    let api = host.api();
    let follow = |last: u64| {
        let request = api.request(Method::GET, &format!("/runs/{run}/logs?follow=true"));
        request.header("last-event-id", last.to_string()).send()
    };
    let mut stream = follow(0).await.expect("a stream");
    let first = read(&mut stream, "line 3 of").await;
    drop(stream);
    assert_eq!(api.get(&format!("/runs/{run}")).await["state"], "running", "it is heard while it runs");
    assert!(api.list(&format!("/runs/{run}/logs")).await.is_empty(), "and before anything is on record");
    let last = *ids(&first).last().expect("an id");
    let mut stream = follow(last).await.expect("a stream");
    let mut second = read(&mut stream, "event: line").await;
    api.post(&format!("/runs/{run}/cancel"), json!({})).await;
    second.push_str(&read(&mut stream, "event: end").await);
    let heard: Vec<u64> = ids(&first).into_iter().chain(ids(&second)).collect();
    assert_eq!(heard, (1..=heard.len() as u64).collect::<Vec<_>>(), "each line once");
    assert!(second.contains("\"state\":\"cancelled\""), "{second}");
    let logs = api.list(&format!("/runs/{run}/logs")).await;
    let kept = logs[0]["lines"].as_array().map(Vec::len);
    assert_eq!(kept, Some(heard.len()), "what was heard is what is kept");
}

#[tokio::test]
async fn the_command_line_follows_a_run_to_its_end() {
    let (place, host, run) = talking(30, 20).await;
    let said = place.noontide(&["logs", &run, "--follow"]);
    let lines: Vec<&str> = said.out.lines().collect();
    assert!(said.code == 0 && lines.len() == 30 && lines[29].ends_with("line 30 of 30"), "{said:?}");
    assert!(said.err.contains("the run is over: succeeded"), "{said:?}");
    let again = place.noontide(&["logs", &run, "-f", "-o", "jsonl"]);
    let numbers = again.out.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON")["number"].as_u64());
    assert_eq!(numbers.collect::<Option<Vec<_>>>(), Some((1..=30).collect()), "of a run that is over, too");
    assert_eq!(place.noontide(&["logs", &run, "-f", "-o", "json"]).code, 2);
    host.stop().await;
}
