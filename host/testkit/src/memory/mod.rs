//! A ledger in memory: simple, obviously right, and gone with the process. It passes the same exam as the durable ones.

mod access;
mod again;
mod alerts;
mod book;
mod changes;
mod claim;
mod edits;
mod gate;
mod history;
mod hosts;
mod items;
mod lease;
mod links;
mod outbox;
mod overview;
mod row;
mod settle;
mod state;
mod versions;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use noontide_domain::ports::{
    CancelAnswer, ChainCancelled, Claim, Claimed, Clock, Edits, HostNews, KeyPage, Lapsed, Ledger, LedgerError,
    MessageFilter, MessageRecord, Overdue, Pulse, Put, Removed, Retention, RunRecord, Settled, Settlement, Submitted,
    Tenant,
};
use noontide_domain::{
    Lease, Leased, Pause, PluginName, QueueRoom, RunId, Schedule, ScheduleName, Standing, StateSize, Submission,
};
use tokio::sync::watch;

use book::Book;

use crate::plugins::Gate;

/// Keeps everything behind one lock. Lease times follow the clock it was given.
pub struct MemoryLedger {
    clock: Arc<dyn Clock>,
    book: Mutex<Book>,
    faults: Mutex<usize>,
    heartbeats: Mutex<Option<Gate>>,
    waiting: watch::Sender<usize>,
    writes: watch::Sender<u64>,
    calls: Mutex<BTreeMap<&'static str, usize>>,
}

impl MemoryLedger {
    /// An empty ledger.
    pub fn new(clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self {
            clock,
            book: Mutex::new(Book::default()),
            faults: Mutex::new(0),
            heartbeats: Mutex::default(),
            waiting: watch::Sender::new(0),
            writes: watch::Sender::new(0),
            calls: Mutex::default(),
        })
    }

    /// The next `calls` of the writing door answer `Unavailable` and do nothing; `usize::MAX` means until told otherwise,
    /// 0 lifts it.
    pub fn fail_next(&self, calls: usize) {
        *self.faults.lock().unwrap_or_else(PoisonError::into_inner) = calls;
    }

    /// The next heartbeat is on its way until the gate is open.
    pub fn hold_heartbeat(&self) -> Gate {
        let gate = Gate::shut();
        *self.heartbeats.lock().unwrap_or_else(PoisonError::into_inner) = Some(gate.clone());
        gate
    }

    /// Until a heartbeat is on its way.
    pub async fn heartbeat_waits(&self) {
        // The sender is in `self`, so it is never gone.
        let _ = self.waiting.subscribe().wait_for(|waiting| *waiting > 0).await;
    }

    /// Somebody writes a definition into the row of a schedule: a good one, or one that cannot be read, with the reason.
    pub fn edit_by_hand(&self, name: &ScheduleName, definition: Result<Schedule, String>) {
        self.book().edit_by_hand(name, definition);
    }

    /// All rows, oldest first.
    pub fn records(&self) -> Vec<RunRecord> {
        self.book().rows.values().map(row::Row::record).collect()
    }

    /// Waits until the rows, oldest first, look as `wanted`; gives them back.
    pub async fn until(&self, wanted: impl Fn(&[RunRecord]) -> bool) -> Vec<RunRecord> {
        let mut writes = self.writes.subscribe();
        loop {
            writes.borrow_and_update();
            let records = self.records();
            if wanted(&records) {
                return records;
            }
            // The sender lives in `self`, so it is never gone.
            let _ = writes.changed().await;
        }
    }

    /// Waits until the messages, oldest first, look as `wanted`; gives them back.
    pub async fn until_messages(&self, wanted: impl Fn(&[MessageRecord]) -> bool) -> Vec<MessageRecord> {
        let mut writes = self.writes.subscribe();
        loop {
            writes.borrow_and_update();
            let mut records = self.book().messages(&MessageFilter { limit: usize::MAX, ..MessageFilter::default() });
            records.reverse();
            if wanted(&records) {
                return records;
            }
            // The sender lives in `self`, so it is never gone.
            let _ = writes.changed().await;
        }
    }

    /// How often the doors that loops go through were used since the last look, by name; `lost` are the claims of
    /// which nothing was new.
    pub fn calls(&self) -> BTreeMap<&'static str, usize> {
        std::mem::take(&mut *self.calls.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn count(&self, door: &'static str) {
        *self.calls.lock().unwrap_or_else(PoisonError::into_inner).entry(door).or_default() += 1;
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The one way to the book for writers.
    fn write<T>(&self, write: impl FnOnce(&mut Book) -> Result<T, LedgerError>) -> Result<T, LedgerError> {
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        if *faults > 0 {
            *faults = if *faults == usize::MAX { usize::MAX } else { *faults - 1 };
            return Err(LedgerError::Unavailable("the test said so".to_owned()));
        }
        let answer = write(&mut self.book());
        self.writes.send_modify(|writes| *writes += 1);
        answer
    }
}

#[async_trait]
impl Ledger for MemoryLedger {
    async fn declare(&self, schedules: Vec<Schedule>, now: DateTime<Utc>) -> Result<Vec<Standing>, LedgerError> {
        self.write(|book| Ok(book.declare(schedules, now)))
    }

    async fn put(&self, schedule: Schedule, by: &str, now: DateTime<Utc>) -> Result<Put, LedgerError> {
        self.write(|book| Ok(book.put(schedule, by, now)))
    }

    async fn remove(&self, schedule: &ScheduleName, by: &str, now: DateTime<Utc>) -> Result<Removed, LedgerError> {
        self.write(|book| Ok(book.remove(schedule, by, now)))
    }

    async fn edited(&self, since: i64) -> Result<Option<i64>, LedgerError> {
        self.count("edited");
        Ok(self.book().edited(since))
    }

    async fn take_edits(&self, since: i64, _: chrono_tz::Tz, now: DateTime<Utc>) -> Result<Edits, LedgerError> {
        self.write(|book| Ok(book.take_edits(since, now)))
    }

    async fn tell_overdue(&self, overdue: Vec<Overdue>) -> Result<Vec<bool>, LedgerError> {
        let now = self.clock.now();
        self.write(|book| Ok(overdue.iter().map(|overdue| book.tell_overdue(overdue, now)).collect()))
    }

    async fn claim(&self, claim: Claim, tenant: Option<Tenant>) -> Result<Vec<Claimed>, LedgerError> {
        let now = self.clock.now();
        let claimed = self.write(|book| book.claim(claim, tenant, now))?;
        let is_lost = claimed.iter().all(|one| matches!(one, Claimed::Duplicate(_)));
        self.count(if is_lost && !claimed.is_empty() { "lost" } else { "claim" });
        Ok(claimed)
    }

    async fn submit(&self, submission: Submission, tenant: Option<Tenant>) -> Result<Submitted, LedgerError> {
        let now = self.clock.now();
        self.write(|book| book.submit(submission, tenant, now))
    }

    async fn lease(&self, tenant: Tenant, now: DateTime<Utc>) -> Result<Vec<Leased>, LedgerError> {
        self.count("lease");
        let clock = self.clock.now();
        self.write(|book| Ok(book.lease(&tenant, now, clock)))
    }

    async fn next_ready(&self, queues: &QueueRoom) -> Result<Option<DateTime<Utc>>, LedgerError> {
        self.count("next_ready");
        let now = self.clock.now();
        self.write(|book| Ok(book.next_ready(queues, now)))
    }

    async fn heartbeat(&self, tenant: Tenant, held: Vec<Lease>) -> Result<Pulse, LedgerError> {
        self.count("heartbeat");
        let gate = self.heartbeats.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(gate) = gate {
            self.waiting.send_modify(|waiting| *waiting += 1);
            gate.passed().await;
        }
        let now = self.clock.now();
        self.write(|book| Ok(book.heartbeat(&tenant, &held, now)))
    }

    async fn release(&self, leases: Vec<Lease>) -> Result<(), LedgerError> {
        let now = self.clock.now();
        self.write(|book| {
            book.release(&leases, now);
            Ok(())
        })
    }

    async fn settle(&self, settlements: Vec<Settlement>) -> Result<Vec<Settled>, LedgerError> {
        self.count("settle");
        let now = self.clock.now();
        self.write(|book| book.settle(settlements, now))
    }

    async fn lapsed(&self, limit: usize) -> Result<Vec<Lapsed>, LedgerError> {
        self.count("lapsed");
        let now = self.clock.now();
        self.write(|book| Ok(book.lapsed(limit, now)))
    }

    async fn cancel(&self, run: RunId, now: DateTime<Utc>) -> Result<CancelAnswer, LedgerError> {
        let clock = self.clock.now();
        self.write(|book| Ok(book.cancel(run, now, clock)))
    }

    async fn cancel_chain(&self, link: RunId, now: DateTime<Utc>) -> Result<Option<ChainCancelled>, LedgerError> {
        let clock = self.clock.now();
        self.write(|book| Ok(book.cancel_chain(link, now, clock)))
    }

    async fn pause(
        &self,
        schedule: &ScheduleName,
        pause: Option<Pause>,
        now: DateTime<Utc>,
    ) -> Result<bool, LedgerError> {
        self.write(|book| Ok(book.pause(schedule, pause, now)))
    }

    async fn state(&self, scope: &str, key: &str) -> Result<Option<(Vec<u8>, u64)>, LedgerError> {
        let entry = (scope.to_owned(), key.to_owned());
        self.write(|book| Ok(book.state.get(&entry).map(|found| (found.value.clone(), found.revision))))
    }

    async fn state_keys(&self, scope: &str, page: KeyPage) -> Result<Vec<String>, LedgerError> {
        self.write(|book| Ok(book.state_keys(scope, &page)))
    }

    async fn state_size(&self, plugin: &PluginName) -> Result<StateSize, LedgerError> {
        self.write(|book| Ok(book.state_size(plugin)))
    }

    async fn announce(&self, news: HostNews) -> Result<DateTime<Utc>, LedgerError> {
        let now = self.clock.now();
        self.write(|book| Ok(book.announce(news, now)))
    }

    async fn roll_up(&self, batch: usize) -> Result<u64, LedgerError> {
        let now = self.clock.now();
        Ok(self.book().roll_up(batch, now))
    }

    async fn prune(&self, retention: Retention) -> Result<u64, LedgerError> {
        let now = self.clock.now();
        self.write(|book| Ok(book.prune(retention, now)))
    }
}
