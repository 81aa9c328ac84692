//! APScheduler's triggers as ours.

use std::time::Duration;

use chrono::{DateTime, FixedOffset};
use chrono_tz::Tz;
use noontide_domain::duration;
use noontide_domain::trigger::cron::Source;

use super::super::fields;
use super::super::length::{self, length};
use super::super::write::Toml;
use super::export::{Job, Trigger};
use crate::zone;

/// Keys of a schedule or of one table of `trigger`.
pub type Keys = Vec<(&'static str, Toml)>;

/// The trigger's keys.
///
/// # Errors
/// A sentence about what has no equal here, and what to write in its place.
pub fn keys(job: &Job, notes: &mut Vec<String>) -> Result<Keys, String> {
    let trigger = &job.trigger;
    match trigger.kind.as_str() {
        "cron" => Ok(one_or_several(cron(trigger, job)?)),
        "interval" => interval(trigger, job, notes),
        "date" => {
            let at = trigger.run_date.as_deref().ok_or("the date trigger has no run_date; export it again")?;
            Ok(vec![("at", Toml::Text(instant(at)?))])
        }
        "or" => {
            let mut tables = Vec::new();
            for inner in &trigger.triggers {
                if inner.kind != "cron" {
                    return Err(format!(
                        "an `or` with `{}` in it: APScheduler counts it from the fires of the others; make it a job of \
                         its own and export again",
                        inner.kind
                    ));
                }
                if inner.jitter.is_some() {
                    let note = "the jitter of a trigger within `or` is left out; write jitter = \"…\" for all of them";
                    notes.push(note.to_owned());
                }
                tables.extend(cron(inner, job)?);
            }
            Ok(one_or_several(tables))
        }
        "and" => Err("an `and` of triggers has no equal; if its triggers are cron, write their fields as one cron \
                      trigger in APScheduler and export again"
            .to_owned()),
        "calendarinterval" => Err("steps by the calendar that leave out days and months have no equal; write a cron \
                                   trigger in APScheduler and export again, or every = \"1 month\" by hand"
            .to_owned()),
        other => {
            Err(format!("a trigger of the kind `{other}` is not known; use cron, interval or date and export again"))
        }
    }
}

/// A table for each part of the trigger that fires by itself.
fn cron(trigger: &Trigger, job: &Job) -> Result<Vec<Keys>, String> {
    let name = trigger.timezone.as_deref().ok_or("the cron trigger has no timezone; export it again")?;
    let zone: Tz = zone::named(name).map_err(|reason| {
        format!("{reason}: clocks of an offset are never changed, so set a zone in APScheduler and export again")
    })?;
    let mut tables = Vec::new();
    for table in fields::translated(&trigger.fields)? {
        let mut keys = vec![("cron", fields::table(&table)), ("dialect", Toml::Text("apscheduler".to_owned()))];
        keys.push(("timezone", Toml::Text(zone.name().to_owned())));
        if fields::fires_twice(&Source::Table(table), zone, job.recorded.exported_at)? {
            keys.push(("dst-overlap", Toml::Text("both".to_owned())));
        }
        bounds(trigger, trigger.start_date.as_deref(), &mut keys)?;
        tables.push(keys);
    }
    Ok(tables)
}

fn one_or_several(mut tables: Vec<Keys>) -> Keys {
    if tables.len() == 1 {
        return tables.remove(0);
    }
    let zones: Vec<_> = tables.iter().flat_map(|keys| zone_of(keys).cloned()).collect();
    let common = zones.first().filter(|first| zones.iter().all(|zone| zone == *first)).cloned();
    if common.is_some() {
        tables.iter_mut().for_each(|keys| keys.retain(|(key, _)| *key != "timezone"));
    }
    let named = |keys: Keys| Toml::Table(keys.into_iter().map(|(key, value)| (key.to_owned(), value)).collect());
    let mut keys: Keys = vec![("trigger", Toml::List(tables.into_iter().map(named).collect()))];
    keys.extend(common.map(|zone| ("timezone", zone)));
    keys
}

fn zone_of(keys: &Keys) -> Option<&Toml> {
    keys.iter().find(|(key, _)| *key == "timezone").map(|(_, zone)| zone)
}

fn interval(trigger: &Trigger, job: &Job, notes: &mut Vec<String>) -> Result<Keys, String> {
    let every = length(trigger.seconds)?;
    let start = trigger.start_date.as_deref().ok_or("the interval has no start_date; export it again")?;
    let began = moment(start)?;
    let next = job.next_run_time.filter(|_| trigger.jitter.is_none());
    // A next run that was set by hand begins a new rhythm.
    let own = next.filter(|next| *next >= began && !on_grid(began, *next, every));
    if trigger.jitter.is_some() {
        notes.push(
            "APScheduler adds each jitter to the one before, so its interval drifts; here it does not".to_owned(),
        );
    }
    let start = own.unwrap_or(began);
    let mut keys = vec![("every", Toml::Text(duration::words(every)))];
    bounds(trigger, Some(&start.to_rfc3339()), &mut keys)?;
    let zone = trigger.timezone.as_deref().and_then(|name| zone::named(name).ok());
    keys.extend(zone.map(|zone| ("timezone", Toml::Text(zone.name().to_owned()))));
    Ok(keys)
}

/// To the millisecond, as all instants are kept.
fn on_grid(start: DateTime<FixedOffset>, next: DateTime<FixedOffset>, every: Duration) -> bool {
    let (past, every) = ((next - start).num_microseconds(), i64::try_from(every.as_micros()));
    let (Some(past), Ok(every)) = (past, every) else { return false };
    let rest = past.rem_euclid(every);
    rest.min(every - rest) < 1_000
}

fn bounds(trigger: &Trigger, start: Option<&str>, keys: &mut Keys) -> Result<(), String> {
    for (key, text) in [("start", start), ("end", trigger.end_date.as_deref())] {
        if let Some(text) = text {
            keys.push((key, Toml::Text(instant(text)?)));
        }
    }
    Ok(())
}

fn moment(text: &str) -> Result<DateTime<FixedOffset>, String> {
    DateTime::parse_from_rfc3339(text).map_err(|_| format!("`{text}` is no instant; export the jobs again"))
}

/// With its offset, which people recognise.
fn instant(text: &str) -> Result<String, String> {
    moment(text).map(length::instant)
}
