use chrono_tz::Asia::Shanghai;
use serde_json::{Value, json};

use super::*;
use crate::schedule::{NamedTrigger, Schedule};

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

fn now() -> DateTime<Utc> {
    utc("2026-07-01T08:00:30.250Z")
}

fn row(trigger: &str, spec: &str, args: &str) -> TableRow {
    let text = str::to_owned;
    TableRow {
        task_key: text("test_it"),
        desc: text("测试"),
        execute_func: text("mail/send"),
        trigger: text(trigger),
        spec: text(spec),
        args: text(args),
        is_valid: true,
        extra: text("{}"),
    }
}

fn read(row: &TableRow) -> Schedule {
    row.read(None, Shanghai, now()).expect("a good row").schedule
}

fn refused(former: Option<&Schedule>, row: &TableRow) -> String {
    row.read(former, Shanghai, now()).expect_err("a bad row")
}

#[test]
fn trigger_and_spec_mean_what_they_meant_in_the_framework() {
    let by = |trigger, spec| match when(trigger, spec, Shanghai) {
        Ok(When::By(trigger)) => format!("{} {}", trigger.kind(), trigger.text()),
        other => format!("{other:?}"),
    };
    let table = [
        (("interval", "5"), "every 5s"),
        (("interval", " 90 "), "every 1m30s"),
        (("interval", "5m"), "every 5m"),
        (("interval", "1 month"), "every 1 month"),
        (("date", "2020-04-24 18:08:00"), "at 2020-04-24T10:08:00Z"),
        (("date", "2020-04-24T18:08:00+02:00"), "at 2020-04-24T16:08:00Z"),
        (("cron", "* * * * *"), "cron * * * * *"),
        (("date", "now"), "Ok(Now)"),
    ];
    for ((trigger, spec), expected) in table {
        assert_eq!(by(trigger, spec), expected, "{trigger} {spec}");
    }
}

#[test]
fn what_a_spec_cannot_mean_is_refused_with_the_column_and_a_remedy() {
    let table = [
        (("interval", "0"), "`spec`: `0` is no time at all"),
        (("interval", "1ms"), "`spec`: it is shorter than 100ms"),
        (("interval", "often"), "`spec`: `often` is no duration"),
        (("interval", "now"), "`spec` is `now`, which goes with the trigger date"),
        (("date", "tomorrow"), "`spec`: `tomorrow`"),
        (("cron", "61 * * * *"), "`spec`: "),
        (("solar", "sunrise"), "`trigger` is `solar`; cron, date or interval is expected"),
    ];
    for ((trigger, spec), expected) in table {
        let refused = when(trigger, spec, Shanghai).expect_err(spec);
        assert!(refused.starts_with(expected), "{trigger} {spec}: {refused}");
    }
}

#[test]
fn args_are_positional_texts_positional_values_or_values_by_name() {
    let table: [(&str, Value); 12] = [
        ("", json!({})),
        ("1,2,3", json!({ "args": ["1", "2", "3"] })),
        (r#""guess","hello""#, json!({ "args": ["guess", "hello"] })),
        (r#"\"guess\",\"hello\""#, json!({ "args": ["guess", "hello"] })),
        (r#" 'a, b' , "say \"x\"" ,c d"#, json!({ "args": ["a, b", "say \"x\"", "c d"] })),
        ("5", json!({ "args": ["5"] })),
        ("1,", json!({ "args": ["1"] })),
        ("1,,3", json!({ "args": ["1", "", "3"] })),
        ("每天", json!({ "args": ["每天"] })),
        (r#"[1, "two", null]"#, json!({ "args": [1, "two", null] })),
        (r#"{"to": "ops"}"#, json!({ "to": "ops" })),
        (r#"{"args": [1], "to": "ops"}"#, json!({ "args": [1], "to": "ops" })),
    ];
    for (text, expected) in table {
        let input = args(text).expect(text);
        assert_eq!(input, expected, "{text}");
        assert_eq!(args(&args::shown(&input)).expect("shown"), input, "{text} shown and read again");
    }
    for (text, expected) in
        [("[1,", "`args` is no JSON"), (r#""a"#, "has no end"), (r#""a" "b""#, "a comma is missing before `\"b\"`")]
    {
        let refused = args(text).expect_err(text);
        assert!(refused.contains(expected), "{text}: {refused}");
    }
}

#[test]
fn extra_says_how_long_a_success_may_stay_away_and_hands_the_rest_on() {
    let within = |trigger, spec, extra: &str| {
        read(&TableRow { extra: extra.to_owned(), ..row(trigger, spec, "") })
            .expect_within
            .map(|within| within.as_secs())
    };
    assert_eq!(within("interval", "5", "{}"), Some(3_600), "the framework's default");
    assert_eq!(within("interval", "5", ""), Some(3_600));
    assert_eq!(within("cron", "* * * * *", r#"{"delay": 60}"#), Some(60));
    assert_eq!(within("cron", "* * * * *", r#"{"delay": "60"}"#), Some(60));
    assert_eq!(within("cron", "* * * * *", r#"{"delay": 0}"#), None);
    assert_eq!(within("date", "2020-04-24 18:08:00", "{}"), None, "after it nothing is expected");
    let extra = r#"{"delay": 60, "timezone": "Europe/Berlin", "team": "ops", "tries": 2, "error": "an old one"}"#;
    let schedule = read(&TableRow { extra: extra.to_owned(), ..row("date", "2026-07-02 08:00", "1") });
    assert_eq!(schedule.timezone, chrono_tz::Europe::Berlin);
    assert_eq!(schedule.trigger, Trigger::At(At::new(vec![utc("2026-07-02T06:00:00Z")])));
    assert_eq!(schedule.headers.iter().collect::<Vec<_>>(), [("team", "ops"), ("tries", "2")]);
    let shown = TableRow::of(&schedule);
    assert_eq!(shown.read(Some(&schedule), Shanghai, now()).expect("shown").schedule, schedule);
    for (extra, expected) in [
        ("[]", "`extra` is no JSON object"),
        (r#"{"a b": 1}"#, "`extra`: `a b` cannot name a header"),
        (r#"{"delay": -1}"#, "`delay` is `-1`"),
        (r#"{"timezone": "Berlin"}"#, "`timezone` is \"Berlin\""),
    ] {
        let refused = refused(None, &TableRow { extra: extra.to_owned(), ..row("interval", "5", "") });
        assert!(refused.contains(expected), "{extra}: {refused}");
    }
}

#[test]
fn a_row_that_nobody_edited_asks_for_the_schedule_that_stands() {
    let named = || "test_it".parse().expect("a name");
    let triggers = [
        Trigger::Manual,
        Trigger::After("other".parse().expect("a name")),
        when_by("interval", "5"),
        when_by("date", "2026-10-25 02:30:00"),
        when_by("cron", "0 8 * * 1-5"),
    ];
    for trigger in triggers {
        let mut schedule = Schedule::new(named(), trigger, "mail/send".parse().expect("a handler"));
        schedule.input = json!({ "to": [1, 2] });
        schedule.retry.attempts = 7;
        let shown = TableRow::of(&schedule);
        let again = shown.read(Some(&schedule), Shanghai, now()).expect("a good row");
        assert_eq!(again, Asked { schedule, at_once: false });
    }
}

#[test]
fn a_new_spec_takes_the_place_of_a_trigger_that_was_named() {
    let mut standing = read(&row("cron", "0 8 * * *", "1"));
    standing.named = vec![NamedTrigger { name: "nightly".to_owned(), place: "conf/a.toml:3:1".to_owned() }];
    standing.asked = Some(json!({ "handler": "mail/send", "trigger": "nightly" }));
    let shown = TableRow::of(&standing);
    let read = |edited: &TableRow| edited.read(Some(&standing), Shanghai, now()).expect("a good row").schedule;
    let renamed = read(&TableRow { desc: "other words".to_owned(), ..shown.clone() });
    assert_eq!(renamed.named, standing.named, "what is said elsewhere leaves it");
    let respecified = read(&TableRow { spec: "0 9 * * *".to_owned(), ..shown });
    assert_eq!(respecified.named, []);
    assert_eq!(respecified.asked.expect("keys"), json!({ "handler": "mail/send", "cron": "0 9 * * *" }));
}

fn when_by(trigger: &str, spec: &str) -> Trigger {
    match when(trigger, spec, Shanghai) {
        Ok(When::By(trigger)) => trigger,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_edited_column_changes_what_it_says_and_nothing_beside_it() {
    let mut standing = read(&row("cron", "0 8 * * *", "1"));
    standing.trigger = Trigger::After("other".parse().expect("a name"));
    standing.retry.attempts = 7;
    let shown = TableRow::of(&standing);
    let edited = TableRow { is_valid: false, args: "2".to_owned(), ..shown.clone() };
    let asked = edited.read(Some(&standing), Shanghai, now()).expect("a good row").schedule;
    assert_eq!((asked.enabled, &asked.input), (false, &json!({ "args": ["2"] })));
    assert_eq!((&asked.trigger, asked.retry.attempts), (&standing.trigger, 7), "what the table cannot tell stays");
    let respecified = TableRow { trigger: "interval".to_owned(), spec: "5".to_owned(), ..shown.clone() };
    let asked = respecified.read(Some(&standing), Shanghai, now()).expect("a good row").schedule;
    assert_eq!(asked.trigger.text(), "5s");
    let half = TableRow { spec: "5".to_owned(), ..shown };
    assert_eq!(refused(Some(&standing), &half), "`trigger` is `after`; cron, date or interval is expected");
}

#[test]
fn now_is_due_once_at_once_if_the_row_is_valid() {
    let asked = row("date", "now", "").read(None, Shanghai, now()).expect("a good row");
    assert!(asked.at_once);
    assert_eq!(asked.schedule.trigger, Trigger::At(At::new(vec![now()])));
    let invalid = TableRow { is_valid: false, ..row("date", "now", "") };
    let waits = invalid.read(None, Shanghai, now()).expect("a good row");
    assert_eq!((waits.at_once, &waits.schedule.trigger), (false, &Trigger::Manual));
    let spec = date(now(), Shanghai);
    assert_eq!(spec, "2026-07-01 16:00:30.250");
    let again = TableRow { spec, desc: "x".to_owned(), ..row("date", "", "") };
    let again = again.read(Some(&asked.schedule), Shanghai, now()).expect("a good row");
    assert_eq!((again.at_once, &again.schedule.trigger), (false, &asked.schedule.trigger));
}

#[test]
fn the_second_pass_of_a_repeated_hour_keeps_its_instant() {
    for instant in ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"].map(utc) {
        let zone = chrono_tz::Europe::Berlin;
        let read = when("date", &date(instant, zone), zone).expect("a date");
        assert_eq!(read, When::By(Trigger::At(At::new(vec![instant]))));
    }
}

#[test]
fn a_later_patch_of_the_api_is_laid_over_what_the_row_asked_for() {
    let standing = read(&row("interval", "90", "1"));
    let asked = standing.asked.clone().expect("known");
    let expected = json!({
        "description": "测试", "handler": "mail/send", "timezone": "Asia/Shanghai", "every": "1m30s",
        "input": { "args": ["1"] }, "expect-within": "1h", "enabled": true,
    });
    assert_eq!(asked, expected);
    let mut of_the_api = standing.clone();
    of_the_api.asked = Some(json!({ "cron": "0 8 * * *", "dialect": "celery", "retry": 3 }));
    let edited = TableRow { spec: "5".to_owned(), ..TableRow::of(&of_the_api) };
    let asked = edited.read(Some(&of_the_api), Shanghai, now()).expect("a good row").schedule.asked;
    assert_eq!(asked, Some(json!({ "every": "5s", "retry": 3 })));
    of_the_api.asked = None;
    assert_eq!(edited.read(Some(&of_the_api), Shanghai, now()).expect("a good row").schedule.asked, None);
}

#[test]
fn a_reason_stands_in_extra_until_the_row_is_taken() {
    let told = with_error(r#"{"delay": 60}"#, Some("no")).expect("an object");
    assert_eq!(serde_json::from_str::<Value>(&told).expect("JSON"), json!({ "delay": 60, "error": "no" }));
    assert_eq!(with_error(&told, None).as_deref(), Some(r#"{"delay":60}"#));
    assert_eq!(with_error("{}", None), None, "there is nothing to change");
    assert_eq!(with_error("[", Some("no")), None, "there is nowhere to put it");
}
