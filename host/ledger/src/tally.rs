//! How long the ledger takes, counted where requests are answered and transactions end.

use std::any::type_name;
use std::sync::Arc;

use noontide_domain::tally::{Count, Each, Lengths};
use tokio::time::Instant;

use crate::connection::Readers;

/// What the lanes have counted since the ledger was opened.
#[derive(Debug, Default)]
pub struct Tally {
    /// By the kind of request.
    pub requests: Each<String, Requests>,
    /// From `BEGIN` to the end of the `COMMIT`, or of the roll-back.
    pub transactions: Lengths,
    /// Transactions that were not committed.
    pub rolled_back: Count,
}

/// Requests of one kind.
#[derive(Debug, Default)]
pub struct Requests {
    /// From asking to the answer, waiting for a lane included.
    pub lengths: Lengths,
    /// Those that could not be carried out.
    pub failed: Count,
}

impl Tally {
    /// A request of the type `R` was asked at `begun`, and has its answer now.
    pub(crate) fn answered<R>(&self, begun: Instant, is_well: bool) {
        let requests = self.requests.of(kind(type_name::<R>()));
        requests.lengths.took(begun.elapsed());
        if !is_well {
            requests.failed.one();
        }
    }

    /// A transaction that began at `begun` ends now.
    pub(crate) fn ended(&self, begun: Instant, is_well: bool) {
        self.transactions.took(begun.elapsed());
        if !is_well {
            self.rolled_back.one();
        }
    }
}

/// The last part of a type's path.
fn kind(path: &'static str) -> &'static str {
    path.rsplit("::").next().unwrap_or(path)
}

/// What a running ledger has to tell of itself. Cheap to clone.
#[derive(Clone)]
pub struct Gauges {
    pub(crate) tally: Arc<Tally>,
    pub(crate) readers: Readers,
}

/// The connections that read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connections {
    /// Open, idle ones included.
    pub open: u32,
    /// Open, and nobody uses them.
    pub idle: u32,
}

impl Gauges {
    /// What was counted.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// The connections that read; those that write are the lanes'.
    pub fn connections(&self) -> Connections {
        let (open, idle) = match &self.readers {
            Readers::Sqlite(pool) => (pool.size(), pool.num_idle()),
            Readers::Postgres(pool) => (pool.size(), pool.num_idle()),
            Readers::Mysql(pool) => (pool.size(), pool.num_idle()),
        };
        Connections { open, idle: u32::try_from(idle).unwrap_or(u32::MAX) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_named_by_its_type() {
        assert_eq!(kind(type_name::<crate::settle::Settle>()), "Settle");
    }
}
