use super::*;
use crate::trigger::Cron;
use crate::{Pause, Trigger};

const MONDAY: &str = "2026-09-28T00:00:00+08:00";

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

fn standing(name: &str, cron: &str, supersedes: &[&str]) -> Standing {
    let zone = chrono_tz::Asia::Shanghai;
    let trigger = Trigger::Cron(Cron::parse(cron, zone).expect(cron));
    let schedule = Schedule::new(name.parse().expect("a name"), trigger, "p/h".parse().expect("a handler"));
    let supersedes = supersedes.iter().map(|name| name.parse().expect("a name")).collect();
    Standing::new(Schedule { timezone: zone, supersedes, ..schedule }, at(MONDAY))
}

/// Daily at seven, on Wednesdays weekly at eight, on the first of a month monthly at six.
fn three() -> [Standing; 3] {
    [
        standing("daily", "0 7 * * *", &[]),
        standing("weekly", "0 8 * * WED", &["daily"]),
        standing("monthly", "0 6 1 * *", &["weekly"]),
    ]
}

/// Who supersedes the first of them at that instant, and when.
fn by(all: &[Standing], due_at: &str) -> Option<(String, DateTime<Utc>)> {
    let found = Levels::of(all).superseding(&all[0].schedule, at(due_at), Looking::Ahead);
    found.map(|found| (found.by.to_string(), found.at))
}

fn who(all: &[Standing], due_at: &str) -> Option<String> {
    by(all, due_at).map(|(name, _)| name)
}

const WEDNESDAY: &str = "2026-09-30T07:00:00+08:00";
const FIRST: &str = "2026-10-01T07:00:00+08:00";

#[test]
fn the_smaller_one_is_superseded_on_the_day_of_the_larger_whichever_comes_first() {
    let all = three();
    assert_eq!(by(&all, WEDNESDAY), Some(("weekly".to_owned(), at("2026-09-30T08:00:00+08:00"))));
    assert_eq!(by(&all, "2026-09-30T23:59:59+08:00").map(|(name, _)| name), Some("weekly".to_owned()));
    assert_eq!(by(&all, "2026-09-29T23:59:59+08:00"), None);
}

#[test]
fn the_largest_supersedes_over_any_number_of_steps_and_is_the_one_that_is_named() {
    let all = three();
    assert_eq!(by(&all, FIRST), Some(("monthly".to_owned(), at("2026-10-01T06:00:00+08:00"))));
    // A Wednesday, the first of July: weekly is superseded itself.
    assert_eq!(who(&all, "2026-07-01T07:00:00+08:00"), None, "nothing was there then");
    let looking_back = Levels::of(&all).superseding(&all[0].schedule, at("2026-07-01T07:00:00+08:00"), Looking::Back);
    assert_eq!(looking_back.map(|found| found.by.to_string()), Some("monthly".to_owned()));
}

#[test]
fn what_would_not_fire_supersedes_nothing() {
    let weekly = |change: fn(&mut Standing)| {
        let mut all = three();
        change(&mut all[1]);
        who(&all, WEDNESDAY)
    };
    let paused = |since: &str, until: Option<&str>| Pause {
        since: at(since),
        by: "ops".to_owned(),
        reason: None,
        until: until.map(at),
    };
    assert_eq!(weekly(|weekly| weekly.schedule.enabled = false), None);
    assert_eq!(weekly(|weekly| weekly.schedule.max_runs = Some(0)), None);
    assert_eq!(weekly(|weekly| weekly.anchor = at("2026-09-30T09:00:00+08:00")), None);
    let mut all = three();
    all[1].pause = Some(paused("2026-09-29T00:00:00+08:00", None));
    assert_eq!(who(&all, WEDNESDAY), None);
    all[1].pause = Some(paused("2026-09-29T00:00:00+08:00", Some("2026-09-30T00:00:00+08:00")));
    assert_eq!(who(&all, WEDNESDAY), Some("weekly".to_owned()));
    all[1].pause = Some(paused("2026-09-30T12:00:00+08:00", None));
    assert_eq!(who(&all, WEDNESDAY), Some("weekly".to_owned()), "it had fired before it was paused");
}

#[test]
fn the_last_run_that_is_allowed_still_supersedes_on_its_day() {
    let mut all = three();
    (all[1].schedule.max_runs, all[1].runs, all[1].cursor) = (Some(1), 1, at("2026-09-30T08:00:00+08:00"));
    assert_eq!(who(&all, "2026-09-30T20:00:00+08:00"), Some("weekly".to_owned()));
    assert_eq!(who(&all, "2026-10-07T07:00:00+08:00"), None);
}

#[test]
fn without_monthly_weekly_supersedes_and_a_monthly_that_is_off_lets_weekly_through() {
    let mut all = three();
    all[2] = standing("monthly", "0 6 30 * *", &["weekly"]);
    assert_eq!(who(&all, WEDNESDAY), Some("monthly".to_owned()));
    all[2].schedule.enabled = false;
    assert_eq!(who(&all, WEDNESDAY), Some("weekly".to_owned()));
}

#[test]
fn a_circle_ends() {
    let mut all = three();
    all[0].schedule.supersedes = vec!["monthly".parse().expect("a name")];
    assert!(Levels::of(&all).above(&all[0].schedule.name).len() <= 3);
    by(&all, WEDNESDAY);
}

#[test]
fn what_is_included_is_told_with_its_input_over_any_number_of_steps_and_once() {
    let mut all = three();
    let include = |names: &[&str]| names.iter().map(|name| name.parse().expect("a name")).collect::<Vec<_>>();
    all[0].schedule.input = serde_json::json!({ "steps": ["state"] });
    all[1].schedule.includes = include(&["daily"]);
    all[2].schedule.includes = include(&["weekly", "daily", "gone"]);
    let levels = Levels::of(&all);
    let names = |schedule: &Schedule| -> Vec<_> {
        levels.included(schedule).into_iter().map(|one| one.schedule.to_string()).collect()
    };
    assert_eq!(names(&all[2].schedule), ["weekly", "daily"]);
    assert_eq!(names(&all[1].schedule), ["daily"]);
    assert_eq!(levels.included(&all[1].schedule)[0].input, serde_json::json!({ "steps": ["state"] }));
    assert!(names(&all[0].schedule).is_empty());
}

#[test]
fn a_day_with_a_clock_change_is_one_day() {
    let zone = chrono_tz::Europe::Berlin;
    let mut all = three();
    for one in &mut all {
        one.schedule.timezone = zone;
        one.anchor = at("2026-03-01T00:00:00Z");
    }
    all[1].schedule.trigger = Trigger::Cron(Cron::parse("30 23 * * SUN", zone).expect("cron"));
    // The clock goes from two to three that Sunday, which has 23 hours.
    assert_eq!(who(&all, "2026-03-29T00:00:00+01:00"), Some("weekly".to_owned()));
    assert_eq!(who(&all, "2026-03-28T23:59:59+01:00"), None);
    assert_eq!(who(&all, "2026-03-30T00:00:00+02:00"), None);
}

#[test]
fn instants_of_a_day_that_are_caught_up_and_superseded_share_a_row_and_count_for_no_max_runs() {
    let mut all = [standing("small", "*/10 * * * *", &[]), standing("large", "0 20 * * WED", &["small"])];
    all[0].cursor = at("2026-09-29T23:35:00+08:00");
    all[0].schedule.max_runs = Some(3);
    all[0].schedule.catch_up.mode = crate::CatchUpMode::All;
    let handler = crate::HandlerInfo {
        name: "h".into(),
        summary: String::new(),
        input_schema: None,
        example_input: None,
        timeout: None,
    };
    let candidate = crate::plan::Candidate { standing: &all[0], handler: Ok(handler) };
    let plan = crate::plan::plan([candidate], &Levels::of(&all), at("2026-09-30T01:00:05+08:00"));
    let fired: Vec<_> = plan.claim.fire.iter().map(|fire| fire.order.due_at).collect();
    assert_eq!(fired, [at("2026-09-29T23:40:00+08:00"), at("2026-09-29T23:50:00+08:00")]);
    let row = &plan.claim.skip[0];
    assert_eq!((plan.claim.skip.len(), row.count), (1, 7));
    assert_eq!((row.due_at, row.until), (at("2026-09-30T00:00:00+08:00"), at("2026-09-30T01:00:00+08:00")));
    let reason = SkipReason::Superseded { by: "large".parse().expect("a name"), at: at("2026-09-30T20:00:00+08:00") };
    assert_eq!(row.reason, reason);
    assert_eq!(reason.to_string(), "superseded by `large`, due that day at 2026-09-30T12:00:00Z");
    assert_eq!(plan.claim.cursors[0].1, at("2026-09-30T01:00:00+08:00"));
}
