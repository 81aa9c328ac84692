//! How much a plugin may use.

use std::time::Duration;

/// How much a plugin may use in one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Over all its memories together, in bytes.
    pub memory: u64,
    /// Where neither schedule nor handler set one.
    pub timeout: Duration,
    /// Log lines kept of one attempt.
    pub log_lines: usize,
    /// One artifact, in bytes.
    pub artifact_size: u64,
    /// All artifacts of one attempt together, in bytes.
    pub artifact_total: u64,
    /// Artifacts of one attempt.
    pub artifact_count: usize,
    /// What is kept of stdout and stderr together, in bytes.
    pub output: u64,
    /// Attempts at the same time on one host; `None` for as many as there are places.
    pub concurrency: Option<usize>,
    /// Steps of computing, in wasmtime's fuel. `None` counts none, and computes about twice as fast.
    pub fuel: Option<u64>,
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
            output: 256 << 10,
            concurrency: None,
            fuel: None,
            http_response: 16 << 20,
            http_concurrency: 8,
        }
    }
}
