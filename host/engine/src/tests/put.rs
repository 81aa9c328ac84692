//! Schedules of the API, put and removed while the engine runs.

use noontide_domain::ports::Put;

use super::*;
use crate::Happening;

fn of_the_api(name: &str) -> Schedule {
    Schedule { owner: Owner::Api, ..minutely(name) }
}

async fn succeeded(world: &World, count: usize) -> Vec<DateTime<Utc>> {
    let is_over = |rows: &[noontide_domain::ports::RunRecord]| {
        rows.len() == count && rows.iter().all(|row| row.state == RunState::Succeeded)
    };
    world.ledger.until(is_over).await.iter().map(|row| row.due_at).collect()
}

#[tokio::test]
async fn what_is_put_comes_due_without_looking_back_and_a_second_time_changes_nothing() {
    let world = World::new();
    world.clock.set(utc("2026-07-01T08:01:00Z"));
    let host = world.host(Vec::new()).await;
    assert!(matches!(host.put(of_the_api("a"), "ops").await.expect("put"), Put::Created(_)));
    world.clock.asleep(LOOPS).await;
    world.pass(Duration::from_secs(45)).await;
    assert_eq!(host.put(of_the_api("a"), "ops").await.expect("put"), Put::Unchanged);
    world.clock.advance(Duration::from_secs(15));
    assert_eq!(succeeded(&world, 1).await, [utc("2026-07-01T08:02:00Z")]);
}

#[tokio::test]
async fn what_was_due_before_a_put_or_a_removal_still_fires_and_nothing_after_it() {
    let world = World::new();
    let host = world.host(Vec::new()).await;
    host.put(of_the_api("a"), "ops").await.expect("put");
    world.clock.advance(MINUTE);
    // On this runtime nobody else has looked yet.
    host.put(Schedule { trigger: Trigger::Manual, ..of_the_api("a") }, "ops").await.expect("put");
    succeeded(&world, 1).await;
    host.put(of_the_api("a"), "ops").await.expect("put");
    world.clock.advance(MINUTE);
    host.remove("a", false, "ops").await.expect("removed");
    assert_eq!(succeeded(&world, 2).await, [utc("2026-07-01T08:01:00Z"), utc("2026-07-01T08:02:00Z")]);
    assert!(host.standings().is_empty());
    world.clock.asleep(LOOPS).await;
    world.pass(60 * MINUTE).await;
    assert_eq!(world.ledger.records().len(), 2);
}

#[tokio::test]
async fn a_follower_that_is_put_follows_and_one_that_is_removed_does_not() {
    let world = World::new();
    let host = world.host(vec![minutely("a")]).await;
    let trigger = Trigger::After("a".parse().expect("a name"));
    host.put(Schedule { trigger, ..of_the_api("b") }, "ops").await.expect("put");
    world.clock.asleep(LOOPS).await;
    world.clock.advance(MINUTE);
    succeeded(&world, 2).await;
    host.remove("b", false, "ops").await.expect("removed");
    world.clock.asleep(LOOPS).await;
    world.clock.advance(MINUTE);
    succeeded(&world, 3).await;
}

#[tokio::test]
async fn what_a_file_defines_is_refused_with_its_place() {
    let world = World::new();
    let host = world.host(vec![minutely("a")]).await;
    let refused = host.put(of_the_api("a"), "ops").await.expect_err("it is the file's");
    assert_eq!(
        refused.to_string(),
        "schedule `a` is defined at conf/x.toml:1; change it there, or choose another name"
    );
    assert!(matches!(host.remove("a", false, "ops").await, Err(EngineError::OwnedByFile { .. })));
    assert_eq!(host.standings().len(), 1);
}

#[tokio::test]
async fn a_schedule_whose_handler_is_not_there_yet_can_be_put_and_one_that_never_was_cannot_be_removed() {
    let world = World::new();
    let host = world.host(Vec::new()).await;
    let early = Schedule { handler: "later/on".parse().expect("a handler"), ..of_the_api("a") };
    assert!(matches!(host.put(early, "ops").await.expect("put"), Put::Created(_)));
    assert!(matches!(host.remove("b", false, "ops").await, Err(EngineError::NoSuchSchedule { .. })));
}

#[tokio::test]
async fn without_a_ledger_a_put_changes_nothing_and_says_so() {
    let world = World::new();
    let host = world.host(Vec::new()).await;
    world.ledger.fail_next(usize::MAX);
    assert!(matches!(host.put(of_the_api("a"), "ops").await, Err(EngineError::Ledger(_))));
    assert!(host.standings().is_empty());
    world.ledger.fail_next(0);
    host.put(of_the_api("a"), "ops").await.expect("put");
}

#[tokio::test]
async fn what_was_put_stands_on_the_next_host() {
    let world = World::new();
    let first = world.host(Vec::new()).await;
    first.put(of_the_api("a"), "ops").await.expect("put");
    first.drain().await;
    let second = world.host(Vec::new()).await;
    assert_eq!(second.standings()[0].schedule, of_the_api("a"));
}

#[tokio::test]
async fn what_was_made_from_a_schedule_that_stands_no_more_is_not_taken() {
    let world = World::new();
    let host = world.host(Vec::new()).await;
    let (first, second) = (of_the_api("a"), Schedule { max_runs: Some(1), ..of_the_api("a") });
    assert_eq!(host.replace(first.clone(), second.clone(), "ops").await.expect("asked"), None, "none stands");
    host.put(first.clone(), "ops").await.expect("put");
    assert!(matches!(host.replace(first.clone(), second.clone(), "ops").await.expect("asked"), Some(Put::Replaced(_))));
    assert_eq!(host.replace(first.clone(), first, "ops").await.expect("asked"), None, "another stands");
    assert_eq!(host.standings()[0].schedule, second);
}

#[tokio::test]
async fn what_others_follow_is_removed_only_if_that_is_wanted() {
    let world = World::new();
    let follower = Schedule { trigger: Trigger::After("a".parse().expect("a name")), ..of_the_api("b") };
    let host = world.host(Vec::new()).await;
    host.put(of_the_api("a"), "ops").await.expect("put");
    host.put(follower, "ops").await.expect("put");
    let refused = host.remove("a", false, "ops").await.expect_err("b follows it").to_string();
    assert!(refused.starts_with("schedule `a` is followed by `b`, which would wait for ever"), "{refused}");
    host.remove("a", true, "ops").await.expect("wanted");
    host.remove("b", false, "ops").await.expect("nobody follows it");
}

#[tokio::test]
async fn that_a_file_takes_a_name_over_is_told_once() {
    let world = World::new();
    let host = world.host(Vec::new()).await;
    host.put(of_the_api("a"), "ops").await.expect("put");
    let mut events = host.events();
    for _ in 0..2 {
        host.declare(vec![minutely("a")]).await.expect("declared");
    }
    let mut told = Vec::new();
    while let Ok(event) = events.try_recv() {
        told.extend(matches!(event.happening, Happening::TakenOver { .. }).then_some(event.happening));
    }
    assert_eq!(told, [Happening::TakenOver { schedule: "a".parse().expect("a name"), place: "conf/x.toml:1".into() }]);
}
