//! `log.file`: a path, or `[[log.file]]` tables.

use super::host::level;
use crate::LogFile;
use crate::reader::Reader;
use crate::tree::{Node, Value};

/// Smaller files would be rotated all the time, in bytes.
const SMALLEST: u64 = 64 << 10;
/// Unless said otherwise, in bytes.
const SIZE: u64 = 100 << 20;
/// Unless said otherwise.
const KEEP: usize = 5;

/// All of them; each has the level of the log unless it names its own.
pub(super) fn files(log: &Reader<'_>, level: &str) -> Vec<LogFile> {
    let Some(node) = log.get("file") else { return Vec::new() };
    let nodes = match &node.value {
        Value::Array(nodes) => nodes.as_slice(),
        _ => std::slice::from_ref(node),
    };
    let files: Vec<_> = nodes.iter().filter_map(|node| file(log, node, level)).collect();
    for (at, file) in files.iter().enumerate() {
        if files[..at].iter().any(|other| other.path == file.path) {
            log.problem(&node.place, format!("`file`: {} is there twice; give each its own path", file.path.display()));
        }
    }
    files
}

fn file(log: &Reader<'_>, node: &Node, default: &str) -> Option<LogFile> {
    let Value::Table(table) = &node.value else {
        let path = log.as_path("file", node)?;
        return Some(LogFile { path, max_size: SIZE, keep: KEEP, level: default.to_owned() });
    };
    let inside = log.inside(table);
    let path = inside.get("path").and_then(|node| inside.as_path("path", node));
    if !inside.is_written("path") {
        inside.problem(&node.place, "`file` has no `path`; write [[log.file]] with path = \"../logs/noontide.jsonl\"");
    }
    let max_size = inside.bytes("max-size", SMALLEST).unwrap_or(SIZE);
    let keep = inside.count("keep", 1).unwrap_or(KEEP);
    let own = inside.text("level").and_then(|(text, node)| inside.good(&node.place, level(&text)).map(|()| text));
    if !inside.finish() {
        log.spoil();
    }
    Some(LogFile { path: path?, max_size, keep, level: own.unwrap_or_else(|| default.to_owned()) })
}
