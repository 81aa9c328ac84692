use super::*;
use crate::trigger::{At, Cron};

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

fn standing(name: &str) -> Standing {
    let hourly = Trigger::Cron(Cron::parse("0 * * * *", chrono_tz::UTC).expect("cron"));
    let schedule = Schedule::new(name.parse().expect("a name"), hourly, "p/h".parse().expect("a handler"));
    Standing::new(schedule, utc("2026-01-01T00:00:00Z"))
}

#[test]
fn jitter_differs_between_due_instants_and_spread_between_schedules_and_both_are_stable() {
    let minute = Duration::from_secs(60);
    let mut one = standing("one").schedule;
    one.jitter = Some(minute);
    let (first, second) = (utc("2026-01-01T01:00:00Z"), utc("2026-01-01T02:00:00Z"));
    assert_eq!(one.delay(first), one.delay(first));
    assert_ne!(one.delay(first), one.delay(second));
    assert!(one.delay(first) < minute);
    one.jitter = None;
    one.spread = Some(minute);
    let mut two = standing("two").schedule;
    two.spread = Some(minute);
    assert_eq!(one.delay(first), one.delay(second));
    assert_ne!(one.delay(first), two.delay(first));
}

#[test]
fn a_schedule_that_has_run_as_often_as_it_may_comes_due_no_more() {
    let mut standing = standing("one");
    standing.schedule.max_runs = Some(2);
    standing.runs = 1;
    assert_eq!(standing.next_due(), Some(utc("2026-01-01T01:00:00Z")));
    standing.runs = 2;
    assert_eq!(standing.next_due(), None);
}

#[test]
fn where_several_runs_may_go_on_none_waits_for_its_turn() {
    let mut schedule = standing("one").schedule;
    for (most, all_wait) in [(None, Overlap::QueueAll), (Some(1), Overlap::QueueAll), (Some(2), Overlap::Allow)] {
        schedule.concurrency = most;
        assert_eq!(schedule.line_up(Overlap::QueueAll), all_wait, "{most:?}");
        assert_eq!(schedule.line_up(Overlap::Skip), Overlap::Skip, "a backfill may say so");
    }
}

#[test]
fn a_schedule_is_overdue_when_no_success_came_in_time() {
    let mut standing = standing("one");
    assert_eq!(standing.overdue_since(utc("2027-01-01T00:00:00Z")), None);
    standing.schedule.expect_within = Some(Duration::from_secs(3_600));
    assert_eq!(standing.overdue_since(utc("2026-01-01T01:00:00Z")), None);
    assert_eq!(standing.overdue_since(utc("2026-01-01T01:00:01Z")), Some(utc("2026-01-01T01:00:00Z")));
    standing.last_success = Some(utc("2026-01-01T01:00:00Z"));
    assert_eq!(standing.overdue_since(utc("2026-01-01T01:30:00Z")), None);
}

#[test]
fn a_schedule_is_done_when_nothing_can_come_any_more() {
    let hourly = standing("hourly");
    assert!(!hourly.is_done());
    let mut counted = hourly.clone();
    (counted.schedule.max_runs, counted.runs) = (Some(3), 3);
    assert!(counted.is_done(), "it ran as often as it may");
    counted.schedule.enabled = false;
    assert!(!counted.is_done(), "it may be enabled again");

    let mut once = hourly.clone();
    once.schedule.trigger = Trigger::At(At::new(vec![utc("2026-01-01T00:30:00Z")]));
    assert!(!once.is_done());
    once.cursor = utc("2026-01-01T00:30:00Z");
    assert!(once.is_done(), "its only instant is decided");

    let mut by_hand = hourly.clone();
    by_hand.schedule.trigger = Trigger::Manual;
    let mut follower = hourly;
    follower.schedule.trigger =
        Trigger::Several(vec![once.schedule.trigger, Trigger::After("x".parse().expect("a name"))]);
    assert!(!by_hand.is_done() && !follower.is_done(), "fires come from elsewhere");
}
