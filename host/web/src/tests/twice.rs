//! Requests that are sent twice: done once, or not sent again.

use super::*;

async fn keyed(world: &World, key: &str, path: &str, body: &Value) -> reqwest::Response {
    world.raw(path).header("idempotency-key", key).json(body).send().await.expect("an answer")
}

fn is_replayed(response: &reqwest::Response) -> bool {
    response.headers().get("idempotency-replayed").is_some_and(|said| said == "true")
}

async fn runs(world: &World) -> usize {
    world.get("/runs").await["items"].as_array().map_or(0, Vec::len)
}

#[tokio::test]
async fn the_same_request_under_the_same_key_is_done_once_and_answered_the_same() {
    let world = world(Access::Loopback).await;
    let call = json!({ "handler": "mail/send" });
    let first = keyed(&world, "order-7", "/runs", &call).await;
    assert!(first.status() == 202 && !is_replayed(&first));
    let first = first.text().await.expect("a body");
    let again = keyed(&world, "order-7", "/runs", &call).await;
    assert!(again.status() == 202 && is_replayed(&again) && again.headers()["content-type"] == "application/json");
    assert_eq!((again.text().await.expect("a body"), runs(&world).await), (first, 1));
    let other = keyed(&world, "order-8", "/runs", &call).await;
    assert!(other.status() == 202 && !is_replayed(&other));
    assert_eq!(runs(&world).await, 2);
    world.clock.advance(Duration::from_secs(25 * 3_600));
    assert!(!is_replayed(&keyed(&world, "order-7", "/runs", &call).await), "a day later it is another request");
}

#[tokio::test]
async fn a_key_stands_for_one_request_and_what_was_refused_may_be_sent_again() {
    let world = world(Access::Loopback).await;
    let missing = json!({ "handler": "mail/burn" });
    assert_eq!(keyed(&world, "k", "/runs", &missing).await.status(), 404);
    world.plugins.add("mail/burn");
    assert_eq!(keyed(&world, "k", "/runs", &missing).await.status(), 202, "nothing was done the first time");
    for (path, body) in [("/runs", json!({ "handler": "mail/send" })), ("/schedules/nightly/fire", missing)] {
        let refused = problem(keyed(&world, "k", path, &body).await, 422).await;
        assert!(refused.contains("stands for another request"), "{refused}");
    }
    for key in ["", &"x".repeat(256)] {
        problem(keyed(&world, key, "/runs", &json!({})).await, 400).await;
    }
    let secret = problem(keyed(&world, "t", "/tokens", &json!({ "name": "ci", "scope": "read" })).await, 400).await;
    assert!(secret.contains("holds a secret"), "{secret}");
}

#[tokio::test]
async fn a_request_that_is_still_carried_out_is_a_conflict_for_the_second_one() {
    let world = world(Access::Loopback).await;
    let call = json!({ "handler": "mail/send" });
    let all = (0..4).map(|_| keyed(&world, "k", "/runs", &call));
    let answers = futures::future::join_all(all).await;
    let count = |status: u16| answers.iter().filter(|answer| answer.status() == status).count();
    assert_eq!(count(202) + count(409), 4);
    assert_eq!(
        (answers.iter().filter(|answer| answer.status() == 202 && !is_replayed(answer)).count(), runs(&world).await),
        (1, 1)
    );
}

async fn asked(world: &World, path: &str, tag: Option<&str>) -> reqwest::Response {
    let request = reqwest::Client::new().get(format!("{}{path}", world.url));
    let request = tag.into_iter().fold(request, |request, tag| request.header("if-none-match", tag));
    request.send().await.expect("an answer")
}

#[tokio::test]
async fn what_has_not_changed_is_not_sent_again_and_what_has_is() {
    let world = world(Access::Loopback).await;
    let style = crate::pages::assets_path("noontide.css");
    let paths = [
        "/api/v1/schedules",
        "/api/v1/schedules/nightly",
        "/api/v1/plugins",
        "/api/v1/plugins/mail",
        "/openapi.json",
        "/calendar.ics",
        "/badge/nightly.svg",
        &style,
    ];
    for path in paths {
        let first = asked(&world, path, None).await;
        let tag = first.headers()["etag"].to_str().expect("text").to_owned();
        let again = asked(&world, path, Some(&format!("\"other\", W/{tag}"))).await;
        assert_eq!(
            (again.status().as_u16(), again.headers()["etag"].to_str().ok()),
            (304, Some(tag.as_str())),
            "{path}"
        );
        assert!(again.bytes().await.expect("nothing").is_empty(), "{path}");
    }
    let tag = asked(&world, "/api/v1/schedules", None).await.headers()["etag"].clone();
    world.post("/schedules/nightly/pause", json!({})).await;
    let changed = asked(&world, "/api/v1/schedules", tag.to_str().ok()).await;
    assert!(changed.status() == 200 && changed.headers()["etag"] != tag);
    assert!(!asked(&world, "/api/v1/runs", None).await.headers().contains_key("etag"), "of runs there is none");
}
