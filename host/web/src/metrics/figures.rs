//! What the rooms that this one does not know tell of themselves.

use noontide_domain::tally::{PerSchedule, Spread};

/// All of it, as it is now.
#[derive(Debug, Clone, Default)]
pub struct Figures {
    /// Whether each schedule is told of by itself.
    pub per_schedule: PerSchedule,
    /// Which wasmtime runs the guests.
    pub wasmtime: String,
    /// The ledger.
    pub ledger: LedgerFigures,
    /// The SQL databases that handlers reach: name, connections in use, connections allowed.
    pub connections: Vec<(String, u32, u32)>,
    /// The sandbox.
    pub sandbox: SandboxFigures,
    /// Configurations that were taken into use after the start, and those that were wrong.
    pub reloads: (u64, u64),
    /// The process; `None` where it cannot be told.
    pub process: Option<ProcessFigures>,
}

/// The ledger, from the start on.
#[derive(Debug, Clone, Default)]
pub struct LedgerFigures {
    /// By kind of request: how long from asking to the answer, and how many failed.
    pub requests: Vec<(String, Spread, u64)>,
    /// Transactions.
    pub transactions: Spread,
    /// Transactions that were rolled back.
    pub rolled_back: u64,
    /// Connections that read: open, and idle among them.
    pub readers: (u32, u32),
}

/// The sandbox.
#[derive(Debug, Clone, Default)]
pub struct SandboxFigures {
    /// How guests are placed: `pooling`, or another word with the reason.
    pub allocator: String,
    /// What the pool holds of each kind; empty without a pool.
    pub in_use: Vec<(&'static str, u64)>,
    /// Instances that wait for another call.
    pub kept: usize,
    /// Plugin files that were loaded since the start, and refused.
    pub loads: (u64, u64),
    /// What loading a good one took.
    pub load_lengths: Spread,
}

/// The process.
#[derive(Debug, Clone, Copy, Default)]
pub struct ProcessFigures {
    /// Computing time of all its threads, in seconds.
    pub cpu_seconds: f64,
    /// In bytes.
    pub resident_memory: u64,
    /// Files, sockets and the like.
    pub open_files: u64,
    /// How many of them there may be; `None` for any number.
    pub most_files: Option<u64>,
}
