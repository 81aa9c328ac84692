//! The way from one host to the ledger. A request may not arrive, may arrive late, and its answer may get lost on the way back.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use noontide_domain::ports::{
    AlertDelivery, Alerts, CancelAnswer, ChainCancelled, Claim, Claimed, Clock, Delivery, Edits, HostNews,
    IncidentWish, Judged, KeyPage, Lapsed, Ledger, LedgerError, MessageAnswer, Outbox, Overdue, Posted, PostedAlert,
    Pulse, Put, Removed, Retention, Settled, Settlement, SinkRoom, Submitted, Tenant,
};
use noontide_domain::{
    AlertRule, HostId, Incident, IncidentId, Lease, Leased, MessageId, MessageState, Notice, Pause, PluginName,
    QueueRoom, RunId, Schedule, ScheduleName, Standing, StateSize, Submission,
};
use noontide_testkit::MemoryLedger;

use crate::clock::WorldClock;
use crate::dice::Dice;

/// What holds for all roads, and for one.
#[derive(Default)]
pub struct Weather {
    /// Nothing gets through.
    pub is_shut: AtomicBool,
    /// Of a thousand requests so many go wrong.
    pub trouble: AtomicU32,
}

pub struct Road {
    pub ledger: Arc<MemoryLedger>,
    pub clock: Arc<WorldClock>,
    pub everywhere: Arc<Weather>,
    pub here: Weather,
    pub dice: Mutex<Dice>,
    /// Requests so far, of all roads: who sees it stand still sees that nothing moves.
    pub traffic: Arc<AtomicU64>,
}

/// What becomes of one request.
#[derive(Clone, Copy)]
enum Trip {
    Smooth,
    Slow(Duration),
    Refused,
    /// It is done, and nobody hears of it.
    AnswerLost(Duration),
}

impl Road {
    fn trip(&self) -> Trip {
        self.traffic.fetch_add(1, Ordering::Relaxed);
        if self.here.is_shut.load(Ordering::Relaxed) || self.everywhere.is_shut.load(Ordering::Relaxed) {
            return Trip::Refused;
        }
        let mut dice = self.dice.lock().unwrap_or_else(PoisonError::into_inner);
        if !dice.permille(self.everywhere.trouble.load(Ordering::Relaxed)) {
            return Trip::Smooth;
        }
        let late = dice.millis(1, 4_000);
        dice.pick(&[Trip::Slow(late), Trip::Slow(late / 20), Trip::Refused, Trip::AnswerLost(late)])
    }

    async fn rest(&self, length: Duration) {
        let until = self.clock.now() + length;
        while self.clock.now() < until {
            self.clock.sleep_until(until).await;
        }
    }

    async fn take<T>(&self, request: impl Future<Output = Result<T, LedgerError>> + Send) -> Result<T, LedgerError> {
        let away = || Err(LedgerError::Unavailable("the road is closed".to_owned()));
        match self.trip() {
            Trip::Smooth => request.await,
            Trip::Slow(late) => {
                self.rest(late).await;
                let answer = request.await;
                self.rest(late / 3).await;
                answer
            }
            Trip::Refused => away(),
            Trip::AnswerLost(late) => {
                request.await?;
                self.rest(late).await;
                away()
            }
        }
    }
}

#[async_trait]
impl Ledger for Road {
    async fn declare(&self, schedules: Vec<Schedule>, now: DateTime<Utc>) -> Result<Vec<Standing>, LedgerError> {
        self.take(self.ledger.declare(schedules, now)).await
    }

    async fn put(&self, schedule: Schedule, by: &str, now: DateTime<Utc>) -> Result<Put, LedgerError> {
        self.take(self.ledger.put(schedule, by, now)).await
    }

    async fn remove(&self, schedule: &ScheduleName, by: &str, now: DateTime<Utc>) -> Result<Removed, LedgerError> {
        self.take(self.ledger.remove(schedule, by, now)).await
    }

    async fn edited(&self, since: i64) -> Result<Option<i64>, LedgerError> {
        self.take(self.ledger.edited(since)).await
    }

    async fn take_edits(&self, since: i64, zone: chrono_tz::Tz, now: DateTime<Utc>) -> Result<Edits, LedgerError> {
        self.take(self.ledger.take_edits(since, zone, now)).await
    }

    async fn tell_overdue(&self, overdue: Vec<Overdue>) -> Result<Vec<bool>, LedgerError> {
        self.take(self.ledger.tell_overdue(overdue)).await
    }

    async fn claim(&self, claim: Claim, tenant: Option<Tenant>) -> Result<Vec<Claimed>, LedgerError> {
        self.take(self.ledger.claim(claim, tenant)).await
    }

    async fn submit(&self, submission: Submission, tenant: Option<Tenant>) -> Result<Submitted, LedgerError> {
        self.take(self.ledger.submit(submission, tenant)).await
    }

    async fn lease(&self, tenant: Tenant, now: DateTime<Utc>) -> Result<Vec<Leased>, LedgerError> {
        self.take(self.ledger.lease(tenant, now)).await
    }

    async fn next_ready(&self, queues: &QueueRoom) -> Result<Option<DateTime<Utc>>, LedgerError> {
        self.take(self.ledger.next_ready(queues)).await
    }

    async fn heartbeat(&self, tenant: Tenant, held: Vec<Lease>) -> Result<Pulse, LedgerError> {
        self.take(self.ledger.heartbeat(tenant, held)).await
    }

    async fn release(&self, leases: Vec<Lease>) -> Result<(), LedgerError> {
        self.take(self.ledger.release(leases)).await
    }

    async fn settle(&self, settlements: Vec<Settlement>) -> Result<Vec<Settled>, LedgerError> {
        self.take(self.ledger.settle(settlements)).await
    }

    async fn lapsed(&self, limit: usize) -> Result<Vec<Lapsed>, LedgerError> {
        self.take(self.ledger.lapsed(limit)).await
    }

    async fn cancel(&self, run: RunId, now: DateTime<Utc>) -> Result<CancelAnswer, LedgerError> {
        self.take(self.ledger.cancel(run, now)).await
    }

    async fn cancel_chain(&self, link: RunId, now: DateTime<Utc>) -> Result<Option<ChainCancelled>, LedgerError> {
        self.take(self.ledger.cancel_chain(link, now)).await
    }

    async fn pause(
        &self,
        schedule: &ScheduleName,
        pause: Option<Pause>,
        now: DateTime<Utc>,
    ) -> Result<bool, LedgerError> {
        self.take(self.ledger.pause(schedule, pause, now)).await
    }

    async fn state(&self, scope: &str, key: &str) -> Result<Option<(Vec<u8>, u64)>, LedgerError> {
        self.take(self.ledger.state(scope, key)).await
    }

    async fn state_keys(&self, scope: &str, page: KeyPage) -> Result<Vec<String>, LedgerError> {
        self.take(self.ledger.state_keys(scope, page)).await
    }

    async fn state_size(&self, plugin: &PluginName) -> Result<StateSize, LedgerError> {
        self.take(self.ledger.state_size(plugin)).await
    }

    async fn announce(&self, news: HostNews) -> Result<DateTime<Utc>, LedgerError> {
        self.take(self.ledger.announce(news)).await
    }

    async fn prune(&self, retention: Retention) -> Result<u64, LedgerError> {
        self.take(self.ledger.prune(retention)).await
    }

    async fn roll_up(&self, most: usize) -> Result<u64, LedgerError> {
        self.take(self.ledger.roll_up(most)).await
    }
}

#[async_trait]
impl Outbox for Road {
    async fn lease_messages(&self, host: HostId, lease: Duration, limit: usize) -> Result<Vec<Posted>, LedgerError> {
        self.take(self.ledger.lease_messages(host, lease, limit)).await
    }

    async fn next_message(&self) -> Result<Option<DateTime<Utc>>, LedgerError> {
        self.take(self.ledger.next_message()).await
    }

    async fn settle_messages(&self, deliveries: Vec<Delivery>) -> Result<Vec<bool>, LedgerError> {
        self.take(self.ledger.settle_messages(deliveries)).await
    }

    async fn retry_message(&self, id: MessageId, now: DateTime<Utc>) -> Result<MessageAnswer, LedgerError> {
        self.take(self.ledger.retry_message(id, now)).await
    }

    async fn drop_message(&self, id: MessageId, now: DateTime<Utc>) -> Result<MessageAnswer, LedgerError> {
        self.take(self.ledger.drop_message(id, now)).await
    }
}

#[async_trait]
impl Alerts for Road {
    fn heed(&self, heeds: bool) {
        self.ledger.heed(heeds);
    }

    async fn note(&self, notices: Vec<Notice>) -> Result<(), LedgerError> {
        self.take(self.ledger.note(notices)).await
    }

    async fn post(&self, pings: Vec<noontide_domain::alert::Alert>) -> Result<(), LedgerError> {
        self.take(self.ledger.post(pings)).await
    }

    async fn note_hosts(&self, own: &str) -> Result<(), LedgerError> {
        self.take(self.ledger.note_hosts(own)).await
    }

    async fn next_judgement(&self) -> Result<Option<DateTime<Utc>>, LedgerError> {
        self.take(self.ledger.next_judgement()).await
    }

    async fn judge(&self, rules: Vec<AlertRule>, limit: usize, now: DateTime<Utc>) -> Result<Judged, LedgerError> {
        self.take(self.ledger.judge(rules, limit, now)).await
    }

    async fn lease_alerts(
        &self,
        host: HostId,
        lease: Duration,
        limit: usize,
        sinks: Vec<SinkRoom>,
    ) -> Result<Vec<PostedAlert>, LedgerError> {
        self.take(self.ledger.lease_alerts(host, lease, limit, sinks)).await
    }

    async fn next_alert(&self) -> Result<Option<DateTime<Utc>>, LedgerError> {
        self.take(self.ledger.next_alert()).await
    }

    async fn settle_alerts(&self, deliveries: Vec<AlertDelivery>) -> Result<Vec<bool>, LedgerError> {
        self.take(self.ledger.settle_alerts(deliveries)).await
    }

    async fn retry_alert(&self, number: i64, now: DateTime<Utc>) -> Result<Option<MessageState>, LedgerError> {
        self.take(self.ledger.retry_alert(number, now)).await
    }

    async fn change_incident(&self, id: IncidentId, wish: IncidentWish) -> Result<Option<Incident>, LedgerError> {
        self.take(self.ledger.change_incident(id, wish)).await
    }
}
