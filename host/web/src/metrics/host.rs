//! Metrics of the host: its clock, its configuration, its process, who it is.

use super::figures::Figures;
use super::page::{Metric, Page};
use crate::WebParts;

const BUILD: Metric = Metric::gauge("noontide_build_info", "Is 1; the labels say what runs.");
const INFO: Metric = Metric::gauge("noontide_host_info", "Is 1; the labels say which host this is.");
const STARTED: Metric =
    Metric::gauge("noontide_start_timestamp_seconds", "When the host started, in seconds since 1970.");
const STOPPING: Metric = Metric::gauge("noontide_stopping", "Is 1 while the host drains.");
const TICK: Metric = Metric::gauge(
    "noontide_last_tick_timestamp_seconds",
    "When the scheduler last looked, in seconds since 1970; older than 60 s means it is stuck.",
);
const TICK_LAG: Metric = Metric::histogram(
    "noontide_tick_lag_seconds",
    "How long after the first due instant the scheduler looked, each time something was due.",
);
const SKEW: Metric =
    Metric::gauge("noontide_clock_skew_seconds", "How far this host's clock is ahead of the ledger's.");
const JUMPS: Metric = Metric::counter(
    "noontide_clock_jumps_total",
    "How often the wall clock moved by more than a second beside the one that nobody sets.",
);
const RELOADS: Metric =
    Metric::counter("noontide_config_reloads_total", "Configurations that were read after the start, by result.");
const PROBLEMS: Metric =
    Metric::gauge("noontide_config_problems", "What is wrong with the configuration now; `noontide status` tells.");
const CPU: Metric = Metric::counter("process_cpu_seconds_total", "Computing time of the process, in seconds.");
const MEMORY: Metric = Metric::gauge("process_resident_memory_bytes", "Memory of the process that is in place.");
const FILES: Metric = Metric::gauge("process_open_fds", "Files and sockets that the process has open.");
const MOST_FILES: Metric = Metric::gauge("process_max_fds", "Files and sockets that the process may have open.");

pub(super) fn write(page: &mut Page, parts: &WebParts, figures: &Figures) {
    let status = parts.engine.status();
    let version = env!("CARGO_PKG_VERSION");
    page.metric(&BUILD).add(&[("version", version), ("wasmtime", &figures.wasmtime)], 1.0);
    page.metric(&INFO).add(&[("host", &status.host.to_string()), ("name", &status.name)], 1.0);
    page.one(&STARTED, status.started_at.timestamp_millis() as f64 / 1_000.0);
    page.one(&STOPPING, f64::from(status.stopping));
    page.maybe(&TICK, status.last_tick.map(|tick| tick.timestamp_millis() as f64 / 1_000.0));
    let tally = parts.engine.tally();
    page.metric(&TICK_LAG).spread(&[], &tally.tick_lag.read());
    page.maybe(&SKEW, status.skew.map(|skew| skew.num_milliseconds() as f64 / 1_000.0));
    page.one(&JUMPS, tally.clock_jumps.read() as f64);
    let mut reloads = page.metric(&RELOADS);
    reloads.add(&[("result", "taken")], figures.reloads.0 as f64);
    reloads.add(&[("result", "refused")], figures.reloads.1 as f64);
    page.one(&PROBLEMS, parts.host.problems().len() as f64);
    page.maybe(&CPU, figures.process.map(|process| process.cpu_seconds));
    page.maybe(&MEMORY, figures.process.map(|process| process.resident_memory as f64));
    page.maybe(&FILES, figures.process.map(|process| process.open_files as f64));
    page.maybe(&MOST_FILES, figures.process.and_then(|process| process.most_files).map(|most| most as f64));
}
