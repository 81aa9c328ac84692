//! Schedules that come from clients of the API.

use noontide_domain::{Owner, Schedule, Trigger};
use serde_json::{Value, json};

use super::*;

fn config() -> Config {
    let toml = "timezone = 'Asia/Shanghai'\n[calendar.china]\nholidays = ['2026-10-01']\n\
                [schedule.nightly]\nhandler = 'mail/send'\ncron = '0 2 * * *'\n";
    loaded(&[("a.toml", toml)]).config
}

fn read(json: &Value, onto: Option<&Value>) -> Result<Schedule, Vec<String>> {
    let config = config();
    let standing = config.schedules.clone();
    config.schedule(Body { name: "mine", json, onto }, || standing)
}

fn good(json: Value) -> Schedule {
    read(&json, None).unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn wrong(json: Value) -> Vec<String> {
    read(&json, None).expect_err("refused")
}

#[test]
fn a_body_reads_as_the_same_table_of_a_file_would_and_the_api_owns_it() {
    let dir = folder(&[("a.toml", &GOOD.replace("${TO:-ops}", "ops"))]);
    let config = load(&request(dir.path())).expect("loaded").config;
    let json = from_toml(&GOOD.replace("${TO:-ops}", "ops"), "nightly").expect("a table");
    let of_the_api = config.schedule(Body { name: "nightly", json: &json, onto: None }, Vec::new).expect("a schedule");
    let expected = Schedule { owner: Owner::Api, asked: Some(json), ..config.schedules[0].clone() };
    assert_eq!(of_the_api, expected);
}

#[test]
fn zone_and_calendars_are_those_of_the_configuration() {
    let read = good(json!({ "handler": "mail/send", "every": "5m", "calendar": "china" }));
    assert_eq!(read.timezone, chrono_tz::Asia::Shanghai);
    assert!(matches!(read.trigger, Trigger::OnWorkdays(_)), "{:?}", read.trigger);
    let unknown = wrong(json!({ "handler": "mail/send", "every": "5m", "calendar": "chian" }));
    assert!(unknown[0].contains("did you mean `china`"), "{unknown:?}");
}

#[test]
fn underscores_do_for_hyphens_and_null_for_nothing() {
    let kebab = json!({ "handler": "mail/send", "every": "5m", "max-runs": 3, "catch-up": { "mode": "all" } });
    let snake =
        json!({ "handler": "mail/send", "every": "5m", "max_runs": 3, "catch_up": { "mode": "all" }, "jitter": null });
    assert_eq!(good(kebab), good(snake));
    let twice = wrong(json!({ "handler": "mail/send", "every": "5m", "max-runs": 3, "max_runs": 3 }));
    assert!(twice[0].contains("`max-runs` is there twice"), "{twice:?}");
}

#[test]
fn the_input_stays_as_it_was_sent_and_no_text_reads_the_hosts_environment() {
    let input = json!({ "a_b": null, "big": u64::MAX, "home": "${HOME}" });
    let read =
        good(json!({ "handler": "mail/send", "every": "5m", "input": input.clone(), "description": "${HOME} $$" }));
    assert_eq!((read.input, read.description.as_deref()), (input, Some("${HOME} $$")));
    assert_eq!(good(json!({ "handler": "mail/send", "every": "5m" })).input, json!({}));
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let problems = wrong(json!({ "handlr": "mail/send", "cron": "61 * * * *", "overlap": "never", "enabled": "yes" }));
    for wanted in ["`handler`", "`cron`", "`overlap`", "`enabled`", "`handlr`"] {
        assert!(problems.iter().any(|problem| problem.contains(wanted)), "{wanted} in {problems:?}");
    }
    assert!(problems.iter().all(|problem| problem.starts_with("schedule `mine`: ")), "{problems:?}");
    assert!(wrong(json!([1]))[0].contains("no object"));
    assert!(wrong(json!({ "handler": "mail/send", "at": [null] }))[0].contains("null"));
    assert!(wrong(json!({ "handler": "mail/send", "every": u64::MAX }))[0].contains("`every`"));
}

#[test]
fn it_may_follow_what_stands_and_neither_nothing_nor_itself() {
    let after = |name: &str| json!({ "handler": "mail/send", "after": name });
    assert_eq!(good(after("nightly")).trigger.follows().len(), 1);
    assert!(wrong(after("nigthly"))[0].contains("did you mean `nightly`"));
    assert!(wrong(after("mine"))[0].contains("neither would ever begin"));
}

#[test]
fn a_name_that_no_table_could_have_is_refused() {
    let json = json!({ "handler": "mail/send", "every": "5m" });
    let refused = config().schedule(Body { name: "a b", json: &json, onto: None }, Vec::new).expect_err("refused");
    assert_eq!(refused.len(), 1, "{refused:?}");
}

#[test]
fn a_patch_changes_what_it_names_and_takes_away_what_is_null() {
    let before = good(json!({
        "handler": "mail/send", "cron": "0 2 * * *", "retry": { "attempts": 3, "backoff": "10s" }, "max-runs": 5,
    }));
    let patch = json!({ "cron": null, "every": "1h", "retry": { "attempts": 4 }, "max_runs": null });
    let after = read(&patch, before.asked.as_ref()).expect("a schedule");
    let whole = json!({ "handler": "mail/send", "every": "1h", "retry": { "attempts": 4, "backoff": "10s" } });
    assert_eq!(after, good(whole));
    let two = read(&json!({ "every": "1h" }), before.asked.as_ref()).expect_err("cron is still there");
    assert!(two[0].contains("exactly one trigger"), "{two:?}");
}

#[test]
fn toml_without_the_table_is_an_error_that_names_it() {
    assert!(from_toml("[schedule.b]\nevery = '5m'", "a").expect_err("no a").contains("[schedule.a]"));
    assert!(from_toml("every = ", "a").is_err());
    assert_eq!(from_toml("at = 2026-10-01T00:00:00Z", "a"), Ok(json!({ "at": "2026-10-01T00:00:00Z" })));
}

#[test]
fn no_client_makes_the_host_read_files() {
    let told = wrong(json!({ "handler": "mail/send", "timetable": { "watch": "/etc" } }));
    assert!(told.len() == 1 && told[0].contains("`watch` stands in files only"), "{told:?}");
}
