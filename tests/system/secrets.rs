//! A secret goes to the plugin it is granted to, and nowhere else.

use serde_json::json;

use super::support::Place;

const SECRET: &str = "correct-horse-battery-staple";

#[tokio::test]
async fn a_granted_secret_is_in_no_log_no_answer_and_no_file_of_ours() {
    let mut place = Place::new();
    place.set_var("THE_SECRET", SECRET);
    place.plugin("secret");
    place.conf("grants.toml", "[plugin.fixture-secret]\nsecrets = { FIXTURE_SECRET = { env = \"THE_SECRET\" } }\n");
    place.conf("log.toml", "[log]\nlevel = \"trace\"\n");
    let host = place.serve().await;
    let api = host.api();
    let run = api.call("fixture-secret/run", json!({})).await;
    assert_eq!(api.ended(&run).await["result"], json!({ "length": SECRET.len() }), "the plugin has it");

    for path in ["/runs", "/plugins", "/schedules", "/status"]
        .map(str::to_owned)
        .into_iter()
        .chain([format!("/runs/{run}"), format!("/runs/{run}/logs")])
    {
        assert!(!api.get(&path).await.to_string().contains(SECRET), "GET {path}");
    }
    for args in [vec!["config", "show"], vec!["plugin", "list", "-o", "json"], vec!["check"]] {
        let said = place.noontide(&args);
        assert!(!said.out.contains(SECRET) && !said.err.contains(SECRET), "{args:?}");
    }
    assert!(!host.log().contains(SECRET), "the log");
    host.kill();
    for name in ["noontide.db", "noontide.db-wal", "api.json"] {
        let bytes = std::fs::read(place.path("data").join(name)).unwrap_or_default();
        assert!(!bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes()), "data/{name}");
    }
}

#[tokio::test]
async fn a_secret_that_is_not_granted_is_refused() {
    let mut place = Place::new();
    place.set_var("FIXTURE_SECRET", SECRET);
    place.plugin("secret");
    let host = place.serve().await;
    let api = host.api();
    let run = api.call("fixture-secret/run", json!({})).await;
    let answer = api.ended(&run).await["result"].clone();
    assert!(answer["error"].is_string() && !answer.to_string().contains(SECRET), "{answer}");
    let noted = place.noontide(&["check"]);
    assert!(noted.err.contains("FIXTURE_SECRET"), "check says what the plugin would like: {noted:?}");
}
