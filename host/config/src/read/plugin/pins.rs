//! `sha256`: the only files that may hold the plugin's name.

use std::collections::BTreeSet;

use crate::reader::Reader;
use crate::tree::{Node, Value};

/// Hexadecimal digits of a SHA-256.
const DIGITS: usize = 64;

/// `None` if the key is not there. What is wrong in it is left out: a slip of the pen lets nobody in.
pub(in crate::read) fn pins(reader: &Reader<'_>) -> Option<BTreeSet<String>> {
    let node = reader.get("sha256")?;
    let one = std::slice::from_ref(node);
    let nodes = match &node.value {
        Value::Array(nodes) if nodes.is_empty() => {
            reader.problem(&node.place, "`sha256` is empty: no file could hold the name; list digests, or take it out");
            return Some(BTreeSet::new());
        }
        Value::Array(nodes) => nodes.as_slice(),
        _ => one,
    };
    Some(nodes.iter().filter_map(|node| pin(reader, node)).collect())
}

fn pin(reader: &Reader<'_>, node: &Node) -> Option<String> {
    let text = reader.as_text("sha256", node)?.to_lowercase();
    let is_digest = text.len() == DIGITS && text.bytes().all(|digit| digit.is_ascii_hexdigit());
    let wrong = || {
        format!(
            "`sha256`: `{text}` is no SHA-256; it has {DIGITS} hexadecimal digits, as `noontide plugin inspect` shows them"
        )
    };
    reader.good(&node.place, is_digest.then(|| text.clone()).ok_or_else(wrong))
}
