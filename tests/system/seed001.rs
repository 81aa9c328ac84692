//! The work of an introduction to Celery, its beat and django-celery-beat: calls that nobody waits for, a beat with two
//! entries, and schedules that come and go while the host runs.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use super::support::{Api, Place, now_ms, until};

fn place() -> Place {
    let place = Place::new();
    place.plugin("arithmetic");
    place
}

/// Seconds from now, as RFC 3339.
fn from_now(seconds: i64) -> String {
    chrono::DateTime::from_timestamp_millis(now_ms() + seconds * 1_000).expect("an instant").to_rfc3339()
}

/// The results of the runs of a schedule that have succeeded, newest first.
async fn results(api: &Api, schedule: &str) -> Vec<Value> {
    let runs = api.list(&format!("/runs?schedule={schedule}&state=succeeded")).await;
    runs.iter().map(|run| run["result"].clone()).collect()
}

#[tokio::test]
async fn the_client_goes_on_while_its_two_calls_are_carried_out_and_has_their_results_by_id() {
    let place = place();
    let host = place.serve().await;
    let api = host.api();
    let begin = Instant::now();
    let slow = json!({ "args": [2, 3], "sleep_ms": 2_000 });
    let add = api.call("fixture-arithmetic/add", slow.clone()).await;
    let multiply = api.call("fixture-arithmetic/multiply", slow).await;
    assert!(begin.elapsed() < Duration::from_secs(2), "nobody waited for a handler that thinks for two seconds");
    assert!(!api.get(&format!("/runs/{add}")).await["state"].is_null(), "it is known at once");
    assert_eq!((&api.ended(&add).await["result"], &api.ended(&multiply).await["result"]), (&json!(5), &json!(6)));
    host.stop().await;
}

/// `CELERYBEAT_SCHEDULE` of the document, with a first fire that a test can wait for.
fn beat() -> String {
    let start = from_now(4);
    format!(
        "timezone = \"Asia/Shanghai\"\n\
         [schedule.add-every-30-seconds]\nhandler = \"fixture-arithmetic/add\"\nevery = \"30s\"\nstart = {start:?}\n\
         input = {{ args = [2, 3] }}\n\
         [schedule.multiply-at-14-30]\nhandler = \"fixture-arithmetic/multiply\"\ncron = \"30 14 * * *\"\n\
         input = {{ args = [2, 3] }}\n"
    )
}

#[tokio::test]
async fn the_beat_calls_with_its_arguments_every_30_seconds_and_at_half_past_two_in_shanghai() {
    let place = place();
    let host = place.serve().await;
    let api = host.api();
    // Once the host is there: what came due before a schedule is first seen does not fire.
    place.conf("beat.toml", &beat());
    api.post("/reload", json!({})).await;
    until("the interval's first fire", async || {
        (!results(&api, "add-every-30-seconds").await.is_empty()).then_some(())
    })
    .await;
    assert_eq!(results(&api, "add-every-30-seconds").await, [json!(5)]);
    let fired: chrono::DateTime<chrono::Utc> =
        time(&api.list("/runs?schedule=add-every-30-seconds").await[0]["due_at"]);
    let next = time(&api.get("/schedules/add-every-30-seconds").await["next_due"]);
    assert_eq!((next - fired).num_seconds(), 30);
    let daily = time(&api.get("/schedules/multiply-at-14-30").await["next_due"]);
    assert_eq!(daily.format("%H:%M:%S").to_string(), "06:30:00", "14:30 in Shanghai");
    let by_hand = place.noontide(&["fire", "multiply-at-14-30", "--wait", "-o", "json"]).json();
    assert_eq!(by_hand["result"], 6);
    host.stop().await;
}

fn time(value: &Value) -> chrono::DateTime<chrono::Utc> {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("no instant: {value}"))
}

#[tokio::test]
async fn schedules_are_added_changed_stopped_and_taken_away_while_the_host_runs() {
    let place = place();
    let host = place.serve().await;
    let api = host.api();
    let add = |rule: Value| {
        let mut body = json!({ "handler": "fixture-arithmetic/add", "input": { "args": [2, 3] } });
        body.as_object_mut().expect("an object").extend(rule.as_object().cloned().unwrap_or_default());
        body
    };
    // The four tables of rules: clocked, crontabs, intervals, solar events.
    let clocked = from_now(4);
    let rules = [
        ("clocked", json!({ "at": clocked })),
        ("crontab", json!({ "cron": "30 14 * * *", "timezone": "Asia/Shanghai" })),
        ("interval", json!({ "every": "1s" })),
        ("solar", json!({ "solar": "sunset", "lat": 31.23, "lon": 121.47 })),
    ];
    for (name, rule) in rules {
        let (status, put) = api.ask(Method::PUT, &format!("/schedules/{name}"), Some(&add(rule))).await;
        assert_eq!((status, &put["problem"], put["next_due"].is_string()), (201, &Value::Null, true), "{name}: {put}");
    }
    until("the interval comes round", async || (results(&api, "interval").await.len() >= 2).then_some(())).await;
    until("the instant has come", async || (results(&api, "clocked").await == [json!(5)]).then_some(())).await;
    assert_eq!(api.get("/schedules/clocked").await["state"], "done", "once, and never again");
    let listed = place.noontide(&["ls", "-o", "json"]).json();
    let names: Vec<_> = listed.as_array().expect("a list").iter().map(|schedule| schedule["name"].clone()).collect();
    assert_eq!(names, ["crontab", "interval", "solar"], "what is done is not listed");
    assert_eq!(place.noontide(&["ls", "--all", "-o", "json"]).json().as_array().map(Vec::len), Some(4));

    let (status, changed) =
        api.ask(Method::PATCH, "/schedules/interval", Some(&json!({ "input": { "args": [20, 3] } }))).await;
    assert_eq!((status, &changed["input"]), (200, &json!({ "args": [20, 3] })));
    until("the new arguments", async || (results(&api, "interval").await[0] == json!(23)).then_some(())).await;
    let (status, stopped) = api.ask(Method::PATCH, "/schedules/interval", Some(&json!({ "enabled": false }))).await;
    assert_eq!((status, &stopped["state"], &stopped["next_due"]), (200, &json!("disabled"), &Value::Null));
    assert_eq!(api.ask(Method::DELETE, "/schedules/interval", None).await.0, 204);
    assert_eq!(api.status("/schedules/interval").await, Some(404));
    assert!(results(&api, "interval").await.len() >= 3, "what it did is still known");
    host.stop().await;
}
