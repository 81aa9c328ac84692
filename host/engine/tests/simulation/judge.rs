//! What must be true once everything is calm again.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use noontide_domain::ports::{Ledger, RunRecord};
use noontide_domain::{Cause, RunState, Schedule, Trigger};
use noontide_testkit::MemoryLedger;

use crate::hands::{COUNT, count};
use crate::journal::Journal;

pub fn judge(
    schedules: &[Schedule],
    rows: &[RunRecord],
    ledger: &MemoryLedger,
    horizon: DateTime<Utc>,
    journal: &Journal,
) {
    for row in rows.iter().filter(|row| row.due_at <= horizon && !row.state.is_final()) {
        journal.broken(horizon, format!("{} is still {}", row.key.text, row.state.as_str()));
    }
    for schedule in schedules {
        each_instant_has_one_reason(schedule, rows, horizon, journal);
        state_moved_with_success(schedule, rows, ledger, horizon, journal);
    }
}

/// By arithmetic of its own: the planner is not asked.
fn due(schedule: &Schedule, horizon: DateTime<Utc>) -> impl Iterator<Item = DateTime<Utc>> {
    let Trigger::Every(every) = &schedule.trigger else { panic!("all schedules here are intervals") };
    let (first, step) = (every.start.expect("it begins"), TimeDelta::from_std(every.every).expect("it is short"));
    std::iter::successors(Some(first), move |due| Some(*due + step)).take_while(move |due| *due <= horizon)
}

fn each_instant_has_one_reason(schedule: &Schedule, rows: &[RunRecord], horizon: DateTime<Utc>, journal: &Journal) {
    let mut reasons: BTreeMap<_, Vec<&RunRecord>> = due(schedule, horizon).map(|due| (due, Vec::new())).collect();
    for row in rows.iter().filter(|row| row.schedule.as_ref() == Some(&schedule.name) && row.cause == Cause::Schedule) {
        let (until, told) = row.span.unwrap_or((row.due_at, 1));
        let mut covered = 0;
        for (_, reasons) in reasons.range_mut(row.due_at..=until) {
            reasons.push(row);
            covered += 1;
        }
        if until <= horizon && covered != told {
            journal.broken(horizon, format!("{} stands for {told} instants and covers {covered}", row.key.text));
        }
    }
    for (due, reasons) in reasons {
        let states: Vec<_> = reasons.iter().map(|row| row.state.as_str()).collect();
        match states.len() {
            1 => {}
            0 => journal.broken(horizon, format!("{} at {due} is lost", schedule.name)),
            _ => journal.broken(horizon, format!("{} at {due} has several rows: {states:?}", schedule.name)),
        }
    }
}

fn state_moved_with_success(
    schedule: &Schedule,
    rows: &[RunRecord],
    ledger: &MemoryLedger,
    now: DateTime<Utc>,
    journal: &Journal,
) {
    let mine = rows.iter().filter(|row| row.schedule.as_ref() == Some(&schedule.name));
    let succeeded = mine.filter(|row| row.state == RunState::Succeeded).count() as u64;
    let scope = format!("schedule:{}", schedule.name);
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let entry = runtime.block_on(ledger.state(&scope, COUNT)).expect("the ledger is in memory");
    let counted = entry.map_or(0, |(value, _)| count(&value));
    if counted != succeeded {
        journal.broken(now, format!("{} succeeded {succeeded} times and remembers {counted}", schedule.name));
    }
}
