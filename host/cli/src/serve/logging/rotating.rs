//! A log file that becomes a numbered backup when it is full: `x.log.1` is the newest. Each line is in the file when the call
//! returns, so whoever kills the host loses none.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use noontide_config::LogFile;

use crate::output::complain;

/// A log file and its backups.
pub struct Rotating {
    settings: LogFile,
    open: Mutex<Open>,
}

struct Open {
    file: File,
    /// Bytes in it.
    length: u64,
    /// Lines that could not be written since the last that could. The first of them is complained about on stderr.
    lost: u64,
}

impl Rotating {
    /// Goes on with what is there; folders are made.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn open(settings: LogFile) -> io::Result<Self> {
        if let Some(folder) = settings.path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder)?;
        }
        let open = Mutex::new(Open::at(&settings.path)?);
        Ok(Self { settings, open })
    }

    /// Writes a line, with its line break.
    pub fn write(&self, line: &str) {
        let mut open = self.lock();
        match self.append(&mut open, line) {
            Ok(()) if open.lost > 0 => {
                let lost = std::mem::take(&mut open.lost);
                self.tell(&format!("written again; {lost} lines are missing"));
            }
            Ok(()) => {}
            Err(error) => {
                if open.lost == 0 {
                    self.tell(&format!("{error}; the host goes on, and tells when lines are written again"));
                }
                open.lost += 1;
            }
        }
    }

    /// Opens what lies at the path now; what cannot be opened goes on as it was.
    pub fn reopen(&self) {
        let mut open = self.lock();
        match Open::at(&self.settings.path) {
            Ok(anew) => *open = Open { lost: open.lost, ..anew },
            Err(error) => self.tell(&format!("not opened again: {error}")),
        }
    }

    fn append(&self, open: &mut Open, line: &str) -> io::Result<()> {
        if open.length > 0 && open.length + line.len() as u64 > self.settings.max_size {
            self.rotate()?;
            *open = Open { lost: open.lost, ..Open::at(&self.settings.path)? };
        }
        match open.file.write_all(line.as_bytes()) {
            Ok(()) => open.length += line.len() as u64,
            Err(error) => {
                // Half a line would spoil the next one.
                open.file.set_len(open.length)?;
                return Err(error);
            }
        }
        Ok(())
    }

    /// The oldest goes, all others get the next number.
    fn rotate(&self) -> io::Result<()> {
        for number in (1..self.settings.keep).rev() {
            match fs::rename(self.backup(number), self.backup(number + 1)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        fs::rename(&self.settings.path, self.backup(1))
    }

    fn backup(&self, number: usize) -> PathBuf {
        let mut name = self.settings.path.clone().into_os_string();
        name.push(format!(".{number}"));
        PathBuf::from(name)
    }

    /// Not through the log: it would come back here.
    fn tell(&self, what: &str) {
        complain(&format!("noontide: log file {}: {what}", self.settings.path.display()));
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    fn at(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        let length = file.metadata()?.len();
        Ok(Self { file, length, lost: 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rotating(folder: &Path, max_size: u64, keep: usize) -> Rotating {
        let path = folder.join("logs/n.jsonl");
        Rotating::open(LogFile { path, max_size, keep, level: "info".to_owned() }).unwrap()
    }

    fn read(rotating: &Rotating, number: usize) -> Option<String> {
        let path = if number == 0 { rotating.settings.path.clone() } else { rotating.backup(number) };
        fs::read_to_string(path).ok()
    }

    #[test]
    fn a_full_file_becomes_the_first_backup_and_the_oldest_goes() {
        let folder = tempfile::tempdir().unwrap();
        let log = rotating(folder.path(), 4, 2);
        ["a\n", "b\n", "c\n", "d\n", "e\n", "f\n", "g\n"].iter().for_each(|line| log.write(line));
        assert_eq!(
            [0, 1, 2, 3].map(|number| read(&log, number)),
            [Some("g\n".to_owned()), Some("e\nf\n".to_owned()), Some("c\nd\n".to_owned()), None]
        );
    }

    #[test]
    fn a_line_longer_than_the_file_is_written_whole_and_an_old_file_is_gone_on_with() {
        let folder = tempfile::tempdir().unwrap();
        rotating(folder.path(), 4, 1).write("longer than four\n");
        let log = rotating(folder.path(), 40, 1);
        log.write("b\n");
        assert_eq!(read(&log, 0).as_deref(), Some("longer than four\nb\n"));
    }

    #[test]
    fn a_file_that_was_moved_away_is_opened_again_when_asked() {
        let folder = tempfile::tempdir().unwrap();
        let log = rotating(folder.path(), 40, 1);
        log.write("a\n");
        let away = folder.path().join("away");
        fs::rename(&log.settings.path, &away).unwrap();
        log.write("b\n");
        log.reopen();
        log.write("c\n");
        assert_eq!((fs::read_to_string(away).unwrap().as_str(), read(&log, 0).as_deref()), ("a\nb\n", Some("c\n")));
    }

    #[test]
    fn what_cannot_be_written_is_counted_and_the_next_line_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let log = rotating(folder.path(), 40, 1);
        log.write("a\n");
        // A file that nobody can write to: of a device that is full.
        let full = OpenOptions::new().append(true).open("/dev/full").unwrap();
        let good = std::mem::replace(&mut log.lock().file, full);
        log.write("b\n");
        log.write("c\n");
        assert_eq!(log.lock().lost, 2);
        log.lock().file = good;
        log.write("d\n");
        assert_eq!((log.lock().lost, read(&log, 0).as_deref()), (0, Some("a\nd\n")));
    }
}
