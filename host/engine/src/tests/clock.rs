//! Clocks that jump, hosts that sleep or are down.

use noontide_domain::ports::RunRecord;
use noontide_domain::{CatchUp, CatchUpMode};

use super::*;

/// The due instants that ran, and how many of them were late.
fn ran(rows: &[RunRecord]) -> (Vec<DateTime<Utc>>, usize) {
    let ran: Vec<_> = rows.iter().filter(|row| row.state == RunState::Succeeded).collect();
    (ran.iter().map(|row| row.due_at).collect(), ran.iter().filter(|row| row.late).count())
}

/// How many due instants have a row.
fn accounted(rows: &[RunRecord]) -> u64 {
    rows.iter().map(|row| row.span.map_or(1, |(_, count)| count)).sum()
}

/// Nothing waits and nothing goes on.
fn all_over(rows: &[RunRecord]) -> bool {
    !rows.is_empty() && rows.iter().all(|row| row.state.is_final())
}

#[tokio::test]
async fn a_clock_stepped_back_a_day_fires_nothing_twice_and_goes_on_when_it_has_caught_up() {
    let world = World::new();
    world.host(vec![minutely("a")]).await;
    world.pass(MINUTE).await;
    world.ledger.until(all_over).await;
    world.clock.set(utc("2026-06-30T08:01:30Z"));
    world.clock.asleep(LOOPS).await;
    for _ in 0..24 {
        world.pass(60 * MINUTE).await;
    }
    assert_eq!(ran(&world.ledger.records()).0, [utc("2026-07-01T08:01:00Z")], "the same day, seen again");
    world.clock.advance(MINUTE);
    let rows = world.ledger.until(|rows| rows.len() == 2 && all_over(rows)).await;
    assert_eq!(rows[1].due_at, utc("2026-07-01T08:02:00Z"));
}

#[tokio::test]
async fn a_clock_set_forward_ten_years_fires_once_and_accounts_for_the_rest_in_one_row() {
    let world = World::new();
    world.host(vec![minutely("a")]).await;
    world.clock.set(utc("2036-07-01T08:00:30Z"));
    let rows = world.ledger.until(|rows| rows.len() == 2 && all_over(rows)).await;
    assert_eq!(ran(&rows), (vec![utc("2036-07-01T08:00:00Z")], 0));
    let gap = rows.iter().find(|row| row.reason == Some(SkipReason::Missed)).expect("a row for the gap");
    assert_eq!(gap.due_at, utc("2026-07-01T08:01:00Z"));
    assert_eq!(gap.span, Some((utc("2036-07-01T07:59:00Z"), noontide_domain::plan::COUNT_CAP)), "at least so many");
    world.clock.asleep(LOOPS).await;
    world.clock.advance(MINUTE);
    world.ledger.until(|rows| rows.len() == 3 && all_over(rows)).await;
}

/// A host that ran, was down for 30 days and is up again with a schedule each minute.
async fn thirty_days_down(catch_up: CatchUp) -> Vec<RunRecord> {
    let world = World::new();
    let schedule = Schedule { catch_up, overlap: noontide_domain::Overlap::Allow, ..minutely("a") };
    let first = world.host(vec![schedule.clone()]).await;
    world.clock.advance(MINUTE);
    world.ledger.until(all_over).await;
    first.drain().await;
    world.clock.advance(30 * DAY);
    world.host(vec![schedule]).await;
    let rows = world.ledger.until(|rows| rows.len() > 1 && all_over(rows)).await;
    rows.into_iter().skip(1).collect()
}

#[tokio::test]
async fn a_host_down_for_thirty_days_catches_up_nothing_of_a_minute_schedule_that_is_on_time_again() {
    for mode in [CatchUpMode::Latest, CatchUpMode::None] {
        let rows = thirty_days_down(CatchUp { mode, ..CatchUp::default() }).await;
        assert_eq!(ran(&rows), (vec![utc("2026-07-31T08:01:00Z")], 0), "{mode:?}");
        assert_eq!(rows.len(), 2, "the run, and a row for the gap");
    }
}

#[tokio::test]
async fn a_host_down_for_thirty_days_catches_up_as_many_as_the_limit_allows() {
    let rows = thirty_days_down(CatchUp { mode: CatchUpMode::All, limit: 25, ..CatchUp::default() }).await;
    let (ran, late) = ran(&rows);
    assert_eq!((ran.len(), late), (26, 25), "and the one that is on time");
    assert!(ran.contains(&utc("2026-07-31T07:36:00Z")), "the newest of those missed: {ran:?}");
}

#[tokio::test]
async fn a_host_down_over_a_daily_run_catches_up_the_newest_and_marks_it_late() {
    let world = World::new();
    let trigger = Trigger::Cron(Cron::parse("0 3 * * *", chrono_tz::UTC).expect("cron"));
    let schedule = Schedule { trigger, ..minutely("a") };
    world.host(vec![schedule.clone()]).await.drain().await;
    world.clock.advance(30 * DAY);
    world.host(vec![schedule]).await;
    let rows = world.ledger.until(|rows| rows.len() == 2 && all_over(rows)).await;
    assert_eq!(ran(&rows), (vec![utc("2026-07-31T03:00:00Z")], 1));
    assert_eq!(accounted(&rows), 30);
}

#[tokio::test]
async fn a_host_that_sleeps_again_and_again_loses_no_instant() {
    let world = World::new();
    world.host(vec![minutely("a")]).await;
    for minutes in [1, 180, 2, 59, 61, 1_440, 1] {
        world.clock.advance(minutes * MINUTE);
        world.clock.asleep(LOOPS).await;
        world.ledger.until(all_over).await;
        world.clock.asleep(LOOPS).await;
    }
    assert_eq!(accounted(&world.ledger.records()), 1 + 180 + 2 + 59 + 61 + 1_440 + 1);
}

#[tokio::test]
async fn what_waits_for_a_second_does_not_wait_for_an_hour_when_the_clock_is_set_back() {
    let world = World::new();
    let gate = world.plugins.hold("mail/send");
    let host = world.host(vec![minutely("a")]).await;
    host.fire("a", FireRequest::default()).await.expect("fired");
    world.plugins.called(1).await;
    world.ledger.fail_next(1);
    gate.open();
    world.plugins.ended(1).await;
    // The run's end could not be written; in a second it is tried again.
    world.clock.asleep(LOOPS + 1).await;
    world.clock.set(utc("2026-07-01T07:00:30Z"));
    world.ledger.until(|rows| rows[0].state == RunState::Succeeded).await;
}
