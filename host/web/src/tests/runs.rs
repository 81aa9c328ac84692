//! Runs.

use noontide_domain::{LogLine, Outcome};
use noontide_testkit::Step;

use super::*;

fn failed() -> Step {
    let line = LogLine {
        at: "2026-07-01T08:00:00.250Z".parse().expect("an instant"),
        level: "warn".into(),
        source: "log".into(),
        message: "no answer".into(),
        fields: vec![("host".into(), "a".into())],
    };
    let outcome = Outcome::Failed { message: "no route".into(), retryable: true, after: None };
    Step { logs: vec![line], ..outcome.into() }
}

#[tokio::test]
async fn pages_of_runs_hold_each_run_once_newest_first_and_the_last_leads_nowhere() {
    let world = world(Access::Loopback).await;
    let calls: Vec<_> = (0..250).map(|_| json!({ "handler": "mail/send" })).collect();
    let answer = world.post("/runs", json!(calls)).await;
    let mut wanted: Vec<_> = answer["runs"].as_array().expect("runs").iter().map(ToString::to_string).collect();
    wanted.sort();
    wanted.reverse();
    for (limit, pages) in [(100, 3), (125, 2), (250, 1), (1_000, 1)] {
        let (mut found, mut after, mut count) = (Vec::new(), String::new(), 0);
        loop {
            let page = world.get(&format!("/runs?limit={limit}{after}")).await;
            found.extend(page["items"].as_array().expect("items").iter().map(|run| run["id"].to_string()));
            count += 1;
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => break,
            }
        }
        assert_eq!((&found, count), (&wanted, pages), "by {limit}");
    }
    assert_eq!(world.get("/runs").await["items"].as_array().map(Vec::len), Some(100));
}

#[tokio::test]
async fn runs_are_found_by_schedule_handler_state_and_time() {
    let world = world(Access::Loopback).await;
    world.fire().await;
    world.post("/runs", json!({ "handler": "mail/send", "at": "2026-07-05T00:00:00Z" })).await;
    world.until(|rows| rows.iter().filter(|row| row.state.is_final()).count() == 1).await;
    let found = async |filter: &str| world.get(&format!("/runs?{filter}")).await["items"].as_array().map(Vec::len);
    let filters = [
        ("schedule=nightly", 1),
        ("schedule=other", 0),
        ("handler=mail%2Fsend", 2),
        ("handler=mail/other", 0),
        ("state=ready", 1),
        ("state=succeeded", 1),
        ("since=2026-07-02T00:00:00Z", 1),
        ("until=2026-07-02T00:00:00Z", 1),
        ("since=2026-07-02T00:00:00Z&until=2026-07-05T00:00:00Z", 0),
    ];
    for (filter, count) in filters {
        assert_eq!(found(filter).await, Some(count), "{filter}");
    }
}

#[tokio::test]
async fn a_filter_that_cannot_be_read_is_refused_in_words() {
    let world = world(Access::Loopback).await;
    let filters = [
        ("limit=0", "1 to 1000"),
        ("limit=1001", "1 to 1000"),
        ("stat=ready", "`stat`"),
        ("state=done", "succeeded"),
        ("after=nonsense", "after"),
        ("since=yesterday", "2026-10-01T08:00:00Z"),
        ("until=%2B262142-01-01T00:00:00Z", "no instant"),
        ("schedule=a%20b", "`schedule`"),
    ];
    for (filter, word) in filters {
        let (code, detail) = world.get_refused(&format!("/runs?{filter}")).await;
        assert!(code == 400 && detail.contains(word), "{filter}: {detail}");
    }
}

#[tokio::test]
async fn a_run_shows_its_attempts_and_what_each_said() {
    let world = world(Access::Loopback).await;
    world.plugins.script("mail/send", [failed()]);
    let retry = json!({ "attempts": 2, "backoff": "0s" });
    let answer = world.post("/runs", json!({ "handler": "mail/send", "input": { "to": "ana" }, "retry": retry })).await;
    let id = answer["runs"][0].as_str().expect("a run");
    world.all_over().await;
    let run = world.get(&format!("/runs/{id}")).await;
    assert_eq!((&run["state"], &run["attempt"], &run["max_attempts"]), (&json!("succeeded"), &json!(2), &json!(2)));
    assert_eq!((&run["input"], &run["schedule"], &run["items"]), (&json!({ "to": "ana" }), &Value::Null, &Value::Null));
    assert_eq!((&run["cause"], &run["progress"]), (&json!("enqueued"), &Value::Null));
    let attempt = &run["attempts"][0];
    assert_eq!((&attempt["outcome"], &attempt["error"]), (&json!("failed"), &json!("no route")));
    assert_eq!(attempt["plugin"], json!({ "name": "mail", "version": "1", "sha256": "0".repeat(64) }));
    let logs = world.get(&format!("/runs/{id}/logs")).await;
    let line = json!({
        "at": "2026-07-01T08:00:00.250Z", "level": "warn", "source": "log", "message": "no answer",
        "fields": [["host", "a"]],
    });
    assert_eq!(logs["items"][0], json!({ "attempt": 1, "lines": [line], "dropped": 0 }));
}

#[tokio::test]
async fn a_run_that_goes_on_shows_how_far_it_is_and_stops_when_asked() {
    let world = world(Access::Loopback).await;
    world.plugins.hold("mail/send");
    let id = world.fire().await;
    tokio::time::timeout(SOON, world.plugins.called(1)).await.expect("in time");
    world.plugins.calls()[0].desk.progress(3, Some(7), "letters");
    let run = world.get(&format!("/runs/{id}")).await;
    assert_eq!(run["state"], "running");
    assert_eq!(run["progress"], json!({ "done": 3, "total": 7, "note": "letters" }));
    let answer = world.post(&format!("/runs/{id}/cancel"), json!({})).await;
    assert_eq!(answer, json!({ "run": id, "answer": "asked to stop" }));
    world.all_over().await;
    assert_eq!(world.get(&format!("/runs/{id}")).await["state"], "cancelled");
    let (code, detail) = world.post_refused(&format!("/runs/{id}/cancel"), json!({})).await;
    assert!(code == 409 && detail.contains("is over: cancelled"), "{detail}");
}

#[tokio::test]
async fn a_run_that_is_not_there_is_not_found() {
    let world = world(Access::Loopback).await;
    for id in ["nonsense", "019a0000-0000-7000-8000-000000000000"] {
        for path in [format!("/runs/{id}"), format!("/runs/{id}/logs")] {
            let (code, detail) = world.get_refused(&path).await;
            assert!(code == 404 && detail.contains(id), "{path}: {detail}");
        }
        assert_eq!(world.post_refused(&format!("/runs/{id}/cancel"), json!({})).await.0, 404);
    }
}

#[tokio::test]
async fn a_chosen_key_makes_a_second_call_a_duplicate() {
    let world = world(Access::Loopback).await;
    let call = json!({ "handler": "mail/send", "key": "invoice-7", "delay": "1h" });
    let first = world.post("/runs", call.clone()).await;
    let second = world.post("/runs", call).await;
    assert_eq!(first["duplicate"], 0);
    assert_eq!((&second["duplicate"], &second["runs"]), (&json!(1), &first["runs"]));
    let id = first["runs"][0].as_str().expect("a run");
    assert_eq!(world.get(&format!("/runs/{id}")).await["due_at"], "2026-07-01T09:00:00Z");
    assert_eq!(world.post(&format!("/runs/{id}/cancel"), json!({})).await["answer"], "cancelled");
    assert_eq!(world.post_refused(&format!("/runs/{id}/cancel"), json!({})).await.0, 409);
}

#[tokio::test]
async fn one_bad_call_refuses_the_batch_and_names_its_number_and_its_field() {
    let world = world(Access::Loopback).await;
    world.plugins.add("mail/strict");
    world.plugins.refuse_input("mail/strict", Some("`to` is missing"));
    let bad = [
        (json!({ "handler": "mail/send", "delai": "1s" }), 422, "delai", "did you mean `delay`?"),
        (
            json!({ "handler": "mail/send", "expires": "2026-06-01T00:00:00Z" }),
            422,
            "expires",
            "before the call may begin",
        ),
        (json!({ "handler": "mail/send", "queue": "mial" }), 422, "queue", "there is no queue `mial`"),
        (json!({ "handler": "mail/strict" }), 422, "input", "`to` is missing"),
        (json!({ "handler": "mail/sned" }), 404, "handler", "no handler `sned`"),
        (json!({ "handler": "post/send" }), 404, "handler", "no plugin `post`"),
    ];
    for (call, status, field, words) in bad {
        let response =
            world.raw("/runs").json(&json!([{ "handler": "mail/send" }, call])).send().await.expect("an answer");
        let code = response.status().as_u16();
        let body: Value = response.json().await.expect("JSON");
        assert_eq!((code, &body["index"], &body["field"]), (status, &json!(1), &json!(field)), "{body}");
        let detail = body["detail"].as_str().expect("a sentence");
        assert!(detail.starts_with("call 1: ") && detail.contains(words), "{call}: {detail}");
    }
    assert!(world.ledger.records().is_empty(), "nothing of a bad batch is kept");
}

#[tokio::test]
async fn more_calls_than_fit_into_one_request_are_refused_as_too_large() {
    let world = world(Access::Loopback).await;
    let many = vec![json!({ "handler": "mail/send" }); crate::errand::MOST + 1];
    let (code, detail) = world.post_refused("/runs", json!(many)).await;
    assert!(code == 413 && detail.contains("at most 50000"), "{detail}");
    let long = json!({ "handler": "mail/send", "input": "x".repeat(17 << 20) });
    let (code, detail) = world.post_refused("/runs", long).await;
    assert!(code == 413 && detail.contains("16 MiB"), "{detail}");
    assert!(world.ledger.records().is_empty());
}

#[tokio::test]
async fn a_call_is_shown_with_its_priority_queue_headers_and_the_host_that_carried_it_out() {
    let world = world(Access::Loopback).await;
    let call = json!({
        "handler": "mail/send", "priority": 7, "queue": "default", "headers": { "tenant": "acme" }, "expires": "1h",
    });
    let answer = world.post("/runs", call).await;
    world.all_over().await;
    let run = world.get(&format!("/runs/{}", answer["runs"][0].as_str().expect("a run"))).await;
    let shown = (&run["priority"], &run["queue"], &run["headers"]);
    assert_eq!(shown, (&json!(7), &json!("default"), &json!({ "tenant": "acme" })));
    assert_eq!(run["host"], world.get("/status").await["host"]);
    let order = world.plugins.calls()[0].leased.order.clone();
    assert_eq!(order.headers.iter().collect::<Vec<_>>(), [("tenant", "acme")]);
    let defaults = world.post("/runs", json!({ "handler": "mail/send", "delay": 3_600 })).await;
    let run = world.get(&format!("/runs/{}", defaults["runs"][0].as_str().expect("a run"))).await;
    assert_eq!((&run["priority"], &run["host"], &run["headers"]), (&json!(0), &Value::Null, &json!({})));
    let queue = world.get("/status").await["queues"][0].clone();
    let waits = json!({
        "queue": "default", "ready": 1, "running": 0, "waiting_since": "2026-07-01T09:00:00Z", "concurrency": null,
        "total": null,
        "taken_here": true,
    });
    assert_eq!(queue, waits);
}
