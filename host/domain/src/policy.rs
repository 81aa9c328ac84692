//! The policies of a schedule: late, overlapping, failed.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::RunId;

/// What happens to due instants that were missed: more than [`LATE`] old when the host first saw them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct CatchUp {
    /// Which of them still run.
    pub mode: CatchUpMode,
    /// How old a missed instant may be to run at all.
    pub within: Duration,
    /// How many run at most in mode `all`; the newest are kept.
    pub limit: usize,
}

/// Which missed due instants still run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CatchUpMode {
    /// The newest one, unless a due instant that is not late runs anyway.
    Latest,
    /// All within the bounds.
    All,
    /// None.
    None,
}

/// A due instant older than this counts as missed. A minute, because a cron expression cannot ask for less
/// than a minute of tolerance and a host restarts within one.
pub const LATE: Duration = Duration::from_secs(60);

impl Default for CatchUp {
    fn default() -> Self {
        Self { mode: CatchUpMode::Latest, within: Duration::from_secs(86_400), limit: 100 }
    }
}

/// What happens when a schedule comes due while a run of it is still going on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Overlap {
    /// A row says which run was in the way.
    #[default]
    Skip,
    /// One waits until the run in the way is over; further ones leave a row.
    Queue,
    /// All wait, and run one after the other in the order in which they came due.
    QueueAll,
    /// The run in the way is asked to stop; the new one begins when it has.
    CancelRunning,
    /// Both run.
    Allow,
}

impl Overlap {
    /// All of them, the default first.
    pub const ALL: [Overlap; 5] =
        [Overlap::Skip, Overlap::Queue, Overlap::QueueAll, Overlap::CancelRunning, Overlap::Allow];

    /// The word in TOML, API and CLI.
    pub fn as_str(self) -> &'static str {
        match self {
            Overlap::Skip => "skip",
            Overlap::Queue => "queue",
            Overlap::QueueAll => "queue-all",
            Overlap::CancelRunning => "cancel-running",
            Overlap::Allow => "allow",
        }
    }

    /// The policy of that name.
    ///
    /// # Errors
    /// A line that lists the words, with the nearest one.
    pub fn parse(text: &str) -> Result<Overlap, String> {
        Self::ALL.into_iter().find(|overlap| overlap.as_str() == text).ok_or_else(|| {
            let words = Self::ALL.map(Overlap::as_str);
            format!(
                "`{}` is no overlap policy{}; there are {}",
                crate::excerpt::excerpt(text),
                crate::suggest::hint(text, words),
                words.join(", ")
            )
        })
    }
}

/// What happens after a failed attempt. Exponential backoff with jitter and a cap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct RetryPolicy {
    /// Attempts in all, the first one included; at least 1.
    pub attempts: u32,
    /// Wait after the first failure; doubles with each further one.
    pub backoff: Duration,
    /// Longest wait.
    pub cap: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { attempts: 1, backoff: Duration::from_secs(10), cap: Duration::from_secs(600) }
    }
}

impl RetryPolicy {
    /// How long to wait after `attempt` (counted from 1) failed: the doubled backoff under the cap, less up to
    /// a fifth of it. The share is taken from the run's id, so it is spread over runs and yet the same when
    /// asked again.
    pub fn wait_after(&self, attempt: u32, run: RunId) -> Duration {
        let doublings = attempt.saturating_sub(1).min(31);
        let full = self.backoff.saturating_mul(1 << doublings).min(self.cap);
        let share = (run.0.as_u128() as u64 ^ u64::from(attempt).wrapping_mul(0x9e37_79b9_7f4a_7c15)) % 1_000;
        full - full.mul_f64(share as f64 / 5_000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_the_cap_and_never_passes_it() {
        let retry = RetryPolicy { attempts: 40, backoff: Duration::from_secs(10), cap: Duration::from_secs(600) };
        let run = RunId::new();
        for attempt in 1..40 {
            let full = Duration::from_secs(10 * (1u64 << (attempt - 1).min(20))).min(retry.cap);
            let wait = retry.wait_after(attempt, run);
            assert!(wait <= full && wait >= full.mul_f64(0.8), "attempt {attempt}: {wait:?}");
        }
    }
}
