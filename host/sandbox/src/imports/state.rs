//! `noontide:plugin/state`: the schedule's small memory. Writes are kept in a book until the run is settled; the
//! guest sees its own writes, nobody else does.

use std::collections::BTreeMap;

use noontide_domain::StateWrite;

use crate::bindings::state::{Entry, Host, StateError};
use crate::guest::Guest;

/// Longest key, in bytes.
const KEY: usize = 256;
/// Longest value, in bytes.
const VALUE: usize = 64 << 10;
/// Keys one run may write.
const WRITES: usize = 256;
/// Keys one run may touch at all.
const TOUCHED: usize = 4_096;

/// Reads of the record by one run; each is a query.
const READS: usize = 10_000;

/// What a run has read and written so far.
#[derive(Debug, Default)]
pub(crate) struct StateBook {
    pages: BTreeMap<String, Page>,
    written: usize,
    reads: usize,
}

/// One key: the revision it had when the run first touched it, and what the run wrote.
#[derive(Debug)]
struct Page {
    base: u64,
    write: Option<Write>,
}

#[derive(Debug)]
struct Write {
    value: Option<Vec<u8>>,
    revision: u64,
}

impl StateBook {
    /// What the run wants to have written, in the order of the keys.
    pub(crate) fn take_writes(&mut self) -> Vec<StateWrite> {
        let written = std::mem::take(&mut self.pages)
            .into_iter()
            .filter_map(|(key, page)| page.write.map(|write| (key, page.base, write)));
        // What was new and is gone again never was.
        let kept = written.filter(|(_, base, write)| *base > 0 || write.value.is_some());
        kept.map(|(key, base, Write { value, revision })| StateWrite { key, value, base, revision }).collect()
    }

    fn write(&mut self, key: &str, value: Option<Vec<u8>>) -> Result<u64, StateError> {
        let page = self.pages.get_mut(key).ok_or_else(|| StateError::Unavailable("not touched before".to_owned()))?;
        if page.write.is_none() {
            if self.written >= WRITES {
                return Err(StateError::TooLarge(WRITES as u64));
            }
            self.written += 1;
        }
        let revision = page.write.as_ref().map_or(page.base, |write| write.revision) + 1;
        page.write = Some(Write { value, revision });
        Ok(revision)
    }
}

impl Page {
    /// The revision as the guest sees it; 0 if there is no entry.
    fn revision(&self) -> u64 {
        match &self.write {
            None => self.base,
            Some(Write { value: None, .. }) => 0,
            Some(Write { revision, .. }) => *revision,
        }
    }
}

impl Guest {
    /// Makes sure there is a page for `key`; gives the committed value if it had to be read.
    async fn touch(&mut self, key: &str) -> Result<Option<Vec<u8>>, StateError> {
        if key.len() > KEY {
            return Err(StateError::TooLarge(KEY as u64));
        }
        let known = self.state.pages.get(key);
        if known.is_some_and(|page| page.write.is_some()) {
            return Ok(None);
        }
        if known.is_none() && self.state.pages.len() >= TOUCHED {
            return Err(StateError::TooLarge(TOUCHED as u64));
        }
        self.state.reads += 1;
        if self.state.reads > READS {
            return Err(StateError::Unavailable(format!("more than {READS} reads in one run")));
        }
        let desk = self.desk.clone().ok_or_else(|| StateError::Unavailable("not during `describe`".to_owned()))?;
        let found = desk.state(key).await.map_err(|error| StateError::Unavailable(error.to_string()))?;
        let (value, revision) = found.map_or((None, 0), |(value, revision)| (Some(value), revision));
        // The first look counts: if the entry changes under the run, its commit must notice.
        self.state.pages.entry(key.to_owned()).or_insert(Page { base: revision, write: None });
        Ok(value)
    }

    async fn touch_to_write(&mut self, key: &str) -> Result<u64, StateError> {
        if !self.state.pages.contains_key(key) {
            self.touch(key).await?;
        }
        Ok(self.state.pages.get(key).map_or(0, Page::revision))
    }
}

impl Host for Guest {
    async fn load(&mut self, key: String) -> Result<Option<Entry>, StateError> {
        let committed = self.touch(&key).await?;
        self.effects.note(|effects| effects.read(&key));
        let Some(page) = self.state.pages.get(&key) else { return Ok(None) };
        let revision = page.revision();
        let value = page.write.as_ref().map_or(committed, |write| write.value.clone());
        Ok(value.map(|value| Entry { value, revision }))
    }

    async fn save(&mut self, key: String, value: Vec<u8>, expected: Option<u64>) -> Result<u64, StateError> {
        if value.len() > VALUE {
            return Err(StateError::TooLarge(VALUE as u64));
        }
        let current = self.touch_to_write(&key).await?;
        if expected.is_some_and(|expected| expected != current) {
            return Err(StateError::Conflict);
        }
        self.effects.note(|effects| effects.wrote(&key));
        self.state.write(&key, Some(value))
    }

    async fn remove(&mut self, key: String) -> Result<(), StateError> {
        if self.touch_to_write(&key).await? > 0 {
            self.effects.note(|effects| effects.wrote(&key));
            self.state.write(&key, None)?;
        }
        Ok(())
    }
}
