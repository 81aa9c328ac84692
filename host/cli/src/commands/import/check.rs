//! `--check`: when the source fires beside when the schedule does that was made of it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use chrono_tz::Tz;
use noontide_domain::trigger::{Cron, civil};
use noontide_domain::{Schedule, Trigger};
use serde_json::{Value, json};

use super::{Entry, Imported, Span, write};
use crate::args::Global;
use crate::commands::show::word;
use crate::exit::Stop;
use crate::output::{Format, Rows, complain};
use crate::zone;

/// More fires than this in one span are not looked at: a trigger that is wrong may fire each second.
const MOST: usize = 10_000;

/// Shows the fires and says where they differ; whether they are the same.
///
/// # Errors
/// Usage: TOML is asked for; or stdout takes no more.
pub fn run(global: &Global, imported: &Imported, count: usize) -> Result<bool, Stop> {
    if global.output == Format::Toml {
        return Err(Stop::usage("-o toml: --check shows fires; take table, json or jsonl, or leave --check out"));
    }
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
        let all: BTreeSet<_> = theirs.keys().chain(&ours).copied().collect();
        for at in all {
            let (source, noontide) = (theirs.get(&at).copied(), ours.contains(&at));
            let remark = remark(before, at, schedule, &ours);
            before = at;
            let (shown, wall) = (zone::rfc3339(at), zone::wall_and_day(at, zone));
            let same = source.is_some() == noontide;
            if !same {
                let (one, other) = if noontide { ("Noontide", "the source") } else { ("the source", "Noontide") };
                wrong.push(format!("{one} fires at {shown} ({wall}), {other} does not{}", because(&remark)));
            }
            rows.insert(
                at,
                json!({
                    "schedule": entry.name, "place": entry.place, "source": source.map(zone::rfc3339),
                    "noontide": noontide.then_some(shown), "local": wall, "same": same, "remark": remark,
                }),
            );
        }
    }
    (rows.into_values().collect(), wrong)
}

/// Fires of the source, by the instant at which they are compared.
type Theirs = BTreeMap<DateTime<Utc>, DateTime<Utc>>;

/// The fires of the source, each under the one of ours that it is, and ours; to the millisecond, as a ledger keeps them.
fn both(span: &Span, schedule: &Schedule, count: usize) -> (Theirs, BTreeSet<DateTime<Utc>>) {
    let theirs: BTreeSet<_> = span.fires.iter().take(count).map(|at| to_the_millisecond(*at)).collect();
    let cut = span.fires.len() > count;
    let to = if cut { theirs.last().copied().unwrap_or(span.to) } else { span.to };
    let limit = to_the_millisecond(to) + span.tolerance;
    let next = |after| schedule.trigger.next_after(after, span.from).filter(|due| to_the_millisecond(*due) <= limit);
    let first = next(span.from - span.tolerance - TimeDelta::milliseconds(1));
    let most = schedule.max_runs.and_then(|runs| usize::try_from(runs).ok()).unwrap_or(MOST).min(MOST);
    let ours = std::iter::successors(first, |due| next(*due)).take(most).map(to_the_millisecond);
    let mut ours: BTreeSet<_> = ours.collect();
    let near = |at: DateTime<Utc>| {
        let nearest = ours.range(at - span.tolerance..=at + span.tolerance).min_by_key(|one| (at - **one).abs());
        nearest.copied().unwrap_or(at)
    };
    let theirs: BTreeMap<_, _> = theirs.into_iter().map(|at| (near(at), at)).collect();
    // What is ours beyond the ends belongs here only if a fire of the source's is the same.
    ours.retain(|at| span.from <= *at && *at <= to || theirs.contains_key(at));
    (theirs, ours)
}

fn to_the_millisecond(at: DateTime<Utc>) -> DateTime<Utc> {
    at.duration_round(TimeDelta::milliseconds(1)).unwrap_or(at)
}

/// What a clock change does to a fire, or did between the one `before` and it.
fn remark(before: DateTime<Utc>, at: DateTime<Utc>, schedule: &Schedule, ours: &BTreeSet<DateTime<Utc>>) -> String {
    let zone = schedule.timezone;
    let shown = civil::wall(at, zone);
    if let civil::Found::Twice(first, second) = civil::find(shown, zone) {
        return match (ours.contains(&first), ours.contains(&second)) {
            (true, true) => format!("{shown} occurs twice, and it fires both times"),
            (true, false) => format!("{shown} occurs twice, and it fires the first time only"),
            _ => format!("{shown} occurs twice"),
        };
    }
    let Some(change) = civil::change_within(before, at, zone) else { return String::new() };
    let forward = civil::offset(at, zone) > civil::offset(before, zone);
    let told = format!("clocks go {} at {}", if forward { "forward" } else { "back" }, zone::rfc3339(change));
    let left_out = cron_of(&schedule.trigger).and_then(|cron| {
        let second = TimeDelta::seconds(1);
        cron.next_wall(civil::wall(change - second, zone)).filter(|wall| *wall < civil::wall(change, zone))
    });
    match left_out {
        Some(wall) if at == change => format!("{told}: {wall} does not occur, it fires at {shown}"),
        Some(wall) => format!("{told}: {wall} does not occur"),
        None => told,
    }
}

/// The expression, whatever bounds lie around it.
fn cron_of(trigger: &Trigger) -> Option<&Cron> {
    match trigger {
        Trigger::Cron(cron) => Some(cron),
        Trigger::Within(within) => cron_of(within.trigger()),
        _ => None,
    }
}

/// What is to be done where clocks leave a time out, which schedulers take in their own ways.
fn because(remark: &str) -> String {
    match remark {
        "" => String::new(),
        _ if remark.contains("does not occur") => {
            format!(": {remark}; choose an hour that occurs every day, or dst-gap = \"skip\" to leave it out")
        }
        _ => format!(": {remark}"),
    }
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

#[cfg(test)]
mod tests {
    use super::super::names::Names;
    use super::super::{Reading, crontab};
    use super::*;

    /// The remarks on the fires of a crontab line, in Berlin.
    fn remarks(line: &str, from: &str, count: usize) -> Vec<String> {
        let handler = "command/run".parse().unwrap();
        let now = from.parse().unwrap();
        let reading = Reading { file: "crontab", handler: &handler, zone: Some(Tz::Europe__Berlin), now, count };
        let imported = crontab::read(line, false, &reading, &mut Names::default());
        let schedules = write::loaded(&write::document(&imported, "crontab")).unwrap();
        let (items, differences) = compared(&imported.entries[0], &schedules[0], count, None);
        assert_eq!((items.len(), differences.len()), (count, 0), "{differences:?}");
        items.iter().map(|item| word(item, "remark")).collect()
    }

    #[test]
    fn a_clock_change_is_told_at_the_fire_that_it_touches() {
        let spring = remarks("30 2 * * * x", "2026-03-28T00:00:00Z", 3);
        assert_eq!((spring[0].as_str(), spring[2].as_str()), ("", ""));
        assert!(
            spring[1].ends_with("2026-03-29 02:30:00 does not occur, it fires at 2026-03-29 03:00:00"),
            "{spring:?}"
        );
        let left_out = remarks("*/30 2 * * * x", "2026-03-28T03:00:00Z", 1);
        assert!(left_out[0].ends_with("2026-03-29 02:00:00 does not occur"), "{left_out:?}");
        let autumn = remarks("30 2 * * * x", "2026-10-25T00:00:00Z", 2);
        assert!(autumn[0].ends_with("it fires the first time only"), "{autumn:?}");
        let twice = remarks("*/30 2 * * * x", "2026-10-25T00:10:00Z", 3);
        assert!(twice[0].ends_with("it fires both times"), "{twice:?}");
        assert_eq!(remarks("0 12 * * * x", "2026-10-24T12:00:00Z", 1), ["clocks go back at 2026-10-25T01:00:00Z"]);
    }
}
