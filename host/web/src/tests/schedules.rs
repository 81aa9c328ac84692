//! Schedules.

use noontide_domain::Pause;

use super::*;

#[tokio::test]
async fn a_schedule_is_fired_and_its_run_is_shown_with_its_result() {
    let world = world(Access::Loopback).await;
    let run = world.fire().await;
    world.all_over().await;
    let shown = world.get(&format!("/runs/{run}")).await;
    assert_eq!(
        (&shown["state"], &shown["schedule"], &shown["attempt"], &shown["cause"]),
        (&json!("succeeded"), &json!("nightly"), &json!(1), &json!("manual"))
    );
    let schedule = world.get("/schedules/nightly?count=2").await;
    assert_eq!(schedule["next"], json!(["2026-07-02T02:00:00Z", "2026-07-03T02:00:00Z"]));
    assert_eq!(schedule["owner"], "file:conf/x.toml:3");
    assert_eq!(schedule["trigger"], json!({ "kind": "cron", "text": "0 2 * * *", "named": [] }));
    assert_eq!((&schedule["last_run"]["id"], &schedule["problem"]), (&json!(run), &Value::Null));
    let list = world.get("/schedules").await;
    assert_eq!(list["items"][0]["words"], "at 02:00 every day, UTC time");
    assert_eq!(list["next"], Value::Null);
}

#[tokio::test]
async fn the_last_run_is_the_same_wherever_it_is_shown_however_many_were_skipped_since() {
    let world = world(Access::Loopback).await;
    world.plugins.hold("mail/send");
    let run = world.fire().await;
    for skipped in 1..20 {
        assert_eq!(world.post_refused("/schedules/nightly/fire", json!({})).await.0, 409);
        world.until(|rows| rows.len() == skipped + 1).await;
        assert_eq!(world.get("/schedules/nightly").await["last_run"]["id"], json!(run), "after {skipped}");
    }
    assert_eq!(world.get("/schedules").await["items"][0]["last_run"]["id"], json!(run));
    let paused = world.post("/schedules/nightly/pause", json!({})).await;
    assert_eq!(paused["last_run"]["id"], json!(run));
}

#[tokio::test]
async fn due_instants_are_those_of_the_span_asked_for() {
    let world = world(Access::Loopback).await;
    let next = async |query: &str| world.get(&format!("/schedules/nightly/next{query}")).await["items"].clone();
    assert_eq!(next("?count=1").await, json!(["2026-07-02T02:00:00Z"]));
    assert_eq!(next("").await.as_array().map(Vec::len), Some(10));
    assert_eq!(next("?count=0").await, json!([]));
    let from = next("?from=2027-01-01T02:00:00Z&to=2027-01-03T02:00:00Z").await;
    assert_eq!(from, json!(["2027-01-02T02:00:00Z", "2027-01-03T02:00:00Z"]));
    for (query, word) in [("count=1001", "1000"), ("count=-1", "count"), ("from=x", "no instant"), ("form=x", "`form`")]
    {
        let (code, detail) = world.get_refused(&format!("/schedules/nightly/next?{query}")).await;
        assert!(code == 400 && detail.contains(word), "{query}: {detail}");
    }
}

#[tokio::test]
async fn a_schedule_that_is_not_there_is_asked_for_by_nearly_its_name() {
    let world = world(Access::Loopback).await;
    for path in ["/schedules/nightli", "/schedules/nightli/next"] {
        let (code, detail) = world.get_refused(path).await;
        assert!(code == 404 && detail.contains("did you mean `nightly`"), "{path}: {detail}");
    }
    for verb in ["fire", "pause", "resume"] {
        let (code, detail) = world.post_refused(&format!("/schedules/nightli/{verb}"), json!({})).await;
        assert!(code == 404 && detail.contains("did you mean `nightly`"), "{verb}: {detail}");
    }
}

#[tokio::test]
async fn a_fire_takes_input_window_and_moment() {
    let world = world(Access::Loopback).await;
    let window = json!({ "from": "2026-06-01T00:00:00Z", "to": "2026-06-02T00:00:00Z" });
    let body = json!({ "input": { "to": "ana" }, "window": window, "at": "2026-07-01T18:00:00+08:00" });
    let fired = world.post("/schedules/nightly/fire", body).await;
    let run = world.get(&format!("/runs/{}", fired["run"].as_str().expect("a run"))).await;
    assert_eq!((&run["state"], &run["input"], &run["window"]), (&json!("ready"), &json!({ "to": "ana" }), &window));
    assert_eq!((&run["due_at"], &run["not_before"]), (&json!("2026-07-01T10:00:00Z"), &json!("2026-07-01T10:00:00Z")));
}

#[tokio::test]
async fn a_fire_that_makes_no_sense_is_refused_in_words() {
    let world = world(Access::Loopback).await;
    let fire = "/schedules/nightly/fire";
    let (first, later) = ("2026-08-01T00:00:00Z", "2026-08-02T00:00:00Z");
    let bad = [
        (json!({ "inptu": 1 }), "`inptu`"),
        (json!({ "delay": "1h", "at": first }), "exclude each other"),
        (json!({ "delay": "soon" }), "`delay`"),
        (json!({ "at": "+262142-01-01T00:00:00Z" }), "no instant"),
        (json!({ "window": { "from": later, "to": first } }), "before"),
        (json!([]), "cannot be read"),
    ];
    for (body, word) in bad {
        let (code, detail) = world.post_refused(fire, body.clone()).await;
        assert!(code == 400 && detail.contains(word), "{body}: {detail}");
    }
    world.plugins.refuse_input("mail/send", Some("`to` is missing"));
    let (code, detail) = world.post_refused(fire, json!({})).await;
    assert!(code == 422 && detail.contains("`to` is missing"), "{detail}");
    assert!(world.get("/schedules/nightly").await["problem"].as_str().expect("words").contains("`to` is missing"));
    world.plugins.refuse_input("mail/send", None);
    world.plugins.hold("mail/send");
    let blocking = world.fire().await;
    let (code, detail) = world.post_refused(fire, json!({})).await;
    assert!(code == 409 && detail.contains(&blocking), "{detail}");
    world.plugins.remove("mail/send");
    assert_eq!(world.post_refused(fire, json!({})).await.0, 404);
}

#[tokio::test]
async fn pausing_shows_who_and_why_until_it_is_resumed_or_over() {
    let world = world(Access::Loopback).await;
    let path = "/schedules/nightly";
    let pause = json!({ "reason": "move", "by": "ana", "until": "2026-07-01T09:00:00Z" });
    let paused = world.post(&format!("{path}/pause"), pause).await;
    let wanted =
        json!({ "since": "2026-07-01T08:00:00Z", "by": "ana", "reason": "move", "until": "2026-07-01T09:00:00Z" });
    assert_eq!((&paused["pause"], &world.get(path).await["pause"]), (&wanted, &wanted));
    assert_eq!(world.get("/schedules").await["items"][0]["pause"], wanted);
    let past = json!({ "until": "2020-01-01T00:00:00Z" });
    let (code, detail) = world.post_refused(&format!("{path}/pause"), past).await;
    assert!(code == 400 && detail.contains("has passed"), "{detail}");
    let resumed = world.post(&format!("{path}/resume"), json!({})).await;
    assert_eq!(resumed["pause"], Value::Null);
    let until = Some("2026-07-01T08:30:00Z".parse().expect("an instant"));
    let since = world.parts.engine.now();
    let pause = Pause { since, by: "ana".into(), reason: None, until };
    world.parts.engine.pause("nightly", Some(pause)).await.expect("paused");
    world.clock.advance(Duration::from_secs(3_600));
    assert_eq!(world.get(path).await["pause"], Value::Null, "it has ended by itself");
}

#[tokio::test]
async fn a_backfill_runs_what_came_due_before_the_schedule_was_there_and_nothing_twice() {
    let world = world(Access::Loopback).await;
    let span = json!({ "from": "2026-06-01T00:00:00Z", "to": "2026-06-04T00:00:00Z" });
    let mut dry = span.clone();
    dry["dry_run"] = json!(true);
    let path = "/schedules/nightly/backfill";
    let due = json!(["2026-06-01T02:00:00Z", "2026-06-02T02:00:00Z", "2026-06-03T02:00:00Z"]);
    assert_eq!(world.post(path, dry).await, json!({ "runs": [], "duplicate": 0, "superseded": 0, "due": due }));
    let done = world.post(path, span.clone()).await;
    assert_eq!((done["runs"].as_array().map(Vec::len), &done["due"]), (Some(3), &due));
    world.until(|rows| rows.len() == 3 && rows.iter().all(|row| row.state.is_final())).await;
    let again = world.post(path, span).await;
    assert_eq!((&again["runs"], &again["duplicate"]), (&json!([]), &json!(3)));
    let why = world.get("/occurrences?schedule=nightly&at=2026-06-02T02:00:00Z").await;
    assert!(why["text"].as_str().expect("text").starts_with("backfilled: ran and succeeded"), "{why}");
}

#[tokio::test]
async fn a_backfill_that_makes_no_sense_is_refused_in_words() {
    let world = world(Access::Loopback).await;
    let (first, later) = ("2026-06-01T00:00:00Z", "2026-06-02T00:00:00Z");
    let bad = [
        (json!({ "from": later, "to": first }), 422, "before it begins"),
        (json!({ "from": "2020-01-01T00:00:00Z", "to": first }), 422, "more than 1000"),
        (json!({ "from": first, "to": later, "overlap": "quue" }), 400, "did you mean `queue`"),
        (json!({ "from": first }), 400, "`to`"),
    ];
    for (body, status, word) in bad {
        let (code, detail) = world.post_refused("/schedules/nightly/backfill", body.clone()).await;
        assert!(code == status && detail.contains(word), "{body}: {code} {detail}");
    }
}
