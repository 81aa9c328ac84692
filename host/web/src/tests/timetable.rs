//! Submissions.

use noontide_domain::{Overlap, Timetable};

use super::*;

const NOW: i64 = 1_782_892_800;

/// A world whose `nightly` has become a timetable.
async fn with_timetable() -> World {
    let world = world(Access::Loopback).await;
    let timetable = Timetable { unique: vec!["id".to_owned()], ..Timetable::default() };
    let live = Schedule { trigger: Trigger::Timetable(timetable), overlap: Overlap::Allow, ..nightly() };
    world.parts.engine.declare(vec![live]).await.expect("declares");
    world
}

#[tokio::test]
async fn a_submission_is_answered_with_its_counts_and_runs() {
    let world = with_timetable().await;
    let data = json!({
        NOW.to_string(): [{ "id": 1 }, { "id": 1 }, { "id": 2 }],
        (NOW + 7_200).to_string(): [{ "id": 3 }],
    });
    let answer = world.post("/schedules/nightly/submit", data).await;
    let counts = ["accepted", "duplicate", "out_of_window", "expired"].map(|key| answer[key].clone());
    assert_eq!(counts, [2, 1, 1, 0].map(Value::from));
    assert!(answer["submission"].is_string());
    world.all_over().await;
    let run = answer["runs"][0].as_str().expect("a run");
    assert_eq!(world.get(&format!("/runs/{run}")).await["items"], json!({ "total": 2, "succeeded": 2, "failed": 0 }));
    let page = world.get(&format!("/runs/{run}/items?limit=1")).await;
    assert_eq!((&page["items"][0]["payload"], &page["items"][0]["status"]), (&json!({ "id": 1 }), &json!("succeeded")));
    let told = world.get("/occurrences?schedule=nightly&at=2026-07-01T08:00:00Z").await.to_string();
    assert!(told.contains("submitted: ran and succeeded") && !told.contains("changed since"), "{told}");
    let next = page["next"].as_str().expect("another page");
    let page = world.get(&format!("/runs/{run}/items?after={next}")).await;
    assert_eq!((&page["items"][0]["payload"], &page["next"]), (&json!({ "id": 2 }), &Value::Null));
}

#[tokio::test]
async fn a_refusal_names_timestamp_index_and_field_and_keeps_nothing() {
    let world = with_timetable().await;
    let data = json!({ NOW.to_string(): [{ "id": 1 }, { "id": null }] });
    let response = world.raw("/schedules/nightly/submit").json(&data).send().await.expect("an answer");
    assert_eq!(response.status(), 422);
    let body: Value = response.json().await.expect("JSON");
    assert_eq!(
        (&body["timestamp"], &body["index"], &body["field"]),
        (&json!(NOW.to_string()), &json!(1), &json!("id"))
    );
    assert!(world.ledger.records().is_empty());
    for wrong in [json!([1]), json!({ "soon": [] }), json!({ NOW.to_string(): {} })] {
        assert_eq!(world.post_refused("/schedules/nightly/submit", wrong).await.0, 422);
    }
}

#[tokio::test]
async fn a_schedule_without_a_timetable_takes_no_submission() {
    let world = world(Access::Loopback).await;
    let (status, sentence) = world.post_refused("/schedules/nightly/submit", json!({})).await;
    assert_eq!((status, sentence.contains("has no timetable")), (409, true), "{sentence}");
    assert_eq!(world.post_refused("/schedules/nobody/submit", json!({})).await.0, 404);
}

#[tokio::test]
async fn payloads_may_come_line_by_line_and_a_wrong_one_is_named_by_its_line() {
    let world = with_timetable().await;
    let line = |at: i64, id: &str| format!("{{\"at\": {at}, \"payload\": {{\"id\": {id}}}}}\n");
    let send = async |text: String| {
        let request =
            world.raw("/schedules/nightly/submit").header("content-type", "application/x-ndjson; charset=utf-8");
        let response = request.body(text).send().await.expect("an answer");
        (response.status().as_u16(), response.json::<Value>().await.expect("JSON"))
    };
    let (status, told) = send(line(NOW, "1") + &line(NOW, "null")).await;
    assert_eq!((status, &told["line"], &told["field"]), (422, &json!(2), &json!("id")), "{told}");
    assert!(world.ledger.records().is_empty());
    let (status, told) = send(line(NOW, "1") + &line(NOW, "1") + &line(NOW + 60, "1")).await;
    assert_eq!((status, &told["accepted"], &told["duplicate"]), (202, &json!(2), &json!(1)), "{told}");
    let (status, told) = send(" ".repeat(2 << 20)).await;
    assert_eq!((status, told["line"].clone()), (422, json!(1)), "{told}");
}
