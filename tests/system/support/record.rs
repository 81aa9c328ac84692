//! What the recorder wrote down, outside the host: the witness when the host is killed.

use std::path::Path;

use serde_json::Value;

/// One line of the recorder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Stable over retries; the hash in the ledger, in hexadecimal.
    pub fire_key: String,
    /// The run.
    pub run_id: String,
    /// Counted from 1.
    pub attempt: u64,
    /// `start` or `end`.
    pub phase: String,
    /// Unix milliseconds.
    pub at_ms: i64,
    /// Which build of the recorder wrote it.
    pub version: String,
}

/// All lines; a last one that was cut by a kill does not count.
pub fn read(path: &Path) -> Vec<Mark> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()).filter_map(|line| mark(&line)).collect()
}

fn mark(line: &Value) -> Option<Mark> {
    let text = |key: &str| line[key].as_str().map(str::to_owned);
    Some(Mark {
        fire_key: text("fire_key")?,
        run_id: text("run_id")?,
        attempt: line["attempt"].as_u64()?,
        phase: text("phase")?,
        at_ms: line["at_ms"].as_i64()?,
        version: text("version")?,
    })
}
