//! How long runs take.

use std::time::Duration;

/// Where nothing is known.
pub const ASSUMED: Duration = Duration::from_secs(1);

/// How long the runs of a schedule take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lengths {
    /// Half of them take no longer.
    pub p50: Duration,
    /// Nineteen in twenty take no longer.
    pub p95: Duration,
    /// How many runs that is known from; 0 if it is assumed.
    pub runs: usize,
}

impl Lengths {
    /// All runs take `length`.
    pub fn assumed(length: Duration) -> Self {
        Self { p50: length, p95: length, runs: 0 }
    }

    /// Of runs that took so long; `None` if there are none.
    pub fn of(mut lengths: Vec<Duration>) -> Option<Self> {
        lengths.sort_unstable();
        // The nearest rank: the smallest length that so many of a hundred do not exceed.
        let rank = |percent: usize| lengths.get((lengths.len() * percent).div_ceil(100).saturating_sub(1)).copied();
        Some(Self { p50: rank(50)?, p95: rank(95)?, runs: lengths.len() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slow_run_in_twenty_is_what_p95_leaves_out() {
        let lengths = (1..=20).map(|n| Duration::from_secs(if n == 20 { 900 } else { n })).collect();
        let known = Lengths::of(lengths).unwrap();
        assert_eq!((known.p50.as_secs(), known.p95.as_secs(), known.runs), (10, 19, 20));
        assert_eq!(Lengths::of(vec![ASSUMED]), Some(Lengths { p50: ASSUMED, p95: ASSUMED, runs: 1 }));
        assert_eq!(Lengths::of(Vec::new()), None);
    }
}
