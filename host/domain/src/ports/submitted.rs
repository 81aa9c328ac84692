//! What a ledger answers to a submission.

use super::Claimed;
use crate::submission::Counts;

/// What became of the buckets of a [`Submission`](crate::Submission).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Submitted {
    /// Of all its entries: those that were left out before, and those that the ledger handed to a run or knew.
    pub counts: Counts,
    /// The runs of the buckets that had an item left, in the same order; none if the submission was taken before.
    pub claimed: Vec<Claimed>,
}
