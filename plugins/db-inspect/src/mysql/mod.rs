//! What is asked of MariaDB (10.5 and later) and MySQL (8.0 and later). One file per area; each statement works for an
//! account that may see processes, replication and which tables there are.
//!
//! `{status}` and `{variables}` stand for the tables of the server's counters and settings, which the two call differently.

mod facts;
mod objects;
mod parameters;
mod performance;
mod records;
mod replication;
mod security;
mod sizes;
mod state;
mod waiting;

use crate::check::Check;

pub use facts::meet;

/// All checks, in the order of a report.
pub fn checks() -> impl Iterator<Item = &'static Check> {
    [
        state::CHECKS,
        waiting::CHECKS,
        records::CHECKS,
        replication::CHECKS,
        sizes::CHECKS,
        objects::CHECKS,
        security::CHECKS,
        parameters::CHECKS,
        performance::CHECKS,
    ]
    .into_iter()
    .flatten()
}
