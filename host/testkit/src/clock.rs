//! A clock that stands still until a test moves it.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use noontide_domain::ports::Clock;
use tokio::sync::{Notify, watch};

/// Stands still until it is told to move. Each move wakes everybody who sleeps.
pub struct ManualClock {
    face: Mutex<Face>,
    moves: watch::Sender<u64>,
    slept: Notify,
}

struct Face {
    now: DateTime<Utc>,
    /// What it was moved on by.
    elapsed: Duration,
    /// Until when each sleeper wants to sleep.
    sleepers: BTreeMap<u64, DateTime<Utc>>,
    next_sleeper: u64,
}

impl ManualClock {
    /// A clock that shows `now`.
    pub fn new(now: DateTime<Utc>) -> Arc<Self> {
        let face = Face { now, elapsed: Duration::ZERO, sleepers: BTreeMap::new(), next_sleeper: 0 };
        Arc::new(Self { face: Mutex::new(face), moves: watch::Sender::new(0), slept: Notify::new() })
    }

    /// A clock that shows `instant`, written as RFC 3339.
    pub fn at(instant: &str) -> Arc<Self> {
        Self::new(instant.parse().expect("an instant such as 2026-07-01T08:00:00Z"))
    }

    /// Moves on by `length` and wakes all sleepers.
    pub fn advance(&self, length: Duration) {
        self.turn(|face| (face.now, face.elapsed) = (face.now + length, face.elapsed + length));
    }

    /// Jumps to `now`, forwards or backwards, and wakes all sleepers. No time passes.
    pub fn set(&self, now: DateTime<Utc>) {
        self.turn(|face| face.now = now);
    }

    fn turn(&self, turn: impl FnOnce(&mut Face)) {
        let mut face = self.face();
        turn(&mut face);
        // Whoever wakes and sleeps again is counted anew: that is how `asleep` knows that a move was noticed.
        face.sleepers.clear();
        self.moves.send_modify(|moves| *moves += 1);
    }

    /// Waits until `sleepers` or more sleep at the same time.
    pub async fn asleep(&self, sleepers: usize) {
        loop {
            let slept = self.slept.notified();
            tokio::pin!(slept);
            slept.as_mut().enable();
            if self.face().sleepers.len() >= sleepers {
                return;
            }
            slept.await;
        }
    }

    /// The earliest instant somebody sleeps until.
    pub fn next_wake(&self) -> Option<DateTime<Utc>> {
        self.face().sleepers.values().min().copied()
    }

    fn face(&self) -> MutexGuard<'_, Face> {
        self.face.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        self.face().now
    }

    fn sleep_until(&self, instant: DateTime<Utc>) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            let Some(mut sleeper) = Sleeper::lie_down(self, instant) else { return };
            // The clock outlives the sleeper, so the sender is never gone.
            let _ = sleeper.moves.changed().await;
        })
    }

    fn elapsed(&self) -> Duration {
        self.face().elapsed
    }
}

/// Counted while it lives; a sleep that is given up (by `select!`) is not counted any more.
struct Sleeper<'a> {
    clock: &'a ManualClock,
    number: u64,
    moves: watch::Receiver<u64>,
}

impl<'a> Sleeper<'a> {
    /// `None` if there is nothing to wait for.
    fn lie_down(clock: &'a ManualClock, until: DateTime<Utc>) -> Option<Self> {
        let mut face = clock.face();
        if until <= face.now {
            return None;
        }
        let number = face.next_sleeper;
        face.next_sleeper += 1;
        face.sleepers.insert(number, until);
        // Under the lock: a move after this line is noticed.
        let moves = clock.moves.subscribe();
        clock.slept.notify_waiters();
        drop(face);
        Some(Self { clock, number, moves })
    }
}

impl Drop for Sleeper<'_> {
    fn drop(&mut self) {
        self.clock.face().sleepers.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asleep(clock: &Arc<ManualClock>, seconds: u64) -> tokio::task::JoinHandle<DateTime<Utc>> {
        let clock = Arc::clone(clock);
        tokio::spawn(async move {
            let until = clock.now() + Duration::from_secs(seconds);
            while clock.now() < until {
                clock.sleep_until(until).await;
            }
            clock.now()
        })
    }

    #[tokio::test]
    async fn a_sleeper_that_looks_again_wakes_when_its_instant_has_passed() {
        let clock = ManualClock::at("2026-07-01T08:00:00Z");
        let sleeper = asleep(&clock, 60);
        clock.asleep(1).await;
        clock.advance(Duration::from_secs(59));
        clock.asleep(1).await;
        assert_eq!(clock.next_wake(), Some("2026-07-01T08:01:00Z".parse().unwrap()));
        clock.advance(Duration::from_secs(1));
        assert_eq!(sleeper.await.unwrap(), "2026-07-01T08:01:00Z".parse::<DateTime<Utc>>().unwrap());
    }

    #[tokio::test]
    async fn a_sleep_that_was_given_up_does_not_count() {
        let clock = ManualClock::at("2026-07-01T08:00:00Z");
        let sleeper = asleep(&clock, 60);
        clock.asleep(1).await;
        sleeper.abort();
        sleeper.await.unwrap_err();
        assert_eq!(clock.next_wake(), None);
    }
}
