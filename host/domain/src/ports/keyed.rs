//! Requests that a client may send twice and that are done once.

use chrono::{DateTime, TimeDelta, Utc};

use super::SecretDigest;

/// A request under a key that its client has chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyedRequest {
    /// Of the client and its key together.
    pub key: SecretDigest,
    /// Of all that is asked.
    pub request: SecretDigest,
    /// When.
    pub at: DateTime<Utc>,
}

impl KeyedRequest {
    /// So long a key stands for its first request.
    pub const KEPT: TimeDelta = TimeDelta::hours(24);
}

/// How a request was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    /// Of HTTP.
    pub status: u16,
    /// Of the body.
    pub media_type: String,
    /// As it was sent.
    pub body: Vec<u8>,
}

/// What a key stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyStanding {
    /// For this request, from now on: it is to be carried out.
    New,
    /// For this request, which is being carried out; or whoever did it went away, and nobody knows how far it came.
    Going,
    /// For this request, which was answered.
    Answered(KeptAnswer),
    /// For another request.
    Other,
}
