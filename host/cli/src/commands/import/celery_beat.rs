//! Celery's beat: the tables of django-celery-beat, or the export that docs/celery-beat-export.py writes.

mod database;
mod fields;
mod hints;
mod oracle;
mod routing;
mod sun;
mod task;
mod trigger;

use chrono_tz::Tz;
use clap::ValueEnum;
use noontide_domain::{duration, excerpt::excerpt};
use serde_json::Value;

use super::length::length;
use super::names::Names;
use super::write::Toml;
use super::{Entry, Imported, Reading, arguments};
use crate::exit::Stop;
use crate::zone;
pub use database::read as read_database;
use task::{Schedule, Task};

/// What celery.backend_cleanup is called, whatever the entry.
const CLEANUP: &str = "celery.backend_cleanup";

/// What becomes of rows that are switched off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Disabled {
    /// They come along with `enabled = false`
    Keep,
    /// They stay where they are
    LeaveOut,
}

/// How the application reads its own tables.
#[derive(Debug, Clone, Copy)]
pub struct Taking {
    /// In place of the zone of each crontab row, as with DJANGO_CELERY_BEAT_TZ_AWARE = False.
    pub crontabs_in: Option<Tz>,
    /// Of datetimes that are kept without one, as with USE_TZ = False.
    pub naive_in: Tz,
    pub disabled: Disabled,
}

/// A row or an entry of the export with its place, or what is wrong with it.
type Found = (String, Result<Task, String>);

/// Reads an export.
///
/// # Errors
/// Usage: the file is no export at all.
pub fn read(text: &str, taking: Taking, reading: &Reading<'_>, names: &mut Names) -> Result<Imported, Stop> {
    let file = reading.file;
    let entries: Vec<Value> = serde_json::from_str(text).map_err(|error| {
        let line = error.line();
        Stop::usage(format!(
            "{file}:{line}: {error}; a list of entries is expected, as docs/celery-beat-export.py writes it"
        ))
    })?;
    let found = entries.into_iter().zip(1..).map(|(value, number)| {
        let name =
            value["name"].as_str().map_or_else(|| format!("number {number}"), |name| format!("`{}`", excerpt(name)));
        let task = serde_json::from_value(value).map_err(|error| format!("{error}; export it again"));
        (format!("{file}: entry {name}"), task)
    });
    Ok(imported(found.collect(), taking, reading, names))
}

/// Every entry that cannot be translated is refused by itself.
fn imported(found: Vec<Found>, taking: Taking, reading: &Reading<'_>, names: &mut Names) -> Imported {
    let mut imported = Imported::default();
    let zones = hints::zones(&found, taking.crontabs_in);
    for (place, task) in found {
        let made = task.and_then(|task| match left_out(&task, taking, reading) {
            Some(reason) => Ok(Err(reason)),
            None => entry(&task, &place, taking, reading, names, &zones).map(Ok),
        });
        match made {
            Ok(Ok(entry)) => {
                let queue = routing::queue_of(&entry).map(|queue| (queue.to_owned(), !names.has_queue(queue)));
                imported.queues.extend(queue);
                imported.entries.push(entry);
            }
            Ok(Err(reason)) => imported.notes.push(format!("{place}: left out: {reason}")),
            Err(reason) => imported.refused.push(format!("{place}: {reason}")),
        }
    }
    told(&mut imported, reading);
    imported
}

fn told(imported: &mut Imported, reading: &Reading<'_>) {
    let Reading { file, handler, .. } = reading;
    let of_entries = imported.entries.iter().flat_map(|e| e.notes.iter().map(|note| format!("{}: {note}", e.place)));
    imported.notes.extend(of_entries.collect::<Vec<_>>());
    imported.notes.push(match imported.entries.is_empty() {
        true => format!("{file}: no entry could be imported"),
        false => format!(
            "the schedules call `{handler}`, which you provide: a plugin that does what the tasks do; --handler names \
             another. overlap = \"allow\" is what Celery does; \"skip\" waits for the run before"
        ),
    });
}

/// Why it is not needed here.
fn left_out(task: &Task, taking: Taking, reading: &Reading<'_>) -> Option<String> {
    if task.task == CLEANUP {
        return Some("`retention` in the configuration does it, without a schedule".to_owned());
    }
    let past = matches!(&task.schedule, Schedule::Clocked { clocked_time } if *clocked_time <= reading.now);
    if task.one_off && (task.total_run_count > 0 || past && !task.enabled) {
        return Some("it was to run once, and has".to_owned());
    }
    if let Some(expires) = task.expires.filter(|expires| *expires <= reading.now) {
        return Some(format!("it expired at {}", zone::rfc3339(expires)));
    }
    let off = !task.enabled && taking.disabled == Disabled::LeaveOut;
    off.then(|| "it is switched off; --disabled keep takes it along".to_owned())
}

fn entry(
    task: &Task,
    place: &str,
    taking: Taking,
    reading: &Reading<'_>,
    names: &mut Names,
    zones: &[Tz],
) -> Result<Entry, String> {
    let mut notes = Vec::new();
    let timing = trigger::timing(task, taking.crontabs_in, reading.now, &mut notes)?;
    notes.extend(hints::sign(&task.schedule, zones));
    let mut input = vec![("task".to_owned(), Toml::Text(task.task.clone()))];
    input.extend(arguments::keys(&task.args, &task.kwargs, &mut notes)?);
    let text = |text: &str| Toml::Text(text.to_owned());
    let mut keys = Vec::new();
    keys.extend((!task.description.is_empty()).then(|| ("description", text(&task.description))));
    keys.push(("handler", Toml::Text(reading.handler.to_string())));
    keys.extend((!task.enabled).then_some(("enabled", Toml::Flag(false))));
    keys.extend(timing.keys);
    let repeats = !matches!(task.schedule, Schedule::Clocked { .. });
    keys.extend((task.one_off && repeats).then(|| ("max-runs", Toml::Number(1.into()))));
    keys.push(("overlap", text("allow")));
    if let Some(seconds) = task.expire_seconds {
        keys.push(("expires", Toml::Text(duration::words(length(seconds)?))));
    }
    keys.extend(routing::keys(task, &mut notes)?);
    keys.push(("input", Toml::Table(input)));
    let spans = match &task.recorded {
        Some(recorded) => hints::after_the_export(recorded, &timing.rule, task.one_off),
        None => timing.rule.spans(timing.bounds, reading.now, reading.count),
    };
    Ok(Entry { name: names.take(&task.name), place: place.to_owned(), original: original(task), notes, keys, spans })
}

fn original(task: &Task) -> Vec<String> {
    let mut lines = vec![format!("{} {}", task.schedule.text(), task.task)];
    let times = match task.total_run_count {
        0 => String::new(),
        1 => "ran once".to_owned(),
        times => format!("ran {times} times"),
    };
    let last = task.last_run_at.map_or_else(String::new, |last| format!("last at {}", zone::rfc3339(last)));
    let history: Vec<_> = [times, last].into_iter().filter(|text| !text.is_empty()).collect();
    lines.extend((!history.is_empty()).then(|| history.join(", ")));
    lines
}

#[cfg(test)]
mod tests;
