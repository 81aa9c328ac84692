//! Why.

use chrono::{DateTime, Utc};
use noontide_domain::Pause;

use super::*;

async fn asked(world: &World, at: &str) -> Value {
    world.get(&format!("/occurrences?schedule=nightly&at={}", at.replace(' ', "%20").replace('+', "%2B"))).await
}

fn says(answer: &Value, state: &str, words: &[&str]) {
    assert_eq!(answer["state"], state, "{answer}");
    let text = answer["text"].as_str().expect("a sentence");
    words.iter().for_each(|word| assert!(text.contains(word), "`{word}` is not in: {text}"));
}

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

/// Past one due instant of `nightly`, with its row written.
async fn past_two() -> World {
    let world = world(Access::Loopback).await;
    world.clock.advance(Duration::from_secs(18 * 3_600));
    world.until(|rows| rows.len() == 1 && rows[0].state.is_final()).await;
    world
}

#[tokio::test]
async fn a_due_instant_that_ran_is_told_with_its_run() {
    let world = past_two().await;
    for at in ["2026-07-02T02:00:00Z", "2026-07-02 02:00", "2026-07-02T04:00:00+02:00"] {
        let answer = asked(&world, at).await;
        says(&answer, "succeeded", &["ran and succeeded", "attempt 1 of 1"]);
        assert_eq!((&answer["due"], &answer["at"]), (&json!(true), &json!("2026-07-02T02:00:00Z")));
        assert!(answer["text"].as_str().expect("text").contains(answer["rows"][0]["id"].as_str().expect("an id")));
        assert_eq!(answer["nearest"], Value::Null);
    }
}

#[tokio::test]
async fn a_due_instant_to_come_is_told_with_how_long_it_takes_until_then() {
    let world = world(Access::Loopback).await;
    let answer = asked(&world, "2026-07-02T02:00:00Z").await;
    says(&answer, "upcoming", &["will fire in 18h", "2026-07-02T02:00:00Z"]);
    assert_eq!(answer["next"], "2026-07-02T02:00:00Z");
    let until = Some(utc("2026-07-03T00:00:00Z"));
    let pause = Pause { since: world.parts.engine.now(), by: "ana".into(), reason: Some("move".into()), until };
    world.parts.engine.pause("nightly", Some(pause)).await.expect("paused");
    let answer = asked(&world, "2026-07-02T02:00:00Z").await;
    says(&answer, "paused", &["paused by ana until 2026-07-03T00:00:00Z: move"]);
    says(&asked(&world, "2026-07-03T02:00:00Z").await, "upcoming", &[]);
    world.plugins.remove("mail/send");
    says(&asked(&world, "2026-07-03T02:00:00Z").await, "handler-missing", &["mail"]);
}

#[tokio::test]
async fn what_is_no_due_instant_is_told_with_those_around_it() {
    let world = world(Access::Loopback).await;
    let answer = asked(&world, "2026-07-02 02:30").await;
    says(&answer, "not-due", &["2026-07-02T02:00:00Z and 2026-07-03T02:00:00Z", "at 02:00 every day, UTC time"]);
    assert_eq!(answer["due"], false);
    assert_eq!(answer["nearest"], json!({"before": "2026-07-02T02:00:00Z", "after": "2026-07-03T02:00:00Z"}));
}

#[tokio::test]
async fn what_lies_before_the_schedule_was_seen_is_told_so() {
    let world = world(Access::Loopback).await;
    says(&asked(&world, "2026-06-30T02:00:00Z").await, "before-first-seen", &["first seen, at 2026-07-01T08:00:00Z"]);
}

#[tokio::test]
async fn an_instant_that_shares_a_row_with_others_is_told_which_they_are() {
    let world = world(Access::Loopback).await;
    let pause = Pause { since: world.parts.engine.now(), by: "ana".into(), reason: None, until: None };
    world.parts.engine.pause("nightly", Some(pause)).await.expect("paused");
    world.clock.advance(Duration::from_secs(4 * 86_400));
    world.until(|rows| rows.len() == 1).await;
    let answer = asked(&world, "2026-07-03T02:00:00Z").await;
    says(
        &answer,
        "skipped",
        &["paused by ana", "one of 4 due instants from 2026-07-02T02:00:00Z to 2026-07-05T02:00:00Z"],
    );
    says(&asked(&world, "2026-07-03T02:30:00Z").await, "not-due", &[]);
}

#[tokio::test]
async fn a_run_that_goes_on_or_was_fired_by_hand_is_found_too() {
    let world = world(Access::Loopback).await;
    world.plugins.hold("mail/send");
    let run = world.fire().await;
    says(&asked(&world, "2026-07-01 08:00").await, "running", &["fired by hand: is going on", &run]);
}

#[tokio::test]
async fn a_question_that_makes_no_sense_is_refused_in_words() {
    let world = world(Access::Loopback).await;
    let bad = [
        ("schedule=nightli&at=2026-07-02T02:00:00Z", 404, "did you mean `nightly`"),
        ("schedule=nightly&at=yesterday", 400, "`at`: `yesterday`"),
        ("schedule=nightly&at=2026-07-02T02:00:00Z&tz=Mars", 400, "`tz`"),
        ("schedule=nightly", 400, "at"),
    ];
    for (query, status, word) in bad {
        let (code, detail) = world.get_refused(&format!("/occurrences?{query}")).await;
        assert!(code == status && detail.contains(word), "{query}: {code} {detail}");
    }
}

#[tokio::test]
async fn what_waits_for_another_host_says_for_which() {
    let world = world(Access::Loopback).await;
    let asks = Schedule {
        runs_on: [("gpu".to_owned(), "true".to_owned())].into_iter().collect(),
        overlap: noontide_domain::Overlap::Allow,
        concurrency: Some(2),
        ..nightly()
    };
    world.parts.engine.declare(vec![asks]).await.expect("declared");
    world.clock.advance(Duration::from_secs(18 * 3_600));
    world.until(|rows| rows.len() == 1).await;
    let answer = asked(&world, "2026-07-02T02:00:00Z").await;
    says(
        &answer,
        "ready",
        &["waits for a free place on a host with gpu=true", "2 may go on at a time, on all hosts together"],
    );
    assert_eq!(answer["rows"][0]["runs_on"], json!({ "gpu": "true" }));
}
