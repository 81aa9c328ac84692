//! Celery's schedules as triggers of ours, each with Celery's rule beside it.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use chrono_tz::Tz;
use noontide_domain::{duration, excerpt::excerpt};

use super::super::length::length;
use super::super::write::Toml;
use super::fields::{Field, KINDS};
use super::oracle::{Bounds, Crontab, Rule};
use super::sun::Sun;
use super::task::{Fields, Schedule, Task};
use crate::zone;

const RELATIVE: &str =
    "an interval with relative=True is rounded to its unit; write a crontab in its place and export again";

const OWN: &str = "a schedule class of the application's own has no equal; write crontab, interval, clocked or solar in \
                   its place and export again";

/// Keys of a schedule.
pub type Keys = Vec<(&'static str, Toml)>;

/// What was understood.
pub struct Timing {
    pub keys: Keys,
    pub rule: Rule,
    pub bounds: Bounds,
}

/// The trigger's keys. `crontabs_in` is the zone of all crontabs, if the application does not read that of the row.
///
/// # Errors
/// A sentence about what has no equal here, and what to do.
pub fn timing(
    task: &Task,
    crontabs_in: Option<Tz>,
    now: DateTime<Utc>,
    notes: &mut Vec<String>,
) -> Result<Timing, String> {
    let bounds = Bounds { start: task.start_time, expires: task.expires, once: task.one_off };
    let (mut keys, rule) = match &task.schedule {
        Schedule::Crontab(fields) => crontab(fields, crontabs_in, notes)?,
        Schedule::Interval { seconds } => interval(*seconds, task, now)?,
        Schedule::Clocked { clocked_time } => {
            if *clocked_time <= now {
                notes.push(format!(
                    "it was due at {} and was not sent; what is past does not fire by itself: `noontide fire NAME`",
                    zone::rfc3339(*clocked_time)
                ));
            }
            (vec![("at", Toml::Text(instant(*clocked_time)))], Rule::Once(*clocked_time))
        }
        Schedule::Solar { event, latitude, longitude } => solar(event, *latitude, *longitude, notes)?,
        Schedule::Relative => return Err(RELATIVE.to_owned()),
        Schedule::Own => return Err(OWN.to_owned()),
    };
    limits(&rule, bounds, &mut keys, notes);
    Ok(Timing { keys, rule, bounds })
}

fn crontab(fields: &Fields, crontabs_in: Option<Tz>, notes: &mut Vec<String>) -> Result<(Keys, Rule), String> {
    let mut read = Vec::with_capacity(KINDS.len());
    for (kind, text) in KINDS.iter().zip(fields.in_order()) {
        read.push(kind.read(text)?);
    }
    let own = zone::named(&fields.timezone)?;
    let zone = crontabs_in.unwrap_or(own);
    if zone != own {
        notes.push(format!("its row says {own}; --crontab-tz wins"));
    }
    let [minute, hour, day, month, weekday]: [Field; 5] =
        read.try_into().map_err(|_| "a crontab has five fields".to_owned())?;
    let expression = [&minute, &hour, &day, &month, &weekday].map(|field| field.text.as_str()).join(" ");
    let keys = vec![
        ("cron", Toml::Text(expression)),
        ("dialect", Toml::Text("celery".to_owned())),
        ("timezone", Toml::Text(zone.name().to_owned())),
    ];
    let (minute, hour, day, month, weekday) = (minute.set, hour.set, day.set, month.set, weekday.set);
    Ok((keys, Rule::Crontab(Crontab { minute, hour, day, month, weekday, zone })))
}

/// Celery counts from the last run, or from the start, or from when the row was saved.
fn interval(seconds: f64, task: &Task, now: DateTime<Utc>) -> Result<(Keys, Rule), String> {
    let every = length(seconds)?;
    let step = TimeDelta::from_std(every).map_err(|_| format!("{seconds} s is too long"))?;
    let exported = task.recorded.as_ref().map(|recorded| recorded.exported_at);
    let last = task.last_run_at.or(task.date_changed.filter(|_| task.start_time.is_none()));
    let first = match (last, task.start_time) {
        (Some(last), Some(start)) => (last + step).max(start),
        (None, Some(start)) => start,
        (Some(last), None) => last + step,
        (None, None) => exported.unwrap_or(now) + step,
    };
    let keys = vec![("every", Toml::Text(duration::words(every))), ("start", Toml::Text(instant(first)))];
    Ok((keys, Rule::Every(first, step)))
}

fn solar(event: &str, latitude: f64, longitude: f64, notes: &mut Vec<String>) -> Result<(Keys, Rule), String> {
    let sun = Sun::of(event, latitude, longitude)
        .ok_or_else(|| format!("`{}` is none of Celery's nine events; correct it there", excerpt(event)))?;
    let number = |degrees: f64| {
        let number = serde_json::Number::from_f64(degrees).ok_or("a place without coordinates; correct it there")?;
        Ok::<_, String>(Toml::Number(number))
    };
    if event == "dusk_astronomical" {
        notes.push(
            "Celery before 5.7 sends it when the sun is 18° above the horizon, hours too early; here it is 18° below"
                .to_owned(),
        );
    }
    let keys = vec![("solar", Toml::Text(event.to_owned())), ("lat", number(latitude)?), ("lon", number(longitude)?)];
    Ok((keys, Rule::Sun(sun)))
}

/// `start` and `end`. Both belong to a schedule's time here and to neither end of it there.
fn limits(rule: &Rule, bounds: Bounds, keys: &mut Keys, notes: &mut Vec<String>) {
    let moment = TimeDelta::milliseconds(1);
    let fires_at = |at: DateTime<Utc>| rule.next(at - moment) == Some(at);
    if let (Some(start), false) = (bounds.start, matches!(rule, Rule::Every(..) | Rule::Once(_))) {
        let excluded = matches!(rule, Rule::Crontab(_)) && fires_at(start);
        keys.push(("start", Toml::Text(instant(if excluded { start + moment } else { start }))));
        if excluded {
            notes.push("it would fire at start_time itself; Celery begins with the time after it".to_owned());
        }
    }
    if let Some(end) = bounds.expires {
        keys.push(("end", Toml::Text(instant(if fires_at(end) { end - moment } else { end }))));
    }
}

fn instant(at: DateTime<Utc>) -> String {
    zone::rfc3339(at.round_subsecs(3))
}
