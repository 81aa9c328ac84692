//! A host's own clock: as fast as the world's, and wrong by as much as the story wants.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use noontide_domain::ports::Clock;
use noontide_testkit::ManualClock;

/// What [`Clock::sleep_until`] promises.
const SLICE: TimeDelta = TimeDelta::seconds(30);

pub struct HostClock {
    world: Arc<ManualClock>,
    /// How far it is ahead, in milliseconds.
    ahead: AtomicI64,
}

impl HostClock {
    pub fn new(world: Arc<ManualClock>, ahead: TimeDelta) -> Arc<Self> {
        Arc::new(Self { world, ahead: AtomicI64::new(ahead.num_milliseconds()) })
    }

    /// Somebody sets it right.
    pub fn put_right(&self) {
        self.step(-self.ahead());
    }

    fn ahead(&self) -> TimeDelta {
        TimeDelta::milliseconds(self.ahead.load(Ordering::Relaxed))
    }

    /// Somebody sets it.
    pub fn step(&self, by: TimeDelta) {
        self.ahead.fetch_add(by.num_milliseconds(), Ordering::Relaxed);
        // Who sleeps looks again.
        self.world.advance(Duration::ZERO);
    }
}

impl Clock for HostClock {
    fn now(&self) -> DateTime<Utc> {
        self.world.now() + self.ahead()
    }

    fn sleep_until(&self, instant: DateTime<Utc>) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        self.world.sleep_until((instant - self.ahead()).min(self.world.now() + SLICE))
    }

    fn elapsed(&self) -> Duration {
        self.world.elapsed()
    }
}
