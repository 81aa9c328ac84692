//! Change events of the watched folders: reasons to look, nothing more.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;
use tracing::warn;

/// A watch on the folders, and which folders those were.
pub struct Hints {
    hint: Arc<Notify>,
    /// By path, the folder that was there.
    folders: BTreeMap<PathBuf, u64>,
    watcher: Option<RecommendedWatcher>,
}

impl Hints {
    /// Watches nothing yet.
    pub fn new() -> Self {
        Self { hint: Arc::new(Notify::new()), folders: BTreeMap::new(), watcher: None }
    }

    /// Watches these folders from now on; one that was replaced is watched anew.
    pub fn watch<'a>(&mut self, paths: impl Iterator<Item = &'a Path>) {
        let found = |path: &Path| Some((path.to_owned(), std::fs::metadata(path).ok()?.ino()));
        let folders: BTreeMap<_, _> = paths.filter_map(found).collect();
        if folders == self.folders {
            return;
        }
        self.watcher = watcher(folders.keys(), Arc::clone(&self.hint))
            .inspect_err(|error| warn!(%error, "no change events for files with payloads: looking every 10 s instead"))
            .ok();
        self.folders = folders;
    }

    /// Returns when something may have changed.
    pub async fn next(&self) {
        self.hint.notified().await;
    }
}

fn watcher<'a>(folders: impl Iterator<Item = &'a PathBuf>, hint: Arc<Notify>) -> notify::Result<RecommendedWatcher> {
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // Reading is an event, too, and we read.
        if event.is_ok_and(|event| !matches!(event.kind, EventKind::Access(_))) {
            hint.notify_one();
        }
    })?;
    for folder in folders {
        watcher.watch(folder, RecursiveMode::NonRecursive)?;
    }
    Ok(watcher)
}
