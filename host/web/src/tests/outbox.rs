//! The outbox.

use noontide_domain::outbox::Reply;
use noontide_domain::{MessageState, Outcome, Webhook};
use noontide_testkit::Step;

use super::*;

fn webhook(path: &str) -> Webhook {
    let url = format!("https://hooks.example.com/{path}?token=s3cret");
    Webhook { url, method: "POST".into(), headers: Vec::new(), body: b"s3cret".as_slice().into() }
}

/// A run that sent two messages: the first was refused for good.
async fn sent(world: &World) -> String {
    world.outlet.script([Reply::Answered { status: 410, after: None }]);
    let step = Step { messages: vec![webhook("a"), webhook("b")], ..Outcome::Succeeded { result: None }.into() };
    world.plugins.script("mail/send", [step]);
    let run = world.fire().await;
    let over = |state| matches!(state, MessageState::Sent | MessageState::Dead);
    world.ledger.until_messages(|all| all.len() == 2 && all.iter().all(|one| over(one.state))).await;
    run
}

#[tokio::test]
async fn messages_are_listed_with_where_to_and_what_came_of_them_and_never_with_what_is_in_them() {
    let world = world(Access::Loopback).await;
    let run = sent(&world).await;
    let all = world.get("/outbox").await;
    assert_eq!((all["items"].as_array().map(Vec::len), &all["next"]), (Some(2), &Value::Null));
    assert!(!all.to_string().contains("s3cret"), "{all}");
    let dead = world.get("/outbox?state=dead&plugin=mail").await["items"][0].clone();
    assert_eq!((&dead["run"], &dead["destination"]), (&json!(run), &json!("https://hooks.example.com")));
    assert_eq!((&dead["status"], &dead["answer"], &dead["attempts"]), (&json!(410), &json!("answered 410"), &json!(1)));
    let first = world.get("/outbox?limit=1").await;
    let rest = world.get(&format!("/outbox?limit=1&after={}", first["next"].as_str().expect("a cursor"))).await;
    assert_eq!([&first["items"][0], &rest["items"][0]], [&all["items"][0], &all["items"][1]]);
    let key = world.get(&format!("/runs/{run}")).await["key"].as_str().expect("a key").to_owned();
    assert_eq!(all["items"][1]["id"], json!(format!("{key}-0")), "newest first");
}

#[tokio::test]
async fn what_is_dead_is_sent_again_or_dropped_and_what_was_sent_is_neither() {
    let world = world(Access::Loopback).await;
    sent(&world).await;
    let id = world.get("/outbox?state=dead").await["items"][0]["id"].as_str().expect("an id").to_owned();
    world.post(&format!("/outbox/{id}/retry"), json!({})).await;
    world.ledger.until_messages(|all| all.iter().all(|one| one.state == MessageState::Sent)).await;
    let (code, detail) = world.post_refused(&format!("/outbox/{id}/retry"), json!({})).await;
    assert!(code == 409 && detail.contains("is sent"), "{detail}");
    let refused = refusal(world.client.delete(&format!("/api/v1/outbox/{id}")).await);
    assert_eq!(refused.0, 409);

    world.outlet.script([Reply::Refused("not granted".into()), Reply::Refused("not granted".into())]);
    sent_again(&world).await;
    for message in world.get("/outbox?state=dead").await["items"].as_array().expect("a list") {
        let path = format!("/api/v1/outbox/{}", message["id"].as_str().expect("an id"));
        world.client.delete(&path).await.expect("dropped");
    }
    assert_eq!(world.get("/outbox?state=dropped").await["items"].as_array().map(Vec::len), Some(2));
}

/// Two more, both refused.
async fn sent_again(world: &World) {
    let step = Step { messages: vec![webhook("c"), webhook("d")], ..Outcome::Succeeded { result: None }.into() };
    world.plugins.script("mail/send", [step]);
    world.fire().await;
    world.ledger.until_messages(|all| all.iter().filter(|one| one.state == MessageState::Dead).count() == 2).await;
}

#[tokio::test]
async fn what_is_no_message_is_not_found_and_what_is_no_state_is_told_the_words() {
    let world = world(Access::Loopback).await;
    for id in ["nonsense", "00112233445566778899aabbccddeeff-0"] {
        assert_eq!(world.post_refused(&format!("/outbox/{id}/retry"), json!({})).await.0, 404, "{id}");
    }
    let (code, detail) = world.get_refused("/outbox?state=lost").await;
    assert!(code == 400 && detail.contains("waiting, sending, sent, dead, dropped"), "{detail}");
    assert_eq!(world.get_refused("/outbox?after=x").await.0, 400);
}
