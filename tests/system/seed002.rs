//! The work of notes on APScheduler and Celery: `date`, `interval` and `cron` with their arguments, a list of what is to
//! come, removal, output on the terminal; a call with an id, a status and a countdown.

use serde_json::{Value, json};

use super::support::{Place, now_ms, until};

fn place() -> Place {
    let place = Place::new();
    place.plugin("arithmetic");
    place
}

/// The next instants of a trigger, asked without a host.
fn next(place: &Place, trigger: &str, from: &str, count: usize) -> Value {
    place.conf("asked.toml", &format!("[schedule.asked]\nhandler = \"fixture-arithmetic/print\"\n{trigger}\n"));
    let count = count.to_string();
    let items = place.noontide(&["next", "asked", "--offline", "--from", from, "-n", &count, "-o", "json"]).json();
    items.as_array().expect("a list").iter().map(|item| item["due_at"].clone()).collect()
}

#[test]
fn dates_intervals_and_cron_fields_come_due_as_the_notes_say() {
    let place = place();
    let zone = "timezone = \"Asia/Shanghai\"";
    let date = next(&place, &format!("at = \"2020-10-01 00:00:00\"\n{zone}"), "2020-01-01T00:00:00Z", 3);
    assert_eq!(date, json!(["2020-09-30T16:00:00Z"]), "once");
    let three = next(&place, "every = \"3s\"\nstart = \"2020-10-01T00:00:00Z\"", "2020-10-01T00:00:00Z", 2);
    assert_eq!(three, json!(["2020-10-01T00:00:03Z", "2020-10-01T00:00:06Z"]));
    let noon = next(&place, &format!("cron = \"30 12 * * *\"\n{zone}"), "2020-10-01T00:00:00Z", 1);
    assert_eq!(noon, json!(["2020-10-01T04:30:00Z"]));

    // weeks, days, hours, minutes, seconds; from a start to an end, both given as text
    let mixed = "every = \"1w2d3h4m5s\"\nstart = \"2020-10-01 00:00:00\"\nend = \"2020-10-20 00:00:00\"";
    let mixed = next(&place, &format!("{mixed}\ntimezone = \"UTC\""), "2020-09-01T00:00:00Z", 5);
    assert_eq!(mixed, json!(["2020-10-01T00:00:00Z", "2020-10-10T03:04:05Z", "2020-10-19T06:08:10Z"]));

    // year, month, week, day_of_week, hour, minute, second: here 0 is Monday, as in APScheduler 3
    let fields = "{ year = 2020, month = 10, day_of_week = 0, hour = 8, minute = 15, second = 30 }";
    let fields = format!("cron = {fields}\ndialect = \"apscheduler\"\ntimezone = \"UTC\"");
    let mondays = next(&place, &fields, "2020-01-01T00:00:00Z", 9);
    let expected = ["05", "12", "19", "26"].map(|day| format!("2020-10-{day}T08:15:30Z"));
    assert_eq!(mondays, json!(expected));
    let week = "cron = { week = 53, day_of_week = \"fri\" }\ndialect = \"apscheduler\"\ntimezone = \"UTC\"";
    assert_eq!(next(&place, week, "2020-01-01T00:00:00Z", 1), json!(["2021-01-01T00:00:00Z"]), "an ISO week");
}

#[tokio::test]
async fn what_runs_in_the_background_prints_to_the_terminal_and_finished_ones_are_not_listed() {
    let place = place();
    let host = place.serve_following().await;
    let api = host.api();
    // Once the host is there: what came due before a schedule is first seen does not fire.
    let soon = chrono::DateTime::from_timestamp_millis(now_ms() + 4_000).expect("an instant").to_rfc3339();
    place.schedules(&format!(
        "[schedule.once]\nhandler = \"fixture-arithmetic/print\"\nat = {soon:?}\ninput = {{ args = [\"hello\", \"once\"] }}\n\
         [schedule.often]\nhandler = \"fixture-arithmetic/print\"\nevery = \"1s\"\ninput = {{ args = [\"hello\"] }}\n"
    ));
    api.post("/reload", json!({})).await;
    let listed = || {
        let listed = place.noontide(&["ls", "-o", "json"]).json();
        listed.as_array().expect("a list").iter().map(|schedule| schedule["name"].clone()).collect::<Vec<_>>()
    };
    let run = until("the one-shot is over", async || {
        api.list("/runs?schedule=once&state=succeeded").await.into_iter().next()
    })
    .await;
    let run = run["id"].as_str().expect("an id").to_owned();
    assert_eq!(listed(), ["often"], "what is done is not listed");
    let said = place.noontide(&["logs", &run, "-o", "json"]).json();
    assert_eq!(
        (&said[0]["lines"][0]["source"], &said[0]["lines"][0]["message"]),
        (&json!("stdout"), &json!("hello once"))
    );
    until("it is on the terminal", async || host.log().contains("\n    hello once\n").then_some(())).await;
    host.stop().await;
}

#[tokio::test]
async fn a_schedule_that_was_added_by_a_program_can_be_removed_by_its_name() {
    let place = place();
    let host = place.serve().await;
    let added = place.noontide(&["put", "job", "--handler", "fixture-arithmetic/print", "--every", "3s"]);
    assert_eq!(added.code, 0, "{added:?}");
    assert_eq!(place.noontide(&["rm", "job"]).code, 0);
    assert_eq!(place.noontide(&["ls", "-o", "json"]).json(), json!([]));
    host.stop().await;
}

#[tokio::test]
async fn a_call_has_an_id_a_status_a_result_and_a_countdown() {
    let place = place();
    let host = place.serve().await;
    let api = host.api();
    let direct = place.noontide(&["enqueue", "fixture-arithmetic/print", "--input", r#"{"args":["hello"]}"#, "--wait"]);
    assert_eq!(direct.code, 0, "called and waited for: {direct:?}");
    let sum = api.call("fixture-arithmetic/add", json!({ "args": [1, 2] })).await;
    assert_eq!((&api.ended(&sum).await["state"], &api.ended(&sum).await["result"]), (&json!("succeeded"), &json!(3)));

    let begin = now_ms();
    let body = json!({ "handler": "fixture-arithmetic/print", "input": { "args": ["hello"] }, "delay": "10s" });
    let later = api.post("/runs", body).await["runs"][0].as_str().expect("an id").to_owned();
    let waiting = api.get(&format!("/runs/{later}")).await;
    assert_eq!((&waiting["state"], &waiting["attempt"]), (&json!("ready"), &json!(0)), "{waiting}");
    let not_before: chrono::DateTime<chrono::Utc> =
        waiting["not_before"].as_str().and_then(|text| text.parse().ok()).expect("an instant");
    assert!((9_000..=11_000).contains(&(not_before.timestamp_millis() - begin)), "ten seconds from now: {waiting}");
    assert_eq!(place.noontide(&["cancel", &later]).code, 0);
    assert_eq!(api.ended(&later).await["state"], "cancelled");
    host.stop().await;
}
