use chrono::DateTime;
use noontide_domain::{CatchUpMode, Overlap, Schedule};
use serde_json::json;

use super::super::recorded::EXPORTED;
use super::super::{check, write};
use super::*;

const EXPORT: &str = include_str!("../../../../../../tests/data/apscheduler/jobs.json");

fn imported(text: &str) -> Imported {
    let handler = "python/call".parse().unwrap();
    let reading =
        Reading { file: "jobs.json", handler: &handler, zone: None, now: DateTime::UNIX_EPOCH, count: EXPORTED };
    read(text, &reading, &mut Names::default()).unwrap()
}

fn schedules(imported: &Imported) -> Vec<Schedule> {
    write::loaded(&write::document(imported, "jobs.json")).unwrap()
}

/// A job as the exporter writes it, with some of it otherwise.
fn job(change: Value) -> String {
    let mut job = json!({
        "id": "x", "name": "work", "func": "make:work", "args": [], "kwargs": {}, "coalesce": true, "max_instances": 1,
        "misfire_grace_time": 1, "next_run_time": "2026-11-22T08:00:00+00:00",
        "exported_at": "2026-11-21T12:00:00+00:00", "fires": [],
        "trigger": {"type": "cron", "timezone": "UTC", "fields": {"hour": "8"}},
    });
    for (key, value) in change.as_object().unwrap() {
        job[key] = value.clone();
    }
    json!([job]).to_string()
}

fn trigger(kind: &str, rest: Value) -> Value {
    let mut trigger = json!({"type": kind, "timezone": "Europe/Berlin"});
    for (key, value) in rest.as_object().unwrap() {
        trigger[key] = value.clone();
    }
    json!({ "trigger": trigger })
}

#[test]
fn jobs_of_all_kinds_fire_when_apschedulers_own_triggers_do() {
    let mut imported = imported(EXPORT);
    assert_eq!(imported.refused, [""; 0]);
    assert_eq!((imported.entries.len(), schedules(&imported).len()), (20, 20));
    let fires: usize = imported.entries.iter().flat_map(|entry| &entry.spans).map(|span| span.fires.len()).sum();
    assert!(fires > 900, "{fires} are not what the exporter wrote");
    let before = imported.notes.len();
    check::note(&mut imported, EXPORTED).unwrap();
    assert_eq!(imported.notes[before..], [""; 0]);
}

#[test]
fn a_trigger_that_is_translated_wrongly_is_found() {
    // Sunday is 6 for APScheduler; whoever copied the number would have Saturday.
    let mut imported = imported(EXPORT);
    let odd = imported.entries.iter_mut().find(|entry| entry.name == "odd-weeks").unwrap();
    odd.keys.retain(|(key, _)| *key != "dialect" && *key != "cron");
    odd.keys.push(("cron", Toml::Text("0 3 * * 6".to_owned())));
    check::note(&mut imported, EXPORTED).unwrap();
    let odd = imported.entries.iter().find(|entry| entry.name == "odd-weeks").unwrap();
    assert!(odd.notes[0].contains("fires differ"), "{:?}", odd.notes);
}

#[test]
fn a_time_that_clocks_leave_out_differs_and_is_told() {
    let mut change = trigger("cron", json!({"fields": {"hour": "2", "minute": "30"}}));
    let fires = ["2027-03-28T01:30:00+00:00", "2027-03-29T00:30:00+00:00"];
    change["changes"] = json!([{"from": "2027-03-27T12:00:00Z", "to": "2027-03-29T12:00:00Z", "fires": fires}]);
    change["fires"] = json!(["2026-11-22T01:30:00+00:00"]);
    let mut imported = imported(&job(change));
    // One fire that is exported as if it were the last would make all that follow differ.
    imported.entries[0].spans.remove(0);
    check::note(&mut imported, EXPORTED).unwrap();
    let note = &imported.entries[0].notes[0];
    assert!(note.contains("2 fires differ") && note.contains("clocks go forward"), "{note}");
}

#[test]
fn what_is_late_paused_or_at_work_stays_what_it_was() {
    let of = |change| schedules(&imported(&job(change))).remove(0);
    let usual = of(json!({}));
    assert_eq!((usual.overlap, usual.catch_up.mode, usual.start_deadline), (Overlap::Skip, CatchUpMode::None, None));
    assert!(usual.enabled && usual.description.is_none());
    assert!(!of(json!({"next_run_time": null})).enabled);
    assert_eq!(of(json!({"max_instances": 4})).overlap, Overlap::Allow);
    let late = of(json!({"misfire_grace_time": 600, "coalesce": false}));
    assert_eq!((late.catch_up.mode, late.catch_up.within.as_secs()), (CatchUpMode::All, 600));
    assert_eq!(late.start_deadline.map(|deadline| deadline.as_secs()), Some(600));
    let whenever = of(json!({"misfire_grace_time": null}));
    assert_eq!(whenever.catch_up.mode, CatchUpMode::Latest);
    assert!(whenever.catch_up.within.as_secs() > 9 * 365 * 86_400 && whenever.start_deadline.is_none());
    assert_eq!(of(json!({"name": "Morning report"})).description.as_deref(), Some("Morning report"));
}

#[test]
fn an_interval_goes_on_in_the_rhythm_it_has() {
    let of = |next: &str| {
        let mut change = trigger("interval", json!({"seconds": 60, "start_date": "2026-11-20T00:00:10.123456+00:00"}));
        change["next_run_time"] = json!(next);
        let entry = imported(&job(change)).entries.remove(0);
        entry.keys.into_iter().find(|(key, _)| *key == "start").unwrap().1.to_string()
    };
    assert_eq!(of("2026-11-21T12:00:10.123456+00:00"), "\"2026-11-20T00:00:10.123+00:00\"");
    assert_eq!(of("2026-11-21T12:00:30+00:00"), "\"2026-11-21T12:00:30+00:00\"");
}

#[test]
fn what_has_no_equal_is_refused_with_the_job_and_a_way_out() {
    for (change, words) in [
        (trigger("and", json!({"triggers": []})), "one cron trigger"),
        (trigger("or", json!({"triggers": [{"type": "interval"}]})), "a job of its own"),
        (trigger("calendarinterval", json!({})), "cron trigger"),
        (trigger("lunar", json!({})), "`lunar` is not known"),
        (trigger("cron", json!({"timezone": "UTC+02:00"})), "set a zone in APScheduler"),
        (trigger("cron", json!({"fields": {"day": "2nd fri", "day_of_week": "mon"}})), "keep one of them"),
        (trigger("cron", json!({"fields": {"month": "2", "day": "30"}})), "never"),
        (trigger("interval", json!({"seconds": 0.00001, "start_date": "2026-11-20T00:00:10+00:00"})), "milliseconds"),
        (json!({"func": null}), "function of a module"),
        (json!({"args": [1, {"not-json": "<Socket>"}]}), "argument 2 is <Socket>"),
        (json!({"args": [null]}), "argument 1 is null"),
        (json!({"fires": 5}), "export it again"),
    ] {
        let imported = imported(&job(change.clone()));
        assert_eq!((imported.entries.len(), imported.refused.len()), (0, 1), "{change}");
        let refused = &imported.refused[0];
        assert!(refused.starts_with("jobs.json:1: job `x`: "), "{refused}");
        assert!(refused.contains(words) && !refused.contains('\n'), "{refused}");
    }
}

#[test]
fn what_only_a_host_would_refuse_is_refused_before_it_is_written() {
    let start = json!({"seconds": 0.05, "start_date": "2026-11-20T00:00:10+00:00"});
    let bounds =
        json!({"fields": {"hour": "8"}, "start_date": "2027-01-01T00:00:00Z", "end_date": "2026-01-01T00:00:00Z"});
    for (change, words) in [(trigger("interval", start), "100ms"), (trigger("cron", bounds), "`end`")] {
        let mut imported = imported(&job(change));
        write::settle(&mut imported).unwrap();
        assert_eq!((imported.entries.len(), imported.refused.len()), (0, 1));
        assert!(imported.refused[0].starts_with("jobs.json:1: job `x`: schedule `x`: "), "{:?}", imported.refused);
        assert!(imported.refused[0].contains(words), "{:?}", imported.refused);
    }
}

#[test]
fn a_file_that_is_no_export_is_refused_with_its_line() {
    let handler = "python/call".parse().unwrap();
    let reading = Reading { file: "jobs.json", handler: &handler, zone: None, now: DateTime::UNIX_EPOCH, count: 5 };
    for text in ["[\n{", "{}", "", "[\nnull,]"] {
        let stop = read(text, &reading, &mut Names::default()).unwrap_err();
        assert!(stop.message.starts_with("jobs.json:") && stop.message.contains("apscheduler-export.py"), "{stop:?}");
    }
}
