//! How long an attempt may still go on, and whether it was asked to stop.

use std::sync::Arc;
use std::time::{Duration, Instant};

use noontide_domain::ports::RunDesk;

/// A guest that was asked to stop has so long to do it by itself.
pub(crate) const GRACE: Duration = Duration::from_secs(5);

/// No attempt takes longer; also keeps instants within what clocks can hold.
pub(crate) const LONGEST: Duration = Duration::from_secs(30 * 86_400);

/// Why an attempt was stopped from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Stopped {
    #[error("stopped at its deadline")]
    TimedOut,
    #[error("stopped because it was asked to and did not")]
    Cancelled,
}

/// Asked at each tick of the epoch while the guest computes.
pub(crate) struct Stopwatch {
    pub(crate) deadline: Instant,
    desk: Option<Arc<dyn RunDesk>>,
    asked: Option<Instant>,
    ticks: u64,
}

impl Stopwatch {
    pub(crate) fn new(deadline: Instant, desk: Option<Arc<dyn RunDesk>>) -> Self {
        Self { deadline, desk, asked: None, ticks: 0 }
    }

    /// One tick of computing; an error stops the guest.
    pub(crate) fn tick(&mut self) -> Result<(), Stopped> {
        self.ticks += 1;
        let now = Instant::now();
        if now >= self.deadline {
            return Err(Stopped::TimedOut);
        }
        if self.asked.is_none() && self.is_cancelled() {
            self.asked = Some(now);
        }
        match self.asked {
            Some(asked) if now.duration_since(asked) >= GRACE => Err(Stopped::Cancelled),
            _ => Ok(()),
        }
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.desk.as_ref().is_some_and(|desk| desk.is_cancelled())
    }

    pub(crate) fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Time seen computing, in milliseconds.
    pub(crate) fn cpu_ms(&self) -> u64 {
        let tick = u64::try_from(crate::engine::TICK.as_millis()).unwrap_or(1);
        self.ticks.saturating_mul(tick)
    }
}
