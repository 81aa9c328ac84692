//! Triggers, calendars and the policies that go with them.

use super::*;
use chrono::{DateTime, Utc};
use noontide_domain::{Overlap, Timetable};
use std::time::Duration;

fn due(text: &str, after: &str, count: usize) -> Vec<String> {
    let loaded = loaded(&[("a.toml", text)]);
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
    let trigger = &loaded.config.schedules[0].trigger;
    let after: DateTime<Utc> = after.parse().expect("an instant");
    std::iter::successors(trigger.next_after(after, after), |due| trigger.next_after(*due, after))
        .take(count)
        .map(|due| due.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
        .collect()
}

fn schedule(keys: &str) -> String {
    format!("[schedule.x]\nhandler = \"a/b\"\n{keys}\n")
}

#[test]
fn every_kind_of_trigger_is_read() {
    let cases = [
        ("cron = \"30 0 9 ? * MON#1\"", "2026-12-07T09:00:30Z"),
        ("cron = { hour = 9, day-of-week = \"mon\" }", "2026-11-23T09:00:00Z"),
        ("cron = \"0 9 * * 1\"\ndialect = \"apscheduler\"", "2026-11-24T09:00:00Z"),
        ("every = \"1 month\"\nstart = 2026-01-31T08:00:00Z", "2026-11-30T08:00:00Z"),
        ("every = \"quarterly\"", "2027-02-21T12:00:00Z"),
        (
            "at = [\"2026-11-20 00:00:00\", \"2026-12-24 18:00:00\"]\ntimezone = \"Europe/Berlin\"",
            "2026-12-24T17:00:00Z",
        ),
        ("solar = \"solar_noon\"\nlat = 0\nlon = 0", "2026-11-22T11:46:"),
        ("cron = \"0 0 * * *\"\nstart = 2027-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
        (
            "trigger = [{ cron = \"0 9 * * *\" }, { cron = \"0 8 * * *\", timezone = \"Asia/Shanghai\" }]",
            "2026-11-22T00:00:00Z",
        ),
    ];
    for (keys, expected) in cases {
        let due = due(&schedule(keys), "2026-11-21T12:00:00Z", 1);
        assert!(due[0].starts_with(expected), "{keys}: {due:?}");
    }
}

#[test]
fn what_follows_and_what_waits_for_a_hand_has_no_due_instants() {
    let text = "[schedule.a]\nhandler = \"a/b\"\nevery = \"1h\"\n[schedule.b]\nhandler = \"a/b\"\nafter = \"a\"\n";
    let loaded = loaded(&[("a.toml", text)]);
    let follower = loaded.config.schedules.iter().find(|schedule| schedule.name.as_str() == "b").expect("b");
    assert_eq!(follower.trigger.follows()[0].as_str(), "a");
    assert!(due(&schedule("manual = true"), "2026-01-01T00:00:00Z", 1).is_empty());
}

#[test]
fn two_schedules_that_follow_each_other_are_both_left_out() {
    let text = "[schedule.a]\nhandler = \"a/b\"\nafter = \"b\"\n[schedule.b]\nhandler = \"a/b\"\nafter = \"a\"\n";
    let loaded = loaded(&[("a.toml", text)]);
    assert_eq!((loaded.config.schedules.len(), loaded.problems.len()), (0, 2));
}

const CHINA: &str = r#"
[calendar.china]
holidays = [{ date = "2025-10-01..2025-10-08", name = "国庆节" }, 2026-01-01]
workdays = ["2025-09-28", "2025-10-11"]
"#;

#[test]
fn holidays_are_left_out_or_moved_and_swapped_workdays_are_worked() {
    let on = |calendar: &str| format!("{CHINA}{}", schedule(&format!("cron = \"0 9 * * *\"\ncalendar = {calendar}")));
    assert_eq!(
        due(&on("\"china\""), "2025-09-26T12:00:00Z", 5),
        ["2025-09-28", "2025-09-29", "2025-09-30", "2025-10-09", "2025-10-10"].map(|day| format!("{day}T09:00:00Z"))
    );
    let first =
        format!("{CHINA}{}", schedule("cron = \"0 9 1 10 *\"\ncalendar = { name = \"china\", off-days = \"before\" }"));
    assert_eq!(due(&first, "2025-09-01T00:00:00Z", 1), ["2025-09-30T09:00:00Z"]);
}

#[test]
fn an_icalendar_file_gives_holidays_and_workdays() {
    let ics = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:20261001\r\n\
               DTEND;VALUE=DATE:20261008\r\nSUMMARY:国庆节\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:2\r\n\
               DTSTART;VALUE=DATE:20261010\r\nSUMMARY:国庆节 补班\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    let text = format!("[calendar.c]\nics = \"c.ics\"\n{}", schedule("cron = \"0 9 * * *\"\ncalendar = \"c\""));
    let loaded = loaded(&[("a.toml", &text), ("c.ics", ics)]);
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
    let trigger = &loaded.config.schedules[0].trigger;
    let after: DateTime<Utc> = "2026-09-30T12:00:00Z".parse().expect("an instant");
    let days: Vec<_> = std::iter::successors(trigger.next_after(after, after), |due| trigger.next_after(*due, after))
        .take(3)
        .map(|due| due.date_naive().to_string())
        .collect();
    assert_eq!(days, ["2026-10-08", "2026-10-09", "2026-10-10"]);
}

#[test]
fn each_wrong_value_of_a_calendar_is_refused_in_one_line() {
    let cases = [
        ("holidays = [\"2026-13-01\"]", "2:13", "no date"),
        ("holidays = [\"2026-02-01..2026-01-01\"]", "2:13", "ends before it begins"),
        ("holidays = [\"2026-01-01..2036-01-01\"]", "2:13", "longer than a year"),
        ("holidays = [{ name = \"x\" }]", "2:13", "has no `date`"),
        ("weekend = [\"SUNDAY\"]", "2:12", "no weekday"),
        ("weekend = [\"MON\", \"TUE\", \"WED\", \"THU\", \"FRI\", \"SAT\", \"SUN\"]", "1:11", ""),
        ("ics = \"nowhere.ics\"", "2:7", "nowhere.ics"),
        ("holiday = []", "2:1", "did you mean `holidays`"),
    ];
    for (line, place, wanted) in cases {
        let found = problems(&[("a.toml", &format!("[calendar.x]\n{line}\n"))], &[]);
        let start = format!("a.toml:{place}: calendar `x`: ");
        assert!(found.len() == 1 && found[0].starts_with(&start) && found[0].contains(wanted), "{line}: {found:?}");
    }
}

#[test]
fn the_policies_of_time_are_read() {
    let keys = "every = \"1h\"\noverlap = \"cancel-running\"\nstart-deadline = \"5m\"\nexpires = \"1h\"\nmax-runs = 3\n\
                jitter = \"10s\"\nspread = \"1m\"\nexpect-within = \"2h\"";
    let loaded = loaded(&[("a.toml", &schedule(keys))]);
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
    let schedule = &loaded.config.schedules[0];
    let seconds = |length: Option<Duration>| length.map(|length| length.as_secs());
    assert_eq!((schedule.overlap, schedule.max_runs), (Overlap::CancelRunning, Some(3)));
    assert_eq!((seconds(schedule.start_deadline), seconds(schedule.expires)), (Some(300), Some(3_600)));
    assert_eq!((seconds(schedule.jitter), seconds(schedule.spread)), (Some(10), Some(60)));
    assert_eq!(seconds(schedule.expect_within), Some(7_200));
}

#[test]
fn a_timetable_is_read_and_lets_its_runs_go_on_side_by_side() {
    let keys = "timetable = { before = \"2h\", unique = [\"channel_id\"], flag = \"1\", retry-failed = true }";
    let loaded = loaded(&[("a.toml", &schedule(keys))]);
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
    let schedule = &loaded.config.schedules[0];
    let hours = |count: u64| Duration::from_secs(count * 3_600);
    let expected = Timetable {
        before: hours(2),
        after: hours(1),
        unique: vec!["channel_id".to_owned()],
        flag: "1".to_owned(),
        repeatable: false,
        retry_failed: true,
    };
    assert_eq!(schedule.trigger.timetable(), Some(&expected));
    assert_eq!(schedule.overlap, Overlap::Allow);
}

#[test]
fn a_watched_place_is_relative_to_its_file_and_belongs_to_one_schedule() {
    let live = |name: &str| format!("[schedule.{name}]\nhandler = 'a/b'\ntimetable = {{ watch = '../inbox' }}\n");
    let dir = folder(&[("conf/a.toml", &live("live"))]);
    let config = load(&request(&dir.path().join("conf"))).expect("loads").config;
    assert_eq!(config.watches, [Watch { schedule: config.schedules[0].name.clone(), path: dir.path().join("inbox") }]);
    let told = problems(&[("a.toml", &live("live")), ("b.toml", &live("other"))], &[]);
    assert!(
        told.len() == 1 && told[0].contains("schedule `other`: `watch`: schedule `live` watches it, too"),
        "{told:?}"
    );
}
