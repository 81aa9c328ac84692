//! Late, paused, overlapping, failing, too slow, cancelled: what the policies promise.

use std::ops::Add;
use std::time::Duration;

use serde_json::{Value, json};

use super::support::{Ledger, Place, Row, now_ms, until, within};

#[tokio::test]
async fn while_paused_due_instants_leave_rows_that_say_why_and_resuming_fires_none_of_them() {
    let place = Place::new();
    place.plugin("noop");
    place.schedules("[schedule.beat]\nhandler = \"fixture-noop/run\"\nevery = \"200ms\"\noverlap = \"allow\"\n");
    let host = place.serve().await;
    let mut ledger = place.ledger().await;
    until("it beats", async || ledger.rows().await.iter().any(Row::succeeded).then_some(())).await;
    assert_eq!(place.noontide(&["pause", "beat", "--reason", "the cellar is flooded"]).code, 0);
    let paused = |row: &Row| row.reason["kind"] == "paused";
    let spans = async |ledger: &mut Ledger| ledger.rows().await.iter().filter(|row| paused(row)).count();
    until("paused instants have rows", async || (spans(&mut ledger).await >= 3).then_some(())).await;
    let rows = ledger.rows().await;
    let first = rows.iter().position(paused).expect("a paused row");
    assert_eq!(rows[first].reason["reason"], "the cellar is flooded");
    assert!(rows[first..].iter().all(paused), "nothing runs while it is paused: {rows:?}");
    assert_eq!(host.api().get("/schedules/beat").await["pause"]["reason"], "the cellar is flooded");

    let resumed_at = now_ms();
    assert_eq!(place.noontide(&["resume", "beat"]).code, 0);
    until("it beats again", async || {
        ledger.rows().await.iter().any(|row| row.succeeded() && row.due_at > resumed_at).then_some(())
    })
    .await;
    host.stop().await;
    let standing = ledger.standing("beat").await;
    let rows = ledger.rows().await;
    let mut due = standing.anchor;
    for row in &rows {
        assert_eq!(row.due_at, due + 200, "every due instant has a row");
        due = row.due_until;
    }
}

#[tokio::test]
async fn a_pause_outlives_a_restart() {
    let place = Place::new();
    place.plugin("noop");
    place.schedules("[schedule.beat]\nhandler = \"fixture-noop/run\"\nevery = \"200ms\"\n");
    let host = place.serve().await;
    host.api().post("/schedules/beat/pause", json!({ "reason": "later" })).await;
    host.kill();
    let host = place.serve().await;
    assert_eq!(host.api().get("/schedules/beat").await["pause"]["reason"], "later");
    let (mut ledger, back) = (place.ledger().await, now_ms());
    until("after the start, too, rows that say why", async || {
        let rows = ledger.rows().await;
        rows.iter().any(|row| row.due_until > back && row.reason["kind"] == "paused").then_some(())
    })
    .await;
}

/// Two due instants are missed, 6 and 2 minutes ago; the next is 2 minutes away.
#[tokio::test]
async fn after_ten_minutes_down_each_schedule_catches_up_as_its_policy_says() {
    let place = Place::new();
    place.plugin("noop");
    let schedule = |mode: &str| {
        format!(
            "[schedule.{mode}]\nhandler = \"fixture-noop/run\"\nevery = \"4m\"\noverlap = \"allow\"\ncatch-up = \"{mode}\"\n"
        )
    };
    let young = "[schedule.young]\nhandler = \"fixture-noop/run\"\nevery = \"4m\"\ncatch-up = { mode = \"all\", within = \"3m\" }\n";
    place.schedules(&["latest", "all", "none"].map(schedule).join("").add(young));
    place.serve().await.stop().await;
    let ten_minutes_ago = "UPDATE schedule SET cursor = cursor - 600000, anchor = anchor - 600000";
    Ledger::change(&place.path("data/noontide.db"), ten_minutes_ago).await;
    let host = place.serve().await;
    let mut ledger = place.ledger().await;
    until("all is decided", async || {
        let rows = ledger.rows().await;
        (rows.len() >= 7 && rows.iter().all(Row::is_over)).then_some(())
    })
    .await;
    host.stop().await;
    let mut shape = async |name: &str| -> Vec<(i64, bool)> {
        let standing = ledger.standing(name).await;
        let minutes = |due: i64| (due - standing.anchor) / 60_000;
        let rows = ledger.rows_of(name).await;
        rows.iter().for_each(|row| assert!(row.succeeded() || row.reason["kind"] == "missed", "{row:?}"));
        rows.iter().map(|row| (minutes(row.due_until), row.succeeded())).collect()
    };
    assert_eq!(shape("latest").await, [(4, false), (8, true)]);
    assert_eq!(shape("all").await, [(4, true), (8, true)]);
    assert_eq!(shape("none").await, [(8, false)], "one row for both");
    assert_eq!(shape("young").await, [(4, false), (8, true)], "the older one is past its time");
}

#[tokio::test]
async fn a_handler_that_fails_twice_succeeds_at_the_third_attempt_and_all_three_are_on_record() {
    let place = Place::new();
    place.plugin("fails-twice");
    place.schedules(
        "[schedule.stubborn]\nhandler = \"fixture-fails-twice/run\"\nmanual = true\nretry = { attempts = 3, backoff = \"200ms\" }\n\
         [schedule.timid]\nhandler = \"fixture-fails-twice/run\"\nmanual = true\nretry = { attempts = 2, backoff = \"0s\" }\n",
    );
    let host = place.serve().await;
    let api = host.api();
    let run = fired(&api.post("/schedules/stubborn/fire", json!({})).await);
    let ended = api.ended(&run).await;
    assert_eq!((&ended["state"], &ended["result"]), (&json!("succeeded"), &json!({ "attempt": 3 })));
    let attempts = ended["attempts"].as_array().expect("attempts");
    assert_eq!(attempts.len(), 2, "the two before the last: {ended}");
    assert!(attempts.iter().all(|attempt| attempt["outcome"] == "failed"), "{ended}");
    let instant = |value: &Value| {
        let text = value.as_str().expect("an instant");
        chrono::DateTime::parse_from_rfc3339(text).expect("RFC 3339").timestamp_millis()
    };
    let first = instant(&attempts[1]["started_at"]) - instant(&attempts[0]["finished_at"]);
    let second = instant(&ended["started_at"]) - instant(&attempts[1]["finished_at"]);
    assert!((160..2_000).contains(&first) && (320..2_000).contains(&second), "waited {first} and {second} ms");

    let run = fired(&api.post("/schedules/timid/fire", json!({})).await);
    let ended = api.ended(&run).await;
    assert_eq!((&ended["state"], &ended["attempt"]), (&json!("failed"), &json!(2)));
}

#[tokio::test]
async fn a_handler_that_takes_too_long_is_stopped_when_its_schedule_says() {
    let place = Place::new();
    place.plugin("sleeper");
    place.schedules("[schedule.slow]\nhandler = \"fixture-sleeper/run\"\nmanual = true\ntimeout = \"400ms\"\n");
    let host = place.serve().await;
    let api = host.api();
    let run = fired(&api.post("/schedules/slow/fire", json!({})).await);
    let ended = api.ended(&run).await;
    assert_eq!((&ended["state"], &ended["outcome"]), (&json!("failed"), &json!("timed-out")));
    let wall = ended["usage"]["wall_ms"].as_u64().expect("a length");
    assert!((400..2_000).contains(&wall), "stopped after {wall} ms");
}

#[tokio::test]
async fn a_due_instant_that_overlaps_is_skipped_with_the_run_in_its_way() {
    let place = Place::new();
    place.plugin("cancellable");
    place.schedules(
        "[schedule.long]\nhandler = \"fixture-cancellable/run\"\nevery = \"300ms\"\ninput = { limit_ms = 1500 }\n",
    );
    let host = place.serve().await;
    let api = host.api();
    let skipped = until("one is skipped", async || api.list("/runs?schedule=long&state=skipped").await.pop()).await;
    let blocking = skipped["reason"]["blocking"].as_str().expect("the run in the way");
    let blocker = api.get(&format!("/runs/{blocking}")).await;
    assert!(blocker["due_at"].as_str() < skipped["due_at"].as_str(), "{blocker}");
    let text = skipped["reason"]["text"].as_str().expect("a sentence");
    assert_eq!((&skipped["reason"]["kind"], text.contains(blocking)), (&json!("overlap"), true));
    if blocker["state"] == "running" {
        let busy = place.noontide(&["fire", "long"]);
        assert!(busy.code == 6 && busy.err.contains(blocking), "firing a busy schedule is a conflict: {busy:?}");
    }
    assert!(api.list("/runs?schedule=long&state=running").await.len() <= 1, "never two at once");
}

#[tokio::test]
async fn a_running_run_stops_when_it_is_cancelled_and_cannot_be_cancelled_again() {
    let place = Place::new();
    place.plugin("cancellable");
    place.plugin("sleeper");
    let host = place.serve().await;
    let api = host.api();
    for handler in ["fixture-cancellable/run", "fixture-sleeper/run"] {
        let run = api.call(handler, json!({})).await;
        until("it runs", async || (api.get(&format!("/runs/{run}")).await["state"] == "running").then_some(())).await;
        assert_eq!(place.noontide(&["cancel", &run]).code, 0);
        let ended = within(Duration::from_secs(10), "it stops", async || Some(api.ended(&run).await)).await;
        assert_eq!((&ended["state"], &ended["outcome"]), (&json!("cancelled"), &json!("cancelled")), "{handler}");
        assert_eq!(place.noontide(&["cancel", &run]).code, 6, "it is over");
    }
    let waiting = api.post("/runs", json!({ "handler": "fixture-cancellable/run", "delay": "1h" })).await;
    let waiting = waiting["runs"][0].as_str().expect("an id").to_owned();
    api.post(&format!("/runs/{waiting}/cancel"), json!({})).await;
    let ended = api.ended(&waiting).await;
    assert_eq!((&ended["state"], &ended["attempt"]), (&json!("cancelled"), &json!(0)), "it never began");
}

fn fired(answer: &Value) -> String {
    answer["run"].as_str().unwrap_or_else(|| panic!("no run: {answer}")).to_owned()
}
