//! Messages that wait to be sent: handed to a host, answered, looked at.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::LedgerError;
use crate::outbox::{Fate, MessageState, Reply};
use crate::{HostId, MessageId, PluginName, RunId, Webhook};

/// Who sends a message for now. As with runs, a fence of 0 rows means that it was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageLease {
    /// The message.
    pub id: MessageId,
    /// The process that holds it.
    pub host: HostId,
    /// Grows with every lease.
    pub fence: i64,
}

/// A message that this host may send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// The right to send it.
    pub lease: MessageLease,
    /// The run that handed it over.
    pub run: RunId,
    /// The plugin whose grants it goes out under.
    pub plugin: PluginName,
    /// What to send.
    pub webhook: Webhook,
    /// The run's W3C trace id.
    pub trace_id: String,
    /// Which try this is, counted from 1.
    pub attempt: u32,
    /// Not tried again after this instant.
    pub give_up_at: DateTime<Utc>,
}

/// What came of a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The right to write.
    pub lease: MessageLease,
    /// What becomes of the message.
    pub fate: Fate,
    /// What was answered.
    pub reply: Reply,
    /// When.
    pub at: DateTime<Utc>,
}

/// What somebody found who wanted a message tried again, or gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageAnswer {
    /// It is so now.
    Done,
    /// It is on its way, was sent, or is gone: nothing was changed.
    Is(MessageState),
    /// There is no such message.
    NotFound,
}

/// The part of the durable record that holds messages. They are written by [`Ledger::settle`](super::Ledger::settle) alone.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Leases messages whose time has come, and those whose lease has lapsed, the longest waiting first. Lease times are the
    /// ledger's own clock.
    async fn lease_messages(&self, host: HostId, lease: Duration, limit: usize) -> Result<Vec<Posted>, LedgerError>;

    /// When the next message may be leased.
    async fn next_message(&self) -> Result<Option<DateTime<Utc>>, LedgerError>;

    /// Records what came of tries. For each, in the same order, whether its lease still held; if not, nothing was written.
    async fn settle_messages(&self, deliveries: Vec<Delivery>) -> Result<Vec<bool>, LedgerError>;

    /// Has a message that is dead or waits sent at once, and tried as long as a new one from `now` on.
    async fn retry_message(&self, id: MessageId, now: DateTime<Utc>) -> Result<MessageAnswer, LedgerError>;

    /// Takes a message out that is dead or waits.
    async fn drop_message(&self, id: MessageId, now: DateTime<Utc>) -> Result<MessageAnswer, LedgerError>;
}

/// Which messages to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MessageFilter {
    /// Of this run only.
    pub run: Option<RunId>,
    /// Of this plugin only.
    pub plugin: Option<PluginName>,
    /// In this state only.
    pub state: Option<MessageState>,
    /// Older than this message: the last one of the page before.
    pub after: Option<MessageId>,
    /// Page size.
    pub limit: usize,
}

/// How many messages there are that somebody may have to do something about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MessageCounts {
    /// Wait for their time.
    pub waiting: u64,
    /// A host holds their lease.
    pub sending: u64,
    /// Given up.
    pub dead: u64,
}

/// A message as it is shown: where to, but not what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageRecord {
    /// Its name, and its idempotency key.
    pub id: MessageId,
    /// The run that handed it over.
    pub run: RunId,
    /// The plugin.
    pub plugin: PluginName,
    /// Where it stands.
    pub state: MessageState,
    /// The HTTP method.
    pub method: String,
    /// Scheme, host and port.
    pub destination: String,
    /// Of URL, headers and body.
    pub bytes: u64,
    /// How often it was taken to be sent.
    pub attempts: u32,
    /// Earliest next try, while it waits.
    pub not_before: Option<DateTime<Utc>>,
    /// What came of the newest try, in words.
    pub answer: Option<String>,
    /// The HTTP status of the newest try.
    pub status: Option<u16>,
    /// When the run's success was recorded.
    pub created_at: DateTime<Utc>,
    /// When it was sent, given up or dropped.
    pub ended_at: Option<DateTime<Utc>>,
}

/// A message with all that goes out with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The plugin whose grants it goes out under.
    pub plugin: PluginName,
    /// The request; headers of the host's own are among its headers.
    pub webhook: Webhook,
    /// How long it may take.
    pub within: Duration,
}

/// The way out for messages. What may be reached the plugin's grants say, those of the moment.
#[async_trait]
pub trait Outlet: Send + Sync {
    /// Sends it, once.
    async fn send(&self, outgoing: Outgoing) -> Reply;
}
