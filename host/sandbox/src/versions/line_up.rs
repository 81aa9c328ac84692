//! What runs here becomes what the ledger says.

use std::sync::Arc;

use noontide_domain::plugin::upgrade::{Canary, KnownVersion, active, candidate};
use noontide_domain::ports::VersionContent;
use noontide_domain::{PluginName, PluginVersion};

use super::{Archive, Trial, names};
use crate::load::{Content, Refusal};
use crate::registry::{FileEntry, Generation, Place};
use crate::scan::Scanner;

impl Scanner {
    /// Makes the plugin run as `known` says: from what is loaded already, or from the ledger's bytes. A plugin that no file
    /// here holds is gone, unless somebody brought it back without one.
    pub(super) fn line_up(&self, archive: &Archive, plugin: &PluginName, known: &[KnownVersion]) {
        let shelf = self.registry.shelf();
        let found = shelf.place_of(plugin);
        let Some(wanted) = active(known) else {
            if archive.shares && matches!(found, Some(Place::Alone(_))) {
                self.put_away(plugin);
            }
            return;
        };
        let needs_no_file = archive.shares || wanted.file.is_none();
        let place = match found {
            Some(Place::Alone(_)) if !needs_no_file => return self.put_away(plugin),
            Some(place) => place,
            None if needs_no_file => Place::Alone(plugin.clone()),
            None => return,
        };
        let before = shelf.entry(&place).cloned().unwrap_or_default();
        let mut entry = before.clone();
        match self.obtain(archive, &before, &wanted.version) {
            Ok(generation) => {
                if entry.error.as_ref().is_some_and(|error| error.stage == "ledger") {
                    entry.error = None;
                }
                (entry.upcoming, entry.lacks) = (None, false);
                match entry.generation.is_some() && wanted.since > self.clock.now() {
                    true => entry.upcoming = Some((wanted.since, generation)),
                    false => entry.generation = Some(generation),
                }
            }
            Err(refusal) => {
                entry.error = Some(refusal.into_error(Some(wanted.version.sha256.clone()), &*self.clock));
                // Others can, and all go by one version.
                entry.lacks = archive.shares;
            }
        }
        entry.trial = self.trial(archive, &before, candidate(known));
        if entry.is_another(&before) {
            self.say(plugin, &before, &entry);
            self.registry.update(|shelf| shelf.put(place, entry));
        }
    }

    /// The same for all plugins, those without a file too: before a host begins to call them.
    pub(crate) fn line_up_all(&self) {
        let Some(archive) = &self.archive else { return };
        let known = match archive.guests.block_on(archive.store.versions(None)) {
            Ok(known) => known,
            Err(problem) => {
                return tracing::warn!(%problem, "the versions of plugins cannot be read; what is loaded runs");
            }
        };
        self.know_elsewhere(archive, &known);
        for plugin in names(&known) {
            let mine: Vec<_> = known.iter().filter(|one| one.version.name == plugin).cloned().collect();
            self.line_up(archive, &plugin, &mine);
        }
    }

    fn put_away(&self, plugin: &PluginName) {
        tracing::info!(%plugin, "this plugin is gone here: its file was removed, or came elsewhere");
        self.registry.update(|shelf| {
            shelf.alone.remove(plugin);
        });
    }

    fn say(&self, plugin: &PluginName, before: &FileEntry, after: &FileEntry) {
        let digest = |entry: &FileEntry| entry.generation.as_ref().map(|held| held.version.sha256.clone());
        if let (Some(now), true) = (&after.generation, digest(before) != digest(after)) {
            let (version, sha256) = (&now.version.version, &now.version.sha256);
            tracing::info!(%plugin, %version, %sha256, "plugin version runs");
        }
        if let Some(error) = after.error.as_ref().filter(|error| before.error.as_ref() != Some(error)) {
            tracing::warn!(%plugin, %error, "the version that shall run cannot be loaded; what runs goes on");
        }
    }

    fn trial(&self, archive: &Archive, before: &FileEntry, wanted: Option<&KnownVersion>) -> Option<Arc<Trial>> {
        let wanted = wanted?;
        let whole = Canary { share: 100, runs: Canary::RUNS };
        let canary = archive.policy(&wanted.version.name).canary.unwrap_or(whole);
        let (good, bad) = wanted.calls();
        let same = before.trial.as_ref().filter(|trial| trial.generation.version.sha256 == wanted.version.sha256);
        if let Some(same) = same.filter(|trial| trial.canary == canary) {
            same.ease(good + bad);
            return Some(Arc::clone(same));
        }
        match self.obtain(archive, before, &wanted.version) {
            Ok(generation) => Some(Arc::new(Trial::new(generation, canary, good + bad))),
            Err(refusal) => {
                let (plugin, reason) = (&wanted.version.name, refusal.message);
                tracing::warn!(%plugin, reason, "the version on trial cannot be loaded; the active one goes on");
                None
            }
        }
    }

    /// A version in its loaded state: what is at hand, else from the ledger.
    pub(super) fn obtain(
        &self,
        archive: &Archive,
        entry: &FileEntry,
        version: &PluginVersion,
    ) -> Result<Arc<Generation>, Refusal> {
        let trial = entry.trial.as_ref().map(|trial| &trial.generation);
        let upcoming = entry.upcoming.as_ref().map(|(_, generation)| generation);
        let mut at_hand = [entry.generation.as_ref(), upcoming, entry.brought.as_ref(), trial].into_iter().flatten();
        if let Some(same) = at_hand.find(|held| held.version.sha256 == version.sha256) {
            return Ok(Arc::clone(same));
        }
        let refuse = |reason: String| Refusal::new("ledger", reason);
        let VersionContent { bytes, signature } =
            archive.content(&version.sha256).map_err(|problem| refuse(problem.to_string()))?.ok_or_else(|| {
                refuse(format!(
                    "the bytes of version {} are not in the ledger — put its file into the folder",
                    version.version
                ))
            })?;
        let content = Content::of(version.name.as_str(), bytes, signature);
        if content.sha256 != version.sha256 {
            return Err(refuse("its bytes have changed in the ledger — put its file into the folder".to_owned()));
        }
        let generation = self.loader.load(&content);
        generation.map(Arc::new).map_err(|refusal| refuse(format!("{}: {}", refusal.stage, refusal.message)))
    }
}
