//! What is loaded right now: one pointer, swapped as a whole. Whoever runs holds the generation it began with.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::{ArcSwap, ArcSwapOption};
use chrono::{DateTime, Utc};
use noontide_domain::plugin::wants;
use noontide_domain::ports::Clock;
use noontide_domain::{
    Grant, Granted, HandlerInfo, HandlerRef, LoadedPlugin, Makeup, Order, PluginError, PluginInfo, PluginName,
    PluginStatus, PluginVersion, Signer, Trust, TrustedKey, Unavailable, suggest,
};
use serde_json::Value;
use tokio::sync::{OnceCell, watch};

use crate::callee::Callee;
use crate::load::Refusal;
use crate::scan::Stamp;
use crate::schema::Schema;
use crate::versions::Trial;

/// One loaded state of a plugin.
pub(crate) struct Generation {
    pub(crate) version: PluginVersion,
    pub(crate) info: PluginInfo,
    pub(crate) makeup: Makeup,
    /// In the order of `info.handlers`.
    pub(crate) schemas: Vec<Option<Schema>>,
    /// The interfaces it imports, by name.
    pub(crate) imports: Vec<String>,
    pub(crate) callee: Callee,
    /// As it was read; compiled once more if somebody wants its steps counted.
    pub(crate) bytes: Arc<[u8]>,
    pub(crate) counted: OnceCell<Arc<Callee>>,
    /// Permits that one guest takes.
    pub(crate) permits: u32,
    /// Who signed the file, and by which key, where keys are trusted.
    pub(crate) signer: ArcSwapOption<(TrustedKey, Signer)>,
    pub(crate) loaded_at: DateTime<Utc>,
    pub(crate) load_ms: u64,
    pub(crate) running: Arc<AtomicUsize>,
}

impl Generation {
    /// Beside what it is granted now.
    pub(crate) fn shown(&self, grant: Option<&Grant>) -> LoadedPlugin {
        LoadedPlugin {
            makeup: self.makeup.clone(),
            granted: grant.map(Granted::of).unwrap_or_default(),
            wishes: wants::compare(&self.info.wants, grant),
            version: self.version.clone(),
            info: self.info.clone(),
            signer: self.signer.load().as_ref().map(|signed| signed.1.clone()),
            loaded_at: self.loaded_at,
            load_ms: self.load_ms,
            running: self.running.load(Ordering::Relaxed),
        }
    }

    /// The place of the handler in the description.
    pub(crate) fn position(&self, wanted: &HandlerRef) -> Result<usize, Unavailable> {
        let names = || self.info.handlers.iter().map(|handler| handler.name.as_str());
        let missing = |handler: &str, hint: String| Unavailable::Handler {
            plugin: wanted.plugin.to_string(),
            handler: handler.to_owned(),
            hint,
        };
        match &wanted.handler {
            Some(name) => names().position(|offered| offered == name).ok_or_else(|| {
                let hint = suggest::hint(name, names());
                let all = names().collect::<Vec<_>>().join(", ");
                missing(name, if hint.is_empty() { format!(" — it has {all}") } else { hint })
            }),
            None if self.info.handlers.len() == 1 => Ok(0),
            None => {
                let all: Vec<String> = names().map(|name| format!("{}/{name}", wanted.plugin)).collect();
                Err(missing("(not named)", format!(" — it has several, name one: {}", all.join(", "))))
            }
        }
    }

    /// Whether `input` fits the handler at `position`.
    pub(crate) fn check_input(&self, position: usize, input: &Value) -> Result<(), Unavailable> {
        let Some(schema) = self.schemas.get(position).and_then(Option::as_ref) else { return Ok(()) };
        schema.check(input).map_err(|message| Unavailable::Input {
            handler: format!("{}/{}", self.version.name, self.info.handlers[position].name),
            message,
        })
    }
}

/// A file of the plugin folder.
#[derive(Clone, Default)]
pub(crate) struct FileEntry {
    /// As it was when its bytes were last read.
    pub(crate) stamp: Option<Stamp>,
    /// What it was judged by then.
    pub(crate) trust: Option<Arc<Trust>>,
    /// What calls go to. Most often what the file holds; else a version from the ledger.
    pub(crate) generation: Option<Arc<Generation>>,
    /// The newest good bytes of the file, loaded, whether or not calls go to them.
    pub(crate) brought: Option<Arc<Generation>>,
    /// A version that some calls go to.
    pub(crate) trial: Option<Arc<Trial>>,
    /// What calls go to from an instant on, the same on every host.
    pub(crate) upcoming: Option<(DateTime<Utc>, Arc<Generation>)>,
    /// What other hosts go by cannot be loaded here: they do the plugin's runs.
    pub(crate) lacks: bool,
    /// Why the newest bytes are not in use.
    pub(crate) error: Option<PluginError>,
    /// The name that the refused bytes ask for.
    pub(crate) claims: Option<PluginName>,
}

/// All that is known of the folder at one moment.
#[derive(Clone, Default)]
pub(crate) struct Shelf {
    pub(crate) files: BTreeMap<String, FileEntry>,
    /// The folder itself, and why it cannot be read.
    pub(crate) folder_error: Option<(String, PluginError)>,
    /// Plugins that somebody brought back without a file.
    pub(crate) alone: BTreeMap<PluginName, FileEntry>,
    by_name: BTreeMap<PluginName, Lane>,
}

/// Where calls of a plugin go.
#[derive(Clone)]
struct Lane {
    active: Arc<Generation>,
    trial: Option<Arc<Trial>>,
    upcoming: Option<(DateTime<Utc>, Arc<Generation>)>,
}

impl Lane {
    fn at(&self, now: DateTime<Utc>) -> &Arc<Generation> {
        self.upcoming.as_ref().filter(|(from, _)| *from <= now).map_or(&self.active, |(_, generation)| generation)
    }
}

/// Where a plugin is on the shelf.
#[derive(Clone)]
pub(crate) enum Place {
    File(String),
    Alone(PluginName),
}

impl FileEntry {
    fn holds(&self, name: &PluginName) -> bool {
        self.generation.as_ref().or(self.brought.as_ref()).is_some_and(|held| held.version.name == *name)
    }

    /// What calls go to.
    pub(crate) fn runs(&self) -> impl Iterator<Item = &Arc<Generation>> {
        let upcoming = self.upcoming.iter().map(|(_, generation)| generation);
        self.generation.iter().chain(self.trial.iter().map(|trial| &trial.generation)).chain(upcoming)
    }

    /// Nothing that is `untrusted` stays; why calls go nowhere then is told.
    pub(crate) fn let_go(&mut self, untrusted: impl Fn(&Generation) -> bool, clock: &dyn Clock) {
        self.trial = self.trial.take().filter(|trial| !untrusted(&trial.generation));
        self.brought = self.brought.take().filter(|brought| !untrusted(brought));
        self.upcoming = self.upcoming.take().filter(|(_, upcoming)| !untrusted(upcoming));
        let Some(held) = self.generation.take_if(|held| untrusted(held)) else { return };
        let PluginVersion { name, version, sha256 } = &held.version;
        tracing::warn!(plugin = %name, %version, "what was loaded is not trusted any more, and has gone");
        let message =
            format!("version {version} is not trusted any more — see [plugins] trust and [plugin.{name}] sha256");
        self.error = Some(Refusal::new("trust", message).into_error(Some(sha256.clone()), clock));
    }

    /// Whether calls go elsewhere, or another error is shown.
    pub(crate) fn is_another(&self, before: &Self) -> bool {
        let digest = |held: Option<&Arc<Generation>>| held.map(Arc::as_ptr);
        digest(self.generation.as_ref()) != digest(before.generation.as_ref())
            || self.trial.as_ref().map(Arc::as_ptr) != before.trial.as_ref().map(Arc::as_ptr)
            || digest(self.upcoming.as_ref().map(|(_, held)| held))
                != digest(before.upcoming.as_ref().map(|(_, held)| held))
            || self.lacks != before.lacks
            || self.error != before.error
    }
}

impl Shelf {
    /// The other file that holds `name`.
    pub(crate) fn holder(&self, name: &PluginName, besides: &str) -> Option<&str> {
        let mut others = self.files.iter().filter(|(file, _)| file.as_str() != besides);
        others.find(|(_, entry)| entry.holds(name)).map(|(file, _)| file.as_str())
    }

    /// Where the plugin is.
    pub(crate) fn place_of(&self, name: &PluginName) -> Option<Place> {
        let file = self.files.iter().find(|(_, entry)| entry.holds(name)).map(|(file, _)| Place::File(file.clone()));
        file.or_else(|| self.alone.contains_key(name).then(|| Place::Alone(name.clone())))
    }

    pub(crate) fn entry(&self, place: &Place) -> Option<&FileEntry> {
        match place {
            Place::File(file) => self.files.get(file),
            Place::Alone(name) => self.alone.get(name),
        }
    }

    pub(crate) fn put(&mut self, place: Place, entry: FileEntry) {
        match place {
            Place::File(file) => self.files.insert(file, entry),
            Place::Alone(name) => self.alone.insert(name, entry),
        };
    }

    fn missing(&self, plugin: &PluginName) -> Unavailable {
        let hint = self.load_error(plugin).unwrap_or_else(|| {
            let near = suggest::hint(plugin.as_str(), self.by_name.keys().map(PluginName::as_str));
            let folder = |(folder, error): &(String, PluginError)| format!(" — {folder}: {}", error.message);
            if near.is_empty() { self.folder_error.as_ref().map(folder).unwrap_or_default() } else { near }
        });
        Unavailable::Plugin { plugin: plugin.to_string(), hint }
    }

    /// The error of the file that would hold the plugin: it says so itself, or its file name does.
    fn load_error(&self, plugin: &PluginName) -> Option<String> {
        let plain = |text: &str| text.to_lowercase().replace('_', "-");
        let stem = |file: &str| plain(file.trim_end_matches(".wasm"));
        let would_hold = |(file, entry): &(&String, &FileEntry)| {
            entry.claims.as_ref() == Some(plugin) || (entry.claims.is_none() && stem(file) == plain(plugin.as_str()))
        };
        let (file, entry) = self.files.iter().filter(|(_, entry)| entry.error.is_some()).find(would_hold)?;
        entry.error.as_ref().map(|error| format!(" — {file} was refused: {error}"))
    }
}

/// The one pointer.
pub(crate) struct Registry {
    clock: Arc<dyn Clock>,
    shelf: ArcSwap<Shelf>,
    /// What the ledger has active, where hosts share their plugins: another one can do what this one cannot yet.
    elsewhere: ArcSwap<BTreeMap<PluginName, PluginInfo>>,
    writing: Mutex<()>,
    changes: watch::Sender<u64>,
}

impl Registry {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            shelf: ArcSwap::default(),
            elsewhere: ArcSwap::default(),
            writing: Mutex::new(()),
            changes: watch::Sender::new(0),
        }
    }

    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    pub(crate) fn shelf(&self) -> Arc<Shelf> {
        self.shelf.load_full()
    }

    /// Changes the shelf and publishes it as a whole.
    pub(crate) fn update(&self, change: impl FnOnce(&mut Shelf)) {
        let _one_writer = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut shelf = Shelf::clone(&self.shelf.load());
        change(&mut shelf);
        let files = &shelf.files;
        shelf.alone.retain(|name, _| !files.values().any(|entry| entry.holds(name)));
        let lane = |entry: &FileEntry| {
            let active = entry.generation.clone()?;
            let (trial, upcoming) = (entry.trial.clone(), entry.upcoming.clone());
            Some((active.version.name.clone(), Lane { active, trial, upcoming }))
        };
        shelf.by_name = shelf.alone.values().chain(shelf.files.values()).filter_map(lane).collect();
        self.shelf.store(Arc::new(shelf));
        self.changes.send_modify(|count| *count += 1);
    }

    /// The generation that holds the plugin now, and the handler's place in it.
    pub(crate) fn find(&self, wanted: &HandlerRef) -> Result<(Arc<Generation>, usize), Unavailable> {
        let shelf = self.shelf.load();
        let lane = shelf.by_name.get(&wanted.plugin).ok_or_else(|| shelf.missing(&wanted.plugin))?;
        let active = lane.at(self.clock.now());
        let position = active.position(wanted)?;
        Ok((Arc::clone(active), position))
    }

    /// The same for a run: it may be one that the version on trial gets, if that can carry it out.
    pub(crate) fn find_for(&self, order: &Order) -> Result<(Arc<Generation>, usize), Unavailable> {
        let shelf = self.shelf.load();
        let trial = shelf.by_name.get(&order.handler.plugin).and_then(|lane| lane.trial.as_ref());
        if let Some(trial) = trial {
            let generation = &trial.generation;
            let position = generation.position(&order.handler);
            let fits = position.and_then(|at| generation.check_input(at, &order.input).map(|()| at));
            if let (Ok(position), true) = (fits, trial.takes(order)) {
                return Ok((Arc::clone(generation), position));
            }
        }
        self.find(&order.handler)
    }

    /// What calls of the plugin go to.
    pub(crate) fn running(&self, plugin: &PluginName) -> Option<Arc<Generation>> {
        self.shelf.load().by_name.get(plugin).map(|lane| Arc::clone(lane.at(self.clock.now())))
    }

    /// Whether the instant of any cut-over has come.
    pub(crate) fn is_cut_over(&self, now: DateTime<Utc>) -> bool {
        let shelf = self.shelf.load();
        shelf.by_name.values().any(|lane| lane.upcoming.as_ref().is_some_and(|(from, _)| *from <= now))
    }

    /// Plugins whose runs this host leaves to others.
    pub(crate) fn lacking(&self) -> Vec<PluginName> {
        let shelf = self.shelf.load();
        let files = shelf.files.values().filter(|entry| entry.lacks);
        let of_files = files.filter_map(|entry| Some(entry.generation.as_ref()?.version.name.clone()));
        let alone = shelf.alone.iter().filter(|(_, entry)| entry.lacks).map(|(name, _)| name.clone());
        let elsewhere = self.elsewhere.load();
        let not_here = elsewhere.keys().filter(|name| !shelf.by_name.contains_key(*name)).cloned();
        of_files.chain(alone).chain(not_here).collect()
    }

    /// What the plugin's file holds.
    pub(crate) fn brought(&self, plugin: &PluginName) -> Option<Arc<Generation>> {
        let shelf = self.shelf.load();
        shelf.files.values().find(|entry| entry.holds(plugin)).and_then(|entry| entry.brought.clone())
    }

    /// Whether any version is on trial here.
    pub(crate) fn has_trials(&self) -> bool {
        self.shelf.load().by_name.values().any(|lane| lane.trial.is_some())
    }

    /// What the ledger says is active on the hosts that share it.
    pub(crate) fn know_elsewhere(&self, plugins: BTreeMap<PluginName, PluginInfo>) {
        self.elsewhere.store(Arc::new(plugins));
    }

    /// The handler as it is known of other hosts. Whether the input fits, the one that takes the run will see.
    fn handler_elsewhere(&self, wanted: &HandlerRef) -> Option<HandlerInfo> {
        let elsewhere = self.elsewhere.load();
        let handlers = &elsewhere.get(&wanted.plugin)?.handlers;
        match &wanted.handler {
            Some(name) => handlers.iter().find(|handler| handler.name == *name).cloned(),
            None => handlers.first().filter(|_| handlers.len() == 1).cloned(),
        }
    }

    pub(crate) fn check(&self, wanted: &HandlerRef, input: &Value) -> Result<HandlerInfo, Unavailable> {
        let (generation, position) = match self.find(wanted) {
            Ok(found) => found,
            Err(missing @ Unavailable::Plugin { .. }) => return self.handler_elsewhere(wanted).ok_or(missing),
            Err(other) => return Err(other),
        };
        generation.check_input(position, input)?;
        Ok(generation.info.handlers[position].clone())
    }

    pub(crate) fn shown(&self, grants: &BTreeMap<PluginName, Arc<Grant>>) -> Vec<PluginStatus> {
        let shelf = self.shelf.load();
        let folder = shelf.folder_error.iter().map(|(folder, error)| PluginStatus {
            file: folder.clone(),
            loaded: None,
            error: Some(error.clone()),
        });
        let shown = |file: &str, entry: &FileEntry| PluginStatus {
            file: file.to_owned(),
            loaded: entry.generation.as_deref().map(|held| held.shown(grants.get(&held.version.name).map(Arc::as_ref))),
            error: entry.error.clone(),
        };
        let files = shelf.files.iter().map(|(file, entry)| shown(file, entry));
        let alone = shelf.alone.values().map(|entry| shown("(ledger)", entry));
        folder.chain(files).chain(alone).collect()
    }
}
