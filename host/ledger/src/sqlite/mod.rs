//! The ledger in a SQLite file.

mod artifacts;
mod chains;
mod claim;
mod edits;
mod fault;
mod history;
mod insert;
mod items;
mod judge;
mod lease;
mod links;
mod outbox;
mod prune;
mod ready;
mod rows;
mod schedules;
mod schema;
mod settle;
mod state;
mod submissions;
mod tasks;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use noontide_domain::ports::{
    CancelAnswer, ChainCancelled, Claim, Claimed, Clock, Edits, History, KeyPage, Lapsed, Ledger, LedgerError, Overdue,
    Pulse, Put, Removed, Retention, Settled, Settlement, Submitted, Tenant,
};
use noontide_domain::{
    Lease, Leased, Pause, PluginName, QueueRoom, RunId, Schedule, ScheduleName, Standing, StateSize, Submission,
};
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use crate::OpenError;
use writer::Inbox;

/// How long a writer waits for another process that is writing. Ours hold the lock for milliseconds; a backup for longer.
const BUSY: Duration = Duration::from_secs(5);

/// Connections that read. A page shows few lists at a time, and SQLite's readers do not wait for each other.
const READERS: u32 = 4;

/// What [`open`] gives.
pub(crate) struct Store {
    pub ledger: Arc<dyn Ledger>,
    pub history: Arc<dyn History>,
    pub schema: i64,
    pub closer: Closer,
}

/// Ends the writer and closes the readers.
pub(crate) struct Closer {
    inbox: Inbox,
    readers: SqlitePool,
}

impl Closer {
    pub async fn close(self) {
        self.readers.close().await;
        self.inbox.close().await;
    }
}

pub(crate) async fn open(path: &Path, clock: Arc<dyn Clock>) -> Result<Store, OpenError> {
    open_patiently(path, clock, BUSY).await
}

async fn open_patiently(path: &Path, clock: Arc<dyn Clock>, busy: Duration) -> Result<Store, OpenError> {
    schema::make_folder(path)?;
    let file = SqliteConnectOptions::new().filename(path).busy_timeout(busy);
    let writing = file
        .clone()
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        // 16 MiB instead of 2: the indexes of a busy ledger stay in memory.
        .pragma("cache_size", "-16384")
        // 16 MiB of WAL instead of 4: a page that is written in many commits is moved to the file once.
        .pragma("wal_autocheckpoint", "4096")
        // All rows of a batch fit, so the connection's thread never waits for us to take some.
        .row_buffer_size(1_024);
    let (connection, schema) = schema::prepare(path, &writing).await?;
    let inbox = writer::start(connection, writing, Arc::clone(&clock));
    let readers = SqlitePoolOptions::new().max_connections(READERS).connect_lazy_with(file.read_only(true));
    Ok(Store {
        ledger: Arc::new(SqliteLedger { inbox: inbox.clone(), readers: readers.clone(), clock }),
        history: Arc::new(history::SqliteHistory { readers: readers.clone(), schema }),
        schema,
        closer: Closer { inbox, readers },
    })
}

/// The writing door: each call becomes a request to the writer. What only reads takes a reader.
struct SqliteLedger {
    inbox: Inbox,
    readers: SqlitePool,
    clock: Arc<dyn Clock>,
}

#[async_trait]
impl Ledger for SqliteLedger {
    async fn declare(&self, schedules: Vec<Schedule>, now: DateTime<Utc>) -> Result<Vec<Standing>, LedgerError> {
        self.inbox.ask(schedules::Declare { schedules, now }).await
    }

    async fn put(&self, schedule: Schedule, now: DateTime<Utc>) -> Result<Put, LedgerError> {
        self.inbox.ask(schedules::PutOne { schedule, now }).await
    }

    async fn remove(&self, schedule: &ScheduleName, now: DateTime<Utc>) -> Result<Removed, LedgerError> {
        self.inbox.ask(schedules::RemoveOne { schedule: schedule.clone(), now }).await
    }

    async fn edited(&self, since: i64) -> Result<Option<i64>, LedgerError> {
        edits::edited(&self.readers, since).await.map_err(fault::answer)
    }

    async fn take_edits(&self, since: i64, zone: Tz, now: DateTime<Utc>) -> Result<Edits, LedgerError> {
        self.inbox.ask(edits::TakeEdits { since, zone, now }).await
    }

    async fn tell_overdue(&self, overdue: Vec<Overdue>) -> Result<Vec<bool>, LedgerError> {
        self.inbox.ask(edits::TellOverdue { overdue }).await
    }

    async fn claim(&self, claim: Claim, tenant: Option<Tenant>) -> Result<Vec<Claimed>, LedgerError> {
        self.inbox.ask(claim::ClaimFires { claim, tenant }).await
    }

    async fn submit(&self, submission: Submission, tenant: Option<Tenant>) -> Result<Submitted, LedgerError> {
        self.inbox.ask(items::Submit { submission, tenant }).await
    }

    async fn lease(&self, tenant: Tenant, now: DateTime<Utc>) -> Result<Vec<Leased>, LedgerError> {
        self.inbox.ask(lease::LeaseReady { tenant, now }).await
    }

    async fn next_ready(&self, queues: &QueueRoom) -> Result<Option<DateTime<Utc>>, LedgerError> {
        ready::next(&self.readers, queues, self.clock.now()).await.map_err(fault::answer)
    }

    async fn heartbeat(&self, tenant: Tenant, held: Vec<Lease>) -> Result<Pulse, LedgerError> {
        self.inbox.ask(lease::Heartbeat { tenant, held }).await
    }

    async fn release(&self, leases: Vec<Lease>) -> Result<(), LedgerError> {
        self.inbox.ask(lease::Release { leases }).await
    }

    async fn settle(&self, settlements: Vec<Settlement>) -> Result<Vec<Settled>, LedgerError> {
        self.inbox.ask(settle::Settle { settlements }).await
    }

    async fn lapsed(&self, limit: usize) -> Result<Vec<Lapsed>, LedgerError> {
        lease::lapsed(&self.readers, limit, self.clock.now()).await.map_err(fault::answer)
    }

    async fn cancel(&self, run: RunId, now: DateTime<Utc>) -> Result<CancelAnswer, LedgerError> {
        self.inbox.ask(lease::Cancel { run, now }).await
    }

    async fn cancel_chain(&self, link: RunId, now: DateTime<Utc>) -> Result<Option<ChainCancelled>, LedgerError> {
        self.inbox.ask(chains::CancelChain { link, now }).await
    }

    async fn pause(
        &self,
        schedule: &ScheduleName,
        pause: Option<Pause>,
        now: DateTime<Utc>,
    ) -> Result<bool, LedgerError> {
        self.inbox.ask(schedules::SetPause { schedule: schedule.clone(), pause, now }).await
    }

    async fn state(&self, scope: &str, key: &str) -> Result<Option<(Vec<u8>, u64)>, LedgerError> {
        state::read(&self.readers, scope, key).await.map_err(fault::answer)
    }

    async fn state_keys(&self, scope: &str, page: KeyPage) -> Result<Vec<String>, LedgerError> {
        state::keys(&self.readers, scope, page).await.map_err(fault::answer)
    }

    async fn state_size(&self, plugin: &PluginName) -> Result<StateSize, LedgerError> {
        state::size(&self.readers, plugin).await.map_err(fault::answer)
    }

    async fn prune(&self, retention: Retention) -> Result<u64, LedgerError> {
        self.inbox.ask(prune::Prune { retention }).await
    }
}

#[cfg(test)]
mod edit_tests;
#[cfg(test)]
mod migration_tests;
#[cfg(test)]
mod tests;
