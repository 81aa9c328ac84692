//! What is told of a guest's requests: lines in its log, and counts in its effects.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use noontide_domain::Traffic;

use super::body::Tally;
use super::error::EgressError;
use crate::effects::Counted;
use crate::output::SharedJournal;

/// Lines of the host about one guest's network. Each is told once, so that a guest that tries again and again fills no
/// log.
const LINES: usize = 32;

/// One guest's network, as it is told; clones tell into the same log.
#[derive(Clone)]
pub(crate) struct Witness {
    plugin: Arc<str>,
    journal: SharedJournal,
    effects: Counted,
    told: Arc<Mutex<BTreeSet<String>>>,
}

impl Witness {
    pub(crate) fn new(plugin: &str, journal: SharedJournal, effects: Counted) -> Self {
        Self { plugin: plugin.into(), journal, effects, told: Arc::default() }
    }

    /// Something did not come through.
    pub(super) fn failed(&self, kind: &str, origin: &str, error: &EgressError) {
        if error.is_refusal() {
            self.count(origin, |traffic| traffic.refused += 1);
        }
        let remedy = error.remedy().map(|remedy| format!("; [plugin.{}] {remedy} would allow it", self.plugin));
        let words = error.to_string();
        let words = words.strip_prefix("tcp://").unwrap_or(&words);
        self.tell(format!("{kind}: {words}{}", remedy.unwrap_or_default()));
    }

    /// Something was let through.
    pub(super) fn called(&self, origin: &str) {
        self.count(origin, |traffic| traffic.calls += 1);
    }

    pub(super) fn sent(&self, origin: &str) -> Tally {
        self.tally(origin, |traffic, bytes| traffic.sent += bytes)
    }

    pub(super) fn received(&self, origin: &str) -> Tally {
        self.tally(origin, |traffic, bytes| traffic.received += bytes)
    }

    fn tally(&self, origin: &str, add: fn(&mut Traffic, u64)) -> Tally {
        let (witness, origin) = (self.clone(), origin.to_owned());
        Box::new(move |bytes| witness.count(&origin, |traffic| add(traffic, bytes)))
    }

    fn count(&self, origin: &str, count: impl FnOnce(&mut Traffic)) {
        self.effects.note(|effects| count(effects.host(origin)));
    }

    fn tell(&self, line: String) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() < LINES && told.insert(line.clone()) {
            self.journal.lock().remark("warn", &line);
        }
    }
}
