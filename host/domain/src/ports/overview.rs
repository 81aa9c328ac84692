//! What many runs come to, for those who look at them from afar.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::LedgerError;
use crate::rollup::{Ends, Whose};
use crate::{Cause, HandlerRef, RunId, RunState, ScheduleName};

/// A run that is over, as a mark in a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunBrief {
    /// Identifies it.
    pub id: RunId,
    /// `None` for an enqueued run.
    pub schedule: Option<ScheduleName>,
    /// What was called, or would have been.
    pub handler: HandlerRef,
    /// The nominal instant.
    pub due_at: DateTime<Utc>,
    /// Why it exists.
    pub cause: Cause,
    /// How it ended.
    pub state: RunState,
    /// Of the newest attempt; 0 if it never began.
    pub attempt: u32,
    /// Begin of the newest attempt.
    pub started_at: Option<DateTime<Utc>>,
    /// End of the newest attempt, or of the row that never ran.
    pub finished_at: DateTime<Utc>,
    /// How long the newest attempt took, in milliseconds.
    pub wall_ms: u64,
}

/// The durable record from afar. Each question is answered from counts or from an index: none grows with the history.
#[async_trait]
pub trait Overview: Send + Sync {
    /// What ended in the spans from the one that `from` lies in to the last that begins before `until`. What ended so lately
    /// that nobody has rolled it up is counted as it is read, a bounded number of ends.
    async fn ends(&self, whose: &Whose, from: DateTime<Utc>, until: DateTime<Utc>) -> Result<Ends, LedgerError>;

    /// The newest rows of each of `schedules` that are over, `each` at most, newest first.
    async fn newest(
        &self,
        schedules: &[ScheduleName],
        each: usize,
    ) -> Result<BTreeMap<ScheduleName, Vec<RunBrief>>, LedgerError>;

    /// What ended at or after `since`, newest first, `limit` at most.
    async fn latest(&self, since: DateTime<Utc>, limit: usize) -> Result<Vec<RunBrief>, LedgerError>;
}
