//! The world's clock, which moves from one instant at which somebody wakes to the next, and a host's own: as fast as the world's,
//! and wrong by as much as the story wants.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use noontide_domain::ports::Clock;
use tokio::sync::oneshot;

/// Wakes only those whose time has come, in the order of their instants, and of those of one instant who lay down first.
pub struct WorldClock {
    begin: DateTime<Utc>,
    face: Mutex<Face>,
}

struct Face {
    now: DateTime<Utc>,
    lain_down: u64,
    /// Whoever drops it wakes them.
    sleepers: BTreeMap<(DateTime<Utc>, u64), oneshot::Sender<()>>,
}

impl WorldClock {
    pub fn new(begin: DateTime<Utc>) -> Arc<Self> {
        let face = Face { now: begin, lain_down: 0, sleepers: BTreeMap::new() };
        Arc::new(Self { begin, face: Mutex::new(face) })
    }

    fn face(&self) -> MutexGuard<'_, Face> {
        self.face.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.face().now
    }

    /// The earliest instant somebody sleeps until.
    pub fn next_wake(&self) -> Option<DateTime<Utc>> {
        self.face().sleepers.keys().next().map(|(until, _)| *until)
    }

    /// Moves on to `instant`.
    pub fn move_to(&self, instant: DateTime<Utc>) {
        self.face().now = instant;
        self.wake_until(instant);
    }

    /// Everybody looks what time it is.
    pub fn wake_all(&self) {
        self.wake_until(DateTime::<Utc>::MAX_UTC);
    }

    fn wake_until(&self, instant: DateTime<Utc>) {
        while let Some(sleeper) = self.first_until(instant) {
            drop(sleeper);
        }
    }

    fn first_until(&self, instant: DateTime<Utc>) -> Option<oneshot::Sender<()>> {
        let mut face = self.face();
        let first = face.sleepers.first_entry().filter(|first| first.key().0 <= instant)?;
        Some(first.remove())
    }
}

impl Clock for WorldClock {
    fn now(&self) -> DateTime<Utc> {
        self.face().now
    }

    fn sleep_until(&self, instant: DateTime<Utc>) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            let Some((mut woken, _bed)) = Bed::of(self, instant) else { return };
            // What wakes it is that the other side is gone.
            let _ = (&mut woken).await;
        })
    }

    fn elapsed(&self) -> Duration {
        (self.now() - self.begin).to_std().unwrap_or_default()
    }
}

/// A place among the sleepers; who gets up, or dies, leaves it.
struct Bed<'a>(&'a WorldClock, (DateTime<Utc>, u64));

impl<'a> Bed<'a> {
    /// `None` if there is nothing to wait for.
    fn of(clock: &'a WorldClock, until: DateTime<Utc>) -> Option<(oneshot::Receiver<()>, Self)> {
        let mut face = clock.face();
        if until <= face.now {
            return None;
        }
        face.lain_down += 1;
        let (wakes, woken) = oneshot::channel();
        let bed = (until, face.lain_down);
        face.sleepers.insert(bed, wakes);
        Some((woken, Self(clock, bed)))
    }
}

impl Drop for Bed<'_> {
    fn drop(&mut self) {
        self.0.face().sleepers.remove(&self.1);
    }
}

/// What [`Clock::sleep_until`] promises.
const SLICE: TimeDelta = TimeDelta::seconds(30);

pub struct HostClock {
    world: Arc<WorldClock>,
    /// How far it is ahead, in milliseconds.
    ahead: AtomicI64,
}

impl HostClock {
    pub fn new(world: Arc<WorldClock>, ahead: TimeDelta) -> Arc<Self> {
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
        self.world.wake_all();
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
