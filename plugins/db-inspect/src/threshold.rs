//! From where on something matters, as the input says it.

use schemars::JsonSchema;
use serde::Deserialize;

/// Warning and critical, each reached from this number on.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    pub warning: f64,
    pub critical: f64,
}

/// From where on something matters. What is not said stays as it is here.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Thresholds {
    /// Connections in use, in percent of what the server allows.
    pub connections: Limit,
    /// Age of an open transaction, in seconds.
    pub transaction: Limit,
    /// Age of a running statement, in seconds.
    pub statement: Limit,
    /// Time a session has waited for a lock, in seconds.
    pub waiting: Limit,
    /// How far a replica is behind, in seconds.
    pub lag: Limit,
    /// Log kept back for a replica, in bytes.
    pub kept_back: Limit,
    /// Age of the newest archived log or backup, in seconds.
    pub backup: Limit,
    /// Errors since the previous inspection.
    pub errors: Limit,
    /// Slow statements since the previous inspection.
    pub slow_statements: Limit,
    /// Growth since the previous inspection, in percent.
    pub growth: Limit,
    /// Growth of fewer bytes than this never matters.
    pub growth_from: f64,
    /// How much of a range of numbers is used up, in percent: sequences, auto increment, transaction ids.
    pub used_up: Limit,
    /// Dead rows or free space inside a table, in percent.
    pub bloat: Limit,
    /// Indexes smaller than this, in bytes, are not called unused.
    pub index_from: f64,
    /// Reads answered from memory, in percent, read downwards.
    pub cache_hits: Limit,
    /// Mean time of a statement, in milliseconds.
    pub mean_time: Limit,
    /// What should be rare, in percent of all: rollbacks, temporary tables on disk, forced checkpoints.
    pub rare: Limit,
    /// Disk space in use, in percent.
    pub disk: Limit,
    /// Old versions of rows that InnoDB still keeps.
    pub history: Limit,
}

const MINUTE: f64 = 60.0;
const HOUR: f64 = 60.0 * MINUTE;
const MIB: f64 = 1024.0 * 1024.0;

const fn limit(warning: f64, critical: f64) -> Limit {
    Limit { warning, critical }
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            connections: limit(80.0, 95.0),
            transaction: limit(5.0 * MINUTE, HOUR),
            statement: limit(5.0 * MINUTE, HOUR),
            waiting: limit(30.0, 5.0 * MINUTE),
            lag: limit(MINUTE, 10.0 * MINUTE),
            kept_back: limit(1024.0 * MIB, 10.0 * 1024.0 * MIB),
            // A daily backup may take an hour or two longer than the last one.
            backup: limit(26.0 * HOUR, 50.0 * HOUR),
            errors: limit(10.0, 1_000.0),
            slow_statements: limit(100.0, 10_000.0),
            growth: limit(20.0, 50.0),
            growth_from: 100.0 * MIB,
            used_up: limit(70.0, 85.0),
            bloat: limit(20.0, 50.0),
            index_from: MIB,
            cache_hits: limit(95.0, 80.0),
            mean_time: limit(1_000.0, 10_000.0),
            rare: limit(10.0, 30.0),
            disk: limit(80.0, 90.0),
            history: limit(100_000.0, 1_000_000.0),
        }
    }
}
