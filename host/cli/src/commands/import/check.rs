//! `--check`: when the source fires beside when the schedule does that was made of it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use chrono_tz::Tz;
use noontide_domain::Schedule;
use noontide_domain::trigger::civil;
use serde_json::{Value, json};

use super::{Entry, Imported, Span, write};
use crate::args::Global;
use crate::commands::show::word;
use crate::exit::Stop;
use crate::output::{Rows, complain};
use crate::zone;

/// More fires than this in one span are not looked at: a trigger that is wrong may fire each second.
const MOST: usize = 10_000;

/// Shows the fires and says where they differ; whether they are the same.
///
/// # Errors
/// If stdout takes no more.
pub fn run(global: &Global, imported: &Imported, count: usize) -> Result<bool, Stop> {
    let schedules = write::loaded(&write::document(imported, "check"))?;
    let shown_in = global.zone()?;
    let (mut items, mut wrong) = (Vec::new(), Vec::new());
    for entry in &imported.entries {
        let Some(schedule) = schedules.iter().find(|schedule| schedule.name.as_str() == entry.name) else { continue };
        let (mut shown, differences) = compared(entry, schedule, count, shown_in);
        items.append(&mut shown);
        let of_the_entry = format!("{}: `{}`", entry.place, entry.name);
        wrong.extend(differences.into_iter().map(|difference| format!("{of_the_entry}: {difference}")));
    }
    global.output().list(&items, table)?;
    for line in &wrong {
        complain(&format!("differs: {line}"));
    }
    let summary = match wrong.len() {
        0 => "the schedules fire when the source does".to_owned(),
        many => format!("{many} fires differ"),
    };
    global.output().hint(&format!("{} schedules, {} fires compared: {summary}", imported.entries.len(), items.len()));
    Ok(wrong.is_empty())
}

/// Tells beside each entry where it fires and its source does not, or the other way round; whoever only writes shall know.
///
/// # Errors
/// What was translated does not load.
pub fn note(imported: &mut Imported, count: usize) -> Result<(), Stop> {
    let schedules = write::loaded(&write::document(imported, "check"))?;
    for entry in &mut imported.entries {
        let Some(schedule) = schedules.iter().find(|schedule| schedule.name.as_str() == entry.name) else { continue };
        let differences = compared(entry, schedule, count, None).1;
        let Some(first) = differences.first() else { continue };
        let note = match differences.len() {
            1 => first.clone(),
            many => format!("{many} fires differ, which --check shows; the first: {first}"),
        };
        imported.notes.push(format!("{}: {note}", entry.place));
        entry.notes.push(note);
    }
    Ok(())
}

/// What is shown of an entry, and a sentence for each difference.
fn compared(entry: &Entry, schedule: &Schedule, count: usize, shown_in: Option<Tz>) -> (Vec<Value>, Vec<String>) {
    let zone = shown_in.unwrap_or(schedule.timezone);
    let mut rows: BTreeMap<DateTime<Utc>, Value> = BTreeMap::new();
    let mut wrong = Vec::new();
    for span in &entry.spans {
        let (theirs, ours) = both(span, schedule, count);
        let mut before = span.from;
        for at in theirs.union(&ours) {
            let (source, noontide) = (theirs.contains(at), ours.contains(at));
            let remark = remark(before, *at, schedule.timezone);
            before = *at;
            let (shown, wall) = (zone::rfc3339(*at), zone::wall_and_day(*at, zone));
            if source != noontide {
                let (one, other) = if source { ("the source", "Noontide") } else { ("Noontide", "the source") };
                wrong.push(format!("{one} fires at {shown} ({wall}), {other} does not{}", because(&remark)));
            }
            let told = |fires: bool| if fires { Value::from(shown.clone()) } else { Value::Null };
            rows.insert(
                *at,
                json!({
                    "schedule": entry.name, "place": entry.place, "source": told(source), "noontide": told(noontide),
                    "local": wall, "same": source == noontide, "remark": remark,
                }),
            );
        }
    }
    (rows.into_values().collect(), wrong)
}

/// The fires of the source and of the schedule in a span, to the millisecond, as a ledger keeps them.
fn both(span: &Span, schedule: &Schedule, count: usize) -> (BTreeSet<DateTime<Utc>>, BTreeSet<DateTime<Utc>>) {
    let theirs: BTreeSet<_> = span.fires.iter().take(count).map(|at| to_the_millisecond(*at)).collect();
    let cut = span.fires.len() > count;
    let to = if cut { theirs.last().copied().unwrap_or(span.to) } else { span.to };
    let limit = to_the_millisecond(to);
    let next = |after| schedule.trigger.next_after(after, span.from).filter(|due| to_the_millisecond(*due) <= limit);
    let first = next(span.from - TimeDelta::milliseconds(1));
    let ours = std::iter::successors(first, |due| next(*due)).take(MOST).map(to_the_millisecond);
    (theirs, ours.collect())
}

fn to_the_millisecond(at: DateTime<Utc>) -> DateTime<Utc> {
    at.duration_round(TimeDelta::milliseconds(1)).unwrap_or(at)
}

/// What a clock change between two fires does to the second of them.
fn remark(before: DateTime<Utc>, at: DateTime<Utc>, zone: Tz) -> String {
    if let civil::Found::Twice(first, second) = civil::find(civil::wall(at, zone), zone) {
        let which = if at == first { "first" } else { "second" };
        let other = if at == first { second } else { first };
        return format!("this wall time occurs twice, this is the {which}; the other is {}", zone::rfc3339(other));
    }
    let Some(change) = civil::change_within(before, at, zone) else { return String::new() };
    let forward = civil::offset(at, zone) > civil::offset(before, zone);
    let direction = if forward { "forward" } else { "back" };
    format!("clocks go {direction} at {}", zone::rfc3339(change))
}

fn because(remark: &str) -> String {
    if remark.is_empty() { String::new() } else { format!(": {remark}") }
}

fn table(items: &[Value]) -> Rows {
    let mut rows = Rows::of(["schedule", "source", "noontide", "local", ""]);
    for item in items {
        let told = |key| if item[key].is_null() { "-".to_owned() } else { word(item, key) };
        let same = if item["same"] == true { "" } else { "DIFFERS " };
        let remark = format!("{same}{}", word(item, "remark"));
        rows.push([word(item, "schedule"), told("source"), told("noontide"), word(item, "local"), remark]);
    }
    rows
}
