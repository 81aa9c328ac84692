//! What a handler says, heard while it runs.

use crate::LogLine;

/// A line and its number in its attempt, from 1. Numbers that are missing are lines that were over the limits.
pub type NumberedLine = (u64, LogLine);

/// What one call of a handler has said so far, as far as it is kept: without secrets, bounded, harmless to a terminal.
pub trait Speech: Send + Sync {
    /// The first lines with a number above `last`, `most` at most. The handler may wait meanwhile, so `most` is small.
    fn after(&self, last: u64, most: usize) -> Vec<NumberedLine>;
}
