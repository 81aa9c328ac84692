//! How many runs a host holds: enough for a moment's work, so that short handlers are leased and recorded in large batches
//! and long ones wait where any host can take them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The work a host holds, at its present pace.
const MOMENT: Duration = Duration::from_millis(100);

/// Whatever the pace: statements about more take long enough to be in others' way.
const MOST: usize = 2_048;

/// The pace at which runs end here.
pub(crate) struct Pace {
    least: usize,
    most: AtomicUsize,
    count: Mutex<Count>,
}

#[derive(Default)]
struct Count {
    since: Duration,
    ended: usize,
}

impl Pace {
    /// Of a host that runs so many handlers at the same time. It holds as many again that wait, so that a place is never
    /// empty while the ledger is asked for more.
    pub(crate) fn new(concurrency: usize) -> Self {
        let least = concurrency * 2;
        Self { least, most: least.into(), count: Mutex::default() }
    }

    /// Runs held at once, at most.
    pub(crate) fn most(&self) -> usize {
        self.most.load(Ordering::Relaxed)
    }

    /// Whether somebody who holds so many holds more than any pace entitles to: what is too many is given back if it has to
    /// wait after all.
    pub(crate) fn is_ahead(&self, held: usize) -> bool {
        held > self.least
    }

    /// One more run is over, by the clock that nobody sets.
    pub(crate) fn ended(&self, now: Duration) {
        let mut count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        count.ended += 1;
        let took = now.saturating_sub(count.since);
        if took >= MOMENT {
            let of_a_moment = count.ended as u128 * MOMENT.as_nanos() / took.as_nanos();
            let most = usize::try_from(of_a_moment).unwrap_or(MOST).min(MOST).max(self.least);
            self.most.store(most, Ordering::Relaxed);
            *count = Count { since: now, ended: 0 };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(pace: &Pace, runs: usize, from_ms: u64, to_ms: u64) {
        for run in 1..=runs {
            let part = (to_ms - from_ms) * run as u64 / runs as u64;
            pace.ended(Duration::from_millis(from_ms + part));
        }
    }

    #[test]
    fn short_handlers_are_held_by_the_moment_and_long_ones_by_the_place() {
        let pace = Pace::new(64);
        assert_eq!(pace.most(), 128);
        end(&pace, 1_200, 0, 100);
        assert_eq!(pace.most(), 1_200);
        end(&pace, 90_000, 100, 200);
        assert_eq!(pace.most(), MOST);
        end(&pace, 1, 200, 5_200);
        assert_eq!(pace.most(), 128, "one in five seconds");
    }

    #[test]
    fn many_places_are_never_left_empty() {
        let pace = Pace::new(3_000);
        end(&pace, 10, 0, 100);
        assert_eq!(pace.most(), 6_000);
        assert!(pace.is_ahead(6_001) && !pace.is_ahead(6_000));
    }
}
