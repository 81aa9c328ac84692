use std::time::Duration;

use super::*;
use crate::{CatchUp, CatchUpMode, Schedule, Trigger, trigger::Cron};

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

fn standing(expression: &str, cursor: &str) -> Standing {
    let trigger = Trigger::Cron(Cron::parse(expression, chrono_tz::UTC).expect(expression));
    Standing::new(Schedule::new("s".parse().expect("a name"), trigger, "p/h".parse().expect("a handler")), utc(cursor))
}

fn present() -> Result<HandlerInfo, Unavailable> {
    Ok(HandlerInfo { name: "h".into(), summary: String::new(), input_schema: None, example_input: None, timeout: None })
}

fn pass(standing: &Standing, now: &str) -> Plan {
    plan([Candidate { standing, handler: present() }], utc(now))
}

fn due(plan: &Plan) -> Vec<(String, bool)> {
    plan.claim
        .fire
        .iter()
        .map(|fire| (fire.order.due_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true), fire.order.late))
        .collect()
}

#[test]
fn a_schedule_that_is_due_fires_at_its_nominal_instant_and_the_cursor_follows() {
    let plan = pass(&standing("* * * * *", "2026-01-01T00:00:00Z"), "2026-01-01T00:01:00.250Z");
    assert_eq!(due(&plan), [("2026-01-01T00:01:00Z".to_owned(), false)]);
    assert_eq!(plan.claim.cursors[0].1, utc("2026-01-01T00:01:00Z"));
    assert_eq!(plan.next[0].1, utc("2026-01-01T00:02:00Z"));
}

#[test]
fn a_schedule_that_is_not_due_only_says_when_it_will_be() {
    let plan = pass(&standing("* * * * *", "2026-01-01T00:00:00Z"), "2026-01-01T00:00:59Z");
    assert_eq!(plan.claim, Claim::default());
    assert_eq!(plan.next[0].1, utc("2026-01-01T00:01:00Z"));
}

#[test]
fn a_host_asleep_for_three_hours_fires_once_on_waking() {
    let plan = pass(&standing("* * * * *", "2026-01-01T00:00:00Z"), "2026-01-01T03:00:10Z");
    assert_eq!(due(&plan), [("2026-01-01T03:00:00Z".to_owned(), false)]);
    let missed = &plan.claim.skip[0];
    assert_eq!(
        (missed.due_at, missed.until, missed.count),
        (utc("2026-01-01T00:01:00Z"), utc("2026-01-01T02:59:00Z"), 179)
    );
    assert_eq!(missed.reason, SkipReason::Missed);
}

#[test]
fn a_missed_nightly_run_is_caught_up_and_marked_late() {
    let plan = pass(&standing("0 3 * * *", "2026-01-01T00:00:00Z"), "2026-01-01T09:00:00Z");
    assert_eq!(due(&plan), [("2026-01-01T03:00:00Z".to_owned(), true)]);
    assert!(plan.claim.skip.is_empty());
}

#[test]
fn a_host_down_for_a_month_catches_up_one_run_of_a_nightly_schedule_and_accounts_for_the_rest() {
    let plan = pass(&standing("0 3 * * *", "2026-01-01T00:00:00Z"), "2026-01-31T09:00:00Z");
    assert_eq!(due(&plan), [("2026-01-31T03:00:00Z".to_owned(), true)]);
    assert_eq!(plan.claim.skip[0].count, 30);
    assert_eq!(plan.claim.skip[0].until, utc("2026-01-30T03:00:00Z"));
}

#[test]
fn what_is_older_than_the_policy_allows_is_not_caught_up() {
    let mut standing = standing("0 3 1 * *", "2026-01-01T00:00:00Z");
    standing.schedule.catch_up.within = Duration::from_secs(3_600);
    let plan = pass(&standing, "2026-01-01T09:00:00Z");
    assert!(plan.claim.fire.is_empty());
    assert_eq!(plan.claim.skip[0].count, 1);
}

#[test]
fn catch_up_all_keeps_the_newest_within_its_limit() {
    let mut standing = standing("0 * * * *", "2026-01-01T00:00:00Z");
    standing.schedule.catch_up = CatchUp { mode: CatchUpMode::All, within: Duration::from_secs(86_400), limit: 2 };
    let plan = pass(&standing, "2026-01-01T05:30:00Z");
    assert_eq!(due(&plan), [("2026-01-01T04:00:00Z".to_owned(), true), ("2026-01-01T05:00:00Z".to_owned(), true)]);
    assert_eq!((plan.claim.skip[0].due_at, plan.claim.skip[0].count), (utc("2026-01-01T01:00:00Z"), 3));
}

#[test]
fn a_one_shot_runs_however_late_it_is() {
    let mut standing = standing("* * * * *", "2026-01-01T00:00:00Z");
    standing.schedule.trigger = Trigger::At(crate::trigger::At::new(vec![utc("2026-01-02T00:00:00Z")]));
    let plan = pass(&standing, "2027-01-01T00:00:00Z");
    assert_eq!(due(&plan), [("2026-01-02T00:00:00Z".to_owned(), true)]);
    assert!(plan.next.is_empty());
}

#[test]
fn a_paused_due_instant_leaves_a_row_that_says_who_and_why() {
    let mut standing = standing("* * * * *", "2026-01-01T00:00:00Z");
    standing.pause =
        Some(Pause { since: utc("2026-01-01T00:00:00Z"), by: "ana".into(), reason: Some("move".into()), until: None });
    let plan = pass(&standing, "2026-01-01T00:01:00Z");
    assert!(plan.claim.fire.is_empty());
    assert_eq!(plan.claim.skip[0].reason, SkipReason::Paused { by: "ana".into(), reason: Some("move".into()) });
    assert_eq!(plan.claim.cursors[0].1, utc("2026-01-01T00:01:00Z"));
}

#[test]
fn a_pause_that_ended_covers_only_what_came_due_before_its_end() {
    let mut standing = standing("0 * * * *", "2026-01-01T00:00:00Z");
    let until = Some(utc("2026-01-01T02:00:00Z"));
    standing.pause = Some(Pause { since: utc("2026-01-01T00:00:00Z"), by: "ana".into(), reason: None, until });
    let plan = pass(&standing, "2026-01-01T02:00:05Z");
    assert_eq!(plan.claim.skip[0].until, utc("2026-01-01T01:00:00Z"));
    assert_eq!(plan.next[0].1, utc("2026-01-01T02:00:00Z"), "the next pass, at once, fires it");
}

#[test]
fn a_missing_handler_parks_the_schedule_with_a_row() {
    let standing = standing("* * * * *", "2026-01-01T00:00:00Z");
    let missing = Unavailable::Plugin { plugin: "p".into(), hint: String::new() };
    let plan = plan([Candidate { standing: &standing, handler: Err(missing) }], utc("2026-01-01T00:01:00Z"));
    assert!(matches!(&plan.claim.skip[0].reason, SkipReason::HandlerMissing { message } if message.contains("`p`")));
}

#[test]
fn a_clock_set_back_plans_nothing_that_was_decided() {
    let plan = pass(&standing("* * * * *", "2026-01-01T12:00:00Z"), "2026-01-01T11:00:00Z");
    assert_eq!(plan.claim, Claim::default());
}

#[test]
fn a_window_of_days_goes_back_on_the_wall_clock() {
    let mut standing = standing("0 8 * * *", "2026-03-29T00:00:00Z");
    standing.schedule.timezone = chrono_tz::Europe::Berlin;
    standing.schedule.window = Some(Duration::from_secs(86_400));
    let order = order(&standing, RunId::new(), utc("2026-03-29T06:00:00Z"), Cause::Schedule);
    assert_eq!(order.window.map(|window| window.from), Some(utc("2026-03-28T07:00:00Z")));
}
