//! `args` and `exit-codes`: how a program is started, and what its end means.

use std::collections::BTreeMap;

use noontide_domain::ExitMeaning;

use crate::reader::Reader;
use crate::tree::{Node, Place, Value};

/// Arguments that stand before those of the input.
pub(super) fn args(reader: &Reader<'_>) -> Vec<String> {
    let Some(node) = reader.get("args") else { return Vec::new() };
    let Value::Array(items) = &node.value else {
        reader.problem(&node.place, "`args` is a list of strings, such as [\"--quiet\"]");
        return Vec::new();
    };
    items.iter().filter_map(|item| reader.as_text("args", item)).collect()
}

pub(super) fn exit_codes(reader: &Reader<'_>) -> BTreeMap<i32, ExitMeaning> {
    let table = reader.table("exit-codes").into_iter().flatten();
    let read = |(code, (place, node)): (&String, &'_ (Place, Node))| {
        let number =
            code.parse::<u8>().map_err(|_| format!("`exit-codes`: `{code}` is no exit code; they go from 0 to 255"));
        let number = reader.good(place, number);
        let word = reader.as_text(code, node)?;
        let meaning = match word.as_str() {
            "done" => Ok(ExitMeaning::Done),
            "skipped" => Ok(ExitMeaning::Skipped),
            "retry" => Ok(ExitMeaning::Retry),
            "permanent" => Ok(ExitMeaning::Permanent),
            _ => Err(format!("`exit-codes.{code}` is `{word}`; done, skipped, retry or permanent is expected")),
        };
        Some((i32::from(number?), reader.good(&node.place, meaning)?))
    };
    table.filter_map(read).collect()
}
