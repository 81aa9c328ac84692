//! How much a plugin may use.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How much a plugin may use in one attempt. As JSON: bytes, counts, and the timeout in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Limits {
    /// Over all its memories together, in bytes.
    pub memory: u64,
    /// Where neither schedule nor handler set one.
    #[serde(with = "milliseconds")]
    pub timeout: Duration,
    /// Log lines kept of one attempt.
    pub log_lines: usize,
    /// One artifact, in bytes.
    pub artifact_size: u64,
    /// All artifacts of one attempt together, in bytes.
    pub artifact_total: u64,
    /// Artifacts of one attempt.
    pub artifact_count: usize,
    /// What it remembers in all its memories together, in bytes of keys and values.
    pub state_size: u64,
    /// Entries of all its memories together.
    pub state_keys: u64,
    /// Messages that one attempt may hand to the outbox.
    pub outbox_messages: usize,
    /// The body of one HTTP response, in bytes.
    pub http_response: u64,
    /// HTTP requests at a time.
    pub http_concurrency: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 64 << 20,
            timeout: Duration::from_secs(30),
            log_lines: 1_000,
            artifact_size: 8 << 20,
            artifact_total: 16 << 20,
            artifact_count: 32,
            state_size: 1 << 20,
            state_keys: 1_000,
            outbox_messages: 32,
            http_response: 16 << 20,
            http_concurrency: 8,
        }
    }
}

mod milliseconds {
    use super::*;

    pub(super) fn serialize<S: Serializer>(length: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        u64::try_from(length.as_millis()).unwrap_or(u64::MAX).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }
}
