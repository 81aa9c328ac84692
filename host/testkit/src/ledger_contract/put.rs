//! The schedules of the API, one at a time.

use std::sync::Arc;

use noontide_domain::ports::{Put, Removed, RunFilter};
use noontide_domain::{Owner, Pause, Schedule, Standing, Trigger};

use super::schedules::every_minute;
use super::{Exam, fire, named, second};

fn of_the_api(name: &str) -> Schedule {
    Schedule { owner: Owner::Api, asked: Some(serde_json::json!({ "every": "1m" })), ..every_minute(name) }
}

async fn put(exam: &Exam, schedule: &Schedule, now: i64) -> Put {
    exam.ledger.put(schedule.clone(), "ops", second(now)).await.expect("puts")
}

async fn remove(exam: &Exam, name: &str) -> Removed {
    exam.ledger.remove(&named(name), "ops", second(30)).await.expect("asks")
}

async fn declare(exam: &Exam, schedules: &[Schedule], now: i64) -> Vec<Standing> {
    exam.ledger.declare(schedules.to_vec(), second(now)).await.expect("declares")
}

async fn standings(exam: &Exam) -> Vec<Standing> {
    exam.history.standings().await.expect("reads")
}

pub async fn what_is_put_stands_from_now(exam: &Exam) {
    let expected = Standing::new(of_the_api("a"), second(5));
    assert_eq!(put(exam, &of_the_api("a"), 5).await, Put::Created(Box::new(expected.clone())));
    assert_eq!(standings(exam).await, [expected]);
}

pub async fn the_same_put_again_changes_nothing(exam: &Exam) {
    put(exam, &of_the_api("a"), 0).await;
    let before = standings(exam).await;
    assert_eq!(put(exam, &of_the_api("a"), 60).await, Put::Unchanged);
    assert_eq!(standings(exam).await, before);
}

pub async fn a_put_that_comes_due_otherwise_does_not_look_back(exam: &Exam) {
    let mut schedule = of_the_api("a");
    put(exam, &schedule, 0).await;
    let changes: [fn(&mut Schedule); 4] = [
        |schedule| schedule.trigger = Trigger::Manual,
        |schedule| schedule.timezone = "Asia/Tokyo".parse().expect("a zone"),
        |schedule| schedule.max_runs = Some(9),
        |schedule| schedule.enabled = false,
    ];
    for (now, change) in (60..).step_by(60).zip(changes) {
        change(&mut schedule);
        let expected = Standing { cursor: second(now), ..Standing::new(schedule.clone(), second(0)) };
        assert_eq!(put(exam, &schedule, now).await, Put::Replaced(Box::new(expected.clone())));
        assert_eq!(standings(exam).await, [expected]);
    }
}

pub async fn a_put_of_another_input_keeps_cursor_anchor_pause_and_count(exam: &Exam) {
    put(exam, &of_the_api("a"), 0).await;
    exam.claim(vec![fire("a", -1)]).await;
    let pause = Pause { since: second(1), by: "ops".to_owned(), reason: None, until: None };
    exam.ledger.pause(&named("a"), Some(pause.clone()), second(1)).await.expect("pauses");
    let changed = Schedule { input: serde_json::json!({ "to": "ops" }), ..of_the_api("a") };
    let expected = Standing { pause: Some(pause), runs: 1, ..Standing::new(changed.clone(), second(0)) };
    assert_eq!(put(exam, &changed, 60).await, Put::Replaced(Box::new(expected.clone())));
    assert_eq!(standings(exam).await, [expected]);
}

pub async fn what_a_file_owns_is_neither_replaced_nor_removed_and_the_answer_names_its_place(exam: &Exam) {
    let before = declare(exam, &[every_minute("a")], 0).await;
    assert_eq!(put(exam, &of_the_api("a"), 60).await, Put::OwnedByFile("jobs.toml:1".to_owned()));
    assert_eq!(remove(exam, "a").await, Removed::OwnedByFile("jobs.toml:1".to_owned()));
    assert_eq!(standings(exam).await, before);
}

pub async fn what_is_removed_leaves_the_list_and_its_history_stays(exam: &Exam) {
    put(exam, &of_the_api("a"), 0).await;
    put(exam, &of_the_api("b"), 0).await;
    let run = exam.running(fire("a", 0)).await.lease.run;
    assert_eq!(remove(exam, "a").await, Removed::Removed);
    let left: Vec<_> = standings(exam).await.into_iter().map(|standing| standing.schedule).collect();
    assert_eq!(left, [of_the_api("b")]);
    let of_a = RunFilter { schedule: Some(named("a")), limit: 9, ..RunFilter::default() };
    assert_eq!(exam.history.runs(of_a).await.expect("reads")[0].id, run);
}

pub async fn what_comes_back_does_not_look_back_and_is_counted_anew(exam: &Exam) {
    put(exam, &of_the_api("a"), 0).await;
    exam.claim(vec![fire("a", -1)]).await;
    remove(exam, "a").await;
    let expected = Standing { cursor: second(120), ..Standing::new(of_the_api("a"), second(0)) };
    assert_eq!(put(exam, &of_the_api("a"), 120).await, Put::Created(Box::new(expected.clone())));
    assert_eq!(standings(exam).await, [expected]);
}

pub async fn what_does_not_stand_cannot_be_removed(exam: &Exam) {
    assert_eq!(remove(exam, "a").await, Removed::NotFound);
    put(exam, &of_the_api("a"), 0).await;
    remove(exam, "a").await;
    assert_eq!(remove(exam, "a").await, Removed::NotFound);
    declare(exam, &[every_minute("b")], 0).await;
    declare(exam, &[], 1).await;
    assert_eq!(remove(exam, "b").await, Removed::NotFound);
}

pub async fn what_left_its_file_can_be_put(exam: &Exam) {
    declare(exam, &[every_minute("a")], 0).await;
    declare(exam, &[], 30).await;
    let expected = Standing { cursor: second(60), ..Standing::new(of_the_api("a"), second(0)) };
    assert_eq!(put(exam, &of_the_api("a"), 60).await, Put::Created(Box::new(expected)));
}

pub async fn a_declare_leaves_alone_what_was_put(exam: &Exam) {
    put(exam, &of_the_api("mine"), 0).await;
    let expected = [Standing::new(every_minute("a"), second(60)), Standing::new(of_the_api("mine"), second(0))];
    assert_eq!(declare(exam, &[every_minute("a")], 60).await, expected);
    assert_eq!(declare(exam, &[], 120).await, expected[1..]);
}

pub async fn a_file_takes_over_a_name_of_the_api(exam: &Exam) {
    put(exam, &of_the_api("a"), 0).await;
    let taken = declare(exam, &[every_minute("a")], 60).await;
    assert_eq!(taken, [Standing::new(every_minute("a"), second(0))], "it comes due as before: the cadence is kept");
    assert_eq!(put(exam, &of_the_api("a"), 90).await, Put::OwnedByFile("jobs.toml:1".to_owned()));
    assert_eq!(declare(exam, &[], 120).await, [], "it leaves with the file");
}

pub async fn of_two_who_put_the_same_name_one_creates_it(exam: &Exam) {
    let clients = (0..8).map(|number| {
        let ledger = Arc::clone(&exam.ledger);
        let schedule = Schedule { input: serde_json::json!(number), ..of_the_api("a") };
        tokio::spawn(async move { ledger.put(schedule, "ops", second(0)).await.expect("puts") })
    });
    let mut created = 0;
    for client in clients.collect::<Vec<_>>() {
        created += usize::from(matches!(client.await.expect("no panic"), Put::Created(_)));
    }
    assert_eq!((created, standings(exam).await.len()), (1, 1));
}
