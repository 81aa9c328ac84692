//! Ends of attempts, told to whoever makes spans of a trace of them.

use std::fmt;
use std::sync::{Arc, OnceLock};

use noontide_domain::{Order, Report, RunState};

/// An attempt that is on record.
#[derive(Debug, Clone, Copy)]
pub struct AttemptEnd<'a> {
    /// What was to be done.
    pub order: &'a Order,
    /// Counted from 1.
    pub attempt: u32,
    /// Where the run stands by it; `Ready` if it is tried again.
    pub state: RunState,
    /// How it went.
    pub report: &'a Report,
}

/// Hears of each end, between two others: it takes no time.
pub trait AttemptWitness: Send + Sync {
    /// An attempt ended.
    fn ended(&self, end: AttemptEnd<'_>);
}

/// Who hears of them; most often nobody.
#[derive(Default)]
pub(crate) struct Spans(OnceLock<Arc<dyn AttemptWitness>>);

impl Spans {
    /// Only the first one counts.
    pub(crate) fn tell(&self, witness: Arc<dyn AttemptWitness>) -> bool {
        self.0.set(witness).is_ok()
    }

    pub(crate) fn ended(&self, end: AttemptEnd<'_>) {
        if let Some(witness) = self.0.get() {
            witness.ended(end);
        }
    }
}

impl fmt::Debug for Spans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Spans").field(&self.0.get().is_some()).finish()
    }
}
