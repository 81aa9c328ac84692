//! A sandbox for a single file: no plugin folder, compiled code kept in the user's cache.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use noontide_config::Compile;
use noontide_connections::Databases;
use noontide_domain::{LoadedPlugin, PluginError};
use noontide_sandbox::{Sandbox, SandboxSettings};
use serde_json::{Value, json};

use crate::clock::SystemClock;
use crate::conf::Allowed;
use crate::exit::{Exit, Stop};
use crate::serve::wiring;

/// As in conf/default.toml, for files that are looked at without a configuration.
const USUAL: Compile = Compile { memory: 2 << 30, timeout: Duration::from_secs(120) };

/// Opens a sandbox that looks at no folder.
///
/// # Errors
/// If its threads or its cache folder cannot be had.
pub fn sandbox(allowed: Allowed) -> Result<Arc<Sandbox>, Stop> {
    let cache = cache_folder();
    let nowhere = cache.join("no-plugins");
    let mut settings = SandboxSettings::new(nowhere, cache.join("compiled"), Arc::new(SystemClock));
    settings.grants = allowed.grants;
    settings.trust = allowed.trust;
    settings.compile = wiring::compile_apart(allowed.compile.unwrap_or(USUAL));
    settings.egress.extra_roots = allowed.ca;
    settings.egress.own.set(allowed.api);
    let connections = Databases::default();
    connections.follow(&allowed.connections);
    settings.connections = Some(Arc::new(connections));
    Sandbox::open(settings).map_err(Stop::failed)
}

/// Why the file was refused, in the words of [`PluginError`].
pub fn refused(file: &Path, error: &PluginError) -> Stop {
    let exit = if error.stage == "read" && !file.exists() { Exit::NotFound } else { Exit::Failed };
    Stop::new(exit, format!("{}: {error}", file.display()))
}

/// A loaded plugin as JSON.
pub fn shown(file: &Path, loaded: &LoadedPlugin) -> Value {
    let handlers: Vec<_> = loaded
        .info
        .handlers
        .iter()
        .map(|handler| {
            json!({
                "name": handler.name,
                "summary": handler.summary,
                "input_schema": handler.input_schema,
                "example_input": handler.example_input,
                "timeout": handler.timeout.map(noontide_domain::duration::words),
            })
        })
        .collect();
    json!({
        "file": file.display().to_string(),
        "name": loaded.version.name,
        "version": loaded.version.version,
        "sha256": loaded.version.sha256,
        "summary": loaded.info.summary,
        "handlers": handlers,
        "contract": loaded.makeup.contract,
        "bytes": loaded.makeup.bytes,
        "imports": loaded.makeup.imports,
        "exports": loaded.makeup.exports,
        "producers": loaded.makeup.producers,
        "labels": loaded.makeup.labels.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
        "wants": loaded.info.wants,
        "signer": loaded.signer,
        "grants": loaded.granted,
        "missing": loaded.wishes.iter().filter(|wish| wish.is_missing()).collect::<Vec<_>>(),
        "not_wanted": loaded.wishes.iter().filter(|wish| !wish.is_wanted()).collect::<Vec<_>>(),
        "load_ms": loaded.load_ms,
    })
}

/// Where compiled code of files is kept that no host has loaded.
pub fn cache_folder() -> PathBuf {
    let home = || std::env::home_dir().map(|home| home.join(".cache"));
    let set = std::env::var_os("XDG_CACHE_HOME").filter(|value| !value.is_empty()).map(PathBuf::from);
    set.or_else(home).unwrap_or_else(std::env::temp_dir).join("noontide")
}
