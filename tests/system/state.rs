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

async fn fire(api: &Api, schedule: &str, input: Value) -> Value {
    let answer = api.post(&format!("/schedules/{schedule}/fire"), json!({ "input": input })).await;
    api.ended(answer["run"].as_str().expect("a run")).await
}
