//! How a handler has done on one version.

use serde::{Deserialize, Serialize};

use crate::Outcome;

/// Calls that count as recent.
const RECENT: u32 = 10;

/// After so many good calls of a handler a later failure is not the upgrade's.
const PROVEN: u64 = 20;

/// How a handler has done on one version. Every attempt counts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct HandlerRecord {
    /// Calls that ended well.
    pub good: u64,
    /// Calls that did not.
    pub bad: u64,
    /// Failures in a row, up to the newest call.
    pub streak: u32,
    /// The newest calls, the newest in the lowest bit; 1 failed.
    pub recent: u32,
    /// What the newest failure said.
    pub last_error: Option<String>,
}

impl HandlerRecord {
    /// Whether an attempt that ended so counts, and as what: `Some(true)` is good. What the host or somebody else put an
    /// end to says nothing of the version.
    pub fn counts(outcome: &Outcome) -> Option<bool> {
        match outcome {
            Outcome::Succeeded { .. } | Outcome::Skipped { .. } | Outcome::RunAgain { .. } => Some(true),
            Outcome::Failed { .. }
            | Outcome::Trapped { .. }
            | Outcome::TimedOut { .. }
            | Outcome::OutOfMemory { .. }
            | Outcome::OutOfFuel { .. } => Some(false),
            // A folder that is full is full for every version.
            Outcome::OverQuota { .. } | Outcome::Cancelled | Outcome::Abandoned | Outcome::Unavailable { .. } => None,
        }
    }

    /// Notes the end of a call.
    pub fn note(&mut self, outcome: &Outcome) {
        let Some(good) = Self::counts(outcome) else { return };
        self.recent = (self.recent << 1 | u32::from(!good)) & ((1 << RECENT) - 1);
        if good {
            self.good += 1;
            self.streak = 0;
        } else {
            self.bad += 1;
            self.streak += 1;
            let words = outcome.message().map(|message| format!("{}: {message}", outcome.as_str()));
            self.last_error = words.map(|words| words.chars().take(300).collect());
        }
    }

    /// How many calls count as recent.
    pub fn recent_calls(&self) -> u64 {
        (self.good + self.bad).min(u64::from(RECENT))
    }

    /// How many of those failed.
    pub fn recent_bad(&self) -> u64 {
        u64::from(self.recent.count_ones())
    }

    /// Whether at least half of its newest calls failed.
    pub fn is_failing(&self) -> bool {
        self.recent_calls() > 0 && self.recent_bad() * 2 >= self.recent_calls()
    }

    /// Whether it has done well for so long that a failure is not the upgrade's.
    pub fn is_proven(&self) -> bool {
        self.good >= PROVEN
    }
}
