//! What a guest does outside of its sandbox, counted where it happens: by the imports, and by tasks they start.

use std::sync::{Arc, Mutex, PoisonError};

use noontide_domain::Effects;

/// One guest's effects; its clones count into the same record.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counted(Arc<Mutex<Effects>>);

impl Counted {
    pub(crate) fn note(&self, count: impl FnOnce(&mut Effects)) {
        count(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// What was counted so far.
    pub(crate) fn taken(&self) -> Effects {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
