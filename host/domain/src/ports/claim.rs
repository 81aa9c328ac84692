//! What one pass writes, and what became of it.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::submission::Counts;
use crate::{HandlerRef, HostId, Key, Leased, Link, Order, Overlap, QueueRoom, RunId, ScheduleName, SkipReason};

/// A due instant that shall run, with what the claiming transaction needs to judge it.
#[derive(Debug, Clone, PartialEq)]
pub struct Fire {
    /// What to do.
    pub order: Order,
    /// What happens when another run of the schedule is in the way: one that has begun and is not over, or one that is
    /// ready by `not_before` (by now, if that is later). Of the fires of one claim, the earlier are there for the later.
    pub overlap: Overlap,
    /// Not before this instant (a delayed call); the due instant if there is nothing to wait for.
    pub not_before: DateTime<Utc>,
    /// A duplicate, too, if a run of this key is going on or has ended in success: for backfills, the occurrence.
    pub fills: Option<Key>,
}

/// One due instant, or several in a row, that shall not run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skip {
    /// The schedule.
    pub schedule: ScheduleName,
    /// What would have been called.
    pub handler: HandlerRef,
    /// The first of them.
    pub due_at: DateTime<Utc>,
    /// The last of them; equal to `due_at` for a single one.
    pub until: DateTime<Utc>,
    /// How many they are; counting stops at [`crate::plan::COUNT_CAP`].
    pub count: u64,
    /// Why.
    pub reason: SkipReason,
}

/// What one pass of the scheduler writes: all of it, or nothing.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Claim {
    /// Insert those whose key is new.
    pub fire: Vec<Fire>,
    /// Rows for those that do not run; dropped where the first instant has a row already. One that begins before the cursor and
    /// ends behind it nobody can cut who does not know the trigger: [`LedgerError::Behind`](super::LedgerError::Behind).
    pub skip: Vec<Skip>,
    /// Move the cursors forward (never back). Of a schedule whose cursor moves, what is due up to where the cursor is already
    /// has been decided, by another host: nothing of that is written.
    pub cursors: Vec<(ScheduleName, DateTime<Utc>)>,
    /// Schedules with `max-runs`: how often each may run because it came due. Beyond that no fire is inserted, and the cursor
    /// stays before it.
    pub at_most: Vec<(ScheduleName, u64)>,
    /// Of the chains that some of the fires begin. If the first fire of a chain is a duplicate, so are the others, and its
    /// links are not written.
    pub links: Vec<Link>,
}

/// What became of each [`Fire`], in the same order.
#[derive(Debug, Clone, PartialEq)]
pub enum Claimed {
    /// Inserted and leased to the claiming host.
    Leased(Box<Leased>),
    /// Inserted; waits for a lease.
    Ready(RunId),
    /// Its key was there already; the run that has it.
    Duplicate(RunId),
    /// A row says which run was in the way, or which later fire of the same claim took its place.
    Overlapped(RunId),
    /// Nothing was inserted: another host has come further with the schedule, and decided about this instant.
    Passed,
    /// Nothing was inserted: the schedule has run as often as it may.
    UsedUp,
    /// Inserted; waits until the runs of its schedule before it are over.
    Queued {
        /// The new run.
        run: RunId,
        /// Runs that go on and were asked to stop for it.
        cancel: Vec<RunId>,
    },
}

impl Claimed {
    /// The run that was inserted and will begin.
    pub fn new_run(&self) -> Option<RunId> {
        match self {
            Claimed::Leased(leased) => Some(leased.lease.run),
            Claimed::Ready(run) | Claimed::Queued { run, .. } => Some(*run),
            Claimed::Duplicate(_) | Claimed::Overlapped(_) | Claimed::Passed | Claimed::UsedUp => None,
        }
    }
}

/// A host's right to lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// The process.
    pub host: HostId,
    /// How long a lease holds without a heartbeat.
    pub lease: Duration,
    /// How many runs to lease at most.
    pub places: usize,
    /// And of each queue.
    pub queues: QueueRoom,
}

/// What became of the buckets of a [`Submission`](crate::Submission).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Submitted {
    /// Of all its entries: those that were left out before, and those that the ledger handed to a run or knew.
    pub counts: Counts,
    /// The runs of the buckets that had an item left, in the same order; none if the submission was taken before.
    pub claimed: Vec<Claimed>,
}
