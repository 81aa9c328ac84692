//! Metrics of plugins and of the sandbox.

use noontide_engine::EngineHandle;

use super::figures::SandboxFigures;
use super::page::{Metric, Page};

const INFO: Metric =
    Metric::gauge("noontide_plugin_info", "Is 1 for each plugin that is loaded, with its version and digest.");
const PLUGINS: Metric = Metric::gauge("noontide_plugins", "Plugin files, by whether they are in use or refused.");
const RUNNING: Metric = Metric::gauge("noontide_plugin_running", "Attempts that go on, by plugin.");
const LOAD: Metric = Metric::gauge(
    "noontide_plugin_load_seconds",
    "What reading, checking and compiling took for what is loaded, by plugin.",
);
const LOADS: Metric = Metric::counter("noontide_plugin_loads_total", "Plugin files that were looked at, by result.");
const COMPILE: Metric = Metric::histogram(
    "noontide_plugin_load_duration_seconds",
    "What reading, checking and compiling took, each good plugin file.",
);
const POOL: Metric =
    Metric::gauge("noontide_sandbox_in_use", "What the sandbox's pool holds, by kind; nothing without a pool.");
const KEPT: Metric = Metric::gauge("noontide_sandbox_kept", "Instances that wait for another call of their plugin.");
const ALLOCATOR: Metric = Metric::gauge("noontide_sandbox_info", "Is 1 for the way guests are placed in memory.");

pub(super) fn write(page: &mut Page, engine: &EngineHandle, sandbox: &SandboxFigures) {
    let plugins = engine.plugins();
    let loaded = || plugins.iter().filter_map(|plugin| plugin.loaded.as_ref());
    let mut info = page.metric(&INFO);
    for plugin in loaded() {
        let version = &plugin.version;
        let labels = [("plugin", version.name.as_str()), ("version", &version.version), ("sha256", &version.sha256)];
        info.add(&labels, 1.0);
    }
    let refused = plugins.iter().filter(|plugin| plugin.error.is_some()).count();
    let mut states = page.metric(&PLUGINS);
    states.add(&[("state", "loaded")], loaded().count() as f64);
    states.add(&[("state", "refused")], refused as f64);
    let mut running = page.metric(&RUNNING);
    loaded().for_each(|plugin| running.add(&[("plugin", plugin.version.name.as_str())], plugin.running as f64));
    let mut load = page.metric(&LOAD);
    for plugin in loaded() {
        load.add(&[("plugin", plugin.version.name.as_str())], plugin.load_ms as f64 / 1_000.0);
    }
    let mut loads = page.metric(&LOADS);
    loads.add(&[("result", "loaded")], sandbox.loads.0 as f64);
    loads.add(&[("result", "refused")], sandbox.loads.1 as f64);
    page.metric(&COMPILE).spread(&[], &sandbox.load_lengths);
    let mut pool = page.metric(&POOL);
    sandbox.in_use.iter().for_each(|(kind, count)| pool.add(&[("kind", kind)], *count as f64));
    page.one(&KEPT, sandbox.kept as f64);
    // Why it is not the pool is in `status`; here it would be a label that changes with its words.
    let word = sandbox.allocator.split(' ').next().unwrap_or_default();
    page.metric(&ALLOCATOR).add(&[("allocator", word)], 1.0);
}
