//! What a handler remembers is committed with its success, and only with it.

use serde_json::{Value, json};

use super::support::{Api, Place};

#[tokio::test]
async fn a_count_grows_with_successes_only_and_outlives_the_host() {
    let place = Place::new();
    place.plugin("state");
    place.schedules(
        "[schedule.one]\nhandler = \"fixture-state/count\"\nmanual = true\n\
         [schedule.other]\nhandler = \"fixture-state/count\"\nmanual = true\n",
    );
    let host = place.serve().await;
    let api = host.api();
    assert_eq!(fire(&api, "one", json!({})).await["result"], 1);
    for (fail, outcome) in [("trap", "trapped"), ("permanent", "failed")] {
        let ended = fire(&api, "one", json!({ "fail": fail })).await;
        assert_eq!((&ended["state"], &ended["outcome"]), (&json!("failed"), &json!(outcome)), "{ended}");
    }
    assert_eq!(fire(&api, "one", json!({})).await["result"], 2, "what failed has counted nothing");
    assert_eq!(fire(&api, "other", json!({})).await["result"], 1, "each schedule remembers for itself");
    host.kill();
    let host = place.serve().await;
    assert_eq!(fire(&host.api(), "one", json!({})).await["result"], 3, "and after kill -9");
}

#[tokio::test]
async fn what_a_plugin_shares_is_there_for_its_other_schedules_and_bounded_over_all_of_them() {
    let place = Place::new();
    place.plugin("state");
    place.conf("limits.toml", "[plugin.fixture-state]\nlimits = { state-keys = 3 }\n");
    place.schedules(
        "[schedule.one]\nhandler = \"fixture-state/list\"\nmanual = true\n\
         [schedule.other]\nhandler = \"fixture-state/list\"\nmanual = true\n",
    );
    let host = place.serve().await;
    let api = host.api();
    let shared = |set: &[&str]| json!({ "shared": true, "set": set, "bytes": 10 });
    assert_eq!(fire(&api, "one", shared(&["a", "b"])).await["result"], json!({ "keys": ["a", "b"], "refused": null }));
    let own = fire(&api, "other", json!({ "set": ["own"], "bytes": 10 })).await;
    assert_eq!(own["result"]["keys"], json!(["own"]), "{own}");
    let over = fire(&api, "other", shared(&["a", "c"])).await;
    assert_eq!(over["result"]["keys"], json!(["a", "b"]), "{over}");
    let refused = over["result"]["refused"].as_str().expect("a refusal");
    assert!(refused.contains("`state-keys`, which allows 3 entries") && refused.contains("[plugin."), "{refused}");
    let freed = fire(&api, "one", json!({ "shared": true, "remove": ["a"] })).await;
    assert_eq!(freed["result"]["keys"], json!(["b"]));
    assert_eq!(fire(&api, "other", shared(&["c"])).await["result"]["keys"], json!(["b", "c"]));
}

async fn fire(api: &Api, schedule: &str, input: Value) -> Value {
    let answer = api.post(&format!("/schedules/{schedule}/fire"), json!({ "input": input })).await;
    api.ended(answer["run"].as_str().expect("a run")).await
}
