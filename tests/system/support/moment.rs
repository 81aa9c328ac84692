//! Waiting without guessing, and moments picked at random.

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

/// Longer than anything here takes on a busy machine, short enough to be told.
const PATIENCE: Duration = Duration::from_secs(30);

/// Asks again and again until there is an answer; panics with `what` if none comes.
pub async fn until<T>(what: &str, look: impl AsyncFnMut() -> Option<T>) -> T {
    within(PATIENCE, what, look).await
}

/// As [`until`], with a promise about the time.
pub async fn within<T>(time: Duration, what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(begin.elapsed() < time, "not within {time:?}: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The wall clock, in unix milliseconds.
#[expect(clippy::disallowed_methods, reason = "the host is judged by the clock on the wall, from outside")]
pub fn now_ms() -> i64 {
    chrono::Utc::now().timestamp_millis()
}

/// A number from the environment: how hard to try.
pub fn number(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name} is `{text}`; a number is expected")),
        Err(_) => default,
    }
}

/// Numbers that look random and come again with the same seed.
pub struct Dice(u64);

impl Dice {
    /// From `NOONTIDE_SEED`, or from the system; printed, so that a failure can be had again.
    pub fn thrown() -> Self {
        let seed = number("NOONTIDE_SEED", RandomState::new().hash_one(now_ms()));
        println!("NOONTIDE_SEED={seed}");
        Self(seed | 1)
    }

    /// A number in `range`.
    pub fn within(&mut self, range: std::ops::Range<u64>) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        range.start + self.0 % (range.end - range.start)
    }
}
