//! The audit log, written behind the answers: many entries share one transaction, and no answer waits for it.
//!
//! What a host that dies has answered in its last moments may be missing from the log. Whoever reads it through this host sees
//! all that it has answered before.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use noontide_domain::ports::{AccessLedger, AuditEntry};
use tokio::sync::{mpsc, oneshot};
use tracing::{error, info};

/// Entries that wait while the ledger is away. Further ones are counted, and in the host's log.
const WAITING: usize = 10_000;

/// Entries of one transaction.
const GROUP: usize = 256;

/// Between two tries at a ledger that is away.
const PAUSE: Duration = Duration::from_secs(1);

/// Refusals that are written in a minute. Whoever knocks a thousand times shall not fill the ledger.
const REFUSALS: u64 = 100;

enum Letter {
    Entry(Box<AuditEntry>),
    /// Tell when all before it is written.
    Settled(oneshot::Sender<()>),
}

/// Takes entries.
#[derive(Clone)]
pub(crate) struct Scribe {
    letters: mpsc::Sender<Letter>,
    refusals: Arc<std::sync::Mutex<Refusals>>,
    lost: Arc<AtomicU64>,
}

/// Of the minute that goes on.
#[derive(Default)]
struct Refusals {
    since: Option<DateTime<Utc>>,
    count: u64,
    left_out: u64,
}

impl Refusals {
    /// Whether one more is written, and how many before it were not.
    fn count(&mut self, now: DateTime<Utc>) -> Option<u64> {
        if self.since.is_none_or(|since| now - since >= TimeDelta::minutes(1)) {
            (self.since, self.count) = (Some(now), 0);
        }
        self.count += 1;
        if self.count > REFUSALS {
            self.left_out += 1;
            return None;
        }
        Some(std::mem::take(&mut self.left_out))
    }
}

impl Scribe {
    pub fn start(ledger: Arc<dyn AccessLedger>) -> Self {
        let (letters, inbox) = mpsc::channel(WAITING);
        tokio::spawn(write(ledger, inbox));
        Self { letters, refusals: Arc::default(), lost: Arc::default() }
    }

    /// Takes an entry; what is refused too often is left out and counted.
    pub fn note(&self, mut entry: AuditEntry) {
        if matches!(entry.status, 401 | 403 | 429) {
            let mut refusals = self.refusals.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let Some(left_out) = refusals.count(entry.at) else { return };
            if left_out > 0 {
                let more = format!("and {left_out} further refusals before it");
                entry.detail = Some(entry.detail.map_or(more.clone(), |detail| format!("{detail}; {more}")));
            }
        }
        let AuditEntry { who, address, action, thing, reason, status, .. } = &entry;
        let (address, thing, reason) = (address.as_deref(), thing.as_deref(), reason.as_deref());
        info!(target: "audit", who, address, action, thing, reason, status);
        if self.letters.try_send(Letter::Entry(Box::new(entry))).is_err() {
            let lost = self.lost.fetch_add(1, Ordering::Relaxed) + 1;
            error!(lost, "the audit log takes nothing: the ledger is away for too long; this log has the entry");
        }
    }

    pub async fn settled(&self) {
        let (sender, told) = oneshot::channel();
        if self.letters.send(Letter::Settled(sender)).await.is_ok() {
            // A writer that is gone has written what it could.
            let _ = told.await;
        }
    }
}

async fn write(ledger: Arc<dyn AccessLedger>, mut inbox: mpsc::Receiver<Letter>) {
    let mut letters = Vec::with_capacity(GROUP);
    while inbox.recv_many(&mut letters, GROUP).await > 0 {
        let (mut entries, mut asked) = (Vec::new(), Vec::new());
        for letter in letters.drain(..) {
            match letter {
                Letter::Entry(entry) => entries.push(*entry),
                Letter::Settled(sender) => asked.push(sender),
            }
        }
        while !entries.is_empty() {
            match ledger.note(entries.clone()).await {
                Ok(()) => entries.clear(),
                Err(problem) => {
                    error!(%problem, "the audit log is not written; trying again");
                    // Who waits for it need not wait for a ledger that is away.
                    tell(&mut asked);
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
        tell(&mut asked);
    }
}

/// Who does not wait any more need not be told.
fn tell(asked: &mut Vec<oneshot::Sender<()>>) {
    for sender in asked.drain(..) {
        let _ = sender.send(());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_thousand_refusals_in_a_minute_a_hundred_are_written_and_the_rest_are_counted() {
        let mut refusals = Refusals::default();
        let at = |second| DateTime::from_timestamp(second, 0).expect("an instant");
        let written = (0..1_000).filter_map(|_| refusals.count(at(0))).count();
        assert_eq!(written, 100);
        assert_eq!(refusals.count(at(60)), Some(900));
        assert_eq!(refusals.count(at(60)), Some(0));
    }
}
