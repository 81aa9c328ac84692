//! What changes on the list of schedules.

use chrono::{DateTime, Utc};

use crate::{ScheduleName, Standing};

/// What became of a schedule that a client put.
#[derive(Debug, Clone, PartialEq)]
pub enum Put {
    /// It is new, or back on the list.
    Created(Box<Standing>),
    /// It was there and differed.
    Replaced(Box<Standing>),
    /// It stands already, word for word.
    Unchanged,
    /// A file defines it, at `path:line`: nothing was written.
    OwnedByFile(String),
}

/// What became of a schedule that a client wants gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removed {
    /// It has left the list.
    Removed,
    /// It was not on the list.
    NotFound,
    /// A file defines it, at `path:line`: nothing was written.
    OwnedByFile(String),
}

/// An edit that somebody made in the ledger itself and that no host can take.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RefusedEdit {
    /// The name in the row, whether or not it can name a schedule.
    pub schedule: String,
    /// What is wrong, where, and what to do.
    pub reason: String,
}

/// What somebody has changed on the list of schedules, by whatever hand: another host, this one, SQL.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Edits {
    /// The next look begins here.
    pub revision: i64,
    /// Those that were changed, as they stand now.
    pub standing: Vec<Standing>,
    /// Those that have left the list.
    pub gone: Vec<ScheduleName>,
    /// `standing` is the whole list: the record is not the one that was looked at before, but a restored one.
    pub whole: bool,
    /// All edits that are refused at present, not only new ones; a bounded number, by name.
    pub refused: Vec<RefusedEdit>,
}

/// A schedule without a success for longer than its `expect-within`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overdue {
    /// The schedule.
    pub schedule: ScheduleName,
    /// When a success was due at the latest.
    pub since: DateTime<Utc>,
    /// The due instant of the last success that the host knows of.
    pub last_success: Option<DateTime<Utc>>,
}
