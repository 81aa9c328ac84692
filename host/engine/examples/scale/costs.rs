//! What the database's work costs, in microseconds on one of its cores.

use std::time::Duration;

/// Of PostgreSQL 15, measured on two cores (docs/scaling.md says how); a server of one's own is measured the same way.
#[derive(Debug, Clone, Copy)]
pub struct Costs {
    /// Cores of the server.
    pub cores: usize,
    /// There and back, for each statement.
    pub round_trip: u64,
    /// Until a commit is on the disk; no core works on it.
    pub commit: u64,
    /// Any statement, without its rows.
    pub statement: u64,
    /// Claim: a schedule is locked.
    pub lock: u64,
    /// Claim: its keys and live runs are looked up.
    pub judge: u64,
    /// Claim: a run is inserted.
    pub insert: u64,
    /// Claim: a cursor moves.
    pub advance: u64,
    /// Lease: a ready run is taken.
    pub take: u64,
    /// Lease: a ready run that somebody else has locked is passed over.
    pub pass: u64,
    /// Settle: the end of an attempt, with the schedule's last success.
    pub end: u64,
}

impl Default for Costs {
    fn default() -> Self {
        Self {
            cores: 16,
            round_trip: 300,
            commit: 1_000,
            statement: 40,
            lock: 3,
            judge: 5,
            insert: 18,
            advance: 5,
            take: 28,
            pass: 1,
            end: 38,
        }
    }
}

/// What happens on a host, in microseconds: the planner's time for one schedule, as the run of this example measures it, and
/// a handler that takes a moment.
pub const PLAN: u64 = 8;
pub const HANDLER: u64 = 100_000;

/// The engine's own numbers: [`noontide_engine::Settings`] and the scheduler's.
pub const PLACES: usize = 64;
pub const POLL: u64 = 2 * SECOND;
pub const RECORDED_AT_ONCE: usize = 256;

pub const SECOND: u64 = 1_000_000;

/// As people read it.
pub fn shown(micros: u64) -> String {
    let length = Duration::from_micros(micros);
    match length.as_millis() {
        0..1_000 => format!("{} ms", length.as_millis()),
        1_000..120_000 => format!("{:.1} s", length.as_secs_f64()),
        _ => format!("{:.0} min", length.as_secs_f64() / 60.0),
    }
}
