//! The ends of attempts, and what is known of those that go on.

use super::Claim;
use crate::{Lease, Order, OverLimit, Report, RunId, Verdict};

/// The end of an attempt, to be recorded with all that belongs to it in one transaction.
#[derive(Debug, Clone, PartialEq)]
pub struct Settlement {
    /// The right to write.
    pub lease: Lease,
    /// What the run becomes.
    pub verdict: Verdict,
    /// How the attempt went.
    pub report: Report,
    /// What follows the success: written with it, if it is recorded and its verdict is success. Nothing of it is leased. Of
    /// several settlements in one call, all ends come before what follows them.
    pub then: Claim,
}

impl Settlement {
    /// Nothing follows.
    pub fn new(lease: Lease, verdict: Verdict, report: Report) -> Self {
        Self { lease, verdict, report, then: Claim::default() }
    }
}

/// What became of a [`Settlement`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// Recorded.
    Recorded,
    /// The lease was lost: nothing was written, the newer attempt counts.
    LeaseLost,
    /// A state entry was changed by another run meanwhile: nothing was written.
    StateConflict {
        /// The entry.
        key: String,
    },
    /// With what others have written meanwhile its plugin would remember too much: nothing was written.
    StateOver(OverLimit),
}

/// What a heartbeat learns.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pulse {
    /// Held runs that somebody asked to cancel.
    pub cancel: Vec<RunId>,
    /// Runs thought held that are not any more.
    pub lost: Vec<RunId>,
}

/// A run whose lease has lapsed.
#[derive(Debug, Clone, PartialEq)]
pub struct Lapsed {
    /// What was to be done.
    pub order: Order,
    /// The lease that lapsed.
    pub lease: Lease,
}
