//! Compiled code that outlives the host: one file for each plugin file, in a folder that only the host may write. What lies
//! there is run as native code; a digest beside it finds what a power cut has left half written.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use sha2::{Digest, Sha256};

/// All code together, in bytes: with more, what was not used for longest goes.
const KEPT: u64 = 1 << 30;

/// The folder, and the next temporary name.
pub(crate) struct Artefacts {
    folder: PathBuf,
    next: AtomicU64,
}

impl Artefacts {
    /// A folder of its own within the cache folder, which is private.
    pub(crate) fn within(cache: &Path) -> io::Result<Self> {
        let folder = std::path::absolute(cache.join("code"))?;
        fs::create_dir_all(&folder)?;
        Ok(Self { folder, next: AtomicU64::new(0) })
    }

    /// What was noted with the code, and where the code is; `None` if there is none or it is not whole.
    pub(crate) fn find(&self, key: &str, now: SystemTime) -> Option<(String, PathBuf)> {
        let (digest, said) = fs::read_to_string(self.note(key)).ok()?.split_once('\n').map(own)?;
        let code = self.code(key);
        if digest_of(&code).ok()? != digest {
            return None;
        }
        // Used now; whether that can be noted changes nothing.
        let _ = File::open(&code).and_then(|file| file.set_modified(now));
        Some((said, code))
    }

    /// Where new code may be written to before it is kept.
    pub(crate) fn on_its_way(&self) -> PathBuf {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.folder.join(format!("{}-{number}.tmp", std::process::id()))
    }

    /// Keeps what was written to `from`; the note is there first, so that there is no code without one.
    pub(crate) fn keep(&self, from: &Path, key: &str, said: &str) -> io::Result<PathBuf> {
        let digest = digest_of(from)?;
        let note = self.on_its_way();
        fs::write(&note, format!("{digest}\n{said}"))?;
        fs::rename(&note, self.note(key))?;
        let code = self.code(key);
        fs::rename(from, &code)?;
        self.prune();
        Ok(code)
    }

    fn code(&self, key: &str) -> PathBuf {
        self.folder.join(format!("{key}.code"))
    }

    fn note(&self, key: &str) -> PathBuf {
        self.folder.join(format!("{key}.note"))
    }

    /// A file that is in use may go: whoever has mapped it keeps it.
    fn prune(&self) {
        let files = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let sized = |entry: fs::DirEntry| {
            let meta = entry.metadata().ok()?;
            Some((meta.modified().ok()?, meta.len(), entry.path()))
        };
        let mut files: Vec<_> = files.filter_map(sized).collect();
        files.sort();
        let mut kept = 0_u64;
        for (_, length, path) in files.into_iter().rev() {
            kept = kept.saturating_add(length);
            if kept > KEPT {
                let _ = fs::remove_file(path);
            }
        }
    }
}

fn own((digest, said): (&str, &str)) -> (String, String) {
    (digest.to_owned(), said.to_owned())
}

fn digest_of(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut digest = Sha256::new();
    let mut part = vec![0; 256 << 10];
    loop {
        match file.read(&mut part)? {
            0 => break,
            length => digest.update(&part[..length]),
        }
    }
    Ok(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_that_was_cut_short_is_not_found_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let artefacts = Artefacts::within(folder.path()).expect("a folder");
        let from = artefacts.on_its_way();
        fs::write(&from, b"native code").expect("written");
        let code = artefacts.keep(&from, "k", "note").expect("kept");
        assert_eq!(artefacts.find("k", SystemTime::UNIX_EPOCH), Some(("note".to_owned(), code.clone())));
        fs::write(&code, b"native").expect("cut");
        assert_eq!(
            (artefacts.find("k", SystemTime::UNIX_EPOCH), artefacts.find("other", SystemTime::UNIX_EPOCH)),
            (None, None)
        );
    }
}
