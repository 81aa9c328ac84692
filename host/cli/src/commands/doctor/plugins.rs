//! Plugin files, and the sandbox they load into.

use std::sync::Arc;

use noontide_config::Config;
use noontide_domain::PluginStatus;
use noontide_domain::ports::PluginHost;
use serde_json::Value;

use super::finding::Finding;
use super::running::Running;
use crate::clock::SystemClock;
use crate::commands::plugin::cache_folder;
use crate::exit::Stop;
use crate::serve::wiring;

/// Loads what is in the plugin folder as a host would.
pub async fn look(config: &Config, running: &Running) -> Result<Vec<Finding>, Stop> {
    let sandbox = wiring::sandbox(config, &cache_folder().join("compiled"), Arc::new(SystemClock), None, None)?;
    sandbox.rescan().await;
    let plugins = sandbox.plugins();
    let mut findings: Vec<_> = plugins.iter().map(plugin).collect();
    if plugins.is_empty() {
        let next = "put a .wasm file there; `noontide plugin new` begins one";
        findings.push(Finding::warn("plugins", format!("none in {}", config.plugins.dir.display()), next));
    }
    findings.extend(connections(config));
    let said = |pointer| running.says(pointer).and_then(Value::as_str);
    findings.push(allocator(said("/plugins/allocator").unwrap_or(&sandbox.allocator())));
    findings.extend(said("/plugins/watcher").map(watching));
    Ok(findings)
}

fn plugin(status: &PluginStatus) -> Finding {
    match (&status.error, &status.loaded) {
        (Some(error), Some(_)) => {
            Finding::warn("plugin", format!("{}: {error}", status.file), "the version before goes on; build it anew")
        }
        (Some(error), None) => Finding::fail(
            "plugin",
            format!("{}: {error}", status.file),
            "build it for this host: `noontide plugin build`",
        ),
        (None, Some(loaded)) => {
            let version = &loaded.version;
            Finding::ok(
                "plugin",
                format!("{} {}, {} handlers", version.name, version.version, loaded.info.handlers.len()),
            )
        }
        (None, None) => Finding::ok("plugin", format!("{}: not looked at yet", status.file)),
    }
}

/// Grants name them; whether they answer is known when a plugin asks.
fn connections(config: &Config) -> Option<Finding> {
    let names: Vec<_> = config.connections.keys().map(ToString::to_string).collect();
    (!names.is_empty()).then(|| Finding::ok("connections", names.join(", ")))
}

fn allocator(kind: &str) -> Finding {
    match kind.starts_with("pooling") {
        true => Finding::ok("address space", "enough for a pool of sandboxes"),
        false => Finding::warn(
            "address space",
            format!("too little for a pool of sandboxes: each call makes its own ({kind})"),
            "take away the limit on address space (ulimit -v unlimited, LimitAS=infinity)",
        ),
    }
}

fn watching(kind: &str) -> Finding {
    match kind.starts_with("poll") {
        true => Finding::warn(
            "watcher",
            format!("{kind}: the plugin folder is looked at every few seconds"),
            "a local file system brings change events; on a network one this is as it has to be",
        ),
        false => Finding::ok("watcher", kind),
    }
}
