use std::time::Duration;

use super::*;
use crate::{CatchUp, CatchUpMode, Schedule, Trigger, WindowLength, trigger::Cron};

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
    plan([Candidate { standing, handler: present() }], &Levels::default(), utc(now))
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
    let plan = plan(
        [Candidate { standing: &standing, handler: Err(missing) }],
        &Levels::default(),
        utc("2026-01-01T00:01:00Z"),
    );
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
    standing.schedule.window = Some(WindowLength::Days(Duration::from_secs(86_400)));
    let order = order(&standing, &Levels::default(), RunId::new(), utc("2026-03-29T06:00:00Z"), Cause::Schedule);
    assert_eq!(order.window.map(|window| window.from), Some(utc("2026-03-28T07:00:00Z")));
}

#[test]
fn what_can_no_longer_begin_in_time_gets_a_row_instead_of_a_run() {
    let mut standing = standing("0 3 * * *", "2026-01-01T00:00:00Z");
    standing.schedule.start_deadline = Some(Duration::from_secs(600));
    let plan = pass(&standing, "2026-01-01T09:00:00Z");
    assert!(plan.claim.fire.is_empty());
    assert_eq!(plan.claim.skip[0].reason, SkipReason::Expired { by: utc("2026-01-01T03:10:00Z") });
    let in_time = pass(&standing, "2026-01-01T03:09:00Z");
    assert_eq!(in_time.claim.fire[0].order.start_by, Some(utc("2026-01-01T03:10:00Z")));
    assert_eq!(in_time.claim.fire[0].order.expires_at, None);
}

#[test]
fn a_late_one_shot_that_expired_gets_a_row() {
    let mut standing = standing("* * * * *", "2026-01-01T00:00:00Z");
    standing.schedule.trigger = Trigger::At(crate::trigger::At::new(vec![utc("2026-01-02T00:00:00Z")]));
    standing.schedule.expires = Some(Duration::from_secs(3_600));
    let plan = pass(&standing, "2026-01-03T00:00:00Z");
    assert_eq!(plan.claim.skip[0].reason, SkipReason::Expired { by: utc("2026-01-02T01:00:00Z") });
    assert!(plan.claim.fire.is_empty());
}

#[test]
fn a_schedule_runs_as_often_as_it_may_and_no_further() {
    let mut standing = standing("0 * * * *", "2026-01-01T00:00:00Z");
    standing.schedule.max_runs = Some(2);
    standing.schedule.catch_up = CatchUp { mode: CatchUpMode::All, ..CatchUp::default() };
    let plan = pass(&standing, "2026-01-01T05:30:00Z");
    assert_eq!(due(&plan), [("2026-01-01T01:00:00Z".to_owned(), true), ("2026-01-01T02:00:00Z".to_owned(), true)]);
    assert_eq!(plan.claim.cursors[0].1, utc("2026-01-01T02:00:00Z"));
    standing.runs = 2;
    assert_eq!(pass(&standing, "2026-01-01T05:30:00Z"), Plan::default());
}

#[test]
fn a_jittered_start_leaves_the_due_instant_and_the_key_alone() {
    let plain = standing("0 * * * *", "2026-01-01T00:00:00Z");
    let mut jittered = plain.clone();
    jittered.schedule.jitter = Some(Duration::from_secs(300));
    let [plain, jittered] =
        [&plain, &jittered].map(|standing| pass(standing, "2026-01-01T01:00:00Z").claim.fire.remove(0));
    assert_eq!((plain.order.key, plain.order.due_at), (jittered.order.key, jittered.order.due_at));
    let delay = jittered.not_before - plain.not_before;
    assert!(delay > TimeDelta::zero() && delay < TimeDelta::seconds(300), "{delay}");
}

#[test]
fn a_follower_is_due_at_the_instant_that_is_handed_on() {
    let first = standing("0 3 * * *", "2026-01-01T00:00:00Z");
    let mut follower = standing("0 3 * * *", "2026-01-01T00:00:00Z");
    follower.schedule.name = "f".parse().expect("a name");
    follower.schedule.trigger = Trigger::After(first.schedule.name.clone());
    follower.schedule.start_deadline = Some(Duration::from_secs(60));
    let done = pass(&first, "2026-01-01T03:00:00Z").claim.fire.remove(0).order;
    let now = utc("2026-01-01T07:00:00Z");
    let followed = |handler| follow(&Candidate { standing: &follower, handler }, &Levels::default(), &done, now);
    let claim = followed(present());
    let order = &claim.fire[0].order;
    assert_eq!((order.due_at, order.cause), (done.due_at, Cause::After));
    assert_eq!(order.key, Key::occurrence(&follower.schedule.name, done.due_at));
    assert_eq!(order.trace_id, done.trace_id);
    assert_eq!(order.start_by, Some(utc("2026-01-01T07:01:00Z")), "patience begins with the success");
    assert!(claim.cursors.is_empty());
    let missing = followed(Err(Unavailable::Plugin { plugin: "p".into(), hint: String::new() }));
    assert!(missing.fire.is_empty() && missing.skip.len() == 1);
    let ended = crate::trigger::Within::new(follower.schedule.trigger.clone(), None, Some(utc("2026-01-01T02:59:59Z")));
    follower.schedule.trigger = Trigger::Within(Box::new(ended.expect("bounds")));
    let none = follow(&Candidate { standing: &follower, handler: present() }, &Levels::default(), &done, now);
    assert_eq!(none, Claim::default(), "the bounds of a follower hold for what is handed on");
}

#[test]
fn a_backfill_runs_the_instants_of_its_span_up_to_now_and_refuses_more_than_its_limit() {
    let standing = standing("0 * * * *", "2026-01-10T00:00:00Z");
    let span = (utc("2026-01-01T00:00:00Z"), utc("2026-01-01T04:00:00Z"));
    let now = utc("2026-01-01T02:30:00Z");
    let fires = backfill(&standing, &Levels::default(), span, 3, Overlap::QueueAll, now).expect("three instants").fire;
    let due: Vec<_> = fires.iter().map(|fire| fire.order.due_at).collect();
    assert_eq!(due, ["2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z", "2026-01-01T02:00:00Z"].map(utc));
    assert_eq!(fires[0].fills, Some(Key::occurrence(&standing.schedule.name, due[0])));
    assert_ne!(Some(&fires[0].order.key), fires[0].fills.as_ref(), "the row that says why there was no run stays");
    assert!(backfill(&standing, &Levels::default(), span, 2, Overlap::QueueAll, now).is_err());
}

fn on_workdays(expression: &str, cursor: &str) -> Standing {
    let mut standing = standing(expression, cursor);
    let new_year = ("2026-01-01".parse().expect("a date"), Some("New Year".to_owned()));
    let calendar =
        crate::trigger::Calendar::new("home", crate::trigger::calendar::saturday_and_sunday(), [new_year], []);
    standing.schedule.trigger = Trigger::OnWorkdays(Box::new(crate::trigger::OnWorkdays {
        trigger: standing.schedule.trigger.clone(),
        calendar: std::sync::Arc::new(calendar.expect("a calendar")),
        off_days: crate::trigger::OffDays::Skip,
        timezone: chrono_tz::UTC,
    }));
    standing
}

#[test]
fn a_holiday_leaves_one_row_when_it_is_over_however_many_instants_it_had() {
    let standing = on_workdays("0 * * * *", "2025-12-31T23:30:00Z");
    assert_eq!(standing.looks_at(), Some(utc("2026-01-02T00:00:00Z")));
    assert_eq!(pass(&standing, "2026-01-01T12:00:00Z").claim, Claim::default());
    let plan = pass(&standing, "2026-01-02T00:00:00.010Z");
    assert_eq!(due(&plan), [("2026-01-02T00:00:00Z".to_owned(), false)]);
    let row = &plan.claim.skip[0];
    assert_eq!((row.due_at, row.until, row.count), (utc("2026-01-01T00:00:00Z"), utc("2026-01-01T23:00:00Z"), 24));
    assert!(matches!(&row.reason, SkipReason::NotOccurring { message } if message.contains("New Year")), "{row:?}");
    assert_eq!(plan.claim.cursors[0].1, utc("2026-01-02T00:00:00Z"));
}

#[test]
fn a_weekend_leaves_a_row_a_day_and_the_cursor_passes_it() {
    let mut standing = on_workdays("0 9 * * *", "2026-01-02T09:00:00Z");
    let mut rows = Vec::new();
    for now in ["2026-01-04T00:00:00Z", "2026-01-05T00:00:00Z", "2026-01-05T09:00:00Z"] {
        assert_eq!(standing.looks_at(), Some(utc(now)));
        let plan = pass(&standing, now);
        rows.extend(plan.claim.skip.iter().map(|skip| (skip.due_at, skip.count)));
        standing.cursor = plan.claim.cursors[0].1;
    }
    assert_eq!(rows, [(utc("2026-01-03T09:00:00Z"), 1), (utc("2026-01-04T09:00:00Z"), 1)]);
    assert_eq!(standing.cursor, utc("2026-01-05T09:00:00Z"));
}

#[test]
fn a_day_without_a_sunrise_is_a_row() {
    let mut standing = standing("* * * * *", "2026-12-01T00:00:00Z");
    let sunrise = crate::trigger::Solar::new(
        crate::trigger::SolarEvent::Sunrise,
        69.65,
        18.96,
        TimeDelta::zero(),
        chrono_tz::Europe::Oslo,
    );
    standing.schedule.trigger = Trigger::Solar(sunrise.expect("a place"));
    let plan = pass(&standing, &standing.looks_at().expect("a day").to_rfc3339());
    assert!(plan.claim.fire.is_empty());
    assert!(matches!(&plan.claim.skip[0].reason, SkipReason::NotOccurring { message } if message.contains("sunrise")));
    assert!(plan.claim.cursors[0].1 > standing.cursor);
}
