//! Metrics of runs and of the calls of handlers.

use noontide_domain::HandlerRef;
use noontide_engine::{Ends, EngineHandle, Handled, Tally};
use std::collections::HashMap;
use std::sync::Arc;

use super::page::{Metric, Page, Samples};

const RUNS: Metric =
    Metric::counter("noontide_runs_total", "Runs that ended on this host and due instants left out, by result.");
const ATTEMPTS: Metric =
    Metric::counter("noontide_attempts_total", "Calls of handlers that ended on this host, by outcome.");
const DURATION: Metric =
    Metric::histogram("noontide_run_duration_seconds", "From the call of a handler to its end, each attempt.");
const START_DELAY: Metric = Metric::histogram(
    "noontide_start_delay_seconds",
    "From the instant a run was to begin to the call of its handler, deliberate delays left out.",
);
const CPU: Metric =
    Metric::counter("noontide_guest_cpu_seconds_total", "Time that guests computed, in steps of 10 ms.");
const MEMORY: Metric =
    Metric::gauge("noontide_guest_memory_peak_bytes", "The most memory one call has held since the start.");
const TRAPS: Metric = Metric::counter("noontide_guest_traps_total", "Guests that broke, by the kind of trap.");
const RESCUED: Metric =
    Metric::counter("noontide_leases_rescued_total", "Leases of hosts that went away, settled by this host.");
const FENCED: Metric = Metric::counter(
    "noontide_results_fenced_total",
    "Ends of attempts dropped because another host had the run by then.",
);
const CUT_OFF: Metric = Metric::counter(
    "noontide_handlers_cut_off_total",
    "Handlers asked to stop because the ledger did not confirm their lease.",
);
const GIVEN_BACK: Metric =
    Metric::counter("noontide_leases_given_back_total", "Leases given back before the handler began.");

/// What stands for the schedule of runs that have none; no schedule can have the name.
const NONE: &str = "(none)";

type Handlers = Vec<(HandlerRef, Arc<Handled>)>;

pub(super) fn write(page: &mut Page, engine: &EngineHandle, detail: bool) {
    let tally = engine.tally();
    let handlers = tally.handlers.all();
    ends(page, engine, &handlers, detail);
    calls(page, &handlers);
    let mut delays = page.metric(&START_DELAY);
    for (queue, lengths) in tally.start_delay.all() {
        delays.spread(&[("queue", queue.as_str())], &lengths.read());
    }
    leases(page, tally);
}

fn ends(page: &mut Page, engine: &EngineHandle, handlers: &Handlers, detail: bool) {
    let mut runs = page.metric(&RUNS);
    engine.tally().tell_schedules_apart(detail);
    if !detail {
        for (handler, handled) in handlers {
            add(&mut runs, None, &handler.to_string(), &handled.ends);
        }
        return;
    }
    let mut calls = HashMap::new();
    engine.look_over(|standing| {
        calls.insert(standing.schedule.name.clone(), standing.schedule.handler.to_string());
    });
    // What a schedule that has left had is in its handler's other metrics.
    engine.tally().schedules.keep(|name| calls.contains_key(name));
    for (name, ends) in engine.tally().schedules.all() {
        let handler = calls.get(&name).map_or("", String::as_str);
        add(&mut runs, Some(name.as_str()), handler, &ends);
    }
    for (handler, handled) in handlers {
        add(&mut runs, Some(NONE), &handler.to_string(), &handled.alone);
    }
}

fn add(runs: &mut Samples<'_>, schedule: Option<&str>, handler: &str, ends: &Ends) {
    for (ending, count) in ends.seen() {
        let labels = [("schedule", schedule.unwrap_or_default()), ("handler", handler), ("result", ending.as_str())];
        runs.add(if schedule.is_some() { &labels } else { &labels[1..] }, count as f64);
    }
}

fn calls(page: &mut Page, handlers: &Handlers) {
    let names: Vec<_> = handlers.iter().map(|(handler, _)| handler.to_string()).collect();
    let each = || names.iter().zip(handlers).map(|(name, (_, handled))| (("handler", name.as_str()), handled));
    let mut attempts = page.metric(&ATTEMPTS);
    for (handler, handled) in each() {
        for (outcome, count) in handled.outcomes.all() {
            attempts.add(&[handler, ("outcome", &outcome.replace('-', "_"))], count.read() as f64);
        }
    }
    let mut lengths = page.metric(&DURATION);
    each().for_each(|(handler, handled)| lengths.spread(&[handler], &handled.lengths.read()));
    let mut cpu = page.metric(&CPU);
    each().for_each(|(handler, handled)| cpu.add(&[handler], handled.cpu_ms.read() as f64 / 1_000.0));
    let mut memory = page.metric(&MEMORY);
    each().for_each(|(handler, handled)| memory.add(&[handler], handled.memory.read() as f64));
    let mut traps = page.metric(&TRAPS);
    for (handler, handled) in each() {
        handled.traps.all().iter().for_each(|(kind, count)| traps.add(&[handler, ("kind", kind)], count.read() as f64));
    }
}

fn leases(page: &mut Page, tally: &Tally) {
    page.one(&RESCUED, tally.rescued.read() as f64);
    page.one(&FENCED, tally.fenced.read() as f64);
    page.one(&CUT_OFF, tally.cut_off.read() as f64);
    page.one(&GIVEN_BACK, tally.given_back.read() as f64);
}
