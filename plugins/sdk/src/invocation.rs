//! What the host says when it calls: the contract's `invocation`, in Rust's words.

use chrono::{DateTime, Utc};

/// The span of data that a run is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The first instant inside.
    pub from: DateTime<Utc>,
    /// The first instant after.
    pub to: DateTime<Utc>,
}

impl Window {
    /// Whether the instant lies inside: `from` does, `to` does not.
    pub fn contains(&self, instant: DateTime<Utc>) -> bool {
        self.from <= instant && instant < self.to
    }
}

/// What made the run happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// A trigger came due.
    Schedule,
    /// Somebody fired the schedule by hand.
    Manual,
    /// A handler call was enqueued without a schedule.
    Enqueued,
    /// A past range is being filled.
    Backfill,
    /// The schedule it follows succeeded.
    After,
}

#[derive(Debug, Clone)]
pub(crate) struct Invocation {
    pub run_id: String,
    pub fire_key: String,
    pub schedule: Option<String>,
    pub handler: String,
    pub attempt: u32,
    pub max_attempts: u32,
    pub due_at: DateTime<Utc>,
    pub fired_at: DateTime<Utc>,
    pub deadline: Option<DateTime<Utc>>,
    pub previous_success: Option<DateTime<Utc>>,
    pub window: Option<Window>,
    pub timezone: String,
    pub cause: Cause,
    pub trace_parent: String,
    pub input: String,
    pub items: Vec<(String, String)>,
    pub extra: Vec<(String, String)>,
}
