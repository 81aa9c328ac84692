//! What becomes of runs, as it is counted.

use std::sync::atomic::{AtomicU64, Ordering};

use noontide_domain::tally::Count;
use noontide_domain::{Outcome, RunState, SkipReason};

/// What became of a run, or of a due instant that has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Done.
    Succeeded,
    /// Its attempts are used up, or the failure was permanent.
    Failed,
    /// As [`Ending::Failed`], and the last attempt did not end in time.
    TimedOut,
    /// Asked to stop, and stopped.
    Cancelled,
    /// Could not begin in time.
    Expired,
    /// The handler found nothing to do.
    NothingToDo,
    /// Another run of the schedule was going on.
    Overlapped,
    /// The host was not there in time.
    Missed,
    /// The schedule was paused.
    Paused,
    /// Nothing offers the handler.
    HandlerMissing,
    /// A holiday, a day without a sunrise, a day of a larger schedule.
    LeftOut,
}

impl Ending {
    /// All of them.
    pub const ALL: [Ending; 11] = [
        Ending::Succeeded,
        Ending::Failed,
        Ending::TimedOut,
        Ending::Cancelled,
        Ending::Expired,
        Ending::NothingToDo,
        Ending::Overlapped,
        Ending::Missed,
        Ending::Paused,
        Ending::HandlerMissing,
        Ending::LeftOut,
    ];

    /// The word that stands for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Ending::Succeeded => "succeeded",
            Ending::Failed => "failed",
            Ending::TimedOut => "timed_out",
            Ending::Cancelled => "cancelled",
            Ending::Expired => "expired",
            Ending::NothingToDo => "nothing_to_do",
            Ending::Overlapped => "overlapped",
            Ending::Missed => "missed",
            Ending::Paused => "paused",
            Ending::HandlerMissing => "handler_missing",
            Ending::LeftOut => "left_out",
        }
    }

    /// Of a run that is in `state` after an attempt with that outcome; `None` if it goes on.
    pub(super) fn of(state: RunState, outcome: &Outcome) -> Option<Self> {
        match state {
            RunState::Ready | RunState::Running => None,
            RunState::Succeeded => Some(Ending::Succeeded),
            RunState::Failed if matches!(outcome, Outcome::TimedOut { .. }) => Some(Ending::TimedOut),
            RunState::Failed => Some(Ending::Failed),
            RunState::Cancelled => Some(Ending::Cancelled),
            RunState::Skipped => Some(Ending::NothingToDo),
            RunState::Expired => Some(Ending::Expired),
        }
    }

    /// Of a due instant that does not run.
    pub(super) fn without_run(reason: &SkipReason) -> Self {
        match reason {
            SkipReason::Overlap { .. } => Ending::Overlapped,
            SkipReason::Missed => Ending::Missed,
            SkipReason::Paused { .. } => Ending::Paused,
            SkipReason::HandlerMissing { .. } => Ending::HandlerMissing,
            SkipReason::NotOccurring { .. } | SkipReason::Superseded { .. } => Ending::LeftOut,
            SkipReason::Expired { .. } => Ending::Expired,
            SkipReason::Replaced { .. } => Ending::Cancelled,
            SkipReason::NothingToDo { .. } => Ending::NothingToDo,
        }
    }
}

/// How the runs of one schedule or handler ended.
#[derive(Debug, Default)]
pub struct Ends {
    counts: [Count; Ending::ALL.len()],
    /// Where in [`Ending::ALL`] the newest success or failure stands, counted from 1.
    last: AtomicU64,
    failed_in_a_row: Count,
}

impl Ends {
    pub(super) fn add(&self, ending: Ending, times: u64) {
        self.counts[ending as usize].add(times);
        match ending {
            Ending::Succeeded => self.failed_in_a_row.clear(),
            Ending::Failed | Ending::TimedOut => self.failed_in_a_row.one(),
            // Nothing was tried.
            _ => return,
        }
        self.last.store(ending as u64 + 1, Ordering::Relaxed);
    }

    /// How often each ending was seen; those that never were are left out.
    pub fn seen(&self) -> impl Iterator<Item = (Ending, u64)> {
        let seen = Ending::ALL.into_iter().map(|ending| (ending, self.counts[ending as usize].read()));
        seen.filter(|(_, count)| *count > 0)
    }

    /// The newest success or failure.
    pub fn last(&self) -> Option<Ending> {
        let place = usize::try_from(self.last.load(Ordering::Relaxed)).ok()?;
        Ending::ALL.get(place.checked_sub(1)?).copied()
    }

    /// Failures since the last success.
    pub fn failed_in_a_row(&self) -> u64 {
        self.failed_in_a_row.read()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_ending_has_its_own_place_and_word() {
        for (place, ending) in Ending::ALL.into_iter().enumerate() {
            assert_eq!(ending as usize, place);
            assert_eq!(Ending::ALL.iter().filter(|other| other.as_str() == ending.as_str()).count(), 1);
        }
    }

    #[test]
    fn failures_in_a_row_end_with_a_success_and_what_was_not_tried_is_neither() {
        let ends = Ends::default();
        assert_eq!(ends.last(), None);
        [Ending::Failed, Ending::Missed, Ending::TimedOut].into_iter().for_each(|ending| ends.add(ending, 1));
        assert_eq!((ends.failed_in_a_row(), ends.last()), (2, Some(Ending::TimedOut)));
        ends.add(Ending::Succeeded, 1);
        assert_eq!((ends.failed_in_a_row(), ends.last()), (0, Some(Ending::Succeeded)));
        assert_eq!(ends.seen().count(), 4);
    }
}
