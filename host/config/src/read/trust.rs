//! `[plugins] trust`: whose signatures count.

use noontide_domain::{Trust, TrustedKey};

use crate::reader::Reader;
use crate::tree::{Node, Value};

const WAYS: &str = r#"write trust = { keys = ["RWQ…", { file = "noontide.pub" }] }, or take `trust` out"#;

/// Without the key nothing is asked for. With keys, a file without a signature is refused unless `required` says otherwise.
pub(super) fn trust(reader: &Reader<'_>) -> Option<Trust> {
    if !reader.has("trust") {
        return Some(Trust::default());
    }
    let inside = reader.inside(reader.table("trust")?);
    let keys = keys(&inside);
    let required = inside.flag("required").unwrap_or(true);
    if !inside.finish() {
        reader.spoil();
        return None;
    }
    Some(Trust { keys: keys?, required, ..Trust::default() })
}

fn keys(reader: &Reader<'_>) -> Option<Vec<TrustedKey>> {
    let nodes = match reader.get("keys").map(|node| (node, &node.value)) {
        Some((_, Value::Array(nodes))) if !nodes.is_empty() => nodes,
        Some((node, _)) => return reader.good(&node.place, Err(format!("`keys` is a list of public keys; {WAYS}"))),
        None => {
            reader.problem(&reader.place_of("required"), format!("`trust` has no `keys`: nobody could sign; {WAYS}"));
            return None;
        }
    };
    // All of them are read, so that all mistakes are told.
    let read: Vec<_> = nodes.iter().map(|node| key(reader, node)).collect();
    read.into_iter().collect()
}

fn key<'a>(reader: &Reader<'a>, node: &'a Node) -> Option<TrustedKey> {
    let text = match &node.value {
        Value::Table(table) => {
            let inside = reader.inside(table);
            let path = inside.get("file").and_then(|node| inside.as_path("file", node));
            if !inside.finish() {
                reader.spoil();
            }
            let Some(path) = path else {
                return reader.good(&node.place, Err(format!("`keys`: no `file` is named; {WAYS}")));
            };
            let text = std::fs::read_to_string(&path);
            let text = text.map_err(|reason| format!("`keys`: {} cannot be read: {reason}", path.display()));
            reader.good(&node.place, text)?
        }
        _ => reader.as_text("keys", node)?,
    };
    reader.good(&node.place, text.parse().map_err(|reason| format!("`keys`: {reason}")))
}
