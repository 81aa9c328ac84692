//! A run: an occurrence being carried out, its attempts, and what became of it.
//!
//! Who moves a run, in and out of each state:
//!
//! | state | who puts it there | who takes it out |
//! |---|---|---|
//! | `Ready` | the scheduler's claim; a retry; a lease given back | the runner's lease, a cancel, expiry |
//! | `Running` | the runner's lease (or the claim, on a host with a free place) | settle, or the rescuer |
//! | `Succeeded` `Failed` `Cancelled` | settle | nobody |
//! | `Skipped` `Expired` | the scheduler's claim, or the lease | nobody |

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{HandlerRef, HostId, Key, PluginVersion, RetryPolicy, RunId, ScheduleName};

/// Why a run exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// A trigger came due.
    Schedule,
    /// Somebody fired the schedule by hand.
    Manual,
    /// A handler call without a schedule.
    Enqueued,
}

/// The span of data a run is about: from inclusive, to exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Inclusive.
    pub from: DateTime<Utc>,
    /// Exclusive.
    pub to: DateTime<Utc>,
}

/// What is needed to carry out a run: fixed when it is claimed. A later edit of the schedule changes later runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// Identifies the run.
    pub id: RunId,
    /// Identifies the fire; unique in a ledger.
    pub key: Key,
    /// `None` for an enqueued run.
    pub schedule: Option<ScheduleName>,
    /// What is called.
    pub handler: HandlerRef,
    /// The nominal instant; never "now".
    pub due_at: DateTime<Utc>,
    /// Why it exists.
    pub cause: Cause,
    /// Was more than [`crate::LATE`] old when the host first saw it.
    pub late: bool,
    /// As JSON.
    pub input: serde_json::Value,
    /// The data window.
    pub window: Option<Window>,
    /// The schedule's zone.
    pub timezone: chrono_tz::Tz,
    /// For failures.
    pub retry: RetryPolicy,
    /// Longest time for one attempt.
    pub timeout: Option<Duration>,
    /// W3C trace id, 32 hexadecimal digits.
    pub trace_id: String,
}

/// Who works on a run for now. Every write of its holder must carry it; a row count of 0 means it was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Lease {
    /// The run.
    pub run: RunId,
    /// The process that holds it.
    pub host: HostId,
    /// Grows with every lease of the run: a former holder's token never matches again.
    pub fence: i64,
    /// Which attempt this is, counted from 1.
    pub attempt: u32,
}

/// A run that this host may carry out.
#[derive(Debug, Clone, PartialEq)]
pub struct Leased {
    /// What to do.
    pub order: Order,
    /// The right to do it.
    pub lease: Lease,
    /// The due instant of the schedule's last success, if there was one.
    pub previous_success: Option<DateTime<Utc>>,
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunState {
    /// Waits for a host; a retry is a `Ready` with a later `not_before`.
    Ready,
    /// A host holds the lease.
    Running,
    /// Done.
    Succeeded,
    /// Its attempts are used up, or the failure was permanent.
    Failed,
    /// Asked to stop, and stopped.
    Cancelled,
    /// Never ran; the row says why.
    Skipped,
    /// Could not start in time.
    Expired,
}

impl RunState {
    /// All states, in the order of a run's life.
    pub const ALL: [RunState; 7] = [
        RunState::Ready,
        RunState::Running,
        RunState::Succeeded,
        RunState::Failed,
        RunState::Cancelled,
        RunState::Skipped,
        RunState::Expired,
    ];

    /// The word in API, CLI and TOML.
    pub fn as_str(self) -> &'static str {
        match self {
            RunState::Ready => "ready",
            RunState::Running => "running",
            RunState::Succeeded => "succeeded",
            RunState::Failed => "failed",
            RunState::Cancelled => "cancelled",
            RunState::Skipped => "skipped",
            RunState::Expired => "expired",
        }
    }

    /// The state of that name.
    pub fn parse(text: &str) -> Option<RunState> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// Nothing follows.
    pub fn is_final(self) -> bool {
        !matches!(self, RunState::Ready | RunState::Running)
    }
}

/// Why a due instant, or several in a row, did not run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum SkipReason {
    /// A run of the same schedule was still going on.
    Overlap {
        /// The run in the way.
        blocking: RunId,
    },
    /// The host did not see them in time and the catch-up policy dropped them.
    Missed,
    /// The schedule was paused.
    Paused {
        /// Who paused it.
        by: String,
        /// Why.
        reason: Option<String>,
    },
    /// No plugin offers the handler (or the input does not fit it).
    HandlerMissing {
        /// What is missing, in words.
        message: String,
    },
    /// The handler itself said there was nothing to do.
    NothingToDo {
        /// The handler's words.
        message: String,
    },
}

/// How one attempt ended, as the sandbox and the rescuer see it. A guest's fault is data, never an error of ours.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Outcome {
    /// The handler finished its work.
    Succeeded {
        /// Its result, as JSON.
        result: Option<serde_json::Value>,
    },
    /// The handler found nothing to do.
    Skipped {
        /// Its words.
        reason: String,
    },
    /// The handler asks to be called again.
    RunAgain {
        /// After how long.
        after: Duration,
    },
    /// The handler said it failed.
    Failed {
        /// Its words.
        message: String,
        /// Whether trying again can help.
        retryable: bool,
        /// A wait the handler asked for.
        after: Option<Duration>,
    },
    /// The guest broke: unreachable code, stack overflow, a bad memory access.
    Trapped {
        /// The kind of trap, as wasmtime names it.
        message: String,
        /// The guest's frames, innermost first.
        backtrace: Vec<String>,
    },
    /// Did not end in time, and was stopped.
    TimedOut {
        /// The time it had.
        after: Duration,
    },
    /// Asked for more memory than its limit.
    OutOfMemory {
        /// The limit, in bytes.
        limit: u64,
    },
    /// Stopped because it was asked to.
    Cancelled,
    /// Its host went away: the lease ran out.
    Abandoned,
    /// It never began: the handler was not there or could not be instantiated.
    Unavailable {
        /// Why, in words.
        message: String,
    },
}

impl Outcome {
    /// The word in API and CLI.
    pub fn as_str(&self) -> &'static str {
        match self {
            Outcome::Succeeded { .. } => "succeeded",
            Outcome::Skipped { .. } => "skipped",
            Outcome::RunAgain { .. } => "run-again",
            Outcome::Failed { .. } => "failed",
            Outcome::Trapped { .. } => "trapped",
            Outcome::TimedOut { .. } => "timed-out",
            Outcome::OutOfMemory { .. } => "out-of-memory",
            Outcome::Cancelled => "cancelled",
            Outcome::Abandoned => "abandoned",
            Outcome::Unavailable { .. } => "unavailable",
        }
    }

    /// The handler came to its end without a fault: what it wrote to its state counts.
    pub fn ended_well(&self) -> bool {
        matches!(self, Outcome::Succeeded { .. } | Outcome::Skipped { .. } | Outcome::RunAgain { .. })
    }

    /// What went wrong, in a line; `None` if nothing did.
    pub fn message(&self) -> Option<String> {
        match self {
            Outcome::Succeeded { .. } | Outcome::Skipped { .. } | Outcome::RunAgain { .. } => None,
            Outcome::Failed { message, .. } | Outcome::Trapped { message, .. } | Outcome::Unavailable { message } => {
                Some(message.clone())
            }
            Outcome::TimedOut { after } => Some(format!("stopped after {}", crate::duration::words(*after))),
            Outcome::OutOfMemory { limit } => Some(format!(
                "asked for more than its {} of memory; `limits = {{ memory = … }}` of the plugin raises it",
                crate::duration::bytes(*limit)
            )),
            Outcome::Cancelled => Some("cancelled".to_owned()),
            Outcome::Abandoned => Some("its host went away: the lease ran out".to_owned()),
        }
    }
}

/// What an attempt used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Usage {
    /// From call to end, in milliseconds.
    pub wall_ms: u64,
    /// Ticks of the epoch clock that the guest was seen computing in, in milliseconds (10 ms steps).
    pub cpu_ms: u64,
    /// The most its memories held together, in bytes.
    pub peak_memory_bytes: u64,
}

/// One line of a run's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// When the host took it.
    pub at: DateTime<Utc>,
    /// `trace`, `debug`, `info`, `warn`, `error`.
    pub level: String,
    /// `log`, `stdout` or `stderr`.
    pub source: String,
    /// Control characters escaped.
    pub message: String,
    /// Pairs given beside the message.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<(String, String)>,
}

/// One write to a schedule's state, buffered during the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateWrite {
    /// The entry's key.
    pub key: String,
    /// `None` removes it.
    pub value: Option<Vec<u8>>,
    /// The revision the run saw when it first touched the key; 0 if there was none. The commit demands it.
    pub base: u64,
    /// The revision after the commit.
    pub revision: u64,
}

/// All there is to say about one finished attempt.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// How it ended.
    pub outcome: Outcome,
    /// Which version of the plugin it ran on; `None` if it never began.
    pub plugin: Option<PluginVersion>,
    /// When the call began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: DateTime<Utc>,
    /// What it used.
    pub usage: Usage,
    /// What it said.
    pub logs: Vec<LogLine>,
    /// Lines that were over the limits.
    pub logs_dropped: u64,
    /// What it wants to remember; only kept if the call ended well ([`Outcome::ended_well`]).
    pub state: Vec<StateWrite>,
}

/// What a run becomes after an attempt.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// It is over.
    Final {
        /// A final state.
        state: RunState,
        /// For `Skipped`.
        reason: Option<SkipReason>,
    },
    /// It waits for another attempt.
    Again {
        /// Not before this instant.
        not_before: DateTime<Utc>,
        /// Whether the attempt just made is counted; a `run-again` is not.
        counted: bool,
    },
}

/// Decides what becomes of a run after `outcome` of its attempt number `attempt`. Pure: the same question has
/// the same answer.
pub fn settle(outcome: &Outcome, attempt: u32, run: RunId, policy: &RetryPolicy, now: DateTime<Utc>) -> Verdict {
    let over = |state| Verdict::Final { state, reason: None };
    let again = |after: Option<Duration>| {
        if attempt >= policy.attempts {
            return over(RunState::Failed);
        }
        let wait = policy.wait_after(attempt, run).max(after.unwrap_or_default());
        Verdict::Again { not_before: now + wait, counted: true }
    };
    match outcome {
        Outcome::Succeeded { .. } => over(RunState::Succeeded),
        Outcome::Skipped { reason } => Verdict::Final {
            state: RunState::Skipped,
            reason: Some(SkipReason::NothingToDo { message: reason.clone() }),
        },
        Outcome::RunAgain { after } => Verdict::Again { not_before: now + *after, counted: false },
        Outcome::Cancelled => over(RunState::Cancelled),
        Outcome::Failed { retryable: false, .. } => over(RunState::Failed),
        Outcome::Failed { after, .. } => again(*after),
        // A host that went away says nothing about the handler: at least once means it is called again, even
        // where the policy allows a single attempt.
        Outcome::Abandoned if policy.attempts == 1 && attempt < ABANDONED_ATTEMPTS => {
            Verdict::Again { not_before: now, counted: true }
        }
        Outcome::Trapped { .. }
        | Outcome::TimedOut { .. }
        | Outcome::OutOfMemory { .. }
        | Outcome::Abandoned
        | Outcome::Unavailable { .. } => again(None),
    }
}

/// How often a run with a single attempt is taken up again after its host died. Bounded, because the run may
/// be what kills the host.
pub const ABANDONED_ATTEMPTS: u32 = 5;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + second, 0).expect("in range")
    }

    fn failed(retryable: bool, after: Option<Duration>) -> Outcome {
        Outcome::Failed { message: "no".into(), retryable, after }
    }

    #[test]
    fn a_failure_is_tried_again_until_the_attempts_are_used_up() {
        let policy = RetryPolicy { attempts: 3, ..RetryPolicy::default() };
        let run = RunId::new();
        for attempt in 1..3 {
            let verdict = settle(&failed(true, None), attempt, run, &policy, at(0));
            assert!(matches!(verdict, Verdict::Again { not_before, counted: true } if not_before > at(0)));
        }
        let last = settle(&failed(true, None), 3, run, &policy, at(0));
        assert_eq!(last, Verdict::Final { state: RunState::Failed, reason: None });
    }

    #[test]
    fn a_permanent_failure_is_not_tried_again() {
        let policy = RetryPolicy { attempts: 9, ..RetryPolicy::default() };
        let verdict = settle(&failed(false, None), 1, RunId::new(), &policy, at(0));
        assert_eq!(verdict, Verdict::Final { state: RunState::Failed, reason: None });
    }

    #[test]
    fn the_wait_a_handler_asks_for_is_kept_even_past_the_backoff() {
        let policy = RetryPolicy { attempts: 2, ..RetryPolicy::default() };
        let hour = Duration::from_secs(3_600);
        let verdict = settle(&failed(true, Some(hour)), 1, RunId::new(), &policy, at(0));
        assert_eq!(verdict, Verdict::Again { not_before: at(3_600), counted: true });
    }

    #[test]
    fn a_run_whose_host_died_runs_again_even_with_a_single_attempt_but_not_for_ever() {
        let policy = RetryPolicy::default();
        let run = RunId::new();
        let first = settle(&Outcome::Abandoned, 1, run, &policy, at(0));
        assert_eq!(first, Verdict::Again { not_before: at(0), counted: true });
        let last = settle(&Outcome::Abandoned, ABANDONED_ATTEMPTS, run, &policy, at(0));
        assert_eq!(last, Verdict::Final { state: RunState::Failed, reason: None });
    }
}
