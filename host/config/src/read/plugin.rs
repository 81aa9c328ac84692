//! `[plugin.x]`: what the operator grants.

use std::collections::BTreeMap;

use noontide_domain::{FolderGrant, Grant, Limits, duration};

use super::connection::Connections;
use crate::reader::{Reader, variable};
use crate::tree::{Node, Value};

/// A page of WebAssembly memory, in bytes: with less, no guest begins.
const LEAST_MEMORY: u64 = 64 << 10;
/// Largest artifact, in bytes: each is in memory while its run goes on, and one row of the ledger.
const LARGEST_ARTIFACT: u64 = 64 << 20;

pub(super) fn grant(reader: &Reader<'_>, connections: &Connections) -> Grant {
    reader.later(&["http", "tcp"], "take it out: plugins have no network");
    Grant {
        folders: folders(reader),
        env: env(reader),
        secrets: secrets(reader),
        sql: connections.granted(reader, "sql"),
        kv: connections.granted(reader, "kv"),
        limits: limits(reader),
    }
}

fn folders(reader: &Reader<'_>) -> BTreeMap<String, FolderGrant> {
    let mut folders = BTreeMap::new();
    for (guest, (place, node)) in reader.table("folders").into_iter().flatten() {
        if !guest.starts_with('/') || guest.split('/').any(|part| part == "..") {
            reader
                .problem(place, format!("folder `{guest}`: the name the plugin sees starts with `/` and has no `..`"));
        }
        if let Some(folder) = folder(reader, guest, node) {
            folders.insert(guest.clone(), folder);
        }
    }
    folders
}

/// A path alone is read-only.
fn folder<'a>(reader: &Reader<'a>, guest: &str, node: &'a Node) -> Option<FolderGrant> {
    let Value::Table(table) = &node.value else {
        return reader.as_path(guest, node).map(|path| FolderGrant { path, write: false });
    };
    let inside = reader.inside(table);
    let path = inside.get("path").and_then(|node| inside.as_path("path", node));
    if path.is_none() && !inside.has("path") {
        inside.problem(&node.place, format!("folder `{guest}` has no `path`, the folder on this machine"));
    }
    let write = match inside.text("mode") {
        None => Some(false),
        Some((mode, node)) => match mode.as_str() {
            "read" => Some(false),
            "write" => Some(true),
            _ => inside.good(&node.place, Err(format!("`mode` is `{mode}`; read or write is expected"))),
        },
    };
    if !inside.finish() {
        reader.spoil();
    }
    Some(FolderGrant { path: path?, write: write? })
}

fn env(reader: &Reader<'_>) -> BTreeMap<String, String> {
    let mut env = BTreeMap::new();
    for (name, (place, node)) in reader.table("env").into_iter().flatten() {
        reader.good(place, variable(name));
        let value = match &node.value {
            Value::Table(table) => {
                let inside = reader.inside(table);
                if !inside.has("env") {
                    let message =
                        format!("`env.{name}` names no variable; write a string, or {{ env = \"VARIABLE\" }}");
                    inside.problem(&node.place, message);
                }
                let value = inside.var_name("env").and_then(|(from, node)| {
                    let missing = || format!("`env.{name}`: the variable {from} is not set; set it, or write a string");
                    inside.good(&node.place, reader.var(&from).ok_or_else(missing))
                });
                if !inside.finish() {
                    reader.spoil();
                }
                value
            }
            _ => reader.as_text(name, node),
        };
        if let Some(value) = value {
            env.insert(name.clone(), value);
        }
    }
    env
}

fn secrets(reader: &Reader<'_>) -> BTreeMap<String, noontide_domain::SecretSource> {
    let table = reader.table("secrets").into_iter().flatten();
    table.filter_map(|(name, (_, node))| Some((name.clone(), reader.as_secret(name, node)?))).collect()
}

fn limits(reader: &Reader<'_>) -> Limits {
    let mut limits = Limits::default();
    let Some(table) = reader.table("limits") else { return limits };
    let inside = reader.inside(table);
    limits.memory = inside.bytes("memory", LEAST_MEMORY).unwrap_or(limits.memory);
    limits.timeout = inside.positive("timeout").unwrap_or(limits.timeout);
    limits.log_lines = inside.count("log-lines", 0).unwrap_or(limits.log_lines);
    limits.artifact_total = inside.bytes("artifact-total", 0).unwrap_or(limits.artifact_total);
    limits.artifact_count = inside.count("artifact-count", 0).unwrap_or(limits.artifact_count);
    limits.artifact_size = artifact_size(&inside, limits.artifact_total).unwrap_or(limits.artifact_size);
    if !inside.finish() {
        reader.spoil();
    }
    limits
}

fn artifact_size(limits: &Reader<'_>, total: u64) -> Option<u64> {
    let size = limits.bytes("artifact-size", 0)?;
    let fits = if size > LARGEST_ARTIFACT {
        Err(format!("is over {}; grant a folder for larger files", duration::bytes(LARGEST_ARTIFACT)))
    } else if size > total {
        Err(format!("is over `artifact-total`, {}; raise that too", duration::bytes(total)))
    } else {
        Ok(size)
    };
    let named = |reason| format!("`artifact-size`: {} {reason}", duration::bytes(size));
    limits.good(&limits.place_of("artifact-size"), fits.map_err(named))
}
