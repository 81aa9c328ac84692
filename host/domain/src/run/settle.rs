//! What becomes of a run after an attempt. Pure: the same question has the same answer.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{Outcome, RunState, SkipReason};
use crate::{RetryPolicy, RunId};

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

impl Verdict {
    /// Where the run stands by it.
    pub fn state(&self) -> RunState {
        match self {
            Verdict::Final { state, .. } => *state,
            Verdict::Again { .. } => RunState::Ready,
        }
    }

    /// Whether a run may be so by it. What was asked to stop does not wait for another attempt.
    pub fn leads_to(&self, became: RunState) -> bool {
        match self {
            Self::Final { state, .. } => *state == became,
            Self::Again { .. } => matches!(became, RunState::Ready | RunState::Cancelled),
        }
    }
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
        | Outcome::OutOfFuel { .. }
        | Outcome::OverQuota { .. }
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
