//! `noontide:plugin/state`: a schedule's small memory, and the one that all of a plugin shares. Writes are kept in a book until
//! the run is settled; the guest sees its own writes, nobody else does.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use noontide_domain::ports::{KeyPage, LedgerError, RunDesk};
use noontide_domain::{StateScope, StateSize, StateWrite};

use crate::bindings::state::{Bound, Entry, Host, KeyPage as Page, Scope, StateError};
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
/// Keys in one answer.
const LISTED: usize = 1_000;

type Name = (StateScope, String);

/// What a run has read and written so far.
#[derive(Debug, Default)]
pub(crate) struct StateBook {
    pages: BTreeMap<Name, Leaf>,
    written: usize,
    reads: usize,
    /// What the plugin remembered in all when the run first wrote.
    before: Option<StateSize>,
}

/// One key: how it was when the run first touched it, and what the run wrote.
#[derive(Debug)]
struct Leaf {
    base: u64,
    size: StateSize,
    write: Option<Write>,
}

#[derive(Debug)]
struct Write {
    value: Option<Vec<u8>>,
    revision: u64,
}

impl StateBook {
    /// What the run wants to have written, in the order of the keys.
    pub(crate) fn into_writes(self) -> Vec<StateWrite> {
        let written =
            self.pages.into_iter().filter_map(|(name, leaf)| leaf.write.map(|write| (name, leaf.base, write)));
        // What was new and is gone again never was.
        let kept = written.filter(|(_, base, write)| *base > 0 || write.value.is_some());
        let write = |((scope, key), base, Write { value, revision })| StateWrite { scope, key, value, base, revision };
        kept.map(write).collect()
    }

    fn write(&mut self, name: &Name, value: Option<Vec<u8>>, allowed: StateSize) -> Result<u64, StateError> {
        self.find_room(name, value.as_deref(), allowed)?;
        let leaf = self.pages.get_mut(name).ok_or_else(|| StateError::Unavailable("not touched before".to_owned()))?;
        if leaf.write.is_none() {
            if self.written >= WRITES {
                return Err(too_large("writes", WRITES));
            }
            self.written += 1;
        }
        let revision = leaf.write.as_ref().map_or(leaf.base, |write| write.revision) + 1;
        leaf.write = Some(Write { value, revision });
        Ok(revision)
    }

    /// By what was there when the run first wrote: with what others write meanwhile the ledger judges again.
    fn find_room(&self, name: &Name, value: Option<&[u8]>, allowed: StateSize) -> Result<(), StateError> {
        let before = self.before.unwrap_or_default();
        let with = |name: &Name, value: &[u8]| StateSize::of_entry(&name.1, value);
        let (mut come, mut gone) = (StateSize::default(), StateSize::default());
        let mut count = |sum: StateSize, there: StateSize| {
            come = plus(come, sum);
            gone = plus(gone, there);
        };
        for (other, leaf) in self.pages.iter().filter(|(other, leaf)| *other != name && leaf.write.is_some()) {
            let written = leaf.write.as_ref().and_then(|write| write.value.as_deref());
            count(written.map(|value| with(other, value)).unwrap_or_default(), leaf.size);
        }
        let there = self.pages.get(name).map(|leaf| leaf.size).unwrap_or_default();
        count(value.map(|value| with(name, value)).unwrap_or_default(), there);
        let grown = plus(before, come);
        let after =
            StateSize { bytes: grown.bytes.saturating_sub(gone.bytes), keys: grown.keys.saturating_sub(gone.keys) };
        match after.over(before, allowed) {
            Some(over) => Err(StateError::TooLarge(Bound { name: over.limit.to_owned(), allows: over.allows })),
            None => Ok(()),
        }
    }

    /// A query more.
    fn reads(&mut self) -> Result<(), StateError> {
        self.reads += 1;
        match self.reads > READS {
            true => Err(StateError::Unavailable(format!("more than {READS} reads in one run"))),
            false => Ok(()),
        }
    }

    /// The keys of `found` and those that the run has written, without those that it has removed. Beyond the last key of
    /// `found` nothing is known, unless `found` is `whole`.
    fn seen(&self, scope: StateScope, page: &KeyPage, found: Vec<String>, whole: bool) -> Vec<String> {
        let end = found.last().cloned().filter(|_| !whole);
        let mut keys: BTreeSet<String> = found.into_iter().collect();
        let known = |key: &String| end.as_ref().is_none_or(|end| key <= end);
        let asked = |key: &String| key.starts_with(&page.prefix) && page.after.as_ref().is_none_or(|after| key > after);
        for ((of, key), leaf) in &self.pages {
            let Some(write) = leaf.write.as_ref().filter(|_| *of == scope && asked(key) && known(key)) else {
                continue;
            };
            match write.value {
                Some(_) => keys.insert(key.clone()),
                None => keys.remove(key),
            };
        }
        keys.into_iter().collect()
    }
}

fn plus(one: StateSize, other: StateSize) -> StateSize {
    StateSize { bytes: one.bytes + other.bytes, keys: one.keys + other.keys }
}

impl Leaf {
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
    fn state_desk(&self) -> Result<Arc<dyn RunDesk>, StateError> {
        self.desk.clone().ok_or_else(|| StateError::Unavailable("not during `describe`".to_owned()))
    }

    /// Makes sure there is a leaf for the name; gives the committed value if it had to be read.
    async fn touch(&mut self, name: &Name) -> Result<Option<Vec<u8>>, StateError> {
        if name.1.len() > KEY {
            return Err(too_large("key", KEY));
        }
        let known = self.state.pages.get(name);
        if known.is_some_and(|leaf| leaf.write.is_some()) {
            return Ok(None);
        }
        if known.is_none() && self.state.pages.len() >= TOUCHED {
            return Err(too_large("touched", TOUCHED));
        }
        self.state.reads()?;
        let found = self.state_desk()?.state(name.0, &name.1).await.map_err(unavailable)?;
        let (value, revision) = found.map_or((None, 0), |(value, revision)| (Some(value), revision));
        let size = value.as_ref().map(|value| StateSize::of_entry(&name.1, value)).unwrap_or_default();
        // The first look counts: if the entry changes under the run, its commit must notice.
        self.state.pages.entry(name.clone()).or_insert(Leaf { base: revision, size, write: None });
        Ok(value)
    }

    async fn touch_to_write(&mut self, name: &Name) -> Result<u64, StateError> {
        if !self.state.pages.contains_key(name) {
            self.touch(name).await?;
        }
        if self.state.before.is_none() {
            self.state.before = Some(self.state_desk()?.state_size().await.map_err(unavailable)?);
        }
        Ok(self.state.pages.get(name).map_or(0, Leaf::revision))
    }

    /// One page of keys, and one more if there is one.
    async fn listed(&mut self, scope: StateScope, page: KeyPage) -> Result<Vec<String>, StateError> {
        let desk = self.state_desk()?;
        // What this run has removed makes room for as many others.
        let limit = page.limit + 1 + self.state.written;
        self.state.reads()?;
        let asked = KeyPage { limit, ..page.clone() };
        let found = desk.state_keys(scope, asked).await.map_err(unavailable)?;
        let whole = found.len() < limit;
        Ok(self.state.seen(scope, &page, found, whole))
    }
}

impl Host for Guest {
    async fn load(&mut self, scope: Scope, key: String) -> Result<Option<Entry>, StateError> {
        let name = (scope.into(), key);
        let committed = self.touch(&name).await?;
        self.effects.note(|effects| effects.read(&noted(&name)));
        let Some(leaf) = self.state.pages.get(&name) else { return Ok(None) };
        let revision = leaf.revision();
        let value = leaf.write.as_ref().map_or(committed, |write| write.value.clone());
        Ok(value.map(|value| Entry { value, revision }))
    }

    async fn save(
        &mut self,
        scope: Scope,
        key: String,
        value: Vec<u8>,
        expected: Option<u64>,
    ) -> Result<u64, StateError> {
        if value.len() > VALUE {
            return Err(too_large("value", VALUE));
        }
        let name = (scope.into(), key);
        let current = self.touch_to_write(&name).await?;
        if expected.is_some_and(|expected| expected != current) {
            return Err(StateError::Conflict);
        }
        self.effects.note(|effects| effects.wrote(&noted(&name)));
        self.state.write(&name, Some(value), self.state_allows)
    }

    async fn remove(&mut self, scope: Scope, key: String) -> Result<(), StateError> {
        let name = (scope.into(), key);
        if self.touch_to_write(&name).await? > 0 {
            self.effects.note(|effects| effects.wrote(&noted(&name)));
            self.state.write(&name, None, self.state_allows)?;
        }
        Ok(())
    }

    async fn keys(
        &mut self,
        scope: Scope,
        prefix: String,
        after: Option<String>,
        limit: u32,
    ) -> Result<Page, StateError> {
        if prefix.len() > KEY || after.as_ref().is_some_and(|after| after.len() > KEY) {
            return Err(too_large("key", KEY));
        }
        let limit = (limit as usize).min(LISTED);
        let mut keys = self.listed(scope.into(), KeyPage { prefix, after, limit }).await?;
        let more = keys.len() > limit;
        keys.truncate(limit);
        Ok(Page { keys, more })
    }
}

impl From<Scope> for StateScope {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::Schedule => StateScope::Schedule,
            Scope::Plugin => StateScope::Plugin,
        }
    }
}

/// As an effect: what all of a plugin shares is told from what a schedule keeps for itself.
fn noted((scope, key): &Name) -> String {
    match scope {
        StateScope::Schedule => key.clone(),
        StateScope::Plugin => format!("plugin:{key}"),
    }
}

fn too_large(name: &str, allows: usize) -> StateError {
    StateError::TooLarge(Bound { name: name.to_owned(), allows: allows as u64 })
}

fn unavailable(error: LedgerError) -> StateError {
    StateError::Unavailable(error.to_string())
}
