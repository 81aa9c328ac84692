//! Metrics of schedules: how many there are, and of each, while they are not too many, when it runs next and how it went.

use chrono::{DateTime, Utc};
use noontide_domain::Standing;
use noontide_engine::EngineHandle;

use super::page::{Metric, Page};

const SCHEDULES: Metric = Metric::gauge("noontide_schedules", "Schedules that stand, by state.");
const OVERDUE: Metric =
    Metric::gauge("noontide_schedules_overdue", "Schedules without a success for longer than their expect-within.");
const NEXT: Metric = Metric::gauge(
    "noontide_schedule_next_run_timestamp_seconds",
    "When the schedule comes due next, in seconds since 1970; what does not come due has none.",
);
const LAST: Metric = Metric::gauge(
    "noontide_schedule_last_success_timestamp_seconds",
    "The due instant of the schedule's last success, in seconds since 1970.",
);
const RESULT: Metric = Metric::gauge(
    "noontide_schedule_last_result",
    "Is 1 for the result of the schedule's newest run that ended on this host.",
);
const FAILURES: Metric = Metric::gauge(
    "noontide_schedule_consecutive_failures",
    "Failed runs since the schedule's last success, of those that ended on this host.",
);
const PAUSED: Metric = Metric::gauge("noontide_schedule_paused", "Is 1 while the schedule is paused.");
const IS_OVERDUE: Metric = Metric::gauge(
    "noontide_schedule_overdue",
    "Is 1 while the schedule has had no success for longer than its expect-within; only where that is set.",
);

/// What is told of one schedule.
struct Row {
    name: String,
    next: Option<DateTime<Utc>>,
    last_success: Option<DateTime<Utc>>,
    is_paused: bool,
    is_overdue: Option<bool>,
}

impl Row {
    fn of(standing: &Standing, now: DateTime<Utc>) -> Self {
        let is_expected = standing.schedule.expect_within.is_some();
        Self {
            name: standing.schedule.name.as_str().to_owned(),
            next: standing.next_due(),
            last_success: standing.last_success,
            is_paused: is_paused(standing, now),
            is_overdue: is_expected.then(|| standing.overdue_since(now).is_some()),
        }
    }
}

#[derive(Default)]
struct Counts {
    active: usize,
    paused: usize,
    disabled: usize,
    overdue: usize,
}

pub(super) fn write(page: &mut Page, engine: &EngineHandle, detail: bool) {
    let now = engine.now();
    let (mut counts, mut rows) = (Counts::default(), Vec::new());
    engine.look_over(|standing| {
        match standing {
            standing if !standing.schedule.enabled => counts.disabled += 1,
            standing if is_paused(standing, now) => counts.paused += 1,
            _ => counts.active += 1,
        }
        counts.overdue += usize::from(standing.overdue_since(now).is_some());
        if detail {
            rows.push(Row::of(standing, now));
        }
    });
    rows.sort_by(|one, other| one.name.cmp(&other.name));
    let mut schedules = page.metric(&SCHEDULES);
    for (state, count) in [("active", counts.active), ("paused", counts.paused), ("disabled", counts.disabled)] {
        schedules.add(&[("state", state)], count as f64);
    }
    page.one(&OVERDUE, counts.overdue as f64);
    of_each(page, &NEXT, &rows, |row| row.next.map(seconds));
    of_each(page, &LAST, &rows, |row| row.last_success.map(seconds));
    of_each(page, &PAUSED, &rows, |row| Some(f64::from(row.is_paused)));
    of_each(page, &IS_OVERDUE, &rows, |row| row.is_overdue.map(f64::from));
    results(page, engine, detail);
}

/// How it went lately, as far as this host has seen it.
fn results(page: &mut Page, engine: &EngineHandle, detail: bool) {
    let schedules = if detail { engine.tally().schedules.all() } else { Vec::new() };
    let mut results = page.metric(&RESULT);
    for (name, ends) in &schedules {
        if let Some(last) = ends.last() {
            results.add(&[("schedule", name.as_str()), ("result", last.as_str())], 1.0);
        }
    }
    let mut failures = page.metric(&FAILURES);
    for (name, ends) in schedules.iter().filter(|(_, ends)| ends.last().is_some()) {
        failures.add(&[("schedule", name.as_str())], ends.failed_in_a_row() as f64);
    }
}

fn of_each(page: &mut Page, metric: &Metric, rows: &[Row], value: impl Fn(&Row) -> Option<f64>) {
    let mut samples = page.metric(metric);
    for row in rows {
        value(row).into_iter().for_each(|value| samples.add(&[("schedule", &row.name)], value));
    }
}

fn is_paused(standing: &Standing, now: DateTime<Utc>) -> bool {
    standing.pause.as_ref().is_some_and(|pause| pause.covers(now))
}

fn seconds(instant: DateTime<Utc>) -> f64 {
    instant.timestamp_millis() as f64 / 1_000.0
}
