//! The log of a run that goes on.

use noontide_domain::{LogLine, Outcome};
use noontide_testkit::Step;

use super::*;
use crate::{EventStream, ServerEvent};

fn talk(texts: &[&str], outcome: Outcome) -> Step {
    let line = |text: &&str| LogLine {
        at: "2026-07-01T08:00:00.250Z".parse().expect("an instant"),
        level: "info".into(),
        source: "log".into(),
        message: (*text).to_owned(),
        fields: Vec::new(),
    };
    Step { logs: texts.iter().map(line).collect(), ..outcome.into() }
}

fn good(texts: &[&str]) -> Step {
    talk(texts, Outcome::Succeeded { result: None })
}

async fn follow(world: &World, run: &str, last: Option<&str>) -> EventStream {
    world.client.events(&format!("/api/v1/runs/{run}/logs?follow=true"), last).await.expect("a stream")
}

async fn next(stream: &mut EventStream) -> Option<ServerEvent> {
    tokio::time::timeout(SOON, stream.next()).await.expect("in time").expect("an open stream")
}

/// Ids and texts of lines, names and data of other events.
async fn told(stream: &mut EventStream, count: usize) -> Vec<(String, String)> {
    let mut told = Vec::new();
    for _ in 0..count {
        let event = next(stream).await.expect("not the end");
        let data: Value = serde_json::from_str(&event.data).expect("JSON");
        told.push(match event.id {
            Some(id) => (id, data["message"].as_str().expect("a text").to_owned()),
            None => (event.name, event.data),
        });
    }
    told
}

fn pair(name: &str, text: &str) -> (String, String) {
    (name.to_owned(), text.to_owned())
}

#[tokio::test]
async fn lines_are_heard_while_the_run_goes_on_and_who_comes_back_hears_the_rest() {
    let world = world(Access::Loopback).await;
    world.plugins.script("mail/send", [good(&["one", "two", "three"])]);
    let gate = world.plugins.hold("mail/send");
    let run = world.fire().await;
    world.plugins.called(1).await;
    let mut stream = follow(&world, &run, None).await;
    assert_eq!(told(&mut stream, 3).await, [pair("1", "one"), pair("2", "two"), pair("3", "three")]);
    let mut late = follow(&world, &run, Some("2")).await;
    assert_eq!(told(&mut late, 1).await, [pair("3", "three")]);
    gate.open();
    let end = r#"{"attempt":1,"is_final":true,"state":"succeeded"}"#;
    assert_eq!((told(&mut stream, 1).await, next(&mut stream).await), (vec![pair("end", end)], None));
    // Over, it is read from the ledger.
    let mut over = follow(&world, &run, Some("1")).await;
    assert_eq!(told(&mut over, 3).await, [pair("2", "two"), pair("3", "three"), pair("end", end)]);
    assert_eq!(next(&mut over).await, None);
}

#[tokio::test]
async fn numbers_go_on_over_attempts_and_a_run_that_waits_is_waited_for() {
    let world = world(Access::Loopback).await;
    let again = Outcome::Failed { message: "no".into(), retryable: true, after: None };
    world.plugins.script("mail/send", [talk(&["one"], again), good(&["two"])]);
    let gate = world.plugins.hold("mail/send");
    let call = json!({ "handler": "mail/send", "retry": { "attempts": 2, "backoff": "10s" } });
    let run = world.post("/runs", call).await["runs"][0].as_str().expect("a run").to_owned();
    world.plugins.called(1).await;
    let mut first = follow(&world, &run, None).await;
    assert_eq!(told(&mut first, 1).await, [pair("1", "one")]);
    gate.open();
    assert_eq!(told(&mut first, 1).await, [pair("end", r#"{"attempt":1,"is_final":false,"state":"ready"}"#)]);
    let mut second = follow(&world, &run, Some("1")).await;
    world.clock.advance(Duration::from_secs(600));
    let end = r#"{"attempt":2,"is_final":true,"state":"succeeded"}"#;
    assert_eq!(told(&mut second, 2).await, [pair("2", "two"), pair("end", end)]);
}

#[tokio::test]
async fn a_stream_ends_with_the_host_and_after_alone_makes_no_sense() {
    let world = world(Access::Loopback).await;
    world.plugins.hold("mail/send");
    let run = world.fire().await;
    world.plugins.called(1).await;
    assert_eq!(world.get_refused(&format!("/runs/{run}/logs?after=3")).await.0, 400);
    let mut stream = follow(&world, &run, None).await;
    world.stop.cancel();
    assert_eq!(next(&mut stream).await, None);
}
