//! Jobs of APScheduler 3, from the JSON that docs/apscheduler-export.py writes: its own pickles are never loaded here.

mod export;
mod trigger;

use noontide_domain::duration;
use noontide_domain::excerpt::excerpt;
use serde_json::Value;

use super::length::length;
use super::names::Names;
use super::write::Toml;
use super::{Entry, Imported, Reading, arguments};
use crate::exit::Stop;
use export::Job;
use trigger::Keys;

/// What stands for `misfire_grace_time = None`.
const HOWEVER_LATE: &str = "3650d";

/// Until this age, in seconds, a due instant is on time here.
const ON_TIME: f64 = 60.0;

/// Reads an export. Every job that cannot be translated is refused by itself.
///
/// # Errors
/// Usage: the file is no export at all.
pub fn read(text: &str, reading: &Reading<'_>, names: &mut Names) -> Result<Imported, Stop> {
    let file = reading.file;
    let jobs: Vec<Value> = serde_json::from_str(text).map_err(|error| {
        let line = error.line();
        Stop::usage(format!(
            "{file}:{line}: {error}; a list of jobs is expected, as docs/apscheduler-export.py writes it"
        ))
    })?;
    let mut imported = Imported::default();
    let mut default_grace = false;
    for (value, number) in jobs.into_iter().zip(1..) {
        let id = value["id"].as_str().map_or_else(|| format!("number {number}"), |id| format!("`{}`", excerpt(id)));
        let place = format!("{file}:{}: job {id}", line_of(text, &value["id"]));
        let read = serde_json::from_value(value).map_err(|error| format!("{error}; export it again"));
        default_grace |= read.as_ref().is_ok_and(|job: &Job| job.misfire_grace_time == Some(1.0));
        match read.and_then(|job| entry(&job, &place, reading, names)) {
            Ok(entry) => imported.entries.push(entry),
            Err(reason) => imported.refused.push(format!("{place}: {reason}")),
        }
    }
    told(&mut imported, reading, default_grace);
    Ok(imported)
}

/// Where the job begins in the file.
fn line_of(text: &str, id: &Value) -> usize {
    let at = text.find(&format!("\"id\": {id}")).unwrap_or_default();
    1 + text[..at].bytes().filter(|byte| *byte == b'\n').count()
}

fn told(imported: &mut Imported, reading: &Reading<'_>, default_grace: bool) {
    let Reading { file, handler, .. } = reading;
    let of_entries =
        imported.entries.iter().flat_map(|entry| entry.notes.iter().map(|n| format!("{}: {n}", entry.place)));
    let mut notes: Vec<_> = of_entries.collect();
    if imported.entries.is_empty() {
        notes.push(format!("{file}: no job could be imported"));
    } else {
        notes.push(format!(
            "the schedules call `{handler}`, which you provide: a plugin that does what the functions do; --handler \
             names another"
        ));
    }
    if default_grace {
        let note = "a job with APScheduler's default misfire_grace_time of 1 s gets catch-up = \"none\": what is up to \
                    60 s late is on time here";
        notes.push(note.to_owned());
    }
    imported.notes = notes;
}

fn entry(job: &Job, place: &str, reading: &Reading<'_>, names: &mut Names) -> Result<Entry, String> {
    let mut notes = Vec::new();
    let timing = trigger::keys(job, &mut notes)?;
    let input = input(job, &mut notes)?;
    let mut keys: Keys = Vec::new();
    let named = job.name.as_deref().filter(|name| !job.func.as_deref().is_some_and(|func| func.ends_with(*name)));
    keys.extend(named.map(|name| ("description", Toml::Text(name.to_owned()))));
    keys.push(("handler", Toml::Text(reading.handler.to_string())));
    if job.next_run_time.is_none() {
        keys.push(("enabled", Toml::Flag(false)));
        notes.push("it is paused in APScheduler; take out `enabled = false` to let it run".to_owned());
    }
    keys.extend(timing);
    keys.extend(policies(job, &mut notes)?);
    keys.push(("input", input));
    let original = vec![format!("{} {}", job.trigger.kind, job.func.as_deref().unwrap_or_default())];
    let name = names.take(&job.id);
    Ok(Entry { name, place: place.to_owned(), original, notes, keys, spans: job.recorded.spans() })
}

/// What becomes of late and overlapping runs.
fn policies(job: &Job, notes: &mut Vec<String>) -> Result<Keys, String> {
    let text = |text: &str| Toml::Text(text.to_owned());
    let mut keys: Keys = Vec::new();
    match job.max_instances {
        1 => keys.push(("overlap", text("skip"))),
        most => {
            keys.push(("overlap", text("allow")));
            notes.push(format!("max_instances was {most}; overlap = \"allow\" has no upper bound"));
        }
    }
    let mode = if job.coalesce { "latest" } else { "all" };
    let within =
        |length: String| Toml::Table(vec![("mode".to_owned(), text(mode)), ("within".to_owned(), Toml::Text(length))]);
    let once = job.trigger.kind == "date";
    let jitter = job.trigger.jitter.filter(|jitter| *jitter > 0.0);
    match job.misfire_grace_time {
        None if once => {}
        None => keys.push(("catch-up", within(HOWEVER_LATE.to_owned()))),
        Some(1.0) if once => keys.push(("start-deadline", text("60s"))),
        Some(1.0) => keys.push(("catch-up", text("none"))),
        Some(grace) => {
            if !once {
                let late = duration::words(length(grace)?);
                keys.push(("catch-up", if grace > ON_TIME { within(late) } else { text("none") }));
            }
            // APScheduler counts from the jittered time, a start-deadline from the due instant.
            let deadline = length(grace + jitter.unwrap_or_default())?;
            keys.push(("start-deadline", Toml::Text(duration::words(deadline))));
        }
    }
    if let Some(jitter) = jitter {
        keys.push(("jitter", Toml::Text(duration::words(length(jitter)?))));
    }
    Ok(keys)
}

/// `{ func, args, kwargs }`.
fn input(job: &Job, notes: &mut Vec<String>) -> Result<Toml, String> {
    let func =
        job.func.as_deref().ok_or("it calls something without a name; give APScheduler a function of a module")?;
    let mut input = vec![("func".to_owned(), Toml::Text(func.to_owned()))];
    input.extend(arguments::keys(&job.args, &job.kwargs, notes)?);
    Ok(Toml::Table(input))
}

#[cfg(test)]
mod tests;
