//! Notices that the configuration may have changed. Events are hints; the files' contents decide.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;
use tracing::warn;

/// An editor writes a file in several steps; look when it has been quiet this long.
const QUIET: Duration = Duration::from_millis(200);
/// What brings no events (NFS, the symlinks of a ConfigMap) is noticed by looking this often.
const POLL: Duration = Duration::from_secs(5);

/// The folders that hold the configuration, and what was in them last.
pub struct ConfWatch {
    folders: Vec<PathBuf>,
    seen: u64,
    hint: Arc<Notify>,
    _watcher: Option<RecommendedWatcher>,
}

impl ConfWatch {
    /// Watches `folders` (not what lies below them) from now on.
    pub fn over(folders: Vec<PathBuf>) -> Self {
        let hint = Arc::new(Notify::new());
        let watcher = watcher(&folders, Arc::clone(&hint))
            .inspect_err(|error| warn!(%error, "no change events for the configuration: looking every 5 s instead"))
            .ok();
        let seen = fingerprint(&folders);
        Self { folders, seen, hint, _watcher: watcher }
    }

    /// Returns when the files' contents are other than they were. Dropped half way, it forgets nothing.
    pub async fn changed(&mut self) {
        loop {
            if tokio::time::timeout(POLL, self.hint.notified()).await.is_ok() {
                while tokio::time::timeout(QUIET, self.hint.notified()).await.is_ok() {}
            }
            let now = fingerprint(&self.folders);
            if now != self.seen {
                self.seen = now;
                return;
            }
        }
    }
}

fn watcher(folders: &[PathBuf], hint: Arc<Notify>) -> notify::Result<RecommendedWatcher> {
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // Reading is an event, too, and we read.
        if event.is_ok_and(|event| !matches!(event.kind, EventKind::Access(_))) {
            hint.notify_one();
        }
    })?;
    for folder in folders.iter().filter(|folder| folder.is_dir()) {
        watcher.watch(folder, RecursiveMode::NonRecursive)?;
    }
    Ok(watcher)
}

/// A number that differs when a file's name or content does.
fn fingerprint(folders: &[PathBuf]) -> u64 {
    let mut files = BTreeMap::new();
    for folder in folders {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            // Calendars lie beside the files that name them.
            if path.extension().is_some_and(|extension| extension == "toml" || extension == "ics") {
                files.insert(path.clone(), std::fs::read(&path).ok());
            }
        }
    }
    let mut hasher = DefaultHasher::new();
    files.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_written_file_is_noticed_and_a_touched_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("schedules.toml");
        std::fs::write(&file, "a = 1").unwrap();
        let before = fingerprint(&[folder.path().to_owned()]);
        let mut watch = ConfWatch::over(vec![folder.path().to_owned()]);
        std::fs::write(&file, "a = 1").unwrap();
        assert_eq!(fingerprint(&[folder.path().to_owned()]), before);
        std::fs::write(&file, "a = 2").unwrap();
        tokio::time::timeout(Duration::from_secs(30), watch.changed()).await.expect("the change is noticed");
        std::fs::write(folder.path().join("holidays.ics"), "BEGIN:VCALENDAR").unwrap();
        tokio::time::timeout(Duration::from_secs(30), watch.changed()).await.expect("a calendar is noticed");
    }
}
