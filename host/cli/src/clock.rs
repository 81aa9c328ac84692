//! The wall clock of the machine: the one place that reads it.

use std::future::Future;
use std::pin::Pin;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use noontide_domain::ports::Clock;

/// Longest sleep at a stretch. A suspended machine or a stepped clock is noticed within it.
const SLICE: Duration = Duration::from_secs(30);

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        now()
    }

    fn sleep_until(&self, instant: DateTime<Utc>) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(tokio::time::sleep(slice(instant, now())))
    }

    fn elapsed(&self) -> Duration {
        static BEGIN: LazyLock<Instant> = LazyLock::new(Instant::now);
        BEGIN.elapsed()
    }
}

/// The wall clock.
#[expect(clippy::disallowed_methods, reason = "this is where time comes in; from here on it is handed over")]
pub fn now() -> DateTime<Utc> {
    Utc::now()
}

fn slice(instant: DateTime<Utc>, now: DateTime<Utc>) -> Duration {
    (instant - now).to_std().unwrap_or_default().min(SLICE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sleep_ends_after_thirty_seconds_at_the_latest_and_at_once_for_the_past() {
        let now = now();
        assert_eq!(slice(now + Duration::from_secs(3_600), now), SLICE);
        assert_eq!(slice(now + Duration::from_millis(40), now), Duration::from_millis(40));
        assert_eq!(slice(now - Duration::from_secs(5), now), Duration::ZERO);
    }
}
