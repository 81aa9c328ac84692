//! Schedules that clients own.

use reqwest::Method;

use super::*;

impl World {
    /// Status and answer; an empty answer is null.
    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let asked = reqwest::Client::new().request(method, format!("{}/api/v1{path}", self.url)).bearer_auth(TOKEN);
        let asked = match body {
            Some(body) => asked.json(&body),
            None => asked,
        };
        let response = asked.send().await.expect("an answer");
        (response.status().as_u16(), serde_json::from_str(&response.text().await.expect("text")).unwrap_or_default())
    }

    async fn put(&self, name: &str, body: Value) -> (u16, Value) {
        self.ask(Method::PUT, &format!("/schedules/{name}"), Some(body)).await
    }
}

fn hourly() -> Value {
    json!({ "handler": "mail/send", "every": 3_600 })
}

#[tokio::test]
async fn a_schedule_is_put_put_again_patched_and_deleted() {
    let world = world(Access::token(TOKEN)).await;
    let (status, created) = world.put("mine", hourly()).await;
    assert_eq!((status, &created["owner"], &created["definition"]), (201, &json!("api"), &hourly()));
    assert_eq!(created["next_due"], "2026-07-01T09:00:00Z");
    world.clock.advance(Duration::from_secs(60));
    let (status, again) = world.put("mine", hourly()).await;
    assert_eq!((status, &again["next_due"]), (200, &created["next_due"]), "the cadence is kept");
    let (status, patched) = world.ask(Method::PATCH, "/schedules/mine", Some(json!({ "every": 60 }))).await;
    assert_eq!((status, &patched["definition"]), (200, &json!({ "handler": "mail/send", "every": 60 })));
    assert_eq!(world.get("/schedules/mine").await, {
        let mut shown = patched;
        shown["next"] = world.get("/schedules/mine").await["next"].clone();
        shown["superseded"] = json!({});
        shown
    });
    assert_eq!(world.ask(Method::DELETE, "/schedules/mine", None).await, (204, Value::Null));
    assert_eq!(world.get_refused("/schedules/mine").await.0, 404);
    assert_eq!(world.ask(Method::DELETE, "/schedules/mine", None).await.0, 404);
    assert_eq!(world.ask(Method::PATCH, "/schedules/mine", Some(json!({}))).await.0, 404);
}

#[tokio::test]
async fn what_a_file_owns_is_a_conflict_that_names_the_place_whatever_the_body() {
    let world = world(Access::token(TOKEN)).await;
    for (method, body) in [
        (Method::PUT, Some(hourly())),
        (Method::PUT, Some(json!({}))),
        (Method::PATCH, Some(json!({}))),
        (Method::DELETE, None),
    ] {
        let (status, answer) = world.ask(method, "/schedules/nightly", body).await;
        assert_eq!(status, 409);
        assert!(answer["detail"].as_str().expect("a sentence").contains("conf/x.toml:3"), "{answer}");
    }
}

#[tokio::test]
async fn a_body_that_makes_no_sense_is_refused_with_all_that_is_wrong_and_nothing_stands() {
    let world = world(Access::token(TOKEN)).await;
    let (status, answer) = world.put("mine", json!({})).await;
    assert_eq!((status, &answer["errors"]), (422, &json!(["no `handler`", "no `every`"])));
    assert_eq!(answer["detail"], "no `handler`; no `every`");
    assert_eq!(world.get_refused("/schedules/mine").await.0, 404);
    let response = world.raw("/schedules/mine").bearer_auth(TOKEN).json(&json!({})).send().await.expect("an answer");
    assert!(problem(response, 405).await.contains("POST"));
}

#[tokio::test]
async fn a_handler_that_is_not_there_yet_is_taken_and_the_answer_says_so() {
    let world = world(Access::token(TOKEN)).await;
    let (status, answer) = world.put("early", json!({ "handler": "later/on", "every": 60 })).await;
    assert_eq!(status, 201);
    assert!(answer["problem"].as_str().expect("a sentence").contains("later"), "{answer}");
}

#[tokio::test]
async fn only_who_shows_the_token_puts_and_deletes() {
    let world = world(Access::token("another-token-0123")).await;
    assert_eq!(world.put("mine", hourly()).await.0, 401);
    assert_eq!(world.ask(Method::DELETE, "/schedules/nightly", None).await.0, 401);
}

#[tokio::test]
async fn of_clients_who_patch_different_keys_at_the_same_time_none_loses_its_own() {
    let world = Arc::new(world(Access::token(TOKEN)).await);
    world.put("mine", hourly()).await;
    let patches: Vec<_> = (0..12)
        .map(|number| {
            let world = Arc::clone(&world);
            let patch = json!({ format!("key-{number}"): number });
            tokio::spawn(async move { world.ask(Method::PATCH, "/schedules/mine", Some(patch)).await.0 })
        })
        .collect();
    for patch in patches {
        assert_eq!(patch.await.expect("no panic"), 200);
    }
    let definition = world.get("/schedules/mine").await["definition"].clone();
    assert!((0..12).all(|number| definition[format!("key-{number}")] == number), "{definition}");
}

#[tokio::test]
async fn schedules_are_listed_by_how_they_stand() {
    let world = world(Access::Loopback).await;
    let names = async |query: &str| -> Vec<Value> {
        let list = world.get(&format!("/schedules{query}")).await;
        list["items"].as_array().expect("a list").iter().map(|schedule| schedule["name"].clone()).collect()
    };
    world.put("mine", hourly()).await;
    assert_eq!(names("").await, ["mine", "nightly"], "all of them unless less is asked for");
    world.post("/schedules/nightly/pause", json!({})).await;
    assert_eq!(names("?state=active").await, ["mine"]);
    assert_eq!(names("?state=paused,done").await, ["nightly"]);
    assert_eq!(names("?state=done").await, [""; 0]);
    let (code, detail) = world.get_refused("/schedules?state=finished").await;
    assert!(code == 400 && detail.contains("`finished`") && detail.contains("done"), "{detail}");
}

#[tokio::test]
async fn what_was_changed_of_a_definition_is_told_by_the_api_and_on_its_page() {
    let world = world(Access::token(TOKEN)).await;
    world.put("mine", hourly()).await;
    world.ask(Method::PATCH, "/schedules/mine", Some(json!({ "every": 60 }))).await;
    let changes = world.get("/schedules/mine/changes").await["items"].clone();
    let (newest, first) = (&changes[0], &changes[1]);
    assert_eq!((&newest["kind"], &newest["number"], &first["kind"]), (&json!("changed"), &json!(2), &json!("defined")));
    assert_eq!(newest["keys"], json!([{ "key": "trigger", "before": "1h", "after": "1m" }]));
    assert_eq!(newest["by"], "the configured token");
    assert_eq!(world.get("/schedules/nightly/changes").await["items"], json!([]), "nobody has changed it");
    assert_eq!(world.get_refused("/schedules/none/changes").await.0, 404);
    world.ask(Method::DELETE, "/schedules/mine", None).await;
    assert_eq!(world.get("/schedules/mine/changes").await["items"][0]["kind"], "removed", "its history stays");
}
