//! Data with its own due times: what the document of the first timetables shows, by its own example, on the real binary. The
//! stamps are shifted to the real now.

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{ConnectOptions, Row};

use super::support::{Api, Place, now_ms, until};

const SCHEDULE: &str = "[schedule.live]\ndescription = \"直播开始啦\"\nhandler = \"live-notice/push\"\n\
    timetable = { before = \"1h\", after = \"1h\", unique = [\"channel_id\"], flag = \"1\" }\n";

fn place() -> Place {
    let place = Place::new();
    place.plugin_as("live-notice", "live-notice.wasm");
    place.schedules(SCHEDULE);
    place
}

fn stream(channel: &str) -> Value {
    json!({ "channel_id": channel, "title": format!("Talk {channel}"), "coupon_price": [12, 23] })
}

/// Like the first example: nearly an hour ago, now, and 65 minutes ahead.
fn example() -> Value {
    let now = now_ms() / 1_000;
    json!({
        (now - 3_590).to_string(): [stream("A"), stream("B")],
        now.to_string(): [stream("C")],
        (now + 3_900).to_string(): [stream("D")],
    })
}

async fn all_ended(api: &Api, answer: &Value) -> Vec<Value> {
    let mut ended = Vec::new();
    for run in answer["runs"].as_array().expect("a list") {
        ended.push(api.ended(run.as_str().expect("an id")).await);
    }
    ended
}

#[tokio::test]
async fn what_is_inside_the_window_runs_once_and_what_is_not_is_filtered() {
    let place = place();
    let host = place.serve().await;
    let api = host.api();
    let data = example();
    let answer = api.post("/schedules/live/submit", data.clone()).await;
    let counts = |answer: &Value| ["accepted", "duplicate", "out_of_window", "expired"].map(|key| answer[key].clone());
    assert_eq!(counts(&answer), [3, 0, 1, 0].map(Value::from), "{answer}");
    let runs = all_ended(&api, &answer).await;
    let items: Vec<_> = runs.iter().map(|run| run["items"].clone()).collect();
    let done = |total: u64| json!({ "total": total, "succeeded": total, "failed": 0 });
    assert_eq!(items, [done(2), done(1)], "one call for each instant");
    let again = api.post("/schedules/live/submit", data).await;
    assert_eq!(counts(&again), [0, 3, 1, 0].map(Value::from), "{again}");
    assert_eq!(again["runs"], json!([]), "nobody is called for nothing");
    let run = runs[0]["id"].as_str().expect("an id");
    let listed = place.noontide(&["items", run, "-o", "json"]).json();
    let channels: Vec<_> =
        listed.as_array().expect("a list").iter().map(|item| &item["payload"]["channel_id"]).collect();
    assert_eq!(channels, ["A", "B"]);
}

#[tokio::test]
async fn the_table_of_old_shows_what_became_of_each_entry() {
    let place = place();
    let host = place.serve().await;
    let api = host.api();
    let now = now_ms() / 1_000;
    let data = json!({ now.to_string(): [stream("A"), { "channel_id": "B", "title": " " }], (now + 600).to_string(): [stream("C")] });
    let answer = api.post("/schedules/live/submit", data).await;
    api.ended(answer["runs"][0].as_str().expect("an id")).await;
    let file = sqlx::sqlite::SqliteConnectOptions::new().filename(place.path("data/noontide.db")).read_only(true);
    let mut connection = file.connect().await.expect("opens");
    let rows = sqlx::query("SELECT * FROM celery_timer ORDER BY id").fetch_all(&mut connection).await.expect("reads");
    let columns: Vec<_> =
        sqlx::Row::columns(&rows[0]).iter().map(|column| sqlx::Column::name(column).to_owned()).collect();
    let ten = "id task task_name flag key status executed_time finish_time update_time create_time";
    assert_eq!(columns.join(" "), ten);
    let status: Vec<i64> = rows.iter().map(|row| row.get("status")).collect();
    assert_eq!(status, [1, 2, 0], "done, failed, not executed");
    let text = |column| rows[0].get::<String, _>(column);
    assert_eq!(
        (text("task"), text("task_name"), text("flag")),
        ("live-notice/push".into(), "直播开始啦".into(), "1".into())
    );
    assert_eq!(rows[2].get::<Option<String>, _>("finish_time"), None);
}

#[tokio::test]
async fn what_is_held_is_held_through_a_kill_and_runs_at_its_second() {
    let place = place();
    let host = place.serve().await;
    let due = now_ms() / 1_000 + 4;
    let answer = host.api().post("/schedules/live/submit", json!({ due.to_string(): [stream("A")] })).await;
    host.kill();
    let host = place.serve().await;
    let run = host.api().ended(answer["runs"][0].as_str().expect("an id")).await;
    assert_eq!((&run["state"], &run["items"]["succeeded"]), (&json!("succeeded"), &json!(1)), "{run}");
    let row = until("the row", async || place.ledger().await.rows().await.into_iter().find(|row| row.is_over())).await;
    assert!(row.started_at.is_some_and(|started| started >= due * 1_000), "not before its second: {row:?}");
}

#[tokio::test]
async fn a_payload_that_is_wrong_refuses_the_whole_and_says_where() {
    let place = place();
    let host = place.serve().await;
    let api = host.api();
    let now = (now_ms() / 1_000).to_string();
    let data = json!({ &now: [stream("A"), { "channel_id": [12, 23] }] });
    let (status, problem) = api.ask(Method::POST, "/schedules/live/submit", Some(&data)).await;
    assert_eq!(status, 422, "{problem}");
    assert_eq!(
        (&problem["timestamp"], &problem["index"], &problem["field"]),
        (&json!(now), &json!(1), &json!("channel_id"))
    );
    assert!(api.list("/runs").await.is_empty());
    for (wrong, said) in
        [("[1]", "no timetable"), ("{\"soon\": []}", "no unix timestamp"), ("{\"1\": 2}", "a list of payloads")]
    {
        let told = place.noontide_reading(&["submit", "live", "-"], wrong);
        assert!(told.code == 2 && told.err.contains(said), "{wrong}: {told:?}");
    }
    assert_eq!(place.noontide_reading(&["submit", "nobody", "-"], "{}").code, 4);
    place.noontide(&["pause", "live"]);
    assert_eq!(place.noontide_reading(&["submit", "live", "-"], "{}").code, 6);
}

/// The same handler under one more name, flag or rule.
fn beside(name: &str, timetable: &str) -> String {
    format!("[schedule.{name}]\nhandler = \"live-notice/push\"\ntimetable = {{ {timetable} }}\n")
}

#[tokio::test]
async fn the_price_list_is_refused_as_unique_field_and_flags_and_repeats_are_kept_apart_over_a_restart() {
    let place = place();
    let more = [
        beside("priced", "unique = [\"coupon_price\"]"),
        beside("flagged", "unique = [\"channel_id\"], flag = \"2\""),
        beside("repeating", "unique = [\"channel_id\"], flag = \"3\", repeatable = true"),
    ];
    place.schedules(&(SCHEDULE.to_owned() + &more.concat()));
    let data = example();
    let mut ran = 0;
    for (live, flagged, repeating) in [(3, 3, 3), (0, 0, 3)] {
        let host = place.serve().await;
        let api = host.api();
        let (status, problem) = api.ask(Method::POST, "/schedules/priced/submit", Some(&data)).await;
        assert_eq!(
            (status, &problem["index"], &problem["field"]),
            (422, &json!(0), &json!("coupon_price")),
            "{problem}"
        );
        for (schedule, accepted) in [("live", live), ("flagged", flagged), ("repeating", repeating)] {
            let answer = api.post(&format!("/schedules/{schedule}/submit"), data.clone()).await;
            let told = (&answer["accepted"], &answer["duplicate"], &answer["out_of_window"]);
            assert_eq!(told, (&json!(accepted), &json!(3 - accepted), &json!(1)), "{schedule}: {answer}");
            ran += all_ended(&api, &answer).await.len();
        }
        host.stop().await;
    }
    assert_eq!(ran, 8, "two instants: three schedules at first, then the repeating one");
    let file = sqlx::sqlite::SqliteConnectOptions::new().filename(place.path("data/noontide.db")).read_only(true);
    let mut connection = file.connect().await.expect("opens");
    let count = "SELECT flag, count(*) AS rows, sum(status = 1) AS done FROM celery_timer GROUP BY flag ORDER BY flag";
    let rows = sqlx::query(count).fetch_all(&mut connection).await.expect("reads");
    let told: Vec<(String, i64, i64)> =
        rows.iter().map(|row| (row.get("flag"), row.get("rows"), row.get("done"))).collect();
    assert_eq!(told, ["1", "2", "3"].map(|flag| (flag.to_owned(), 3, 3)), "a row for each key, however often it ran");
}
