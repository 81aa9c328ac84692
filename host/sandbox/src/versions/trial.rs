//! A candidate on trial, and which runs go to it.

use std::collections::HashSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use noontide_domain::plugin::upgrade::Canary;
use noontide_domain::{Order, RunId};

use crate::registry::Generation;

/// A candidate on trial.
pub(crate) struct Trial {
    pub(crate) generation: Arc<Generation>,
    pub(crate) canary: Canary,
    begun: Mutex<Begun>,
}

/// Where all runs go to it, they are no more than it has to do well.
struct Begun {
    /// Calls that had ended before those of `runs`.
    before: u64,
    runs: HashSet<RunId>,
}

impl Trial {
    /// `ended` calls of it are on record.
    pub(crate) fn new(generation: Arc<Generation>, canary: Canary, ended: u64) -> Self {
        Self { generation, canary, begun: Mutex::new(Begun { before: ended, runs: HashSet::new() }) }
    }

    /// Whether the run goes to it. Asked again, it answers the same: a retry stays with its version.
    pub(crate) fn takes(&self, order: &Order) -> bool {
        if self.canary.share < 100 {
            return self.canary.takes(&order.key, &self.generation.version.sha256);
        }
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        if begun.runs.contains(&order.id) {
            return true;
        }
        let has_room = begun.before + (begun.runs.len() as u64) < u64::from(self.canary.runs);
        if has_room {
            begun.runs.insert(order.id);
        }
        has_room
    }

    /// Runs that were cancelled, or whose host went away, say nothing: once nothing goes on, others take their places.
    pub(crate) fn ease(&self, ended: u64) {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = begun.before + begun.runs.len() as u64 >= u64::from(self.canary.runs);
        if is_full && ended < u64::from(self.canary.runs) && self.generation.running.load(Ordering::Relaxed) == 0 {
            *begun = Begun { before: ended, runs: HashSet::new() };
        }
    }
}
