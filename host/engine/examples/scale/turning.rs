//! A clock that goes on when nobody has anything left to do.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use noontide_domain::ports::Clock;
use tokio::sync::oneshot;

/// How often everybody gets a turn before nobody is taken to have anything left to do: further than one thing leads to another.
const TURNS: usize = 100;

/// Wakes sleepers at their instants and nobody else, unlike the clock of the testkit: so the loops look as often as they do by
/// a real one.
pub struct TurningClock(Mutex<Face>);

struct Face {
    now: DateTime<Utc>,
    sleepers: BTreeMap<(DateTime<Utc>, u64), oneshot::Sender<()>>,
    number: u64,
}

impl TurningClock {
    pub fn at(instant: &str) -> Arc<Self> {
        let now = instant.parse().expect("an instant");
        Arc::new(Self(Mutex::new(Face { now, sleepers: BTreeMap::new(), number: 0 })))
    }

    /// From one sleeper's instant to the next.
    pub async fn turn_until(&self, end: DateTime<Utc>) {
        loop {
            for _ in 0..TURNS {
                tokio::task::yield_now().await;
            }
            let mut face = self.face();
            match face.sleepers.first_key_value() {
                Some(((instant, _), _)) if *instant <= end => {
                    face.now = face.now.max(*instant);
                    // Whoever does not sleep any more does not mind.
                    let _ = face.sleepers.pop_first().map(|(_, sleeper)| sleeper.send(()));
                }
                _ => {
                    face.now = end;
                    return;
                }
            }
        }
    }

    fn face(&self) -> MutexGuard<'_, Face> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for TurningClock {
    fn now(&self) -> DateTime<Utc> {
        self.face().now
    }

    fn sleep_until(&self, instant: DateTime<Utc>) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            let woken = {
                let mut face = self.face();
                if instant <= face.now {
                    return;
                }
                let (sleeper, woken) = oneshot::channel();
                face.number += 1;
                let number = face.number;
                face.sleepers.insert((instant, number), sleeper);
                woken
            };
            // The clock outlives the sleeper.
            let _ = woken.await;
        })
    }

    fn elapsed(&self) -> Duration {
        (self.face().now - DateTime::UNIX_EPOCH).to_std().unwrap_or_default()
    }
}
