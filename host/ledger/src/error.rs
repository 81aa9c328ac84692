//! Why a ledger did not open.

use std::path::PathBuf;

/// Why a ledger did not open: the place, the reason, the next step.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL says nothing that can be opened.
    #[error("ledger `{url}`: {problem}")]
    Url {
        /// As given, without a password.
        url: String,
        /// What is wrong, and the remedy.
        problem: String,
    },
    /// The folder is not there and cannot be made.
    #[error("ledger {}: its folder cannot be created ({reason}); create it, or choose another path", path.display())]
    Folder {
        /// The file.
        path: PathBuf,
        /// The system's words.
        reason: String,
    },
    /// The file cannot be opened, or not for writing.
    #[error(
        "ledger {}: cannot be written ({reason}); give this user the right to write the file and its folder, or choose \
         another path",
        path.display()
    )]
    NotWritable {
        /// The file.
        path: PathBuf,
        /// SQLite's words.
        reason: String,
    },
    /// The file holds something else.
    #[error("ledger {}: this is not a SQLite database; choose another path, or move the file away", path.display())]
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// A newer noontide wrote it.
    #[error(
        "ledger {}: its schema has version {found}, this noontide knows up to {known}; start the newer noontide again, \
         or restore the backup from before the upgrade",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// In the file.
        found: i64,
        /// The newest this binary knows.
        known: i64,
    },
    /// A newer noontide wrote it.
    #[error(
        "ledger `{url}`: its schema has version {found}, this noontide knows up to {known}; start the newer noontide again, \
         or restore the backup from before the upgrade"
    )]
    NewerSchema {
        /// As given, without a password.
        url: String,
        /// In the database.
        found: i64,
        /// The newest this binary knows.
        known: i64,
    },
    /// The server does not answer, or not as it has to.
    #[error("ledger `{url}`: {reason}")]
    Server {
        /// As given, without a password.
        url: String,
        /// The server's words, and what to do.
        reason: String,
    },
    /// Somebody else writes and does not stop.
    #[error(
        "ledger {}: another process keeps it locked; stop that process (a second noontide may share the file, a backup \
         tool that locks it may not)",
        path.display()
    )]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// Anything else.
    #[error("ledger {}: {reason}; `sqlite3 {} 'PRAGMA integrity_check'` tells more", path.display(), path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// SQLite's words.
        reason: String,
    },
}
