//! How the engine stands, as a value.

use chrono::{DateTime, TimeDelta, Utc};
use noontide_domain::{HostId, Roles, ScheduleName};

/// How far a run has come, by its own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Done so far.
    pub done: u64,
    /// Of how many.
    pub total: Option<u64>,
    /// In words.
    pub note: String,
}

/// How the engine stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineStatus {
    /// This process.
    pub host: HostId,
    /// Since when.
    pub started_at: DateTime<Utc>,
    /// The wall clock.
    pub now: DateTime<Utc>,
    /// As people call this host.
    pub name: String,
    /// What this host does.
    pub roles: Roles,
    /// When the scheduler last looked; `None` where there is none. Older than 60 s means it is stuck.
    pub last_tick: Option<DateTime<Utc>>,
    /// Why the ledger cannot be written, and since when: its last write has failed, and none has succeeded since.
    pub trouble: Option<(String, DateTime<Utc>)>,
    /// How far this host's clock is ahead of the ledger's; `None` until it is measured.
    pub skew: Option<TimeDelta>,
    /// Whether that is too much.
    pub skewed: bool,
    /// When the next schedule comes due.
    pub next_due: Option<DateTime<Utc>>,
    /// Schedules that stand.
    pub schedules: usize,
    /// Runs whose lease this host holds.
    pub held: usize,
    /// Handlers that may run at the same time.
    pub places: usize,
    /// Places that are free.
    pub free_places: usize,
    /// Whether it is draining.
    pub stopping: bool,
}

/// What comes next, and what should have begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outlook {
    /// The wall clock.
    pub now: DateTime<Utc>,
    /// Schedules that stand.
    pub schedules: usize,
    /// Whose due instant comes next.
    pub next: Option<(ScheduleName, DateTime<Utc>)>,
    /// Schedules that have been due for some seconds and nobody has decided about.
    pub late: usize,
}
