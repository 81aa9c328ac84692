//! Notices that a plugin's sources have changed.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use noontide_config::project::FILE;
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;

use crate::commands::plugin::project::Folder;

/// What builds leave in a folder.
const LEFTOVERS: [&str; 5] = ["target", "node_modules", "__pycache__", "dist", "build"];

/// An editor writes a file in several steps; look when it has been quiet this long.
const QUIET: Duration = Duration::from_millis(100);
/// What brings no events is noticed by looking this often.
const POLL: Duration = Duration::from_secs(2);

/// The files that a build is made of, and what was in them when it began.
pub struct Sources {
    paths: Vec<PathBuf>,
    /// What the build makes is no source, wherever it lies.
    made: PathBuf,
    seen: u64,
    hint: Arc<Notify>,
    _watcher: Option<RecommendedWatcher>,
}

impl Sources {
    /// Looks at the folder's sources from now on.
    pub fn of(folder: &Folder) -> Self {
        let watched = folder.project.watch.iter().map(|path| folder.path.join(path));
        let paths: Vec<_> = watched.chain([folder.path.join(FILE)]).collect();
        let hint = Arc::new(Notify::new());
        let watcher = watcher(&paths, Arc::clone(&hint)).ok();
        let made = folder.output();
        let seen = fingerprint(&paths, &made);
        Self { paths, made, seen, hint, _watcher: watcher }
    }

    /// Returns when names or contents are other than they were at the beginning.
    pub async fn changed(&mut self) {
        while fingerprint(&self.paths, &self.made) == self.seen {
            if tokio::time::timeout(POLL, self.hint.notified()).await.is_ok() {
                while tokio::time::timeout(QUIET, self.hint.notified()).await.is_ok() {}
            }
        }
    }
}

fn watcher(paths: &[PathBuf], hint: Arc<Notify>) -> notify::Result<RecommendedWatcher> {
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // Reading is an event, too, and builds read.
        if event.is_ok_and(|event| !matches!(event.kind, EventKind::Access(_))) {
            hint.notify_one();
        }
    })?;
    for path in paths {
        // A file that is saved by renaming is another one afterwards: its folder sees both.
        let folder = if path.is_dir() { Some(path.as_path()) } else { path.parent() };
        let mode = if path.is_dir() { RecursiveMode::Recursive } else { RecursiveMode::NonRecursive };
        if let Some(folder) = folder.filter(|folder| folder.is_dir()) {
            watcher.watch(folder, mode)?;
        }
    }
    Ok(watcher)
}

/// A number that differs when a file's name or content does.
fn fingerprint(paths: &[PathBuf], made: &Path) -> u64 {
    let mut files = BTreeMap::new();
    paths.iter().for_each(|path| gather(path, made, &mut files));
    let mut hasher = DefaultHasher::new();
    files.hash(&mut hasher);
    hasher.finish()
}

fn gather(path: &Path, made: &Path, files: &mut BTreeMap<PathBuf, Option<Vec<u8>>>) {
    let Ok(entries) = std::fs::read_dir(path) else {
        files.insert(path.to_owned(), std::fs::read(path).ok());
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        // Links to folders are not followed: a circle has no end.
        let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
        if is_source(&entry.file_name().to_string_lossy()) && path != made && !(is_link && path.is_dir()) {
            gather(&path, made, files);
        }
    }
}

/// Files of editors and of the system begin with a dot or end with a tilde; builds leave the others.
fn is_source(name: &str) -> bool {
    let leftover = name.starts_with('.') || name.ends_with('~') || LEFTOVERS.contains(&name);
    !leftover
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_build_leaves_asks_for_no_other_build() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let look = || fingerprint(&[folder.path().to_owned()], &at("made.wasm"));
        std::fs::write(at("a.py"), "1").unwrap();
        let before = look();
        for name in ["made.wasm", ".a.py.swp", "a.py~"] {
            std::fs::write(at(name), "x").unwrap();
        }
        std::fs::create_dir(at("__pycache__")).unwrap();
        std::fs::write(at("__pycache__/a.pyc"), "x").unwrap();
        assert_eq!(look(), before);
        std::fs::write(at("b.py"), "").unwrap();
        assert_ne!(look(), before);
    }
}
