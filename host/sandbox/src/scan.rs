//! One look at the plugin folder: what is new, changed or gone, by (length, time, inode) first and by digest then.
//! Looking twice changes nothing, so every event and every timer may simply say "look".

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use noontide_domain::ports::Clock;
use noontide_domain::{PluginError, Trust};

use crate::load::{self, Content, Loader, Refusal};
use crate::registry::{FileEntry, Generation, Registry};
use crate::tally::Tally;
use crate::versions::Archive;

/// A file that is the same twice, so far apart, is taken to be written to its end.
const STILL: Duration = Duration::from_millis(100);

/// What tells a changed file from the same one without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    length: u64,
    modified: Option<SystemTime>,
    inode: u64,
    /// Of the signature beside it: one that comes later, or goes, makes another file of it.
    signature: Option<(u64, Option<SystemTime>, u64)>,
}

impl Stamp {
    fn of(path: &Path) -> std::io::Result<Self> {
        let meta = std::fs::metadata(path)?;
        let signature = std::fs::metadata(load::beside(path)).ok();
        let signature = signature.map(|meta| (meta.len(), meta.modified().ok(), inode(&meta)));
        Ok(Self { length: meta.len(), modified: meta.modified().ok(), inode: inode(&meta), signature })
    }
}

#[cfg(unix)]
pub(crate) fn inode(meta: &std::fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(meta)
}

#[cfg(not(unix))]
pub(crate) fn inode(_: &std::fs::Metadata) -> u64 {
    0
}

/// Whether all files were seen in their final form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    Settled,
    /// Somebody is still writing: look again soon.
    Unsettled,
}

/// Looks, and tells the registry.
pub(crate) struct Scanner {
    pub(crate) folder: PathBuf,
    pub(crate) loader: Arc<Loader>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) tally: Arc<Tally>,
    /// What the ledger knows of versions; without it what the folder holds is what runs.
    pub(crate) archive: Option<Archive>,
    /// The folder has been looked at to the end: what comes now comes while the host looks on.
    pub(crate) looked: AtomicBool,
}

impl Scanner {
    /// Brings the registry up to date with the folder.
    pub(crate) fn look(&self) -> Look {
        let look = self.look_once();
        // A folder that cannot be read yet has not been looked at.
        if look == Look::Settled && self.registry.shelf().folder_error.is_none() {
            self.looked.store(true, Ordering::Relaxed);
        }
        look
    }

    pub(crate) fn has_looked(&self) -> bool {
        self.looked.load(Ordering::Relaxed)
    }

    fn look_once(&self) -> Look {
        self.distrust();
        let found = match list(&self.folder) {
            Ok(found) => found,
            Err(error) => {
                self.folder_unreadable(&error);
                return Look::Settled;
            }
        };
        self.forget_missing(&found);
        let changed = self.changed(&found);
        if changed.is_empty() {
            return Look::Settled;
        }
        std::thread::sleep(STILL);
        let mut look = Look::Settled;
        for (file, stamp) in changed {
            if self.now(&file) != Some(stamp) || self.take(&file, stamp) == Look::Unsettled {
                look = Look::Unsettled;
            }
        }
        look
    }

    /// Lets go of what is loaded and not trusted any more, also of what came from the ledger.
    fn distrust(&self) {
        let trust = self.loader.trust();
        let untrusted = |held: &Generation| !load::still(&trust, held);
        let shelf = self.registry.shelf();
        if !shelf.files.values().chain(shelf.alone.values()).any(|entry| entry.runs().any(|held| untrusted(held))) {
            return;
        }
        self.registry.update(|shelf| {
            for entry in shelf.files.values_mut().chain(shelf.alone.values_mut()) {
                entry.let_go(untrusted, &*self.clock);
            }
        });
    }

    /// What is loaded stays loaded: a folder that is away for a moment (NFS, a swapped mount) removes nothing.
    fn folder_unreadable(&self, error: &std::io::Error) {
        let folder = self.folder.display().to_string();
        let advice = match error.kind() {
            std::io::ErrorKind::NotFound => "make it, or set another plugin folder",
            std::io::ErrorKind::PermissionDenied => "let the host's user read it",
            _ => "see what is wrong with it",
        };
        let message = format!("the plugin folder cannot be read: {error} — {advice}; the host keeps looking");
        let known = self.registry.shelf();
        if known.folder_error.as_ref().is_some_and(|(_, known)| known.message == message) {
            return;
        }
        tracing::warn!(%folder, %error, "the plugin folder cannot be read");
        let error = Refusal::new("read", message).into_error(None, &*self.clock);
        self.registry.update(|shelf| shelf.folder_error = Some((folder, error)));
    }

    fn forget_missing(&self, found: &BTreeMap<String, Stamp>) {
        let known = self.registry.shelf();
        let gone: Vec<&String> = known.files.keys().filter(|file| !found.contains_key(*file)).collect();
        if gone.is_empty() && known.folder_error.is_none() {
            return;
        }
        for file in &gone {
            tracing::info!(%file, "plugin file is gone");
        }
        self.registry.update(|shelf| {
            shelf.folder_error = None;
            shelf.files.retain(|file, _| found.contains_key(file));
        });
        for file in gone {
            let held = known.files.get(file).and_then(|entry| entry.brought.as_ref().or(entry.generation.as_ref()));
            if let Some(held) = held {
                self.withdraw(&held.version.name, file);
            }
        }
    }

    /// Files to read: new ones, changed ones, those whose name has become free, and all of them where something else is
    /// trusted than before. In the order of their names.
    fn changed(&self, found: &BTreeMap<String, Stamp>) -> Vec<(String, Stamp)> {
        let shelf = self.registry.shelf();
        let trust = self.loader.trust();
        let judged = |entry: &FileEntry| entry.trust.as_ref().is_some_and(|by| Arc::ptr_eq(by, &trust));
        let is_new = |file: &str, stamp: &Stamp| match shelf.files.get(file) {
            None => true,
            Some(entry) if entry.stamp != Some(*stamp) || !judged(entry) => true,
            Some(FileEntry { claims: Some(name), error: Some(error), .. }) => {
                error.stage == "name" && shelf.holder(name, file).is_none()
            }
            Some(_) => false,
        };
        found.iter().filter(|(file, stamp)| is_new(file, stamp)).map(|(file, stamp)| (file.clone(), *stamp)).collect()
    }

    fn now(&self, file: &str) -> Option<Stamp> {
        Stamp::of(&self.folder.join(file)).ok()
    }

    /// Reads one file that stands still, and loads it if its bytes are new.
    fn take(&self, file: &str, stamp: Stamp) -> Look {
        let trust = self.loader.trust();
        let content = self.loader.read(&self.folder.join(file));
        if self.now(file) != Some(stamp) {
            return Look::Unsettled;
        }
        let content = match content {
            Ok(content) => content,
            Err(refusal) => return self.refuse(file, stamp, None, &trust, refusal),
        };
        let sha256 = content.sha256.clone();
        let shelf = self.registry.shelf();
        let brought = shelf.files.get(file).and_then(|entry| entry.brought.clone());
        if let Some(same) = brought.filter(|brought| brought.version.sha256 == sha256) {
            return match self.loader.trusted_again(&trust, &content, &same) {
                Ok(()) => self.same(file, stamp, &trust, content, &same),
                Err(refusal) => self.refuse(file, stamp, Some(sha256), &trust, refusal),
            };
        }
        tracing::info!(%file, "loading plugin file");
        match self.loader.load(&content).and_then(|generation| self.unless_taken(file, generation)) {
            Ok(generation) => self.receive(file, stamp, &trust, content, Arc::new(generation)),
            // Somebody wrote meanwhile: these bytes are history.
            Err(_) if self.now(file) != Some(stamp) => Look::Unsettled,
            Err(refusal) => self.refuse(file, stamp, Some(sha256), &trust, refusal),
        }
    }

    /// The first file that holds a name keeps it.
    fn unless_taken(&self, file: &str, generation: Generation) -> Result<Generation, Refusal> {
        let name = &generation.version.name;
        match self.registry.shelf().holder(name, file) {
            None => Ok(generation),
            Some(holder) => {
                let words = format!("{holder} holds the name `{name}` already — remove one of the two files");
                Err(Refusal { claims: Some(name.clone()), ..Refusal::new("name", words) })
            }
        }
    }

    /// The bytes are those that were good before; what is signed with them may be new, and is kept with them.
    fn same(&self, file: &str, stamp: Stamp, trust: &Arc<Trust>, content: Content, held: &Arc<Generation>) -> Look {
        self.registry.update(|shelf| {
            let entry = shelf.files.entry(file.to_owned()).or_default();
            (entry.stamp, entry.error, entry.claims) = (Some(stamp), None, None);
            entry.trust = Some(Arc::clone(trust));
            if self.archive.is_none() {
                entry.generation = Some(Arc::clone(held));
            }
        });
        let Some(archive) = self.archive.as_ref().filter(|_| content.signature.is_some()) else { return Look::Settled };
        let former = Some(content.sha256.clone());
        if let Err(problem) = self.arrive(archive, file, former.as_deref(), content, held) {
            tracing::error!(%file, %problem, "its signature is not in the ledger yet, trying again");
            self.registry.update(|shelf| {
                if let Some(entry) = shelf.files.get_mut(file) {
                    entry.stamp = None;
                }
            });
        }
        Look::Settled
    }

    /// Good bytes: they run at once, or what the ledger knows of versions decides.
    fn receive(&self, file: &str, stamp: Stamp, trust: &Arc<Trust>, content: Content, new: Arc<Generation>) -> Look {
        tracing::info!(%file, plugin = %new.version.name, version = %new.version.version, "plugin loaded");
        self.tally.loaded.one();
        self.tally.loads.took(Duration::from_millis(new.load_ms));
        let before = self.registry.shelf().files.get(file).cloned().unwrap_or_default();
        let former = before.brought.as_ref().map(|brought| brought.version.sha256.clone());
        let is_same_plugin = before.generation.as_ref().is_some_and(|held| held.version.name == new.version.name);
        let (trust, brought) = (Some(Arc::clone(trust)), Some(Arc::clone(&new)));
        let mut entry = FileEntry { stamp: Some(stamp), trust, brought, ..FileEntry::default() };
        match &self.archive {
            None => entry.generation = Some(Arc::clone(&new)),
            Some(_) if is_same_plugin => {
                (entry.generation, entry.trial) = (before.generation.clone(), before.trial.clone())
            }
            Some(_) => {}
        }
        self.registry.update(|shelf| {
            shelf.files.insert(file.to_owned(), entry);
        });
        let Some(archive) = &self.archive else { return Look::Settled };
        match self.arrive(archive, file, former.as_deref(), content, &new) {
            Ok(()) => Look::Settled,
            Err(problem) => {
                tracing::error!(%file, %problem, "whether the plugin may run cannot be decided; what runs goes on, trying again");
                self.registry.update(|shelf| {
                    shelf.files.insert(file.to_owned(), FileEntry { stamp: None, ..before });
                });
                Look::Settled
            }
        }
    }

    /// The good version, if there is one, goes on working; unless what is trusted has changed, and it is no longer.
    fn refuse(&self, file: &str, stamp: Stamp, sha256: Option<String>, trust: &Arc<Trust>, refusal: Refusal) -> Look {
        let claims = refusal.claims.clone();
        let error: PluginError = refusal.into_error(sha256, &*self.clock);
        tracing::warn!(%file, %error, "plugin file refused");
        self.tally.refused.one();
        self.registry.update(|shelf| {
            let entry = shelf.files.entry(file.to_owned()).or_default();
            if entry.generation.as_ref().is_some_and(|held| no_longer(entry, held, trust, &error)) {
                tracing::warn!(%file, "what was loaded of it is not trusted any more, and has gone");
                (entry.generation, entry.brought) = (None, None);
            }
            entry.stamp = Some(stamp);
            entry.trust = Some(Arc::clone(trust));
            entry.error = Some(error);
            entry.claims = claims;
        });
        Look::Settled
    }
}

/// By its own evidence, or because its very bytes were judged by what is trusted now and refused.
fn no_longer(entry: &FileEntry, held: &Generation, trust: &Arc<Trust>, error: &PluginError) -> bool {
    let judged = entry.trust.as_ref().is_some_and(|by| Arc::ptr_eq(by, trust));
    let same = error.sha256.as_ref() == Some(&held.version.sha256);
    !load::still(trust, held) || (!judged && same && error.stage == "trust")
}

/// Plugin files of a folder. Links are followed: a ConfigMap consists of nothing else.
fn list(folder: &Path) -> std::io::Result<BTreeMap<String, Stamp>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(file) = entry.file_name().into_string() else { continue };
        if !is_plugin_file(&file) || std::fs::metadata(entry.path()).is_ok_and(|meta| meta.is_dir()) {
            continue;
        }
        // Gone between the listing and the look: the next look knows.
        if let Ok(stamp) = Stamp::of(&entry.path()) {
            found.insert(file, stamp);
        }
    }
    Ok(found)
}

fn is_plugin_file(file: &str) -> bool {
    // `x.wasm.tmp`, `x.wasm.part` and `x.wasm~` do not end in `.wasm`.
    !file.starts_with('.') && file.ends_with(".wasm")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_on_their_way_are_not_looked_at() {
        assert!(is_plugin_file("a.wasm"));
        for file in [".a.wasm", "a.wasm.tmp", "a.wasm.part", "a.wasm~", "a.txt", "a.cwasm", ".wasm"] {
            assert!(!is_plugin_file(file), "{file}");
        }
    }
}
