use noontide_domain::{Overlap, Schedule as Made};
use serde_json::json;

use super::super::{check, write};
use super::*;

const TABLES: &str = include_str!("../../../../../../tests/data/celery-beat/tables.json");
const CODE: &str = include_str!("../../../../../../tests/data/celery-beat/code.json");

const TAKING: Taking = Taking { crontabs_in: None, naive_in: Tz::UTC, disabled: Disabled::Keep };

/// As if it were imported when it was exported.
fn imported_with(text: &str, taking: Taking) -> Imported {
    let handler = "python/call".parse().unwrap();
    let first: Vec<Value> = serde_json::from_str(text).unwrap();
    let now = first[0]["exported_at"].as_str().map_or_else(Default::default, |at| at.parse().unwrap());
    let reading = Reading { file: "beat.json", handler: &handler, zone: None, now, count: 50 };
    read(text, taking, &reading, &mut Names::default()).unwrap()
}

fn imported(text: &str) -> Imported {
    imported_with(text, TAKING)
}

fn schedules(imported: &Imported) -> Vec<Made> {
    write::loaded(&write::document(imported, "beat.json")).unwrap()
}

fn named<'a>(schedules: &'a [Made], name: &str) -> &'a Made {
    let found = schedules.iter().find(|schedule| schedule.name.as_str() == name);
    found.unwrap_or_else(|| panic!("no {name} in {:?}", schedules.iter().map(|s| s.name.as_str()).collect::<Vec<_>>()))
}

/// The export with one entry, some of it otherwise.
fn entry_with(change: Value) -> String {
    let mut entry = json!({
        "name": "x", "task": "shop.work", "schedule": {"type": "interval", "seconds": 60.0}, "fires": [],
        "exported_at": "2026-11-21T12:00:00Z",
    });
    for (key, value) in change.as_object().unwrap() {
        entry[key] = value.clone();
    }
    json!([entry]).to_string()
}

fn crontab(change: Value) -> Value {
    let mut schedule = json!({
        "type": "crontab", "minute": "0", "hour": "9", "day_of_month": "*", "month_of_year": "*", "day_of_week": "*",
        "timezone": "Europe/Berlin",
    });
    for (key, value) in change.as_object().unwrap() {
        schedule[key] = value.clone();
    }
    json!({ "schedule": schedule })
}

/// The difference of a source in which clock changes are met as Celery meets them.
fn of_a_clock_change(note: &str) -> bool {
    note.contains("occurs twice") || note.contains("does not occur")
}

#[test]
fn rows_of_every_kind_fire_when_celerys_own_classes_do() {
    let mut imported = imported(TABLES);
    assert_eq!(imported.refused, [""; 0]);
    assert_eq!(imported.entries.len(), 39);
    let fires: usize = imported.entries.iter().map(|entry| entry.spans[0].fires.len()).sum();
    assert!(fires > 1_700, "{fires} are not what Celery said");
    let before = imported.notes.len();
    check::note(&mut imported, 50).unwrap();
    let mut differing: Vec<_> = Vec::new();
    for note in &imported.notes[before..] {
        assert!(of_a_clock_change(note), "{note}");
        differing.push(note.split('`').nth(1).unwrap_or_default());
    }
    assert_eq!(differing, ["half an hour's change", "half past two", "night shift", "quarter hours"]);
}

#[test]
fn the_schedules_of_the_first_document_fire_when_celery_does() {
    let mut imported = imported(CODE);
    assert_eq!((imported.refused.len(), imported.entries.len()), (0, 5), "{:?}", imported.refused);
    let before = imported.notes.len();
    check::note(&mut imported, 50).unwrap();
    assert_eq!(imported.notes[before..], [""; 0]);
    let all = schedules(&imported);
    assert_eq!(named(&all, "add-every-30-seconds").input["args"], json!([5, 8]));
    assert_eq!(named(&all, "multiply-at-some-time").trigger.text(), "30 14 * * *");
    assert_eq!(named(&all, "quarter-hours").expires.map(|expires| expires.as_secs()), Some(120));
}

/// What the tables are compared with when Celery is not there to be asked.
#[test]
fn our_telling_of_celerys_rules_says_what_celery_says() {
    let tasks: Vec<Task> = serde_json::from_str(TABLES).unwrap();
    let mut compared = 0;
    for task in &tasks {
        let recorded = task.recorded.as_ref().unwrap();
        let now = recorded.exported_at;
        let past = matches!(&task.schedule, Schedule::Clocked { clocked_time } if *clocked_time <= now);
        if past {
            continue;
        }
        let timing = trigger::timing(task, None, now, &mut Vec::new()).unwrap();
        let ours = timing.rule.spans(timing.bounds, now, 50);
        let theirs = hints::after_the_export(recorded, &timing.rule, task.one_off);
        assert_eq!(ours[0].fires.len(), theirs[0].fires.len(), "{}", task.name);
        for (one, other) in ours[0].fires.iter().zip(&theirs[0].fires) {
            assert!((*one - *other).abs() <= ours[0].tolerance, "{}: {one} is not Celery's {other}", task.name);
            compared += 1;
        }
        for change in theirs.iter().skip(1) {
            let next = |last| timing.rule.next(last);
            let first = next(change.from);
            let ours: Vec<_> =
                std::iter::successors(first, |last| next(*last)).take_while(|at| *at <= change.to).collect();
            assert_eq!(ours, change.fires, "{} around {}", task.name, change.from);
            compared += ours.len();
        }
    }
    assert!(compared > 2_000, "{compared}");
}

#[test]
fn a_row_that_is_translated_wrongly_is_found() {
    // APScheduler's 0 is Monday: whoever took the one for the other would be a day off.
    let mut imported = imported(TABLES);
    let sunday = imported.entries.iter_mut().find(|entry| entry.name == "Sunday-is-0").unwrap();
    sunday.keys.retain(|(key, _)| *key != "dialect");
    sunday.keys.push(("dialect", Toml::Text("apscheduler".to_owned())));
    check::note(&mut imported, 50).unwrap();
    let sunday = imported.entries.iter().find(|entry| entry.name == "Sunday-is-0").unwrap();
    assert!(sunday.notes.iter().any(|note| note.contains("fires differ")), "{:?}", sunday.notes);
}

#[test]
fn what_a_row_says_beside_its_times_comes_along_or_is_told() {
    let imported = imported(TABLES);
    let all = schedules(&imported);
    let routed = named(&all, "routed");
    assert_eq!(
        routed.input,
        json!({"task": "shop.tasks.work", "args": [1, "two", 3.5], "kwargs": {"deep": {"list": [true]}}})
    );
    assert_eq!((routed.expires.map(|expires| expires.as_secs()), routed.overlap), (Some(300), Overlap::Allow));
    assert_eq!((routed.priority.0, routed.queue.as_str()), (7, "reports"));
    assert_eq!(routed.headers.iter().collect::<Vec<_>>(), [("tenant", "north")]);
    let noted = |words: &str| imported.notes.iter().any(|note| note.contains("`routed`") && note.contains(words));
    for words in ["exchange `direct`", "routing_key `reports.daily`", "`nothing` was None", "with Redis"] {
        assert!(noted(words), "{words}: {:?}", imported.notes);
    }
    assert!(!named(&all, "switched-off").enabled);
    assert_eq!(named(&all, "once-at-nine").max_runs, Some(1));
    assert_eq!(named(&all, "bounded").description.as_deref(), Some("Only in March 2031"));
    let left_out = |name: &str, words: &str| {
        imported.notes.iter().any(|note| note.contains(&format!("`{name}`: left out")) && note.contains(words))
    };
    assert!(left_out("has fired", "has") && left_out("celery.backend_cleanup", "retention"), "{:?}", imported.notes);
    let seconds = imported.entries.iter().find(|entry| entry.name == "every-30-seconds").unwrap();
    assert_eq!(seconds.original[1], "ran 14 times, last at 2026-11-20T06:30:12.345Z");
}

#[test]
fn what_is_switched_off_stays_where_it_is_if_asked() {
    let without = imported_with(TABLES, Taking { disabled: Disabled::LeaveOut, ..TAKING });
    assert!(!without.entries.iter().any(|entry| entry.name == "switched-off"));
    assert!(without.notes.iter().any(|note| note.contains("`switched off`: left out")));
}

#[test]
fn what_has_expired_is_left_out() {
    let imported = imported(&entry_with(json!({"expires": "2026-11-21T11:59:00Z"})));
    assert_eq!((imported.entries.len(), imported.refused.len()), (0, 0));
    assert!(imported.notes.iter().any(|note| note.contains("expired at 2026-11-21T11:59:00Z")), "{:?}", imported.notes);
}

#[test]
fn crontabs_of_an_application_with_one_zone_are_read_in_it() {
    let shanghai = Taking { crontabs_in: Some(Tz::Asia__Shanghai), ..TAKING };
    let imported = imported_with(&entry_with(crontab(json!({}))), shanghai);
    assert_eq!(schedules(&imported)[0].timezone, Tz::Asia__Shanghai);
    assert!(imported.notes.iter().any(|note| note.contains("its row says Europe/Berlin")));
}

#[test]
fn a_longitude_with_the_wrong_sign_is_asked_about() {
    let solar = |latitude: f64, longitude: f64| {
        let schedule = json!({"type": "solar", "event": "sunset", "latitude": latitude, "longitude": longitude});
        let crontab = crontab(json!({"timezone": "America/New_York"}))["schedule"].clone();
        let entries = [entry_with(json!({ "schedule": schedule })), entry_with(json!({ "schedule": crontab }))];
        let entries: Vec<Value> =
            entries.iter().flat_map(|text| serde_json::from_str::<Vec<Value>>(text).unwrap()).collect();
        imported(&json!(entries).to_string()).notes.iter().any(|note| note.contains("lon = -"))
    };
    assert!(solar(40.7128, 74.0060), "as django-celery-beat's documentation has it");
    assert!(solar(39.95, 75.17) && !solar(39.95, -75.17));
}

#[test]
fn what_has_no_equal_is_refused_with_the_entry_and_a_way_out() {
    for (change, words) in [
        (json!({"schedule": {"type": "relative"}}), "write a crontab"),
        (json!({"schedule": {"type": "Lunar"}}), "of the application's own"),
        (json!({"schedule": {"type": "interval", "seconds": 0.000005}}), "milliseconds"),
        (json!({"schedule": {"type": "solar", "event": "noon", "latitude": 1, "longitude": 1}}), "nine events"),
        (crontab(json!({"day_of_week": "7"})), "7 is not from 0 to 6"),
        (crontab(json!({"timezone": "Mars/Base"})), "no time zone"),
        (json!({"args": [{"not-json": "<Shop 1>"}]}), "argument 1 is <Shop 1>"),
        (json!({"priority": 300}), "0 to 255"),
        (json!({"fires": 3}), "export it again"),
    ] {
        let imported = imported(&entry_with(change.clone()));
        assert_eq!((imported.entries.len(), imported.refused.len()), (0, 1), "{change}: {:?}", imported.notes);
        let refused = &imported.refused[0];
        assert!(refused.starts_with("beat.json: entry `x`: "), "{refused}");
        assert!(refused.contains(words) && !refused.contains('\n'), "{refused}");
    }
}

#[test]
fn a_file_that_is_no_export_is_refused_with_its_line() {
    let handler = "python/call".parse().unwrap();
    let reading = Reading { file: "beat.json", handler: &handler, zone: None, now: Default::default(), count: 5 };
    for text in ["[\n{", "{}", ""] {
        let stop = read(text, TAKING, &reading, &mut Names::default()).unwrap_err();
        assert!(stop.message.starts_with("beat.json:") && stop.message.contains("celery-beat-export.py"), "{stop:?}");
    }
}
