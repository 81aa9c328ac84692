//! One host for one data folder: a lock on `noontide.lock`, and `api.json`, which tells clients where the host listens.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::exit::{Exit, Stop};

/// Held for as long as the host lives; the system lets go of it however the process ends.
pub struct DataFolder {
    folder: PathBuf,
    _lock: File,
}

impl DataFolder {
    /// Makes the folder, for its owner alone, and locks it.
    ///
    /// # Errors
    /// Another host has it (6), or it cannot be written (1).
    pub fn lock(folder: &Path) -> Result<Self, Stop> {
        let broken = |what: &Path, error| Stop::failed(format!("data folder: {}: {error}", what.display()));
        make(folder).map_err(|error| broken(folder, error))?;
        let path = folder.join("noontide.lock");
        let mut lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(|error| broken(&path, error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(taken(folder, &mut lock)),
            Err(TryLockError::Error(error)) => return Err(broken(&path, error)),
        }
        // Whoever is refused reads there who has it.
        let write = lock.set_len(0).and_then(|()| writeln!(lock, "{}", std::process::id()));
        write.map_err(|error| broken(&path, error))?;
        Ok(Self { folder: folder.to_owned(), _lock: lock })
    }

    /// Where the Unix socket is.
    pub fn socket(&self) -> PathBuf {
        self.folder.join("noontide.sock")
    }

    /// Says where the host listens.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn announce(&self, address: Option<SocketAddr>) -> Result<(), Stop> {
        let text = json!({
            "pid": std::process::id(),
            "address": address.map(|address| address.to_string()),
            "socket": self.socket().display().to_string(),
        });
        let (new, path) = (self.folder.join("api.json.new"), self.folder.join("api.json"));
        let write = std::fs::write(&new, format!("{text}\n")).and_then(|()| std::fs::rename(&new, &path));
        write.map_err(|error| Stop::failed(format!("{}: {error}", path.display())))
    }
}

impl Drop for DataFolder {
    fn drop(&mut self) {
        for left in [self.folder.join("api.json"), self.socket()] {
            let _ = std::fs::remove_file(left);
        }
    }
}

/// A folder that is there keeps its mode: somebody chose it.
fn make(folder: &Path) -> std::io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(parent) = folder.parent() {
        std::fs::create_dir_all(parent)?;
    }
    // Inputs, results and logs of all runs lie in there. Recursive only so that one made meanwhile is no error.
    std::fs::DirBuilder::new().mode(0o700).recursive(true).create(folder)
}

fn taken(folder: &Path, lock: &mut File) -> Stop {
    let mut pid = String::new();
    let _ = lock.read_to_string(&mut pid);
    let who = pid.trim().parse::<u32>().map_or("another host".to_owned(), |pid| format!("another host (pid {pid})"));
    let place = folder.display();
    Stop::new(
        Exit::Conflict,
        format!("{who} already serves {place}; stop it, or give this one its own folder: `[data] dir = …`"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_host_on_the_same_folder_is_refused_with_the_pid_of_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let first = DataFolder::lock(folder.path()).unwrap();
        let stop = DataFolder::lock(folder.path()).err().unwrap();
        assert_eq!(stop.exit, Exit::Conflict);
        assert!(stop.message.contains(&std::process::id().to_string()), "{}", stop.message);
        drop(first);
        assert!(DataFolder::lock(folder.path()).is_ok());
    }

    #[test]
    fn a_folder_the_host_makes_is_its_owners_alone_and_one_that_was_there_keeps_its_mode() {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let folder = tempfile::tempdir().unwrap();
        let new = folder.path().join("var/data");
        drop(DataFolder::lock(&new).unwrap());
        assert_eq!(mode(&new), 0o700);
        std::fs::set_permissions(&new, std::fs::Permissions::from_mode(0o750)).unwrap();
        drop(DataFolder::lock(&new).unwrap());
        assert_eq!(mode(&new), 0o750);
    }

    #[test]
    fn what_tells_clients_where_the_host_is_goes_with_the_host() {
        let folder = tempfile::tempdir().unwrap();
        let host = DataFolder::lock(folder.path()).unwrap();
        host.announce("127.0.0.1:7878".parse().ok()).unwrap();
        let text = std::fs::read_to_string(folder.path().join("api.json")).unwrap();
        assert!(text.contains(r#""address":"127.0.0.1:7878""#), "{text}");
        drop(host);
        assert!(!folder.path().join("api.json").exists());
    }
}
