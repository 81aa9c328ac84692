//! `[trigger.x]` and who names it.

use noontide_domain::Trigger;
use serde_json::json;

use super::*;

const NAMED: &str = "[trigger.nightly]\ndescription = 'when nobody looks'\ncron = '${MINUTE:-0} 2 * * *'\n\
    [trigger.rounds]\ntrigger = [{ every = '1h' }, { solar = 'sunset', lat = 52.5, lon = 13.4 }]\n\
    [trigger.shanghai]\ncron = '0 2 * * *'\ntimezone = 'Asia/Shanghai'\n";

fn schedule(name: &str, keys: &str) -> String {
    format!("[schedule.{name}]\nhandler = 'mail/send'\n{keys}\n")
}

fn triggers(schedules: &[&str]) -> Vec<Trigger> {
    let text: String = schedules.iter().enumerate().map(|(i, keys)| schedule(&format!("s{i}"), keys)).collect();
    let config = loaded(&[("a.toml", &(NAMED.to_owned() + &text))]).config;
    config.schedules.into_iter().map(|schedule| schedule.trigger).collect()
}

#[test]
fn who_names_a_trigger_has_it_as_if_its_keys_were_written_there() {
    let pairs = [
        ("trigger = 'nightly'", "cron = '0 2 * * *'"),
        ("trigger = 'nightly'\ntimezone = 'Europe/Berlin'", "cron = '0 2 * * *'\ntimezone = 'Europe/Berlin'"),
        ("trigger = 'shanghai'\ntimezone = 'Europe/Berlin'", "cron = '0 2 * * *'\ntimezone = 'Asia/Shanghai'"),
        ("trigger = 'rounds'", "trigger = [{ every = '1h' }, { solar = 'sunset', lat = 52.5, lon = 13.4 }]"),
        (
            "trigger = ['nightly', { at = '2027-01-01T00:00:00Z' }]",
            "trigger = [{ cron = '0 2 * * *' }, { at = '2027-01-01T00:00:00Z' }]",
        ),
    ];
    for (named, written) in pairs {
        let both = triggers(&[named, written]);
        assert_eq!(both[0], both[1], "{named}");
    }
}

#[test]
fn a_schedule_knows_whom_it_names_and_where_that_is_written() {
    let text = NAMED.to_owned() + &schedule("a", "trigger = ['nightly', { every = '1h' }]");
    let dir = folder(&[("a.toml", &text)]);
    let config = load(&request(dir.path())).expect("loads").config;
    let named = &config.schedules[0].named;
    assert_eq!((named.len(), named[0].name.as_str()), (1, "nightly"));
    assert!(named[0].place.ends_with("a.toml:1:10"), "{named:?}");
    assert_eq!(config.unused_triggers(), ["rounds", "shanghai"]);
}

#[test]
fn a_name_that_is_not_there_is_told_with_the_nearest() {
    let one = |keys: &str| problems(&[("a.toml", &(NAMED.to_owned() + &schedule("a", keys)))], &[]).join("\n");
    assert!(one("trigger = 'nigthly'").contains("schedule `a`: no [trigger.nigthly] — did you mean `nightly`?"));
    assert!(one("trigger = ['nigthly']").contains("did you mean `nightly`"));
    assert!(one("trigger = 'x'").contains("there are nightly, rounds, shanghai"));
    assert!(one("trigger = 1").contains("the name of a [trigger.NAME]"));
    assert!(one("trigger = 'nightly'\ncron = '0 2 * * *'").contains("`cron` stands beside `trigger`"));
}

#[test]
fn a_mistake_in_a_named_trigger_is_told_once_and_refuses_the_whole() {
    for (keys, said) in [
        ("cron = '61 * * * *'", "trigger `bad`: `cron`"),
        ("crom = '0 2 * * *'\nevery = '1h'", "unknown key `crom`"),
        ("timetable = {}", "belongs to one schedule"),
        ("trigger = 'nightly'", "no [trigger.nightly]"),
        ("handler = 'a/b'\nevery = '1h'", "unknown key `handler`"),
    ] {
        let text = format!("{NAMED}[trigger.bad]\n{keys}\n{}", schedule("a", "trigger = 'bad'"));
        let told = problems(&[("a.toml", &text)], &[]);
        assert!(told.len() == 1 && told[0].contains(said), "{told:?}");
    }
}

#[test]
fn a_client_of_the_api_may_name_it_too() {
    let config = loaded(&[("a.toml", NAMED)]).config;
    let read = |json| config.schedule(Body { name: "mine", json: &json, onto: None }, Vec::new);
    let named = read(json!({ "handler": "mail/send", "trigger": "nightly" })).expect("a schedule");
    let written = read(json!({ "handler": "mail/send", "cron": "0 2 * * *" })).expect("a schedule");
    assert_eq!((named.trigger, named.named[0].name.as_str()), (written.trigger, "nightly"));
    let told = read(json!({ "handler": "mail/send", "trigger": "nigthly" })).expect_err("refused");
    assert!(told[0].contains("did you mean `nightly`"), "{told:?}");
}
