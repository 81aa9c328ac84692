//! What SQLite says, in words and with the next step.

use std::path::Path;

use sqlx::error::DatabaseError as _;
use sqlx::sqlite::SqliteError;

use crate::OpenError;
use crate::fault::Fault;

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

/// There is one writer, so nothing is a conflict.
pub(crate) fn of(error: &SqliteError) -> Fault {
    match primary(error) {
        Some(FULL) => Fault::Passing("the disk is full; make room on it"),
        Some(BUSY | LOCKED | PROTOCOL) => Fault::Passing("another process keeps the file locked; stop that process"),
        Some(READ_ONLY) => Fault::Passing("the file cannot be written; look at its rights and its mount"),
        Some(IO) => Fault::Passing("the disk failed; look at the system's log"),
        Some(CANNOT_OPEN) => Fault::Passing("the file cannot be opened; look at its folder"),
        Some(OUT_OF_MEMORY) => Fault::Passing("there is no memory left"),
        _ => Fault::Lasting,
    }
}

/// The error of a start.
pub(crate) fn opening(path: &Path, error: &sqlx::Error) -> OpenError {
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
pub(crate) fn is_rolled_back(error: &sqlx::Error) -> bool {
    code(error) == Some(GENERIC)
}

fn code(error: &sqlx::Error) -> Option<i32> {
    primary(error.as_database_error()?.try_downcast_ref()?)
}

fn primary(error: &SqliteError) -> Option<i32> {
    let extended: i32 = error.code()?.parse().ok()?;
    Some(extended & 0xff)
}
