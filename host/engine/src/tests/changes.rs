//! What somebody changes while something is due: pauses, edits, schedules that are new.

use super::*;

fn pause(until: Option<DateTime<Utc>>) -> Option<Pause> {
    Some(Pause { since: utc("2026-07-01T08:00:30Z"), by: "ana".into(), reason: None, until })
}

fn states(world: &World) -> Vec<(DateTime<Utc>, RunState)> {
    world.ledger.records().iter().map(|row| (row.due_at, row.state)).collect()
}

#[tokio::test]
async fn a_pause_until_an_instant_ends_by_itself_and_the_first_due_instant_after_it_fires() {
    let world = World::new();
    let host = world.host(vec![minutely("a")]).await;
    host.pause("a", pause(Some(utc("2026-07-01T08:02:30Z")))).await.expect("paused");
    for due in 1..=3 {
        world.clock.asleep(LOOPS).await;
        world.clock.advance(MINUTE);
        world.ledger.until(|rows| rows.len() == due && rows.iter().all(|row| row.state.is_final())).await;
    }
    let expected = [
        (utc("2026-07-01T08:01:00Z"), RunState::Skipped),
        (utc("2026-07-01T08:02:00Z"), RunState::Skipped),
        (utc("2026-07-01T08:03:00Z"), RunState::Succeeded),
    ];
    assert_eq!(states(&world), expected);
}

#[tokio::test]
async fn what_came_due_while_paused_and_asleep_has_a_row_even_if_the_first_thing_after_it_is_a_resume() {
    let world = World::new();
    let host = world.host(vec![minutely("a")]).await;
    host.pause("a", pause(None)).await.expect("paused");
    world.clock.asleep(LOOPS).await;
    world.clock.advance(180 * MINUTE);
    // On this runtime nobody else has looked yet.
    host.pause("a", None).await.expect("resumed");
    let rows = world.ledger.records();
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert!(matches!(rows[0].reason, Some(SkipReason::Paused { .. })));
    assert_eq!(rows[0].span, Some((utc("2026-07-01T11:00:00Z"), 180)));
    world.clock.asleep(LOOPS).await;
    assert!(world.plugins.calls().is_empty(), "resuming fires nothing");
}

#[tokio::test]
async fn what_was_due_before_the_pause_fires_and_what_comes_due_after_it_does_not() {
    let world = World::new();
    let host = world.host(vec![minutely("a")]).await;
    world.clock.advance(MINUTE);
    host.pause("a", pause(None)).await.expect("paused");
    world.ledger.until(|rows| rows.len() == 1 && rows[0].state == RunState::Succeeded).await;
    world.clock.asleep(LOOPS).await;
    world.clock.advance(MINUTE);
    world.ledger.until(|rows| rows.len() == 2 && rows[1].state == RunState::Skipped).await;
}

#[tokio::test]
async fn a_schedule_edited_while_it_is_due_still_fires_what_was_due_and_nothing_of_the_past_of_its_new_trigger() {
    let world = World::new();
    let host = world.host(vec![minutely("a")]).await;
    world.clock.advance(MINUTE);
    let trigger = Trigger::Cron(Cron::parse("*/2 * * * *", chrono_tz::UTC).expect("cron"));
    host.declare(vec![Schedule { trigger, ..minutely("a") }]).await.expect("declared");
    world.ledger.until(|rows| rows.len() == 1 && rows[0].state == RunState::Succeeded).await;
    assert_eq!(world.ledger.records()[0].due_at, utc("2026-07-01T08:01:00Z"), "by the trigger it had then");
    world.clock.asleep(LOOPS).await;
    world.clock.advance(MINUTE);
    world.ledger.until(|rows| rows.len() == 2 && rows[1].state == RunState::Succeeded).await;
    assert_eq!(world.ledger.records()[1].due_at, utc("2026-07-01T08:02:00Z"));
}

#[tokio::test]
async fn a_comment_in_the_file_resets_nothing() {
    let world = World::new();
    let host = world.host(vec![minutely("a")]).await;
    world.clock.advance(Duration::from_secs(45));
    let moved = Owner::File { path: "conf/x.toml".into(), line: 12 };
    host.declare(vec![Schedule { owner: moved, ..minutely("a") }]).await.expect("declared");
    let rows = world.ledger.until(|rows| rows.len() == 1 && rows[0].state == RunState::Succeeded).await;
    assert_eq!(rows[0].due_at, utc("2026-07-01T08:01:00Z"));
}

#[tokio::test]
async fn a_schedule_that_is_new_does_not_look_back() {
    let world = World::new();
    world.clock.set(utc("2026-07-01T08:01:00Z"));
    let host = world.host(Vec::new()).await;
    host.declare(vec![minutely("a")]).await.expect("declared");
    world.clock.asleep(LOOPS).await;
    world.pass(Duration::from_secs(59)).await;
    assert!(world.ledger.records().is_empty(), "neither now nor before");
    world.clock.advance(Duration::from_secs(1));
    let rows = world.ledger.until(|rows| rows.iter().any(|row| row.state == RunState::Succeeded)).await;
    assert_eq!(rows[0].due_at, utc("2026-07-01T08:02:00Z"));
}

#[tokio::test]
async fn a_schedule_that_left_its_file_and_comes_back_does_not_look_back() {
    let world = World::new();
    let host = world.host(vec![minutely("a")]).await;
    host.declare(Vec::new()).await.expect("declared");
    world.pass(60 * MINUTE).await;
    host.declare(vec![minutely("a")]).await.expect("declared");
    world.clock.asleep(LOOPS).await;
    assert!(world.ledger.records().is_empty());
    world.clock.advance(MINUTE);
    let rows = world.ledger.until(|rows| rows.iter().any(|row| row.state == RunState::Succeeded)).await;
    assert_eq!((rows.len(), rows[0].due_at), (1, utc("2026-07-01T09:01:00Z")));
}

#[tokio::test]
async fn a_schedule_that_may_run_more_often_than_before_does_not_look_back() {
    let world = World::new();
    let host = world.host(vec![Schedule { max_runs: Some(1), ..minutely("a") }]).await;
    world.clock.advance(MINUTE);
    world.ledger.until(|rows| rows.len() == 1 && rows[0].state == RunState::Succeeded).await;
    world.clock.asleep(LOOPS).await;
    world.pass(60 * MINUTE).await;
    host.declare(vec![Schedule { max_runs: Some(2), ..minutely("a") }]).await.expect("declared");
    world.clock.asleep(LOOPS).await;
    assert_eq!(world.ledger.records().len(), 1, "an edit fires nothing");
    world.clock.advance(MINUTE);
    world.ledger.until(|rows| rows.len() == 2 && rows[1].state == RunState::Succeeded).await;
    assert_eq!(world.ledger.records()[1].due_at, utc("2026-07-01T09:02:00Z"));
}
