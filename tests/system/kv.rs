//! Redis that handlers reach through the host.

use noontide_testkit::servers::{PASSWORD, Server};
use serde_json::{Value, json};

use super::support::{Api, Place};

async fn answer(api: &Api, handler: &str) -> Value {
    let run = api.call(&format!("fixture-kv/{handler}"), json!({ "connection": "cache" })).await;
    api.ended(&run).await["result"].clone()
}

#[tokio::test]
async fn handlers_count_in_redis_as_far_as_they_are_granted_and_are_told_when_it_is_gone() {
    let mut server = Server::redis();
    let mut place = Place::new();
    place.plugin("kv");
    place.set_var("CACHE_URL", &server.url());
    let grant = |granted: &str| {
        format!("[connection.cache]\nurl = {{ env = \"CACHE_URL\" }}\n[plugin.fixture-kv]\nkv = {granted}\n")
    };
    place.conf("cache.toml", &grant("{ cache = \"read-write\" }"));
    let host = place.serve().await;
    let api = host.api();
    assert_eq!(answer(&api, "read").await, json!({ "read": null }));
    let counted =
        |sum: u64, first: bool| json!({ "counted": { "sum": sum, "first": first, "keys": ["count", "first"] } });
    assert_eq!(answer(&api, "count").await, counted(1, true));
    assert_eq!(answer(&api, "count").await, counted(2, false));
    assert_eq!(answer(&api, "read").await, json!({ "read": "2" }));

    place.conf("cache.toml", &grant("[\"cache\"]"));
    api.post("/reload", json!({})).await;
    let refused = answer(&api, "count").await;
    assert!(refused["error"].as_str().is_some_and(|words| words.contains("for reading only")), "{refused}");
    assert_eq!(answer(&api, "read").await, json!({ "read": "2" }));

    server.stop();
    let gone = answer(&api, "read").await;
    assert!(gone["error"].as_str().is_some_and(|words| words.starts_with("Redis is unavailable")), "{gone}");
    assert!(!gone.to_string().contains(PASSWORD) && !host.log().contains(PASSWORD), "{gone}");
    server.start();
    assert_eq!(answer(&api, "read").await, json!({ "read": null }), "back, and empty");
    host.stop().await;
}
