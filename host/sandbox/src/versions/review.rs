//! Looking again: somebody decided, calls have ended, schedules or grants have changed.

use std::sync::{Arc, PoisonError};

use noontide_domain::PluginName;
use noontide_domain::plugin::upgrade::{self, Arrived, KnownVersion, PluginNews, VersionStanding};
use noontide_domain::ports::LedgerError;

use super::{Archive, Looked, Seen, TRIES, busy, names};
use crate::scan::Scanner;

impl Scanner {
    /// Brings all plugins in line, if there is any reason to look. What was decided here since the last time.
    pub(crate) fn review(&self) -> Result<Vec<PluginNews>, LedgerError> {
        let Some(archive) = &self.archive else { return Ok(Vec::new()) };
        let (marks, grants) = (archive.marks()?, archive.grants.load_full());
        let is_known = {
            let last = archive.last.lock().unwrap_or_else(PoisonError::into_inner);
            last.marks == Some(marks) && last.grants.as_ref().is_some_and(|last| Arc::ptr_eq(last, &grants))
        };
        if !is_known || self.registry.has_trials() || self.registry.is_cut_over(self.clock.now()) {
            let known = archive.guests.block_on(archive.store.versions(None))?;
            self.know_elsewhere(archive, &known);
            for plugin in names(&known) {
                let known = known.iter().filter(|one| one.version.name == plugin).cloned().collect();
                self.review_one(archive, &plugin, Looked { seen: marks.decisions, known })?;
            }
            *archive.last.lock().unwrap_or_else(PoisonError::into_inner) =
                Seen { marks: Some(marks), grants: Some(grants) };
        }
        Ok(archive.told())
    }

    fn review_one(&self, archive: &Archive, plugin: &PluginName, mut looked: Looked) -> Result<(), LedgerError> {
        for _ in 0..TRIES {
            self.line_up(archive, plugin, &looked.known);
            // Of a plugin that is not here others decide.
            if self.registry.running(plugin).is_none() {
                return Ok(());
            }
            let Arrived { changes, news } = self.judged(archive, plugin, &looked)?;
            if changes.is_empty() {
                return Ok(());
            }
            if archive.decide(plugin, &looked, None, changes)? {
                archive.tell(news);
            }
            looked = archive.look(plugin)?;
        }
        Err(busy())
    }

    /// What the records say; else whether what is held here fits by now.
    fn judged(&self, archive: &Archive, plugin: &PluginName, looked: &Looked) -> Result<Arrived, LedgerError> {
        let policy = archive.policy(plugin);
        let verdict = upgrade::verdict(&looked.known, &policy);
        if !verdict.changes.is_empty() {
            return Ok(verdict);
        }
        let Some(brought) = self.registry.brought(plugin) else { return Ok(verdict) };
        let is_held =
            |one: &&KnownVersion| one.standing == VersionStanding::Held && one.version.sha256 == brought.version.sha256;
        let Some(held) = looked.known.iter().find(is_held) else { return Ok(verdict) };
        let misfits = archive.misfits(self.registry.running(plugin).as_deref(), &brought)?;
        Ok(upgrade::rejudge(&looked.known, held, &misfits, &policy))
    }
}
