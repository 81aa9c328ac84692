//! Any program of WASI is a handler: dropped into the folder, named by a schedule, called with arguments and stdin.

use serde_json::json;

use super::support::{Place, until};

const SCHEDULES: &str = r#"
[plugin.some-tool]
args       = ["args"]
exit-codes = { 1 = "permanent" }

[schedule.words]
handler = "some-tool"
every   = "500ms"
input   = { args = ["a b", 7] }
"#;

#[tokio::test]
async fn a_program_dropped_into_the_folder_runs_on_time_and_what_it_prints_is_the_result() {
    let place = Place::new();
    place.plugin_as("program", "some_tool.wasm");
    place.schedules(SCHEDULES);
    let host = place.serve().await;
    let api = host.api();
    let run =
        until("it has run", async || api.list("/runs?schedule=words&state=succeeded").await.into_iter().next()).await;
    assert_eq!((&run["result"], &run["plugin"]["name"]), (&json!("a b|7"), &json!("some-tool")));
    assert_eq!(place.noontide(&["check"]).code, 0);

    place.schedules(&SCHEDULES.replace("args       = [\"args\"]", ""));
    api.post("/reload", json!({})).await;
    let given = json!({ "level": "weekly" });
    let echoed = api.call("some-tool/run", given.clone()).await;
    assert_eq!(api.ended(&echoed).await["result"], given, "JSON in on stdin, JSON out on stdout");
    let failed = place.noontide(&["enqueue", "some-tool", "--input", r#"{"args":["fail","no paper"]}"#, "--wait"]);
    assert!(failed.code == 1 && failed.err.contains("exited with 1 — no paper"), "{failed:?}");
    host.stop().await;
}
