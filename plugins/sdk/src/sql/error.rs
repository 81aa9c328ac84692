//! Why a statement gave nothing.

use std::error::Error;
use std::fmt;
use std::time::Duration;

/// Why a statement gave nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SqlError {
    /// The operator did not grant the connection to this plugin.
    NotGranted {
        /// The name that was asked for.
        connection: String,
    },
    /// Granted for reading, and the statement would write, or might.
    ReadOnly {
        /// The connection.
        connection: String,
    },
    /// The database refused the statement; nothing of the call holds.
    Refused {
        /// The database's own code: a SQLSTATE, or a number of SQLite or MySQL. Empty where it gave none.
        code: String,
        /// What it says.
        message: String,
    },
    /// Stopped; nothing of the call holds.
    TimedOut {
        /// The time it had.
        after: Duration,
    },
    /// More rows or bytes than one answer may have. A result is never cut.
    TooLarge(String),
    /// The database is not there, or went away half way. After an `execute`, nobody knows then whether it was done.
    Unavailable(String),
    /// A column is not there, or does not read as the type that was asked for.
    Mismatch(String),
}

impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotGranted { connection } => write!(
                f,
                "connection `{connection}` is not granted: add `sql = [\"{connection}\"]` to this plugin's table, \
                 [plugin.<name>]"
            ),
            Self::ReadOnly { connection } => write!(
                f,
                "connection `{connection}` is granted for reading only: to write, grant \
                 `sql = {{ {connection} = \"read-write\" }}` and use `execute`"
            ),
            Self::Refused { code, message } if code.is_empty() => write!(f, "the database refused: {message}"),
            Self::Refused { code, message } => write!(f, "the database refused: {message} ({code})"),
            Self::TimedOut { after } => write!(f, "the statement was stopped after {} ms", after.as_millis()),
            Self::TooLarge(bound) => write!(f, "the answer is too large: {bound}"),
            Self::Unavailable(reason) => write!(f, "the database is unavailable: {reason}"),
            Self::Mismatch(reason) => f.write_str(reason),
        }
    }
}

impl Error for SqlError {}
