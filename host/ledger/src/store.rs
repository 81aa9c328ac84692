//! The doors of the ledger: each call becomes a request to the lanes, or a question to the readers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use noontide_domain::ports::{
    AccessLedger, CancelAnswer, ChainCancelled, Claim, Claimed, Edits, History, HostNews, KeyPage, Lapsed, Ledger,
    LedgerError, Overdue, Pulse, Put, Removed, Retention, Settled, Settlement, Submitted, Tenant, Versions,
};
use noontide_domain::{
    Lease, Leased, Pause, PluginName, QueueRoom, RunId, Schedule, ScheduleName, Standing, StateSize, Submission,
};

use crate::connection::{Connection, Readers, Source, Time};
use crate::nudges::Ear;
use crate::tally::Gauges;
use crate::writer::{Inbox, Lanes};
use crate::{
    access, chains, claim, edits, fault, history, hosts, items, lease, parts, prune, ready, rollups, schedules, settle,
    state, versions,
};

/// An open database.
pub(crate) struct Store {
    pub ledger: Arc<dyn Ledger>,
    pub history: Arc<dyn History>,
    pub versions: Arc<dyn Versions>,
    pub access: Arc<dyn AccessLedger>,
    pub schema: i64,
    pub source: Source,
    pub gauges: Gauges,
    pub closer: Closer,
}

/// Ends the lanes and closes the readers.
pub(crate) struct Closer {
    lanes: Lanes,
    readers: Readers,
}

impl Closer {
    #[cfg(test)]
    pub fn inbox(&self) -> Inbox {
        self.lanes.inbox()
    }

    pub async fn close(self) {
        self.readers.close().await;
        self.lanes.close().await;
    }
}

impl Store {
    /// With a connection to a database that has our schema.
    pub fn new(source: &Source, first: Connection, readers: Readers, time: Time, schema: i64) -> Self {
        let lanes = Lanes::start(source, first, &time);
        let inbox = lanes.inbox();
        let heeds = Arc::new(AtomicBool::new(false));
        Self {
            ledger: Arc::new(Doors {
                inbox: inbox.clone(),
                readers: readers.clone(),
                time: time.clone(),
                ear: Ear::new(source),
                heeds: Arc::clone(&heeds),
            }),
            history: Arc::new(history::Reading { readers: readers.clone(), time, schema }),
            versions: Arc::new(versions::Versioning { inbox: inbox.clone(), heeds, readers: readers.clone() }),
            access: Arc::new(access::Accessing { inbox, readers: readers.clone() }),
            schema,
            source: source.clone(),
            gauges: Gauges { tally: lanes.tally(), readers: readers.clone() },
            closer: Closer { lanes, readers },
        }
    }
}

/// The writing door: each call becomes a request to the writer. What only reads takes a reader.
pub(crate) struct Doors {
    pub inbox: Inbox,
    pub readers: Readers,
    time: Time,
    ear: Ear,
    /// Notices are written.
    pub heeds: Arc<AtomicBool>,
}

impl Doors {
    pub fn heeds(&self) -> bool {
        self.heeds.load(Ordering::Acquire)
    }

    pub async fn now(&self) -> Result<DateTime<Utc>, LedgerError> {
        self.time.now(&self.readers).await.map_err(fault::answer)
    }
}

#[async_trait]
impl Ledger for Doors {
    async fn declare(&self, schedules: Vec<Schedule>, now: DateTime<Utc>) -> Result<Vec<Standing>, LedgerError> {
        self.inbox.ask(schedules::Declare { schedules, now }).await
    }

    async fn put(&self, schedule: Schedule, by: &str, now: DateTime<Utc>) -> Result<Put, LedgerError> {
        self.inbox.ask(schedules::PutOne { schedule, by: by.to_owned(), now }).await
    }

    async fn remove(&self, schedule: &ScheduleName, by: &str, now: DateTime<Utc>) -> Result<Removed, LedgerError> {
        self.inbox.ask(schedules::RemoveOne { schedule: schedule.clone(), by: by.to_owned(), now }).await
    }

    async fn edited(&self, since: i64) -> Result<Option<i64>, LedgerError> {
        edits::edited(&self.readers, since).await.map_err(fault::answer)
    }

    async fn take_edits(&self, since: i64, zone: Tz, now: DateTime<Utc>) -> Result<Edits, LedgerError> {
        self.inbox.ask(edits::TakeEdits { since, zone, now }).await
    }

    async fn tell_overdue(&self, overdue: Vec<Overdue>) -> Result<Vec<bool>, LedgerError> {
        self.inbox.ask(edits::TellOverdue { overdue, heeds: self.heeds() }).await
    }

    async fn claim(&self, claim: Claim, tenant: Option<Tenant>) -> Result<Vec<Claimed>, LedgerError> {
        self.inbox.ask(claim::ClaimFires { claim, tenant, heeds: self.heeds() }).await?.map_err(LedgerError::Behind)
    }

    async fn submit(&self, submission: Submission, tenant: Option<Tenant>) -> Result<Submitted, LedgerError> {
        self.inbox.ask(items::Submit { submission, tenant }).await
    }

    async fn lease(&self, tenant: Tenant, now: DateTime<Utc>) -> Result<Vec<Leased>, LedgerError> {
        self.inbox.ask(lease::LeaseReady { tenant, now, heeds: self.heeds() }).await
    }

    async fn next_ready(&self, queues: &QueueRoom) -> Result<Option<DateTime<Utc>>, LedgerError> {
        ready::next(&self.readers, queues, self.now().await?).await.map_err(fault::answer)
    }

    async fn heartbeat(&self, tenant: Tenant, held: Vec<Lease>) -> Result<Pulse, LedgerError> {
        self.inbox.ask(lease::Heartbeat { tenant, held }).await
    }

    async fn release(&self, leases: Vec<Lease>) -> Result<(), LedgerError> {
        self.inbox.ask(lease::Release { leases }).await
    }

    async fn settle(&self, settlements: Vec<Settlement>) -> Result<Vec<Settled>, LedgerError> {
        self.inbox.ask(settle::Settle { settlements, heeds: self.heeds() }).await
    }

    async fn lapsed(&self, limit: usize) -> Result<Vec<Lapsed>, LedgerError> {
        lease::lapsed(&self.readers, limit, self.now().await?).await.map_err(fault::answer)
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

    async fn nudged(&self) {
        self.ear.nudged().await;
    }

    async fn announce(&self, news: HostNews) -> Result<DateTime<Utc>, LedgerError> {
        self.inbox.ask(hosts::Announce { news }).await
    }

    async fn roll_up(&self, batch: usize) -> Result<u64, LedgerError> {
        let counted = rollups::next(&self.readers, self.now().await?, batch).await.map_err(fault::answer)?;
        let Some(counted) = counted else { return Ok(0) };
        let (ends, is_ours) = (counted.ends, self.inbox.ask(counted).await?);
        // Another host was faster: look again.
        Ok(if is_ours { ends } else { batch as u64 })
    }

    async fn prune(&self, retention: Retention) -> Result<u64, LedgerError> {
        let (before, batch) = (retention.before, retention.batch as u64);
        let pruned = self.inbox.ask(prune::Prune { retention }).await?;
        // The last batch of this time.
        if pruned < batch && parts::has(self.readers.kind()) {
            self.inbox.ask(parts::Renew { before }).await?;
        }
        Ok(pruned)
    }
}
