//! Which version of a plugin runs: what the ledger knows and decides, carried out on the shelf.
//!
//! ```text
//! arrive   new bytes in the folder: judged, written, lined up
//! review   somebody decided, calls ended, schedules or grants changed: judged again, lined up
//! hand     somebody approves, or goes back
//! share    the hosts of a ledger have one folder
//! line_up  what runs here becomes what the ledger says, from the folder or from the ledger itself
//! ```
//!
//! All of it on the one thread that looks and loads. Without an archive (`plugin run`, a single file) what the folder holds
//! is what runs.

mod arrive;
mod hand;
mod line_up;
mod review;
mod share;
mod trial;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use noontide_domain::plugin::upgrade::{
    Arrival, Change, Decision, KnownVersion, Misfit, PluginNews, UpgradePolicy, User,
};
use noontide_domain::ports::{Clock, LedgerError, VersionContent, VersionMarks, Versions};
use noontide_domain::{Grant, PluginName};
use tokio::runtime::Handle;

use crate::registry::Generation;

pub(crate) use trial::Trial;

/// What the operator allows each plugin, swapped as a whole.
pub(crate) type Grants = ArcSwap<BTreeMap<PluginName, Arc<Grant>>>;

/// How often a host looks again because another one decided in between.
const TRIES: usize = 8;

/// The ledger's versions, as the thread that loads asks for them.
pub(crate) struct Archive {
    store: Arc<dyn Versions>,
    guests: Handle,
    grants: Arc<Grants>,
    clock: Arc<dyn Clock>,
    keep: usize,
    /// What is dropped on one host runs on all.
    shares: bool,
    last: Mutex<Seen>,
    news: Mutex<Vec<PluginNews>>,
}

/// What the last review saw.
#[derive(Default)]
struct Seen {
    marks: Option<VersionMarks>,
    grants: Option<Arc<BTreeMap<PluginName, Arc<Grant>>>>,
}

/// A look at the versions of one plugin.
struct Looked {
    /// How many decisions there were.
    seen: i64,
    known: Vec<KnownVersion>,
}

impl Archive {
    pub(crate) fn new(
        store: Arc<dyn Versions>,
        guests: Handle,
        grants: Arc<Grants>,
        clock: Arc<dyn Clock>,
        keep: usize,
        shares: bool,
    ) -> Self {
        Self { store, guests, grants, clock, keep, shares, last: Mutex::default(), news: Mutex::default() }
    }

    fn policy(&self, plugin: &PluginName) -> UpgradePolicy {
        self.grants.load().get(plugin).map(|grant| grant.upgrade).unwrap_or_default()
    }

    fn marks(&self) -> Result<VersionMarks, LedgerError> {
        self.guests.block_on(self.store.marks())
    }

    fn look(&self, plugin: &PluginName) -> Result<Looked, LedgerError> {
        // First: a decision after it makes ours void, and then we look again.
        let seen = self.marks()?.decisions;
        Ok(Looked { seen, known: self.guests.block_on(self.store.versions(Some(plugin)))? })
    }

    fn content(&self, sha256: &str) -> Result<Option<VersionContent>, LedgerError> {
        self.guests.block_on(self.store.content(sha256))
    }

    /// `false` if somebody else has decided meanwhile.
    fn decide(
        &self,
        plugin: &PluginName,
        looked: &Looked,
        arrival: Option<Arrival>,
        changes: Vec<Change>,
    ) -> Result<bool, LedgerError> {
        let (plugin, keep, seen) = (plugin.clone(), self.keep, looked.seen);
        let at = self.instant(&looked.known, &changes);
        self.guests.block_on(self.store.decide(Decision { plugin, seen, arrival, changes, keep, at }))
    }

    /// What can be carried out with `old` and not with `new`; without an old one, with the new one at all.
    fn misfits(&self, old: Option<&Generation>, new: &Generation) -> Result<Vec<Misfit>, LedgerError> {
        let mut misfits: Vec<Misfit> = Vec::new();
        for one in self.guests.block_on(self.store.uses(&new.version.name))? {
            let fits = |generation: &Generation| {
                generation.position(&one.handler).and_then(|at| generation.check_input(at, &one.input))
            };
            let Err(reason) = fits(new) else { continue };
            if old.is_some_and(|old| fits(old).is_err()) {
                continue;
            }
            let reason = reason.to_string();
            let same = misfits.iter_mut().find(|other| other.reason == reason);
            match (same.map(|other| &mut other.by), one.by) {
                (Some(User::Runs(count)), User::Runs(more)) => *count += more,
                (_, by) => misfits.push(Misfit { by, reason }),
            }
        }
        Ok(misfits)
    }

    fn tell(&self, news: Option<PluginNews>) {
        self.news.lock().unwrap_or_else(PoisonError::into_inner).extend(news);
    }

    fn told(&self) -> Vec<PluginNews> {
        std::mem::take(&mut *self.news.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Others decide so often that this host's turn never comes; it tries again with the next look.
fn busy() -> LedgerError {
    LedgerError::Unavailable("other hosts keep deciding about plugins".to_owned())
}

/// The plugins that versions are known of.
fn names(known: &[KnownVersion]) -> Vec<PluginName> {
    let mut names: Vec<_> = known.iter().map(|one| one.version.name.clone()).collect();
    names.dedup();
    names
}
