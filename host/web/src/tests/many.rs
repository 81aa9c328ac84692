//! Pages and filters of schedules, verbs over many, runs once more.

use super::*;

async fn three(world: &World) {
    for (name, handler) in [("alpha", "mail/send"), ("beta", "mail/send"), ("pause", "gone/away")] {
        let body = json!({ "handler": handler, "every": 3600 });
        world.client.put(&format!("/api/v1/schedules/{name}"), &body).await.expect(name);
    }
}

async fn names(world: &World, query: &str) -> Vec<String> {
    let page = world.get(&format!("/schedules{query}")).await;
    let items = page["items"].as_array().expect("items");
    items.iter().map(|one| one["name"].as_str().expect("a name").to_owned()).collect()
}

#[tokio::test]
async fn schedules_are_found_by_name_owner_handler_and_state_page_by_page() {
    let world = world(Access::Loopback).await;
    three(&world).await;
    assert_eq!(names(&world, "").await, ["alpha", "beta", "nightly", "pause"]);
    for (query, expected) in [
        ("?q=ET", vec!["beta"]),
        ("?prefix=n", vec!["nightly"]),
        ("?owner=api&handler=mail", vec!["alpha", "beta"]),
        ("?handler=gone/away", vec!["pause"]),
        ("?owner=file:conf/", vec!["nightly"]),
        ("?state=parked", vec!["pause"]),
        ("?state=active&owner=api&limit=1", vec!["alpha"]),
        ("?q=nobody", vec![]),
    ] {
        assert_eq!(names(&world, query).await, expected, "{query}");
    }
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let page = world.get(&format!("/schedules?limit=3{after}")).await;
        seen.extend(page["items"].as_array().expect("items").iter().map(|one| one["name"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(seen, ["alpha", "beta", "nightly", "pause"]);
    for (query, words) in [("?limit=0", "1 to 1000"), ("?after=../x", "`after`"), ("?state=lazy", "`lazy` is none of")]
    {
        let (code, detail) = world.get_refused(&format!("/schedules{query}")).await;
        assert!(code == 400 && detail.contains(words), "{query}: {detail}");
    }
}

#[tokio::test]
async fn a_schedule_with_the_name_of_a_verb_is_reached_like_any_other() {
    let world = world(Access::Loopback).await;
    three(&world).await;
    assert_eq!(world.get("/schedules/pause").await["handler"], "gone/away");
    world.client.patch("/api/v1/schedules/pause", &json!({ "handler": "mail/send" })).await.expect("patched");
    world.client.delete("/api/v1/schedules/pause").await.expect("removed");
    assert_eq!(world.get_refused("/schedules/pause").await.0, 404);
}

#[tokio::test]
async fn many_schedules_are_paused_resumed_and_fired_and_each_answers_for_itself() {
    let world = world(Access::Loopback).await;
    three(&world).await;
    let of_api = json!({ "filter": { "owner": "api" }, "expect": 3, "reason": "move" });
    let paused = world.post("/schedules/pause", of_api).await;
    assert_eq!((&paused["done"], &paused["items"][0]["name"]), (&json!(3), &json!("alpha")));
    assert_eq!(names(&world, "?state=paused").await, ["alpha", "beta", "pause"]);
    let (code, detail) = world.post_refused("/schedules/resume", json!({ "expect": 2 })).await;
    assert!(code == 409 && detail.contains("4 schedules now, and `expect` says 2; nothing was done"), "{detail}");
    assert_eq!(names(&world, "?state=paused").await.len(), 3);
    world.post("/schedules/resume", json!({ "filter": { "state": "paused" }, "expect": 3 })).await;
    assert_eq!(names(&world, "?state=paused").await, [""; 0]);
    let fired = world.post("/schedules/fire", json!({ "expect": 4 })).await;
    assert_eq!(fired["done"], 3, "{fired}");
    let gone = &fired["items"][3];
    assert!(gone["name"] == "pause" && gone["error"].as_str().expect("why").contains("no plugin `gone`"), "{gone}");
    assert_eq!(world.post_refused("/schedules/fire", json!({})).await.0, 400, "`expect` is not optional");
}

#[tokio::test]
async fn runs_of_several_states_are_listed_cancelled_and_done_once_more() {
    let world = world(Access::Loopback).await;
    let calls = json!([{ "handler": "mail/send", "delay": "1h" }, { "handler": "mail/send", "delay": "2h" }]);
    let made = world.post("/runs", calls).await;
    let cancelled = world.post("/runs/cancel", json!({ "filter": { "handler": "mail/send" }, "expect": 2 })).await;
    assert_eq!((&cancelled["done"], &cancelled["items"][0]["answer"]), (&json!(2), &json!("cancelled")));
    let done = world.post("/runs", json!({ "handler": "mail/send" })).await["runs"][0].clone();
    world.all_over().await;
    let listed = world.get("/runs?state=succeeded,cancelled").await;
    let ids: Vec<_> = listed["items"].as_array().expect("items").iter().map(|run| run["id"].clone()).collect();
    assert_eq!(ids, [done.clone(), made["runs"][1].clone(), made["runs"][0].clone()]);
    let again = world.post(&format!("/runs/{}/retry", made["runs"][0].as_str().expect("an id")), json!({})).await;
    assert_eq!(again["of"], made["runs"][0]);
    world.all_over().await;
    let new = world.get(&format!("/runs/{}", again["run"].as_str().expect("an id"))).await;
    assert_eq!(new["state"], "succeeded");
    let (code, detail) = world.post_refused(&format!("/runs/{}/retry", done.as_str().expect("an id")), json!({})).await;
    assert!(code == 409 && detail.contains("is succeeded"), "{detail}");
    let all = world.post("/runs/retry", json!({ "filter": { "state": "cancelled" }, "expect": 2 })).await;
    assert_eq!(all["done"], 2);
    let (code, detail) =
        world.post_refused("/runs/retry", json!({ "filter": { "state": "ready" }, "expect": 0 })).await;
    assert!(code == 400 && detail.contains("only failed, cancelled, expired"), "{detail}");
}
