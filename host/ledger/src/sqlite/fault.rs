//! What SQLite says, in words and with the next step.

use std::path::Path;

use noontide_domain::ports::LedgerError;

use crate::OpenError;

// Primary result codes, https://www.sqlite.org/rescode.html.
const BUSY: i32 = 5;
const LOCKED: i32 = 6;
const OUT_OF_MEMORY: i32 = 7;
const READ_ONLY: i32 = 8;
const IO: i32 = 10;
const FULL: i32 = 13;
const CANNOT_OPEN: i32 = 14;
const PROTOCOL: i32 = 15;
const NOT_A_DATABASE: i32 = 26;
/// `ROLLBACK` answers it when the failing statement has rolled back everything already.
const GENERIC: i32 = 1;

/// The error of a call. What may pass is `Unavailable`; the caller keeps its work and tries again.
pub(super) fn answer(error: sqlx::Error) -> LedgerError {
    let passing = |words: &str| LedgerError::Unavailable(format!("{words} ({error})"));
    match code(&error) {
        Some(FULL) => passing("the disk is full; make room on it"),
        Some(BUSY | LOCKED | PROTOCOL) => passing("another process keeps the file locked; stop that process"),
        Some(READ_ONLY) => passing("the file cannot be written; look at its rights and its mount"),
        Some(IO) => passing("the disk failed; look at the system's log"),
        Some(CANNOT_OPEN) => passing("the file cannot be opened; look at its folder"),
        Some(OUT_OF_MEMORY) => passing("there is no memory left"),
        Some(_) => LedgerError::Broken(error.to_string()),
        None => match error {
            sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
                LedgerError::Unavailable(error.to_string())
            }
            _ => LedgerError::Broken(error.to_string()),
        },
    }
}

/// The error of a start.
pub(super) fn opening(path: &Path, error: &sqlx::Error) -> OpenError {
    let path = path.to_owned();
    let reason = match error {
        sqlx::Error::Database(database) => database.message().to_owned(),
        other => other.to_string(),
    };
    match code(error) {
        Some(NOT_A_DATABASE) => OpenError::NotADatabase { path },
        Some(BUSY | LOCKED) => OpenError::Locked { path },
        Some(READ_ONLY | CANNOT_OPEN | FULL | IO) => OpenError::NotWritable { path, reason },
        _ => OpenError::Broken { path, reason },
    }
}

/// Whether a failed `ROLLBACK` only found nothing to roll back.
pub(super) fn is_rolled_back(error: &sqlx::Error) -> bool {
    code(error) == Some(GENERIC)
}

/// A row that makes no sense: our error, with the column's name.
pub(super) fn shape(what: &str, problem: impl std::fmt::Display) -> sqlx::Error {
    sqlx::Error::Decode(format!("{what}: {problem}").into())
}

fn code(error: &sqlx::Error) -> Option<i32> {
    let extended: i32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(extended & 0xff)
}
