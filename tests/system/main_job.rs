//! The main job: drop a plugin into a folder, name a schedule, start the host.

use std::time::Duration;

use serde_json::json;

use super::support::moment::Dice;
use super::support::{Place, Row, until};

const HELLO: &str = r#"
[schedule.hello]
handler = "hello/greet"
every   = "500ms"
input   = { name = "noon" }
"#;

#[tokio::test]
async fn a_plugin_dropped_into_the_folder_and_named_by_a_schedule_runs_on_time_and_once() {
    let place = Place::alone();
    place.plugin("hello");
    place.schedules(HELLO);
    let host = place.serve().await;
    let mut ledger = place.ledger().await;
    until("five fires", async || (done(&ledger.rows().await) >= 5).then_some(())).await;
    host.stop().await;
    let (rows, standing) = (ledger.rows().await, ledger.standing("hello").await);
    for (index, row) in rows.iter().enumerate() {
        assert_eq!(row.due_at, standing.anchor + 500 * (index as i64 + 1), "each due instant once, none left out");
        assert!(row.succeeded() && row.attempt == 1, "{row:?}");
        let delay = row.delay_ms().expect("it began");
        assert!((0..500).contains(&delay), "due and begun are {delay} ms apart");
    }
}

#[tokio::test]
async fn what_a_run_returned_and_said_is_in_the_api_and_on_the_command_line() {
    let place = Place::new();
    place.plugin("hello");
    place.schedules(HELLO);
    let host = place.serve().await;
    let api = host.api();
    let runs = until("three runs have succeeded", async || {
        let runs = api.list("/runs?schedule=hello&state=succeeded").await;
        (runs.len() >= 3).then_some(runs)
    })
    .await;
    assert!(runs[0]["due_at"].as_str() > runs[1]["due_at"].as_str(), "newest first");
    let id = runs[0]["id"].as_str().expect("an id");
    let run = api.get(&format!("/runs/{id}")).await;
    assert_eq!(run["result"], json!({ "greeting": "Hello, noon!" }));
    assert_eq!(
        (&run["state"], &run["attempt"], &run["handler"]),
        (&json!("succeeded"), &json!(1), &json!("hello/greet"))
    );
    assert_eq!((&run["plugin"]["name"], &run["error"]), (&json!("hello"), &json!(null)));
    for key in ["due_at", "started_at", "finished_at", "trace_id"] {
        assert!(run[key].is_string(), "{key}: {run}");
    }
    assert_eq!(api.list(&format!("/runs/{id}/logs")).await[0]["lines"][0]["message"], "Hello, noon!");

    let listed = place.noontide(&["runs", "--schedule", "hello", "-n", "1000", "-o", "json"]).json();
    assert!(listed.as_array().expect("a plain array").iter().any(|run| run["id"] == id), "{listed}");
    assert_eq!(place.noontide(&["show-run", id, "-o", "json"]).json()["result"], run["result"]);
    let logs = place.noontide(&["logs", id, "-o", "json"]).json();
    assert_eq!(logs[0]["lines"][0]["message"], "Hello, noon!");
    assert_eq!(place.noontide(&["show-run", "00000000-0000-7000-8000-000000000000"]).code, 4);
    for verb in ["ls", "next", "status", "runs"] {
        let said = place.noontide(&[verb]);
        assert!(said.code == 0 && said.out.contains("hello") || verb == "status", "{verb}: {said:?}");
    }
    host.stop().await;
    assert_eq!(place.noontide(&["runs"]).code, 5, "a host that is gone is unreachable");
}

#[tokio::test]
async fn fire_waits_for_the_run_and_ends_as_the_run_did() {
    let place = Place::new();
    place.plugin("hello");
    place.plugin("trap");
    place.schedules(
        "[schedule.by-hand]\nhandler = \"hello/greet\"\nmanual = true\n[schedule.bad]\nhandler = \"fixture-trap/run\"\nmanual = true\n",
    );
    let _host = place.serve().await;
    let fired = place.noontide(&["fire", "by-hand", "--input", r#"{"name":"Ada"}"#, "--wait", "-o", "json"]).json();
    assert_eq!((&fired["state"], &fired["cause"]), (&json!("succeeded"), &json!("manual")));
    assert_eq!(fired["result"], json!({ "greeting": "Hello, Ada!" }));
    let failed = place.noontide(&["fire", "bad", "--wait"]);
    assert!(failed.code == 1 && failed.err.contains("fixture-trap was asked to panic"), "{failed:?}");
    let typo = place.noontide(&["fire", "by-hnad"]);
    assert!(typo.code == 4 && typo.err.contains("did you mean `by-hand`"), "{typo:?}");
    let enqueued = place.noontide(&["enqueue", "hello", "--key", "once", "--wait", "-o", "json"]).json();
    let again = place.noontide(&["enqueue", "hello", "--key", "once", "--wait", "-o", "json"]).json();
    assert_eq!(enqueued["id"], again["id"], "the same key is the same run");
}

#[tokio::test]
async fn sigterm_lets_runs_in_flight_end_and_ends_with_0() {
    drains_on("TERM").await;
}

#[tokio::test]
async fn sigint_lets_runs_in_flight_end_and_ends_with_0() {
    drains_on("INT").await;
}

async fn drains_on(signal: &str) {
    let place = Place::new();
    place.plugin("recorder");
    place.conf("grants.toml", &place.recorder_grant());
    place.schedules(
        "[schedule.slow]\nhandler = \"fixture-recorder/run\"\nevery = \"200ms\"\noverlap = \"allow\"\ninput = { hold_ms = 700 }\n",
    );
    let host = place.serve().await;
    let in_flight = async || (place.marks().iter().filter(|mark| mark.phase == "start").count() >= 3).then_some(());
    until("three have begun", in_flight).await;
    host.signal(signal);
    let status = host.end().await;
    assert_eq!(status.code(), Some(0), "after SIG{signal}");
    let marks = place.marks();
    let count = |phase: &str| marks.iter().filter(|mark| mark.phase == phase).count();
    assert_eq!(count("start"), count("end"), "what had begun has ended");
    let rows = place.ledger().await.rows().await;
    assert_eq!(done(&rows), count("end"), "and is on record");
    assert!(rows.iter().all(|row| row.state != 1), "nothing is left running: {rows:?}");
}

#[tokio::test]
async fn told_to_end_at_any_moment_a_host_leaves_no_run_behind_a_lease() {
    let place = Place::new();
    place.plugin("noop");
    // One after the other comes due, five milliseconds apart: something is being claimed almost all the time.
    let schedule = |index: u32| {
        let start = format!("2026-01-01T00:00:00.{:03}Z", 5 * index);
        format!(
            "[schedule.beat-{index}]\nhandler = \"fixture-noop/run\"\nevery = \"100ms\"\nstart = \"{start}\"\noverlap = \"allow\"\n"
        )
    };
    place.schedules(&(0..20).map(schedule).collect::<String>());
    let mut dice = Dice::thrown();
    for round in 1..=8 {
        let host = place.serve().await;
        tokio::time::sleep(Duration::from_millis(dice.within(50..250))).await;
        host.stop().await;
        let rows = place.ledger().await.rows().await;
        let left: Vec<_> = rows.iter().filter(|row| row.state == 1).collect();
        assert!(left.is_empty(), "round {round}: ended with 0, and left to their leases: {left:?}");
    }
}

fn done(rows: &[Row]) -> usize {
    rows.iter().filter(|row| row.succeeded()).count()
}
