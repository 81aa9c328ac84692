//! Alerts: notices, the incidents they make, and the messages about them.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::LedgerError;
use crate::HostId;
use crate::alert::{
    Acknowledgement, Alert, AlertKind, AlertRule, Incident, IncidentId, IncidentState, Notice, Subject,
};
use crate::outbox::{Fate, MessageState, Reply};

/// What one judgement came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Judged {
    /// How many notices were read; they are gone.
    pub notices: usize,
    /// Incidents that are new or stand otherwise now.
    pub incidents: Vec<Incident>,
    /// Messages that were written, each for all of its sinks.
    pub alerts: Vec<Alert>,
}

/// A place where messages go, as the ledger has to know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SinkRoom {
    /// Its name.
    pub sink: String,
    /// What tells its present settings from others, so that one that was gone for good is tried again after an edit.
    pub marks: String,
    /// So many messages a minute at most, over all hosts.
    pub a_minute: u32,
}

/// Who sends a message to a sink for now. A fence of 0 rows means that it was lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertLease {
    /// The delivery.
    pub number: i64,
    /// The process that holds it.
    pub host: HostId,
    /// Grows with every lease.
    pub fence: i64,
}

/// A message that this host may send to a sink.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostedAlert {
    /// The right to send it.
    pub lease: AlertLease,
    /// Where to.
    pub sink: String,
    /// What.
    pub alert: Alert,
    /// Which try this is, counted from 1.
    pub attempt: u32,
    /// Not tried again after this instant.
    pub give_up_at: DateTime<Utc>,
}

/// What came of a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertDelivery {
    /// The right to write.
    pub lease: AlertLease,
    /// Where it went.
    pub sink: SinkRoom,
    /// What becomes of it.
    pub fate: Fate,
    /// What was answered.
    pub reply: Reply,
    /// When.
    pub at: DateTime<Utc>,
}

/// What somebody wants of an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IncidentWish {
    /// Quiet: somebody knows. `None` takes it back.
    Acknowledge(Option<Acknowledgement>),
    /// Over, whatever becomes of it; nobody is told.
    Close {
        /// Who and why, in a line.
        words: String,
        /// When.
        at: DateTime<Utc>,
    },
}

/// Which incidents to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IncidentFilter {
    /// This one only.
    pub id: Option<IncidentId>,
    /// In this state only; without one, those that are open.
    pub state: Option<IncidentState>,
    /// About this only.
    pub subject: Option<Subject>,
    /// Older than this one: the last of the page before.
    pub after: Option<IncidentId>,
    /// Page size.
    pub limit: usize,
}

/// Which deliveries to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AlertFilter {
    /// Of this incident only.
    pub incident: Option<IncidentId>,
    /// To this sink only.
    pub sink: Option<String>,
    /// In this state only.
    pub state: Option<MessageState>,
    /// Older than this one: the last of the page before.
    pub after: Option<i64>,
    /// Page size.
    pub limit: usize,
}

/// A message to a sink, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertRecord {
    /// Names the delivery.
    pub number: i64,
    /// Names the message: what receivers see.
    pub id: String,
    /// What it is about.
    pub incident: IncidentId,
    /// Why it is sent.
    pub kind: AlertKind,
    /// In a line.
    pub title: String,
    /// Where to.
    pub sink: String,
    /// Where it stands.
    pub state: MessageState,
    /// How often it was taken to be sent.
    pub attempts: u32,
    /// Earliest next try, while it waits.
    pub not_before: Option<DateTime<Utc>>,
    /// The HTTP status of the newest try.
    pub status: Option<u16>,
    /// What came of the newest try, in words.
    pub answer: Option<String>,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// When it was sent, given up or dropped.
    pub ended_at: Option<DateTime<Utc>>,
}

/// The part of the durable record that holds alerts.
#[async_trait]
pub trait Alerts: Send + Sync {
    /// Whether notices are written with what this process records. Without rules nobody reads them, so nobody writes any.
    fn heed(&self, heeds: bool);

    /// Writes notices of what the ledger does not see itself.
    async fn note(&self, notices: Vec<Notice>) -> Result<(), LedgerError>;

    /// Writes a notice for each host that went away without a word and has no successor of its name, once; and for each that
    /// is back. Who asks is called `own` and is there, however long it has said nothing: the machine may have slept.
    async fn note_hosts(&self, own: &str) -> Result<(), LedgerError>;

    /// When there is something to judge: now, if there are notices, or the next reminder. Costs next to nothing.
    async fn next_judgement(&self) -> Result<Option<DateTime<Utc>>, LedgerError>;

    /// Judges notices, at most `limit` of them, and the reminders that are due. All in one transaction that no other host is
    /// in at the same time: what was read is gone, and what follows from it is written.
    async fn judge(&self, rules: Vec<AlertRule>, limit: usize, now: DateTime<Utc>) -> Result<Judged, LedgerError>;

    /// Leases messages whose time has come, and those whose lease has lapsed. Of one incident and sink, the one written first
    /// goes first; word that it is over is dropped if nobody was told that it began. Lease times are the ledger's own clock.
    async fn lease_alerts(
        &self,
        host: HostId,
        lease: Duration,
        limit: usize,
        sinks: Vec<SinkRoom>,
    ) -> Result<Vec<PostedAlert>, LedgerError>;

    /// When the next message may be leased.
    async fn next_alert(&self) -> Result<Option<DateTime<Utc>>, LedgerError>;

    /// Records what came of tries. For each, in the same order, whether its lease still held; if not, nothing was written.
    /// A sink that says it is gone for good gets nothing more until its settings change.
    async fn settle_alerts(&self, deliveries: Vec<AlertDelivery>) -> Result<Vec<bool>, LedgerError>;

    /// Has a message that is dead or waits sent at once, and tried as long as a new one from `now` on; a sink that was gone is
    /// tried again. `None` if there is no such message, else what it was.
    async fn retry_alert(&self, number: i64, now: DateTime<Utc>) -> Result<Option<MessageState>, LedgerError>;

    /// Records pings to be sent. What waits for the sink of one is out of date with it and dropped.
    async fn post(&self, pings: Vec<Alert>) -> Result<(), LedgerError>;

    /// Changes an incident that is not over. `None` if there is no such incident, else how it stands now.
    async fn change_incident(&self, id: IncidentId, wish: IncidentWish) -> Result<Option<Incident>, LedgerError>;
}

/// What came back from a sink that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SinkFacts {
    /// Its name.
    pub name: String,
    /// What it is, such as `slack`.
    pub kind: &'static str,
    /// Where it leads, without what may be secret.
    pub destination: String,
    /// How much of it may be sent, and what tells its settings.
    pub room: SinkRoom,
}

/// The ways out for alerts.
#[async_trait]
pub trait AlertSink: Send + Sync {
    /// The sinks there are now.
    fn sinks(&self) -> Vec<SinkFacts>;

    /// Sends a message to one of them, once, and waits no longer than `within`. A sink that answers well and means an error
    /// has refused.
    async fn send(&self, sink: &str, alert: &Alert, within: Duration) -> Reply;
}
