//! What a database says, in words and with the next step.

use noontide_domain::ports::LedgerError;
use sqlx::mysql::MySqlDatabaseError;
use sqlx::postgres::PgDatabaseError;
use sqlx::sqlite::SqliteError;

use crate::{mysql, postgres, sqlite};

/// What kind of failure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Another transaction was in the way, and this one is undone: asked again, it may well succeed.
    Conflict,
    /// It may pass: with these words the caller is told to keep its work.
    Passing(&'static str),
    /// The connection is gone, or was never there. Whether a commit was heard nobody knows.
    Lost,
    /// It will not pass by itself.
    Lasting,
}

pub(crate) fn of(error: &sqlx::Error) -> Fault {
    match error {
        sqlx::Error::Database(error) => {
            if let Some(error) = error.try_downcast_ref::<SqliteError>() {
                return sqlite::fault::of(error);
            }
            if let Some(error) = error.try_downcast_ref::<PgDatabaseError>() {
                return postgres::fault::of(error);
            }
            error.try_downcast_ref::<MySqlDatabaseError>().map_or(Fault::Lasting, mysql::fault::of)
        }
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => Fault::Lost,
        // A server that goes away in the middle of an answer leaves half of it.
        sqlx::Error::Protocol(_) => Fault::Lost,
        _ => Fault::Lasting,
    }
}

/// The error of a call. What may pass is `Unavailable`; the caller keeps its work and tries again.
pub(crate) fn answer(error: sqlx::Error) -> LedgerError {
    match of(&error) {
        Fault::Passing(words) => LedgerError::Unavailable(format!("{words} ({error})")),
        // Of what another transaction has written meanwhile a second try would have known.
        Fault::Conflict if error.as_database_error().is_some_and(|error| error.is_unique_violation()) => {
            LedgerError::Broken(error.to_string())
        }
        Fault::Conflict | Fault::Lost => LedgerError::Unavailable(error.to_string()),
        Fault::Lasting => LedgerError::Broken(error.to_string()),
    }
}

/// A row that makes no sense: our error, with the column's name.
pub(crate) fn shape(what: &str, problem: impl std::fmt::Display) -> sqlx::Error {
    sqlx::Error::Decode(format!("{what}: {problem}").into())
}
