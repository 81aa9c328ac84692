//! Submissions: the document of the first timetables, on its own date.

use noontide_domain::ports::{History, ItemPage};
use noontide_domain::submission::{self, Counts, Data};
use noontide_domain::{ItemOutcome, ItemStatus, Overlap, SubmissionId, Timetable};
use noontide_testkit::Step;
use serde_json::{Value, json};

use super::*;
use crate::Handed;

/// 2020-10-11 02:00 in Shanghai.
const NOW: &str = "2020-10-10T18:00:00Z";

fn at_the_seed() -> World {
    let clock = ManualClock::at(NOW);
    let ledger = MemoryLedger::new(clock.clone());
    let plugins = ScriptedPlugins::new(clock.clone());
    plugins.add("live-notice/push");
    World { clock, ledger, plugins, outlet: ScriptedOutlet::new() }
}

fn live(unique: &str) -> Schedule {
    let timetable = Timetable { unique: vec![unique.to_owned()], flag: "1".to_owned(), ..Timetable::default() };
    let (name, handler) = ("live-notice".parse().expect("a name"), "live-notice/push".parse().expect("a handler"));
    Schedule {
        owner: Owner::File { path: "conf/x.toml".into(), line: 1 },
        overlap: Overlap::Allow,
        ..Schedule::new(name, Trigger::Timetable(timetable), handler)
    }
}

fn seed() -> Value {
    json!({
        "1602349200": [{"channel_id": "A", "coupon_price": [12, 23]}, {"channel_id": "B", "coupon_price": [12, 23]}],
        "1602352800": [{"channel_id": "C", "coupon_price": [12, 23]}],
        "1602356700": [{"channel_id": "D", "coupon_price": [12, 23]}],
    })
}

async fn submit(host: &EngineHandle, data: Value) -> Result<Handed, EngineError> {
    host.submit("live-notice", SubmissionId::new(), Data::try_from(data).expect("an object"), None).await
}

/// The channels of each call, in the order of the instants.
fn channels(world: &World) -> Vec<Vec<String>> {
    let mut calls: Vec<_> = world.plugins.calls().into_iter().map(|call| call.leased).collect();
    calls.sort_by_key(|call| (call.order.due_at, call.lease.attempt));
    let channel = |payload: &str| {
        let payload: Value = serde_json::from_str(payload).expect("JSON");
        payload["channel_id"].as_str().expect("a text").to_owned()
    };
    calls.iter().map(|call| call.items.iter().map(|item| channel(&item.payload)).collect()).collect()
}

async fn all_over(world: &World, runs: usize) {
    world.ledger.until(|rows| rows.len() == runs && rows.iter().all(|row| row.state.is_final())).await;
}

#[tokio::test]
async fn of_the_seeds_example_a_b_and_c_run_and_d_is_filtered() {
    let world = at_the_seed();
    let host = world.host(vec![live("channel_id")]).await;
    let handed = submit(&host, seed()).await.expect("is taken");
    assert_eq!(handed.counts, Counts { accepted: 3, out_of_window: 1, ..Counts::default() });
    assert_eq!(handed.runs.len(), 2);
    all_over(&world, 2).await;
    assert_eq!(channels(&world), [vec!["A", "B"], vec!["C"]]);
    for run in handed.runs {
        let items = world.ledger.items(ItemPage { run, after: None, limit: 9 }).await.expect("reads");
        assert!(items.iter().all(|item| item.status == ItemStatus::Succeeded), "{items:?}");
    }
}

#[tokio::test]
async fn the_same_submission_again_calls_nobody_and_d_runs_when_its_hour_comes() {
    let world = at_the_seed();
    let host = world.host(vec![live("channel_id")]).await;
    submit(&host, seed()).await.expect("is taken");
    all_over(&world, 2).await;
    let again = submit(&host, seed()).await.expect("is taken");
    assert_eq!(again.counts, Counts { duplicate: 3, out_of_window: 1, ..Counts::default() });
    world.clock.asleep(LOOPS).await;
    world.pass(5 * MINUTE).await;
    let later = submit(&host, seed()).await.expect("is taken");
    assert_eq!(later.counts, Counts { accepted: 1, duplicate: 1, out_of_window: 2, ..Counts::default() });
    world.clock.asleep(LOOPS).await;
    assert_eq!(world.plugins.calls().len(), 2, "it is held");
    world.clock.set(utc("2020-10-10T19:05:00Z"));
    all_over(&world, 3).await;
    assert_eq!(channels(&world)[2], ["D"]);
}

#[tokio::test]
async fn a_list_as_unique_field_refuses_the_whole_and_nothing_runs() {
    let world = at_the_seed();
    let host = world.host(vec![live("coupon_price")]).await;
    let refused = submit(&host, seed()).await.expect_err("coupon_price is a list").to_string();
    assert!(refused.contains("timestamp 1602349200, index 0, field `coupon_price`: is a list"), "{refused}");
    assert!(world.ledger.records().is_empty());
}

#[tokio::test]
async fn only_the_items_that_failed_are_handed_to_the_retry() {
    let world = at_the_seed();
    let retry = RetryPolicy { attempts: 2, backoff: Duration::ZERO, cap: Duration::ZERO };
    let host = world.host(vec![Schedule { retry, ..live("channel_id") }]).await;
    let data = json!({ "1602352800": [{"channel_id": "A"}, {"channel_id": "B"}] });
    let standing = host.standing("live-notice").expect("stands");
    let timetable = standing.schedule.trigger.timetable().expect("is one");
    let read = submission::read(&standing, timetable, data.clone().try_into().expect("an object"), utc(NOW));
    let keys: Vec<_> = read.expect("is right").buckets[0].items.iter().map(|item| item.key.hash).collect();
    let outcome = |at: usize, error: Option<&str>| ItemOutcome { key: keys[at], error: error.map(str::to_owned) };
    let items = vec![outcome(0, None), outcome(1, Some("no such channel"))];
    world.plugins.script("live-notice/push", [Step { items, ..failed().into() }]);
    submit(&host, data).await.expect("is taken");
    all_over(&world, 1).await;
    assert_eq!(channels(&world), [vec!["A", "B"], vec!["B"]]);
}

#[tokio::test]
async fn what_was_taken_under_an_id_is_told_again_and_not_repeated() {
    let world = at_the_seed();
    let mut schedule = live("channel_id");
    if let Trigger::Timetable(timetable) = &mut schedule.trigger {
        timetable.repeatable = true;
    }
    let host = world.host(vec![schedule]).await;
    let id = SubmissionId::new();
    let again = async |id| host.submit("live-notice", id, Data::try_from(seed()).expect("an object"), None).await;
    let first = again(id).await.expect("is taken");
    all_over(&world, 2).await;
    world.clock.set(utc("2020-10-10T18:05:00Z"));
    let second = again(id).await.expect("is known");
    assert_eq!((second.counts, second.runs.len()), (first.counts, 0), "as at the first time");
    assert_eq!(
        again(SubmissionId::new()).await.expect("is taken").counts.accepted,
        2,
        "C and D: A and B are too old by now"
    );
}

#[tokio::test]
async fn a_schedule_that_is_paused_or_has_no_timetable_takes_nothing() {
    let world = at_the_seed();
    world.plugins.add("mail/send");
    let host = world.host(vec![live("channel_id"), minutely("other")]).await;
    let data = || Data::try_from(seed()).expect("an object");
    assert!(matches!(host.submit("other", SubmissionId::new(), data(), None).await, Err(EngineError::NoTimetable(_))));
    let pause = Pause { since: utc(NOW), by: "ops".into(), reason: None, until: None };
    host.pause("live-notice", Some(pause)).await.expect("pauses");
    let closed =
        host.submit("live-notice", SubmissionId::new(), data(), None).await.expect_err("is paused").to_string();
    assert_eq!(closed, "schedule `live-notice` takes nothing: it is paused by ops; resume it first");
}
