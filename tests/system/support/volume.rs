//! A small file system of its own, to be filled or made read-only. Needs the right to mount.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A tmpfs at a folder; gone when dropped.
pub struct Volume(PathBuf);

impl Volume {
    /// `None`, with a printed reason, where this machine lets us mount nothing.
    pub fn at(folder: &Path, size: &str) -> Option<Self> {
        std::fs::create_dir_all(folder).expect("a folder");
        if mount(&["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"], folder) {
            return Some(Self(folder.to_owned()));
        }
        println!("skipped: this user may not mount a tmpfs; run as root to have it tested");
        None
    }

    /// Nothing can be written from now on.
    pub fn make_read_only(&self) {
        assert!(mount(&["-o", "remount,ro"], &self.0), "a tmpfs can be made read-only");
    }

    /// Fills it to the last byte.
    pub fn fill(&self) {
        let zeros = vec![0; 4096];
        let mut file = std::fs::File::create(self.0.join("filler")).expect("a file");
        while std::io::Write::write_all(&mut file, &zeros).is_ok() {}
    }

    /// Takes the filling away.
    pub fn free(&self) {
        std::fs::remove_file(self.0.join("filler")).expect("the filler");
    }
}

impl Drop for Volume {
    fn drop(&mut self) {
        // Lazily: a host that is killed later may still have files open.
        let _ = Command::new("umount").arg("-l").arg(&self.0).stderr(Stdio::null()).status();
    }
}

fn mount(options: &[&str], folder: &Path) -> bool {
    let status = Command::new("mount").args(options).arg(folder).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}
