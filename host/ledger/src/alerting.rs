//! The door to alerts: each call becomes a request to the lanes, or a question to the readers.

use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use noontide_domain::HostId;
use noontide_domain::alert::{Alert, AlertRule, Incident, IncidentId, Notice};
use noontide_domain::outbox::MessageState;
use noontide_domain::ports::{AlertDelivery, Alerts, IncidentWish, Judged, LedgerError, PostedAlert, SinkRoom};

use crate::store::Doors;
use crate::{alerts, fault, incidents, notices};

#[async_trait]
impl Alerts for Doors {
    fn heed(&self, heeds: bool) {
        self.heeds.store(heeds, Ordering::Release);
    }

    async fn note(&self, notices: Vec<Notice>) -> Result<(), LedgerError> {
        self.inbox.ask(notices::Note { notices }).await
    }

    async fn note_hosts(&self, own: &str) -> Result<(), LedgerError> {
        match notices::misses_hosts(&self.readers, self.now().await?).await.map_err(fault::answer)? {
            true => self.inbox.ask(notices::NoteHosts { own: own.to_owned() }).await,
            false => Ok(()),
        }
    }

    async fn next_judgement(&self) -> Result<Option<DateTime<Utc>>, LedgerError> {
        incidents::next(&self.readers, DateTime::UNIX_EPOCH).await.map_err(fault::answer)
    }

    async fn judge(&self, rules: Vec<AlertRule>, limit: usize, now: DateTime<Utc>) -> Result<Judged, LedgerError> {
        self.inbox.ask(incidents::Judge { rules, limit, now }).await
    }

    async fn lease_alerts(
        &self,
        host: HostId,
        lease: Duration,
        limit: usize,
        sinks: Vec<SinkRoom>,
    ) -> Result<Vec<PostedAlert>, LedgerError> {
        self.inbox.ask(alerts::LeaseAlerts { host, lease, limit, sinks }).await
    }

    async fn next_alert(&self) -> Result<Option<DateTime<Utc>>, LedgerError> {
        alerts::next(&self.readers).await.map_err(fault::answer)
    }

    async fn settle_alerts(&self, deliveries: Vec<AlertDelivery>) -> Result<Vec<bool>, LedgerError> {
        self.inbox.ask(alerts::SettleAlerts { deliveries }).await
    }

    async fn retry_alert(&self, number: i64, now: DateTime<Utc>) -> Result<Option<MessageState>, LedgerError> {
        self.inbox.ask(alerts::RetryAlert { number, now }).await
    }

    async fn post(&self, pings: Vec<Alert>) -> Result<(), LedgerError> {
        self.inbox.ask(alerts::Post { pings }).await
    }

    async fn change_incident(&self, id: IncidentId, wish: IncidentWish) -> Result<Option<Incident>, LedgerError> {
        self.inbox.ask(incidents::ChangeIncident { id, wish }).await
    }
}
