//! Jitter, deadlines, how often and how long.

use noontide_domain::ScheduleName;
use tokio::sync::broadcast::Receiver;

use super::*;
use crate::{Event, Happening};

#[tokio::test]
async fn a_jittered_run_begins_late_and_keeps_its_due_instant() {
    let world = World::new();
    let schedule = Schedule { jitter: Some(50 * Duration::from_secs(1)), ..minutely("a") };
    let due = utc("2026-07-01T08:01:00Z");
    let delay = schedule.delay(due);
    assert!(delay > Duration::ZERO, "choose another name");
    world.host(vec![schedule]).await;
    world.clock.set(due);
    world.ledger.until(|rows| rows.len() == 1).await;
    world.clock.asleep(LOOPS).await;
    assert!(world.plugins.calls().is_empty(), "not before its delay is over");
    world.clock.set(due + delay);
    let rows = world.ledger.until(|rows| rows[0].state == RunState::Succeeded).await;
    assert_eq!((rows[0].due_at, rows[0].started_at), (due, Some(due + delay)));
}

#[tokio::test]
async fn a_schedule_runs_as_often_as_it_may_and_then_never() {
    let world = World::new();
    world.host(vec![Schedule { max_runs: Some(2), ..minutely("a") }]).await;
    for run in 1..=2 {
        world.clock.asleep(LOOPS).await;
        world.clock.advance(MINUTE);
        world.ledger.until(|rows| rows.len() == run && rows.iter().all(|row| row.state == RunState::Succeeded)).await;
    }
    world.clock.asleep(LOOPS).await;
    world.pass(60 * MINUTE).await;
    assert_eq!(world.ledger.records().len(), 2);
}

#[tokio::test]
async fn what_can_no_longer_begin_in_time_after_a_sleep_leaves_a_row_that_says_by_when() {
    let world = World::new();
    let trigger = Trigger::Cron(Cron::parse("0 9 * * *", chrono_tz::UTC).expect("cron"));
    world.host(vec![Schedule { trigger, start_deadline: Some(10 * MINUTE), ..minutely("a") }]).await;
    world.clock.set(utc("2026-07-01T09:10:01Z"));
    let rows = world.ledger.until(|rows| rows.len() == 1).await;
    assert_eq!(rows[0].state, RunState::Expired);
    assert_eq!(rows[0].reason, Some(SkipReason::Expired { by: utc("2026-07-01T09:10:00Z") }));
    world.clock.asleep(LOOPS).await;
    world.clock.set(utc("2026-07-02T09:10:00Z"));
    world.ledger.until(|rows| rows.len() == 2 && rows[1].state == RunState::Succeeded).await;
}

/// Since when which schedules were told to be overdue.
fn overdue(events: &mut Receiver<Event>) -> Vec<(ScheduleName, DateTime<Utc>)> {
    let happenings = std::iter::from_fn(|| events.try_recv().ok()).map(|event| event.happening);
    happenings
        .filter_map(|happening| match happening {
            Happening::Overdue { schedule, since } => Some((schedule, since)),
            _ => None,
        })
        .collect()
}

#[tokio::test]
async fn a_schedule_without_a_success_is_told_of_once_and_again_when_it_falls_back_after_one() {
    let world = World::new();
    let failures = std::iter::repeat_n(failed(), 5);
    world.plugins.script("mail/send", failures);
    let host = world.host(vec![Schedule { expect_within: Some(3 * MINUTE), ..minutely("a") }]).await;
    let mut events = host.events();
    let mut told = Vec::new();
    for minute in 1..=6 {
        world.clock.asleep(LOOPS).await;
        world.clock.advance(MINUTE);
        world.ledger.until(|rows| rows.len() == minute && rows.iter().all(|row| row.state.is_final())).await;
        world.clock.asleep(LOOPS).await;
        told.extend(overdue(&mut events));
    }
    let name: ScheduleName = "a".parse().expect("a name");
    assert_eq!(told, [(name.clone(), utc("2026-07-01T08:03:30Z"))], "once, though five runs failed");
    // The sixth succeeded, due at 08:06:00; nothing after it.
    world.plugins.script("mail/send", std::iter::repeat_n(failed(), 10));
    for minute in 7..=12 {
        world.clock.asleep(LOOPS).await;
        world.clock.advance(MINUTE);
        world.ledger.until(|rows| rows.len() == minute && rows.iter().all(|row| row.state.is_final())).await;
        world.clock.asleep(LOOPS).await;
        told.extend(overdue(&mut events));
    }
    assert_eq!(told[1..], [(name, utc("2026-07-01T08:09:00Z"))], "once more");
}

#[tokio::test]
async fn the_status_names_the_next_due_instant_and_not_the_end_of_a_day_off() {
    let world = World::new();
    let mut schedule = minutely("a");
    let calendar =
        noontide_domain::trigger::Calendar::new("home", [chrono::Weekday::Wed, chrono::Weekday::Thu], [], []);
    schedule.trigger = Trigger::OnWorkdays(Box::new(noontide_domain::trigger::OnWorkdays {
        trigger: Trigger::Cron(Cron::parse("0 9 * * *", chrono_tz::UTC).expect("cron")),
        calendar: Arc::new(calendar.expect("a calendar")),
        off_days: noontide_domain::trigger::OffDays::Skip,
        timezone: chrono_tz::UTC,
    }));
    // A Wednesday: the first look is at its end, the first due instant on Friday.
    let host = world.host(vec![schedule]).await;
    assert_eq!(host.status().next_due, Some(utc("2026-07-03T09:00:00Z")));
}
