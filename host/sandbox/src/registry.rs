//! What is loaded right now: one pointer, swapped as a whole. Whoever runs holds the generation it began with.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::{ArcSwap, ArcSwapOption};
use chrono::{DateTime, Utc};
use noontide_domain::plugin::wants;
use noontide_domain::{
    Grant, Granted, HandlerInfo, HandlerRef, LoadedPlugin, Makeup, PluginError, PluginInfo, PluginName, PluginStatus,
    PluginVersion, Signer, Trust, TrustedKey, Unavailable, suggest,
};
use serde_json::Value;
use tokio::sync::watch;

use crate::callee::Callee;
use crate::scan::Stamp;
use crate::schema::Schema;

/// One loaded state of a plugin.
pub(crate) struct Generation {
    pub(crate) version: PluginVersion,
    pub(crate) info: PluginInfo,
    pub(crate) makeup: Makeup,
    /// In the order of `info.handlers`.
    pub(crate) schemas: Vec<Option<Schema>>,
    pub(crate) callee: Callee,
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
    /// The newest good state.
    pub(crate) generation: Option<Arc<Generation>>,
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
    by_name: BTreeMap<PluginName, Arc<Generation>>,
}

impl Shelf {
    /// The other file that holds `name`.
    pub(crate) fn holder(&self, name: &PluginName, besides: &str) -> Option<&str> {
        let mut others = self.files.iter().filter(|(file, _)| file.as_str() != besides);
        let holds = |entry: &FileEntry| entry.generation.as_ref().is_some_and(|held| held.version.name == *name);
        others.find(|(_, entry)| holds(entry)).map(|(file, _)| file.as_str())
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
    shelf: ArcSwap<Shelf>,
    writing: Mutex<()>,
    changes: watch::Sender<u64>,
}

impl Registry {
    pub(crate) fn new() -> Self {
        Self { shelf: ArcSwap::default(), writing: Mutex::new(()), changes: watch::Sender::new(0) }
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
        let generations = shelf.files.values().filter_map(|entry| entry.generation.clone());
        shelf.by_name = generations.map(|held| (held.version.name.clone(), held)).collect();
        self.shelf.store(Arc::new(shelf));
        self.changes.send_modify(|count| *count += 1);
    }

    /// The generation that holds the plugin now, and the handler's place in it.
    pub(crate) fn find(&self, wanted: &HandlerRef) -> Result<(Arc<Generation>, usize), Unavailable> {
        let shelf = self.shelf.load();
        let generation = shelf.by_name.get(&wanted.plugin).ok_or_else(|| shelf.missing(&wanted.plugin))?;
        let position = generation.position(wanted)?;
        Ok((Arc::clone(generation), position))
    }

    pub(crate) fn check(&self, wanted: &HandlerRef, input: &Value) -> Result<HandlerInfo, Unavailable> {
        let (generation, position) = self.find(wanted)?;
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
        let files = shelf.files.iter().map(|(file, entry)| PluginStatus {
            file: file.clone(),
            loaded: entry.generation.as_deref().map(|held| held.shown(grants.get(&held.version.name).map(Arc::as_ref))),
            error: entry.error.clone(),
        });
        folder.chain(files).collect()
    }
}
