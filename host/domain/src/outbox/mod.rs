//! The outbox: what a handler asks the host to send once its success is on record.
//!
//! A message is written in the transaction that records the end of the attempt, or not at all. From then on it is the courier's:
//! it is sent at least once, under a key that is the same however often ([`MessageId`]), until it is answered well or given up
//! ([`judge`]).

mod delivery;
mod id;
mod webhook;

pub use delivery::{Fate, Reply, TRIED_FOR, again, judge};
pub use id::{BadMessageId, MessageId};
pub(crate) use webhook::destination;
pub use webhook::{BadWebhook, Webhook};

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageState {
    /// Waits for its time.
    Waiting,
    /// A host holds its lease.
    Sending,
    /// Answered well.
    Sent,
    /// Given up; somebody may have it tried again.
    Dead,
    /// Somebody took it out.
    Dropped,
}

impl MessageState {
    /// All of them, in the order of a message's life.
    pub const ALL: [MessageState; 5] =
        [MessageState::Waiting, MessageState::Sending, MessageState::Sent, MessageState::Dead, MessageState::Dropped];

    /// The word in API and CLI.
    pub fn as_str(self) -> &'static str {
        match self {
            MessageState::Waiting => "waiting",
            MessageState::Sending => "sending",
            MessageState::Sent => "sent",
            MessageState::Dead => "dead",
            MessageState::Dropped => "dropped",
        }
    }

    /// The state of that name.
    pub fn parse(text: &str) -> Option<MessageState> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}
