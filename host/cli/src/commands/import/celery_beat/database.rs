//! The tables of django-celery-beat. Every column is asked for as text: the three databases agree on little else.

use chrono::{DateTime, NaiveDateTime, Utc};
use chrono_tz::Tz;

use noontide_domain::{excerpt::excerpt, trigger::civil};
use serde_json::Value;

use super::super::database::{Row, Tables};
use super::super::names::Names;
use super::super::{Imported, Reading};
use super::task::{Fields, Schedule, Task};
use super::{Found, Taking};
use crate::exit::Stop;

/// The columns, by the names that [`Row`] has them under. They are there since django-celery-beat 2.0.
const COLUMNS: [&str; 35] = [
    "p.id",
    "p.name",
    "p.task",
    "p.args",
    "p.kwargs",
    "p.queue",
    "p.exchange",
    "p.routing_key",
    "p.headers",
    "p.priority",
    "p.expires",
    "p.expire_seconds",
    "p.one_off",
    "p.start_time",
    "p.enabled",
    "p.last_run_at",
    "p.total_run_count",
    "p.date_changed",
    "p.description",
    "p.crontab_id",
    "p.interval_id",
    "p.clocked_id",
    "p.solar_id",
    "c.minute",
    "c.hour",
    "c.day_of_month",
    "c.month_of_year",
    "c.day_of_week",
    "c.timezone",
    "i.every",
    "i.period",
    "k.clocked_time",
    "s.event",
    "s.latitude",
    "s.longitude",
];

const TABLES: &str = "django_celery_beat_periodictask p \
    LEFT JOIN django_celery_beat_crontabschedule c ON c.id = p.crontab_id \
    LEFT JOIN django_celery_beat_intervalschedule i ON i.id = p.interval_id \
    LEFT JOIN django_celery_beat_clockedschedule k ON k.id = p.clocked_id \
    LEFT JOIN django_celery_beat_solarschedule s ON s.id = p.solar_id \
    ORDER BY p.id";

/// Reads the tables.
///
/// # Errors
/// The database cannot be reached or has no such tables.
pub async fn read(from: &Tables, taking: Taking, reading: &Reading<'_>, names: &mut Names) -> Result<Imported, Stop> {
    let hint = "are these the tables of django-celery-beat 2.0 or newer?";
    let rows = from.rows(&COLUMNS, TABLES, hint).await?;
    let found: Vec<Found> = rows
        .iter()
        .map(|row| {
            let (id, name) = (row.text("p.id").unwrap_or_default(), row.text("p.name").unwrap_or_default());
            (format!("{}: periodic task {id} `{}`", reading.file, excerpt(name)), task(row, taking.naive_in))
        })
        .collect();
    Ok(super::imported(found, taking, reading, names))
}

/// A row as an entry.
fn task(row: &Row, naive_in: Tz) -> Result<Task, String> {
    let text = |column| row.text(column).filter(|text| !text.is_empty()).map(str::to_owned);
    let at = |column| row.text(column).map(|text| moment(text, naive_in)).transpose();
    let object = |column| match json(row, column)? {
        Value::Object(object) => Ok(object),
        Value::Null => Ok(serde_json::Map::new()),
        other => Err(format!("{column} is {}, no JSON object; correct it in the admin", excerpt(&other.to_string()))),
    };
    Ok(Task {
        name: row.required("p.name")?.to_owned(),
        task: row.required("p.task")?.to_owned(),
        schedule: schedule(row, naive_in)?,
        args: match json(row, "p.args")? {
            Value::Array(values) => values,
            Value::Null => Vec::new(),
            other => {
                return Err(format!(
                    "p.args is {}, no JSON list; correct it in the admin",
                    excerpt(&other.to_string())
                ));
            }
        },
        kwargs: object("p.kwargs")?,
        queue: text("p.queue"),
        exchange: text("p.exchange"),
        routing_key: text("p.routing_key"),
        headers: Some(object("p.headers")?),
        priority: row.number("p.priority")?,
        expires: at("p.expires")?,
        expire_seconds: row.number("p.expire_seconds")?,
        one_off: row.flag("p.one_off")?,
        start_time: at("p.start_time")?,
        enabled: row.flag("p.enabled")?,
        last_run_at: at("p.last_run_at")?,
        total_run_count: row.number("p.total_run_count")?.unwrap_or_default(),
        date_changed: at("p.date_changed")?,
        description: text("p.description").unwrap_or_default(),
        left_out: Vec::new(),
        recorded: None,
    })
}

/// The one schedule of a row.
fn schedule(row: &Row, naive_in: Tz) -> Result<Schedule, String> {
    let set: Vec<_> = ["crontab", "interval", "clocked", "solar"]
        .into_iter()
        .filter(|kind| row.text(&format!("p.{kind}_id")).is_some())
        .collect();
    let [kind] = set[..] else {
        return Err(match set.is_empty() {
            true => "it has no schedule, so beat does not send it; give it one of crontab, interval, clocked, solar"
                .to_owned(),
            false => format!("it has several schedules: {}; keep one of them in the admin", set.join(", ")),
        });
    };
    let gone =
        |error: String| format!("the row of its {kind} is gone or broken ({error}); choose another in the admin");
    let text = |column| row.required(column).map(str::to_owned).map_err(gone);
    Ok(match kind {
        "crontab" => Schedule::Crontab(Fields {
            minute: text("c.minute")?,
            hour: text("c.hour")?,
            day_of_month: text("c.day_of_month")?,
            month_of_year: text("c.month_of_year")?,
            day_of_week: text("c.day_of_week")?,
            timezone: text("c.timezone")?,
        }),
        "interval" => {
            let every: f64 = row.number("i.every")?.ok_or_else(|| gone("no `every`".to_owned()))?;
            Schedule::Interval { seconds: every * unit(&text("i.period")?)? }
        }
        "clocked" => Schedule::Clocked { clocked_time: moment(&text("k.clocked_time")?, naive_in)? },
        _ => Schedule::Solar {
            event: text("s.event")?,
            latitude: row.number("s.latitude")?.ok_or_else(|| gone("no latitude".to_owned()))?,
            longitude: row.number("s.longitude")?.ok_or_else(|| gone("no longitude".to_owned()))?,
        },
    })
}

/// A period, in seconds.
fn unit(period: &str) -> Result<f64, String> {
    Ok(match period {
        "days" => 86_400.0,
        "hours" => 3_600.0,
        "minutes" => 60.0,
        "seconds" => 1.0,
        "microseconds" => 1e-6,
        other => {
            return Err(format!(
                "`{}` is no period of django-celery-beat; choose another in the admin",
                excerpt(other)
            ));
        }
    })
}

fn json(row: &Row, column: &str) -> Result<Value, String> {
    let text = row.text(column).unwrap_or_default().trim();
    if text.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_str(text).map_err(|error| {
        format!("{column} is {}, no JSON: {error}; beat switches it off, correct it in the admin", excerpt(text))
    })
}

/// Django's datetimes: PostgreSQL keeps instants and says so, the others keep what Django gave them.
fn moment(text: &str, naive_in: Tz) -> Result<DateTime<Utc>, String> {
    let text = text.trim().replacen('T', " ", 1);
    if let Ok(at) = DateTime::parse_from_str(&text, "%Y-%m-%d %H:%M:%S%.f%#z") {
        return Ok(at.to_utc());
    }
    let wall = NaiveDateTime::parse_from_str(&text, "%Y-%m-%d %H:%M:%S%.f");
    wall.map(|wall| civil::forward(wall, naive_in))
        .map_err(|_| format!("`{}` is no datetime of Django's", excerpt(&text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(change: &[(&str, Option<&str>)]) -> Row {
        let usual = [
            ("p.id", "7"),
            ("p.name", "x"),
            ("p.task", "shop.work"),
            ("p.args", "[]"),
            ("p.kwargs", "{}"),
            ("p.one_off", "0"),
            ("p.enabled", "1"),
            ("p.total_run_count", "0"),
            ("p.interval_id", "3"),
            ("i.every", "5"),
            ("i.period", "minutes"),
        ];
        let mut row = Row::default();
        for (column, value) in usual.iter().map(|(column, value)| (*column, Some(*value))).chain(change.iter().copied())
        {
            row.0.insert(column.to_owned(), value.map(str::to_owned));
        }
        row
    }

    #[test]
    fn datetimes_of_all_three_databases_are_instants() {
        let at = |text| moment(text, Tz::Asia__Shanghai).map(crate::zone::rfc3339);
        assert_eq!(at("2026-11-21 12:00:05.345+00").as_deref(), Ok("2026-11-21T12:00:05.345Z"));
        assert_eq!(at("2026-11-21 17:30:05+05:30").as_deref(), Ok("2026-11-21T12:00:05Z"));
        assert_eq!(at("2026-11-21 20:00:05").as_deref(), Ok("2026-11-21T12:00:05Z"));
        assert!(at("yesterday").unwrap_err().contains("`yesterday`"));
    }

    #[test]
    fn a_row_without_one_schedule_is_refused_in_words() {
        let refused = |change: &[_]| task(&row(change), Tz::UTC).unwrap_err();
        assert!(refused(&[("p.interval_id", None)]).contains("no schedule"));
        assert!(refused(&[("p.solar_id", Some("1"))]).contains("several schedules: interval, solar"));
        assert!(refused(&[("i.every", None)]).contains("gone"));
        assert!(refused(&[("i.period", Some("weeks"))]).contains("`weeks`"));
        assert!(refused(&[("p.args", Some("[1,"))]).contains("no JSON"));
        assert!(refused(&[("p.kwargs", Some("[1]"))]).contains("no JSON object"));
        assert!(refused(&[("p.priority", Some("high"))]).contains("`high`"));
    }

    #[test]
    fn a_boolean_is_a_number_or_a_word() {
        let enabled = |text| task(&row(&[("p.enabled", Some(text))]), Tz::UTC).map(|task| task.enabled);
        assert_eq!(
            (enabled("1"), enabled("true"), enabled("0"), enabled("false")),
            (Ok(true), Ok(true), Ok(false), Ok(false))
        );
    }
}
