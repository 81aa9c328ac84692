//! Schedules that are tried and not written.

use super::*;

#[tokio::test]
async fn what_would_fire_is_told_and_nothing_is_written() {
    let world = world(Access::Loopback).await;
    let asked =
        json!({ "days": 2, "schedules": { "often": { "handler": "mail/send", "every": 3_600 }, "nightly": null } });
    let told = world.post("/simulate", asked).await;
    assert_eq!((&told["from"], &told["to"]), (&json!("2026-07-01T08:00:00Z"), &json!("2026-07-03T08:00:00Z")));
    let fires = told["schedules"][0]["fires"].as_u64().expect("a number");
    assert!((47..=48).contains(&fires) && told["fires"] == fires && told["schedules"][1].is_null(), "{told}");
    let changes: Vec<_> =
        told["changes"].as_array().expect("changes").iter().map(|one| (&one["schedule"], &one["what"])).collect();
    assert_eq!(changes, [(&json!("nightly"), &json!("gone")), (&json!("often"), &json!("new"))]);
    assert_eq!(world.get("/schedules").await["items"].as_array().map(Vec::len), Some(1), "nothing is written");
    let as_it_stands = world.post("/simulate", json!({ "days": 3 })).await;
    assert_eq!((&as_it_stands["fires"], &as_it_stands["changes"]), (&json!(3), &json!([])));
}

#[tokio::test]
async fn what_cannot_be_is_refused_with_all_that_is_wrong() {
    let world = world(Access::Loopback).await;
    let asked = json!({ "schedules": { "a": { "every": 5 }, "b": { "handler": "mail/send" } } });
    let (status, words) = world.post_refused("/simulate", asked).await;
    assert!(status == 422 && words.contains("no `handler`") && words.contains("no `every`"), "{words}");
    assert_eq!(world.post_refused("/simulate", json!({ "days": 93 })).await.0, 400);
    assert_eq!(world.post_refused("/simulate", json!({ "day": 3 })).await.0, 400);
}
