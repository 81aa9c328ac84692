//! One watched place: which files are complete, and where they go. A file is taken by moving it to `taking/` under an id of
//! its own; there it stays until it is done or refused, whatever happens to the host meanwhile.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use noontide_domain::SubmissionId;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use crate::payloads::Written;

/// A file that is the same for this long is taken to be written to its end. Whoever writes in bursts writes beside, and
/// renames.
pub const STILL: Duration = Duration::from_secs(1);

/// On the way: taken, and neither done nor refused yet.
const TAKING: &str = "taking";
/// Handed over; each with its counts beside it.
const DONE: &str = "done";
/// Not to be handed over; each with the reason beside it.
const REFUSED: &str = "refused";

/// What tells a file that is being written from one that stands still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    length: u64,
    modified: Option<SystemTime>,
    inode: u64,
}

impl Stamp {
    /// Of the file itself: what a link points to may be anything the host can read.
    fn of(path: &Path) -> Option<Self> {
        let meta = fs::symlink_metadata(path).ok().filter(|meta| !meta.is_dir())?;
        Some(Self { length: meta.len(), modified: meta.modified().ok(), inode: meta.ino() })
    }
}

/// A folder, or one file of it.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    only: Option<OsString>,
    seen: BTreeMap<OsString, (Stamp, Instant)>,
}

/// A file in `taking/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// Under which it is submitted, as often as it takes.
    pub id: SubmissionId,
    /// Where it is.
    pub path: PathBuf,
    /// As it was called in the folder.
    pub name: String,
}

/// What one look found.
#[derive(Debug, Default)]
pub struct Look {
    /// Files to hand over, in the order in which they were taken.
    pub taken: Vec<Taken>,
    /// Somebody is still writing: look again soon.
    pub unsettled: bool,
    /// What is in the way, with the next step.
    pub problem: Option<String>,
}

impl Folder {
    /// A path that is called like a file of payloads is one; any other is a folder.
    pub fn at(path: &Path) -> Self {
        let (path, only) = match (Written::of(path), path.parent(), path.file_name()) {
            (Some(_), Some(parent), Some(name)) => (parent, Some(name.to_owned())),
            _ => (path, None),
        };
        Self { path: path.to_owned(), only, seen: BTreeMap::new() }
    }

    /// Where files arrive.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Takes what has stood still. What was taken before and is not over comes first.
    pub fn look(&mut self, now: Instant) -> Look {
        let mut look = Look { taken: self.on_the_way(), ..Look::default() };
        let found = match self.list() {
            Ok(found) => found,
            Err(error) => {
                self.seen.clear();
                look.problem = Some(unreadable(&self.path, &error));
                return look;
            }
        };
        self.seen.retain(|name, (stamp, _)| found.get(name) == Some(stamp));
        for (name, stamp) in found {
            let (_, since) = *self.seen.entry(name.clone()).or_insert((stamp, now));
            if now.saturating_duration_since(since) < STILL {
                look.unsettled = true;
                continue;
            }
            match self.take(&name, stamp) {
                Ok(taken) => look.taken.extend(taken),
                Err(error) => look.problem = Some(immovable(&self.path.join(&name), &error)),
            }
        }
        look
    }

    /// Whether there is anything to hand over.
    pub fn has_files(&self) -> bool {
        !self.on_the_way().is_empty() || self.list().is_ok_and(|found| !found.is_empty())
    }

    fn list(&self) -> std::io::Result<BTreeMap<OsString, Stamp>> {
        let mut found = BTreeMap::new();
        for entry in fs::read_dir(&self.path)? {
            let name = entry?.file_name();
            let is_asked_for = self.only.as_ref().is_none_or(|only| *only == name);
            if let (true, Some(stamp)) = (is_asked_for && is_complete_name(&name), Stamp::of(&self.path.join(&name))) {
                found.insert(name, stamp);
            }
        }
        Ok(found)
    }

    /// `None` if it is not what was looked at any more; the next look knows more.
    fn take(&mut self, name: &OsString, stamp: Stamp) -> std::io::Result<Option<Taken>> {
        let Some(text) = name.to_str() else {
            return Err(std::io::Error::new(ErrorKind::InvalidFilename, "its name is no text"));
        };
        let (id, from) = (SubmissionId::new(), self.path.join(name));
        let taking = self.beside(TAKING)?;
        let path = taking.join(format!("{id}-{text}"));
        match fs::rename(&from, &path) {
            // Another host of this ledger was faster, or whoever put it there has changed their mind.
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            moved => moved?,
        }
        self.seen.remove(name);
        if Stamp::of(&path) != Some(stamp) && !from.exists() {
            fs::rename(&path, &from)?;
            return Ok(None);
        }
        // A power cut must not bring it back under its old name once it was handed over.
        for folder in [&taking, &self.path] {
            File::open(folder)?.sync_all()?;
        }
        Ok(Some(Taken { id, path, name: text.to_owned() }))
    }

    fn on_the_way(&self) -> Vec<Taken> {
        let entries = fs::read_dir(self.path.join(TAKING)).into_iter().flatten().flatten();
        let mut taken: Vec<_> = entries.filter_map(|entry| Taken::found(&entry.path())).collect();
        taken.sort_by_key(|taken| taken.id);
        taken
    }

    fn beside(&self, name: &str) -> std::io::Result<PathBuf> {
        let folder = self.path.join(name);
        match fs::create_dir(&folder) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
            _ => Ok(folder),
        }
    }

    /// Moves it to `done/`, with `counts` beside it.
    ///
    /// # Errors
    /// It cannot be written there.
    pub fn done(&self, taken: &Taken, counts: &str) -> std::io::Result<()> {
        self.put_away(taken, DONE, "counts", counts)
    }

    /// Moves it to `refused/`, with `reason` beside it.
    ///
    /// # Errors
    /// It cannot be written there.
    pub fn refuse(&self, taken: &Taken, reason: &str) -> std::io::Result<()> {
        self.put_away(taken, REFUSED, "error", reason)
    }

    /// The word comes first: a file that is there is never without it.
    fn put_away(&self, taken: &Taken, folder: &str, ending: &str, word: &str) -> std::io::Result<()> {
        let folder = self.beside(folder)?;
        let name = format!("{}-{}", taken.id, taken.name);
        fs::write(folder.join(format!("{name}.{ending}")), format!("{word}\n"))?;
        match fs::rename(&taken.path, folder.join(name)) {
            // Another host of this ledger was faster.
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            moved => moved,
        }
    }
}

impl Taken {
    fn found(path: &Path) -> Option<Self> {
        let file = path.file_name()?.to_str()?;
        let (id, name) = (file.get(..36)?.parse().ok()?, file.get(36..)?.strip_prefix('-')?);
        Some(Self { id, path: path.to_owned(), name: name.to_owned() })
    }

    /// Opens it, if it is a file: what a link points to, and what may block or never end, is none.
    ///
    /// # Errors
    /// It is no file ([`ErrorKind::InvalidInput`]), or cannot be read.
    pub fn open(&self) -> std::io::Result<File> {
        let no_file =
            |what: &str| std::io::Error::new(ErrorKind::InvalidInput, format!("{what}; put the file itself there"));
        // A pipe without a writer must not hold us.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = match rustix::fs::open(&self.path, flags, Mode::empty()) {
            Err(Errno::LOOP) => return Err(no_file("it is a symbolic link")),
            opened => File::from(opened?),
        };
        match file.metadata()?.is_file() {
            true => Ok(file),
            false => Err(no_file("it is no regular file")),
        }
    }
}

/// `x.json.tmp`, `x.json.part`, `x.json~` and `#x.json#` do not end so.
fn is_complete_name(name: &OsString) -> bool {
    let hidden = name.as_encoded_bytes().starts_with(b".");
    !hidden && Written::of(Path::new(name)).is_some()
}

fn unreadable(path: &Path, error: &std::io::Error) -> String {
    let advice = match error.kind() {
        ErrorKind::NotFound => "make it, or name another in `watch`",
        ErrorKind::PermissionDenied => "let the host's user read it",
        _ => "see what is wrong with it",
    };
    format!("{} cannot be read: {error}; {advice}, the host keeps looking", path.display())
}

fn immovable(path: &Path, error: &std::io::Error) -> String {
    format!("{} cannot be taken: {error}; let the host's user write in its folder", path.display())
}

#[cfg(test)]
mod tests;
