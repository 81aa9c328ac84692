//! What an inspection remembers for the next one: numbers, each under its check and subject.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Numbers of one connection at one time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    /// When they were read.
    pub at: DateTime<Utc>,
    numbers: BTreeMap<String, f64>,
}

impl Memory {
    pub fn empty(at: DateTime<Utc>) -> Self {
        Self { at, numbers: BTreeMap::new() }
    }

    pub fn remember(&mut self, check: &str, subject: &str, number: f64) {
        self.numbers.insert(key(check, subject), number);
    }

    pub fn recall(&self, check: &str, subject: &str) -> Option<f64> {
        self.numbers.get(&key(check, subject)).copied()
    }
}

fn key(check: &str, subject: &str) -> String {
    format!("{check}/{subject}")
}
