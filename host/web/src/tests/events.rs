//! The event stream.

use super::*;

/// Reads until `wanted` was told.
async fn read(events: &mut reqwest::Response, wanted: &str) -> String {
    let mut text = String::new();
    while !text.contains(wanted) || !text.ends_with("\n\n") {
        let chunk = tokio::time::timeout(SOON, events.chunk()).await.expect("in time");
        text.push_str(&String::from_utf8_lossy(&chunk.expect("a chunk").expect("not the end")));
    }
    text
}

fn ids(text: &str) -> Vec<u64> {
    text.lines().filter_map(|line| line.strip_prefix("id: ")?.parse().ok()).collect()
}

async fn since(world: &World, id: &str) -> reqwest::Response {
    let events = reqwest::Client::new().get(format!("{}/api/v1/events", world.url)).header("last-event-id", id);
    events.send().await.expect("a stream")
}

#[tokio::test]
async fn events_tell_how_a_run_ended_and_end_when_the_host_stops() {
    let world = world(Access::Loopback).await;
    let mut events = reqwest::get(format!("{}/api/v1/events", world.url)).await.expect("a stream");
    let run = world.fire().await;
    let text = read(&mut events, "event: run-finished").await;
    assert!(text.contains("event: run-started") && text.contains(&run), "{text}");
    assert!(ids(&text).is_sorted_by(|a, b| a < b), "{text}");
    world.stop.cancel();
    let end = async { while events.chunk().await.ok().flatten().is_some() {} };
    tokio::time::timeout(SOON, end).await.expect("the stream ends");
}

#[tokio::test]
async fn who_was_cut_off_goes_on_after_the_last_event_it_saw() {
    let world = world(Access::Loopback).await;
    let mut events = reqwest::get(format!("{}/api/v1/events", world.url)).await.expect("a stream");
    let first = world.fire().await;
    let seen = *ids(&read(&mut events, "event: run-finished").await).last().expect("an id");
    drop(events);
    world.all_over().await;
    let second = world.fire().await;
    let told = read(&mut since(&world, &seen.to_string()).await, "event: run-finished").await;
    assert!(told.contains(&second) && !told.contains(&first), "{told}");
    assert_eq!(ids(&told)[0], seen + 1);
}

#[tokio::test]
async fn who_comes_from_a_former_process_hears_all_there_is_and_that_some_is_gone() {
    let world = world(Access::Loopback).await;
    let run = world.fire().await;
    let told = read(&mut since(&world, "12").await, "event: run-finished").await;
    assert!(told.starts_with("id: ") && told.contains("event: lagged\ndata: {\"missed\":null}"), "{told}");
    assert!(told.contains(&run), "{told}");
    // Ahead of everything, or no id at all: from now on.
    for id in ["18446744073709551615", "x"] {
        let mut events = since(&world, id).await;
        world.all_over().await;
        let next = world.fire().await;
        assert!(read(&mut events, "event: run-finished").await.contains(&next), "{id}");
    }
}

#[tokio::test]
async fn who_asks_for_some_events_hears_of_nothing_else() {
    let world = world(Access::Loopback).await;
    let path = format!("{}/api/v1/events?kind=run-finished&schedule=nightly,other", world.url);
    let mut events = reqwest::get(path).await.expect("a stream");
    world.post("/runs", json!({ "handler": "mail/send" })).await;
    world.all_over().await;
    let run = world.fire().await;
    let told = read(&mut events, "event: run-finished").await;
    assert!(told.contains(&run) && told.matches("event: ").count() == 1, "{told}");
    let refused = reqwest::get(format!("{}/api/v1/events?kinds=x", world.url)).await.expect("an answer");
    problem(refused, 400).await;
}

#[tokio::test]
async fn who_asks_for_a_pace_is_left_alone_meanwhile() {
    let world = world(Access::Loopback).await;
    let path = format!("{}/api/v1/events?kind=run-finished&pace=1h", world.url);
    let mut events = reqwest::get(path).await.expect("a stream");
    let first = world.fire().await;
    let mut told = read(&mut events, "event: run-finished").await;
    world.all_over().await;
    world.fire().await;
    world.all_over().await;
    world.stop.cancel();
    let end = async {
        while let Some(chunk) = events.chunk().await.ok().flatten() {
            told.push_str(&String::from_utf8_lossy(&chunk));
        }
    };
    tokio::time::timeout(SOON, end).await.expect("the stream ends");
    assert!(told.contains(&first) && told.matches("event: ").count() == 1, "{told}");
}

#[tokio::test]
async fn a_pace_that_is_none_is_refused() {
    let world = world(Access::Loopback).await;
    let refused = reqwest::get(format!("{}/api/v1/events?pace=often", world.url)).await.expect("an answer");
    problem(refused, 400).await;
}
