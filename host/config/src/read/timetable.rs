//! `timetable`: payloads come with due times of their own.

use std::path::PathBuf;

use noontide_domain::{Overlap, Timetable};

use crate::reader::Reader;
use crate::tree::{Node, Value};

/// Keys of a schedule that ask for instants of its own, or would give up runs with payloads in them.
const NOT_BESIDE: [(&str, &str); 5] = [
    ("start", "its window bounds each submission: set `before` and `after`"),
    ("end", "its window bounds each submission: set `before` and `after`"),
    ("calendar", "leave out of the submission what shall not run"),
    ("catch-up", "what is overdue inside the window runs at once: set `before`"),
    ("max-runs", "a run that was not there would lose its payloads"),
];

/// The table's own keys, and those that cannot stand beside it.
pub(super) fn timetable(reader: &Reader<'_>, node: &Node) -> Option<Timetable> {
    for (key, why) in NOT_BESIDE.iter().filter(|(key, _)| reader.is_written(key)) {
        reader.problem(&reader.place_of(key), format!("`{key}` does not go with `timetable`; {why}"));
    }
    let Value::Table(table) = &node.value else {
        let message =
            format!("`timetable` is {}; a table such as {{ unique = [\"id\"] }} is expected", node.value.kind());
        return reader.good(&node.place, Err(message));
    };
    let inside = reader.inside(table);
    let default = Timetable::default();
    let timetable = Timetable {
        before: inside.duration("before").unwrap_or(default.before),
        after: inside.duration("after").unwrap_or(default.after),
        unique: unique(&inside).unwrap_or_default(),
        flag: inside.text("flag").map(|(flag, _)| flag).unwrap_or_default(),
        repeatable: inside.flag("repeatable").unwrap_or_default(),
        retry_failed: inside.flag("retry-failed").unwrap_or_default(),
    };
    if let Some(node) = inside.get("watch") {
        if inside.is_from_outside() {
            inside.problem(&node.place, "`watch` stands in files only: a client of the API submits");
        }
        watch_at(&inside, node);
    }
    if !inside.finish() {
        reader.spoil();
        return None;
    }
    Some(timetable)
}

fn watch_at(inside: &Reader<'_>, node: &Node) -> Option<PathBuf> {
    let path = inside.as_path("watch", node)?;
    let written = inside.as_text("watch", node)?;
    match written.is_empty() {
        true => inside.good(&node.place, Err("`watch` is empty; name a folder, or one file")),
        false => Some(path),
    }
}

/// The file or folder whose files are submitted to the schedule of this table, and where that was written.
pub(super) fn watch<'a>(reader: &Reader<'a>) -> Option<(PathBuf, &'a Node)> {
    let Value::Table(table) = &reader.get("timetable")?.value else { return None };
    let inside = reader.inside(table);
    let node = inside.get("watch")?;
    Some((watch_at(&inside, node)?, node))
}

fn unique(inside: &Reader<'_>) -> Option<Vec<String>> {
    let node = inside.get("unique")?;
    let Value::Array(nodes) = &node.value else {
        let message = format!("`unique` is {}; a list of the payload's fields is expected", node.value.kind());
        return inside.good(&node.place, Err(message));
    };
    let fields = nodes.iter().map(|node| inside.as_text("unique", node)).collect::<Option<Vec<_>>>()?;
    if fields.iter().any(String::is_empty) {
        return inside.good(&node.place, Err("`unique` names a field without a name"));
    }
    Some(fields)
}

/// What a schedule with a timetable does when its runs overlap: whatever gives up a run would lose its payloads.
pub(super) fn overlap(reader: &Reader<'_>, overlap: Overlap) -> Overlap {
    let Some((_, node)) = reader.text("overlap") else { return Overlap::Allow };
    if !matches!(overlap, Overlap::Allow | Overlap::QueueAll) {
        let message = format!(
            "`overlap` is `{}`, which gives up runs, and with a timetable their payloads; `allow` or `queue-all` is possible",
            overlap.as_str()
        );
        reader.problem(&node.place, message);
    }
    overlap
}
