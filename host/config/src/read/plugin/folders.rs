//! `folders`: what a plugin sees of the disk.

use std::collections::BTreeMap;

use noontide_domain::FolderGrant;

use crate::reader::Reader;
use crate::tree::{Node, Value};

pub(super) fn folders(reader: &Reader<'_>) -> BTreeMap<String, FolderGrant> {
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
        return reader.as_path(guest, node).map(|path| FolderGrant { path, write: false, quota: None });
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
    let quota = inside.bytes("quota", 1);
    if quota.is_some() && write == Some(false) {
        inside.problem(
            &inside.place_of("quota"),
            "`quota` is for what may be written; set `mode = \"write\"`, or take it out",
        );
    }
    if !inside.finish() {
        reader.spoil();
    }
    Some(FolderGrant { path: path?, write: write?, quota })
}
