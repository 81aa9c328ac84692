//! The table `task` of the TOML framework on APScheduler. Its `spec` is APScheduler's: in a cron expression 0 is Monday.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use noontide_domain::table::{DELAY, Extra, args};
use noontide_domain::trigger::cron::{Dialect, DstOverlap, Rules, Source};
use noontide_domain::trigger::{Cron, civil};
use noontide_domain::{duration, excerpt::excerpt};
use serde_json::Value;

use super::database::{Row, Tables};
use super::fields;
use super::length::{instant, length};
use super::names::Names;
use super::write::Toml;
use super::{Entry, Imported, Reading, Span};
use crate::exit::Stop;

const COLUMNS: [&str; 9] =
    ["t.id", "t.task_key", "t.desc", "t.execute_func", "t.trigger", "t.spec", "t.args", "t.is_valid", "t.extra"];

/// The framework gives APScheduler this much patience with a run that is late.
const GRACE: &str = "60s";

/// Keys of a schedule.
type Keys = Vec<(&'static str, Toml)>;

/// Reads the table.
///
/// # Errors
/// The database cannot be reached or has no such table.
pub async fn read(from: &Tables, reading: &Reading<'_>, names: &mut Names) -> Result<Imported, Stop> {
    let hint =
        "a table `task` with the columns task_key, execute_func, trigger, spec, args, is_valid, extra is expected";
    let rows = from.rows(&COLUMNS, "task t ORDER BY t.id", hint).await?;
    Ok(imported(&rows, reading, names))
}

/// Every row that cannot be translated is refused by itself.
fn imported(rows: &[Row], reading: &Reading<'_>, names: &mut Names) -> Imported {
    let mut imported = Imported::default();
    for row in rows {
        let (id, key) = (row.text("t.id").unwrap_or_default(), row.text("t.task_key").unwrap_or_default());
        let place = format!("{}: task {id} `{}`", reading.file, excerpt(key));
        match entry(row, &place, reading, names) {
            Ok(Ok(entry)) => imported.entries.push(entry),
            Ok(Err(left_out)) => imported.notes.push(format!("{place}: left out: {left_out}")),
            Err(reason) => imported.refused.push(format!("{place}: {reason}")),
        }
    }
    let of_entries = imported.entries.iter().flat_map(|e| e.notes.iter().map(|note| format!("{}: {note}", e.place)));
    imported.notes.extend(of_entries.collect::<Vec<_>>());
    imported.notes.push(match imported.entries.is_empty() {
        true => format!("{}: no row could be imported", reading.file),
        false => format!(
            "the schedules call `{}`, which you provide: a plugin that does what the functions do; --handler names another",
            reading.handler
        ),
    });
    if reading.zone.is_none() && !imported.entries.is_empty() {
        imported.notes.push(
            "the table does not say which zone its times are in: give --tz ZONE; as it stands they are read as UTC"
                .to_owned(),
        );
    }
    imported
}

/// The schedule, or why there is none to be.
fn entry(row: &Row, place: &str, reading: &Reading<'_>, names: &mut Names) -> Result<Result<Entry, String>, String> {
    let key = row.required("t.task_key")?;
    let (kind, spec) = (row.required("t.trigger")?.trim(), row.required("t.spec")?.trim());
    let zone = reading.zone.unwrap_or(Tz::UTC);
    let (timing, span) = match kind {
        "date" if spec == "now" => {
            return Ok(Err("`now` has been; `noontide enqueue` runs a handler at once".to_owned()));
        }
        "date" => {
            let at = date(spec, zone)?;
            if at <= reading.now {
                return Ok(Err(format!("its time has passed: {spec}")));
            }
            (vec![("at", Toml::Text(instant(at.with_timezone(&zone))))], until(reading.now, vec![at], true))
        }
        "interval" => interval(spec, reading)?,
        "cron" => cron(spec, zone, reading)?,
        other => return Err(format!("trigger is `{}`; the framework has cron, date and interval", excerpt(other))),
    };
    let mut notes = Vec::new();
    let enabled = row.flag("t.is_valid")?;
    let text = |text: &str| Toml::Text(text.to_owned());
    let mut keys: Keys = Vec::new();
    keys.extend(row.text("t.desc").filter(|desc| !desc.is_empty()).map(|desc| ("description", text(desc))));
    keys.push(("handler", Toml::Text(reading.handler.to_string())));
    keys.extend((!enabled).then_some(("enabled", Toml::Flag(false))));
    keys.extend(timing);
    keys.extend([("overlap", text("skip")), ("start-deadline", text(GRACE))]);
    let extra = Extra::read(row.text("t.extra").unwrap_or_default())?;
    if kind != "date" {
        keys.push(("catch-up", text("none")));
        let within = extra.delay.unwrap_or(DELAY);
        keys.extend((!within.is_zero()).then(|| ("expect-within", Toml::Text(duration::words(within)))));
    }
    keys.push(("input", input(row, &mut notes)?));
    let headers: Vec<_> = extra.headers.iter().map(|(name, value)| (name.to_owned(), text(value))).collect();
    keys.extend((!headers.is_empty()).then_some(("headers", Toml::Table(headers))));
    let original = vec![format!("{kind} {spec} {}", row.text("t.execute_func").unwrap_or_default())];
    let name = names.take(key);
    Ok(Ok(Entry { name, place: place.to_owned(), original, notes, keys, spans: vec![span] }))
}

fn date(spec: &str, zone: Tz) -> Result<DateTime<Utc>, String> {
    let wall = NaiveDateTime::parse_from_str(spec, "%Y-%m-%d %H:%M:%S")
        .map_err(|_| format!("spec is `{}`; a date is written 2026-10-01 08:00:00, or now", excerpt(spec)))?;
    Ok(civil::forward(wall, zone))
}

/// APScheduler counts from when the framework began, a schedule here from when it is first seen.
fn interval(spec: &str, reading: &Reading<'_>) -> Result<(Keys, Span), String> {
    let seconds: u32 =
        spec.parse().map_err(|_| format!("spec is `{}`; an interval is whole seconds", excerpt(spec)))?;
    let every = length(f64::from(seconds))?;
    let fires = (1..).map(|times: i64| reading.now + TimeDelta::seconds(i64::from(seconds) * times));
    let fires = fires.take(reading.count).collect();
    Ok((vec![("every", Toml::Text(duration::words(every)))], until(reading.now, fires, false)))
}

/// By APScheduler's rules, which are our dialect of that name with both passes of a repeated hour; `import apscheduler` is compared
/// with APScheduler's own code.
fn cron(spec: &str, zone: Tz, reading: &Reading<'_>) -> Result<(Keys, Span), String> {
    let count = spec.split_whitespace().count();
    if count != 5 {
        return Err(format!("spec has {count} of five fields: minute hour day month day_of_week"));
    }
    let source = Source::Text(spec.split_whitespace().collect::<Vec<_>>().join(" "));
    let rules = Rules { dialect: Dialect::Apscheduler, dst_overlap: DstOverlap::Both, ..Rules::default() };
    let rule = Cron::read(source.clone(), zone, rules).map_err(|error| format!("spec: {error}"))?;
    let mut keys = vec![
        ("cron", Toml::Text(rule.expression().to_owned())),
        ("dialect", Toml::Text("apscheduler".to_owned())),
        ("timezone", Toml::Text(zone.name().to_owned())),
    ];
    if fields::fires_twice(&source, zone, reading.now)? {
        keys.push(("dst-overlap", Toml::Text("both".to_owned())));
    }
    let fires = std::iter::successors(rule.next_after(reading.now), |last| rule.next_after(*last));
    // A fire at this very moment is not the next one.
    let from = reading.now + TimeDelta::milliseconds(1);
    Ok((keys, until(from, fires.take(reading.count).collect(), false)))
}

fn until(from: DateTime<Utc>, fires: Vec<DateTime<Utc>>, all: bool) -> Span {
    let last = fires.last().copied().unwrap_or(from);
    Span::exact(from, if all { last + TimeDelta::days(3_650) } else { last }, fires)
}

/// `{ func, args }`, or what `args` names.
fn input(row: &Row, notes: &mut Vec<String>) -> Result<Toml, String> {
    let mut input = vec![("func".to_owned(), Toml::Text(row.required("t.execute_func")?.to_owned()))];
    let read = args(row.text("t.args").unwrap_or_default())?;
    for (key, value) in read.as_object().into_iter().flatten() {
        match Toml::of(value) {
            Ok(value) => input.push((key.clone(), value)),
            Err(reason) => return Err(format!("{key} holds {reason}; give it another value")),
        }
    }
    if read["args"].as_array().is_some_and(|args| !args.is_empty() && args.iter().all(Value::is_string)) {
        notes.push("its arguments are texts, as the framework hands them on".to_owned());
    }
    Ok(Toml::Table(input))
}

#[cfg(test)]
mod tests {
    use super::super::write;
    use super::*;

    /// The rows of the framework's own SQL file, and more like them.
    const ROWS: [[&str; 8]; 8] = [
        ["test_interval", "测试interval任务", "test_interval", "interval", "5", "1,2,3", "1", "{}"],
        ["test_date", "测试date任务", "test_date", "date", "2020-04-24 18:08:00", "\"guess\",\"hello\"", "0", "{}"],
        ["test_cron", "测试cron任务", "test_cron", "cron", "* * * * *", "4,5,6", "0", "{}"],
        ["mondays", "", "report", "cron", "0 9 * * 0", "[1, \"two\"]", "1", "{\"delay\": 864000, \"room\": 5}"],
        ["party", "", "ring", "date", "2031-01-01 00:00:00", "", "1", "{\"delay\": 0}"],
        ["at_once", "", "ring", "date", "now", "", "1", "{}"],
        ["odd", "", "ring", "interval", "5m", "", "1", "{}"],
        ["moon", "", "ring", "moon", "full", "", "1", "{}"],
    ];

    fn rows() -> Vec<Row> {
        let row = |(values, id): (&[&str; 8], usize)| {
            let values = [id.to_string()].into_iter().chain(values.iter().map(|value| (*value).to_owned()));
            Row(COLUMNS.iter().map(|column| (*column).to_owned()).zip(values.map(Some)).collect())
        };
        ROWS.iter().zip(1..).map(row).collect()
    }

    fn read() -> Imported {
        let handler = "python/call".parse().unwrap();
        let now = "2026-11-21T12:00:00Z".parse().unwrap();
        let reading = Reading { file: "shop", handler: &handler, zone: Some(Tz::Asia__Shanghai), now, count: 50 };
        imported(&rows(), &reading, &mut Names::default())
    }

    #[test]
    fn the_frameworks_own_rows_become_schedules_with_its_defaults() {
        let imported = read();
        let all = write::loaded(&write::document(&imported, "shop")).unwrap();
        let named = |name: &str| all.iter().find(|schedule| schedule.name.as_str() == name).unwrap();
        let interval = named("test_interval");
        assert_eq!((interval.trigger.text().as_str(), interval.enabled), ("5s", true));
        assert_eq!(interval.input, serde_json::json!({"func": "test_interval", "args": ["1", "2", "3"]}));
        assert_eq!(interval.expect_within.map(|within| within.as_secs()), Some(3_600));
        assert_eq!(interval.start_deadline.map(|deadline| deadline.as_secs()), Some(60));
        assert!(!named("test_cron").enabled && named("test_cron").description.as_deref() == Some("测试cron任务"));
        let mondays = named("mondays");
        let first = mondays.trigger.next_after("2026-11-21T12:00:00Z".parse().unwrap(), DateTime::UNIX_EPOCH);
        assert_eq!(first.map(crate::zone::rfc3339).as_deref(), Some("2026-11-23T01:00:00Z"), "0 is Monday");
        assert_eq!(mondays.headers.iter().collect::<Vec<_>>(), [("room", "5")]);
        assert_eq!(mondays.expect_within.map(|within| within.as_secs()), Some(864_000));
        assert_eq!((named("party").expect_within, all.len()), (None, 4));
    }

    #[test]
    fn what_is_past_is_left_out_and_what_is_none_of_the_three_is_refused() {
        let imported = read();
        for (task, words) in [("task 2 `test_date`", "passed"), ("task 6 `at_once`", "`now` has been")] {
            assert!(
                imported.notes.iter().any(|note| note.contains(task) && note.contains(words)),
                "{:?}",
                imported.notes
            );
        }
        assert_eq!(imported.refused.len(), 2, "{:?}", imported.refused);
        assert!(imported.refused[0].contains("task 7 `odd`") && imported.refused[0].contains("whole seconds"));
        assert!(imported.refused[1].contains("task 8 `moon`") && imported.refused[1].contains("`moon`"));
    }

    #[test]
    fn they_fire_when_the_framework_does() {
        let mut imported = read();
        let before = imported.notes.len();
        super::super::check::note(&mut imported, 50).unwrap();
        assert_eq!(imported.notes[before..], [""; 0]);
        assert!(imported.entries.iter().map(|entry| entry.spans[0].fires.len()).sum::<usize>() > 150);
    }
}
