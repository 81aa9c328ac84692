//! The list of hosts.

use noontide_domain::HostId;
use noontide_domain::ports::{HostNews, Ledger};

use super::*;

fn news(name: &str) -> HostNews {
    HostNews {
        host: HostId::new(),
        name: name.to_owned(),
        version: "0.0.1".to_owned(),
        started_at: "2026-07-01T07:00:00Z".parse().expect("an instant"),
        skew: Some(chrono::TimeDelta::milliseconds(-2_500)),
        roles: Default::default(),
        queues: None,
        labels: [("gpu".to_owned(), "true".to_owned())].into_iter().collect(),
        plugins: [("mail".parse().expect("a name"), "ab".repeat(32))].into(),
        lease: Duration::from_secs(30),
        draining: false,
        ended: false,
    }
}

async fn said(world: &World, news: HostNews) -> String {
    let id = news.host.to_string();
    world.ledger.announce(news).await.expect("announces");
    id
}

#[tokio::test]
async fn hosts_are_listed_by_page_with_all_they_said() {
    let world = world(Access::Loopback).await;
    // It has said itself that it is there.
    world.clock.asleep(11).await;
    let id = said(&world, news("other")).await;
    let all = world.get("/hosts").await;
    let other = all["items"].as_array().expect("a list").iter().find(|host| host["id"] == json!(id)).expect("there");
    assert_eq!(
        (&other["name"], &other["state"], &other["version"]),
        (&json!("other"), &json!("live"), &json!("0.0.1"))
    );
    assert_eq!((&other["clock_skew_ms"], &other["clock_skewed"]), (&json!(-2_500), &json!(true)));
    assert_eq!((&other["labels"], &other["queues"]), (&json!({ "gpu": "true" }), &Value::Null));
    assert_eq!(other["plugins"], json!({ "mail": "ab".repeat(32) }));
    assert_eq!((&other["seen_at"], &other["ended_at"]), (&json!("2026-07-01T08:00:00Z"), &Value::Null));
    let first = world.get("/hosts?limit=1").await;
    let rest = world.get(&format!("/hosts?limit=1&after={}", first["next"].as_str().expect("a cursor"))).await;
    assert_eq!(all["items"], json!([first["items"][0], rest["items"][0]]));
    assert_eq!(rest["next"], Value::Null);
}

#[tokio::test]
async fn the_status_counts_hosts_and_those_that_ended_are_listed_only_if_asked_for() {
    let world = world(Access::Loopback).await;
    // It has said itself that it is there.
    world.clock.asleep(11).await;
    let ended = said(&world, HostNews { ended: true, ..news("ended") }).await;
    said(&world, HostNews { draining: true, ..news("drains") }).await;
    said(&world, HostNews { lease: Duration::ZERO, ..news("crashed") }).await;
    assert_eq!(world.get("/status").await["hosts"], json!({ "live": 1, "draining": 1, "silent": 1 }));
    let listed = world.get("/hosts").await["items"].as_array().map(Vec::len);
    assert_eq!(listed, Some(3));
    assert_eq!(world.get("/hosts?state=ended").await["items"][0]["id"], json!(ended));
    let (code, detail) = world.get_refused("/hosts?state=dead").await;
    assert!(code == 400 && detail.contains("live, draining, silent, ended"), "{detail}");
}
