//! What the overlap policy says when runs take as long as they do.

use std::time::Duration;

use crate::Overlap;

/// What happened because a run was in the way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Overlaps {
    /// Did not run.
    pub skipped: u64,
    /// Began later.
    pub queued: u64,
    /// Were asked to stop.
    pub cancelled: u64,
    /// Ran beside another.
    pub beside: u64,
}

impl Overlaps {
    /// All of them.
    pub fn all(&self) -> u64 {
        self.skipped + self.queued + self.cancelled + self.beside
    }
}

/// When a run goes on, in unix milliseconds.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// From begin to end.
    pub runs: Option<(i64, i64)>,
    /// From when to when a run that had been given more time does not go on after all.
    pub cut: Option<(i64, i64)>,
}

/// Follows the runs of one schedule.
#[derive(Debug)]
pub struct Judge {
    overlap: Overlap,
    length: i64,
    /// When the last run that was let in begins, and when it ends.
    begins: i64,
    ends: i64,
    /// So far.
    pub overlaps: Overlaps,
}

impl Judge {
    /// Every run takes `length`.
    pub fn new(overlap: Overlap, length: Duration) -> Self {
        let length = i64::try_from(length.as_millis()).unwrap_or(i64::MAX / 4);
        Self { overlap, length, begins: i64::MIN, ends: i64::MIN, overlaps: Overlaps::default() }
    }

    /// A run would begin at `at`.
    pub fn judge(&mut self, at: i64) -> Verdict {
        if at >= self.ends {
            return self.begin(at);
        }
        match self.overlap {
            Overlap::Allow => {
                self.overlaps.beside += 1;
                let ends = self.ends;
                let verdict = self.begin(at);
                self.ends = self.ends.max(ends);
                verdict
            }
            Overlap::QueueAll => self.queue(),
            // One waits at most: the last one that was let in must have begun.
            Overlap::Queue if self.begins <= at => self.queue(),
            Overlap::CancelRunning => {
                self.overlaps.cancelled += 1;
                let cut = Some((at, self.ends));
                Verdict { cut, ..self.begin(at) }
            }
            Overlap::Queue | Overlap::Skip => {
                self.overlaps.skipped += 1;
                Verdict::default()
            }
        }
    }

    fn queue(&mut self) -> Verdict {
        self.overlaps.queued += 1;
        self.begin(self.ends)
    }

    fn begin(&mut self, at: i64) -> Verdict {
        self.begins = at;
        self.ends = at + self.length;
        Verdict { runs: Some((self.begins, self.ends)), cut: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten runs a second apart, each of two and a half seconds.
    fn ten(overlap: Overlap) -> (Overlaps, Vec<(i64, i64)>) {
        let mut judge = Judge::new(overlap, Duration::from_millis(2_500));
        let runs = (0..10).filter_map(|second| judge.judge(second * 1_000).runs).collect();
        (judge.overlaps, runs)
    }

    #[test]
    fn each_policy_makes_of_ten_long_runs_what_it_says() {
        let (overlaps, runs) = ten(Overlap::Skip);
        assert_eq!((overlaps.skipped, runs[1]), (6, (3_000, 5_500)));
        let (overlaps, runs) = ten(Overlap::QueueAll);
        assert_eq!((overlaps.queued, runs[9]), (9, (22_500, 25_000)));
        let (overlaps, runs) = ten(Overlap::Queue);
        assert_eq!((overlaps.queued, overlaps.skipped, runs.len()), (4, 5, 5));
        let (overlaps, runs) = ten(Overlap::CancelRunning);
        assert_eq!((overlaps.cancelled, runs.len()), (9, 10));
        let (overlaps, runs) = ten(Overlap::Allow);
        assert_eq!((overlaps.beside, runs.len()), (9, 10));
    }

    #[test]
    fn a_run_that_is_cancelled_gives_back_the_rest_of_its_time() {
        let mut judge = Judge::new(Overlap::CancelRunning, Duration::from_secs(10));
        assert_eq!(judge.judge(0), Verdict { runs: Some((0, 10_000)), cut: None });
        assert_eq!(judge.judge(4_000), Verdict { runs: Some((4_000, 14_000)), cut: Some((4_000, 10_000)) });
    }
}
