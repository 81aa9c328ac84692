//! One exam for every ledger: memory, SQLite, and those to come. Each check is a sentence that must be true.
//!
//! A ledger takes it with a [`Candidate`] and one line, [`ledger_contract!`](crate::ledger_contract!), which makes a test of
//! each check.
#![expect(missing_docs, reason = "the names of the checks are sentences")]

use std::any::Any;
use std::sync::Arc;

use async_trait::async_trait;
use noontide_domain::ports::{AccessLedger, History, Ledger, Versions};

use crate::ManualClock;

pub mod access;
pub mod again;
pub mod alerts;
pub mod artifacts;
pub mod backfill;
pub mod chains;
pub mod changes;
pub mod claim;
pub mod deliveries;
pub mod edits;
mod exam;
pub mod expiry;
pub mod follow;
pub mod groups;
pub mod history;
pub mod hosts;
pub mod items;
pub mod keyed;
pub mod lease;
pub mod limits;
pub mod memories;
pub mod outbox;
pub mod overlap;
pub mod put;
pub mod queues;
pub mod rollups;
pub mod schedules;
pub mod settle;
pub mod stale;
pub mod versions;

mod list;

pub use exam::{Exam, LEASE, START};
use exam::{again, enqueued, exclusive, failure, fire, included, named, over, report, second, success, tenant, write};

/// Somebody who takes the exam.
#[async_trait]
pub trait Candidate: Send + Sync {
    /// An empty ledger whose lease times follow `clock`.
    async fn fresh(&self, clock: Arc<ManualClock>) -> Examined;
}

/// One ledger under examination.
pub struct Examined {
    pub ledger: Arc<dyn Ledger>,
    pub history: Arc<dyn History>,
    pub versions: Arc<dyn Versions>,
    pub access: Arc<dyn AccessLedger>,
    /// Kept until the check is over: a folder, a container.
    pub keep: Box<dyn Any + Send + Sync>,
}

#[cfg(test)]
mod tests;
