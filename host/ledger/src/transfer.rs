//! A whole ledger as a stream of lines, the same for every database: how a ledger is backed up, and how it moves from one
//! database to another.
//!
//! ```text
//! {"noontide":"ledger","schema":15}              what it is, and of which schema
//! {"table":"run","columns":["id", …]}            a table; its rows follow
//! ["0197…","q83v…","daily@…",2, …]               a row: ids and text as text, bytes in Base64, numbers as numbers
//! {"rows":1204}                                  the end; without it the stream was cut off
//! ```
//!
//! `transfer/tables.rs` says what is carried, `transfer/export.rs` reads it as of one instant, and `transfer/import.rs` writes it
//! into an empty ledger, all of it or nothing. Both hold one batch of rows at a time. Ids and numbers stay as they were, so what
//! handlers, people and other programs keep of them goes on pointing to the same things.

mod cell;
mod export;
mod import;
mod tables;

use tokio::io::{AsyncBufRead, AsyncWrite};

use crate::Opened;
use crate::fault;

statements!(transfer: NUMBERS);

/// Why a ledger was not carried: the thing, the place, the next step.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// Something is there already.
    #[error("the ledger is not empty: table `{table}` has rows; restore into a new one")]
    NotEmpty {
        /// The first such table.
        table: &'static str,
    },
    /// It was written by a noontide of another age.
    #[error(
        "the backup has schema {found}, this ledger has {known}; restore it with the noontide that took it, and then open the \
         ledger with this one"
    )]
    Schema {
        /// Of the backup.
        found: i64,
        /// Of this ledger.
        known: i64,
    },
    /// Not what an export writes.
    #[error("line {line} of the backup: {problem}; take the backup anew")]
    Line {
        /// Counted from 1.
        line: u64,
        /// What is wrong with it.
        problem: String,
    },
    /// It has no last line.
    #[error("the backup ends after {rows} rows, before its end; take the backup anew")]
    CutOff {
        /// Rows until there.
        rows: u64,
    },
    /// The stream cannot be read or written.
    #[error("the backup: {0}")]
    Stream(#[from] std::io::Error),
    /// The database refused.
    #[error("the ledger: {0}")]
    Database(String),
}

impl From<sqlx::Error> for TransferError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(fault::answer(error).to_string())
    }
}

impl Opened {
    /// Writes all of it, as of one instant: hosts may go on meanwhile. Gives back how many rows there were.
    ///
    /// # Errors
    /// The database cannot be read, or the stream not written.
    pub async fn export(&self, out: &mut (impl AsyncWrite + Unpin + Send)) -> Result<u64, TransferError> {
        export::export(&self.source, self.schema, out).await
    }

    /// Writes what an [`export`](Self::export) wrote into this ledger, which nobody has used yet: all of it, or nothing. Gives
    /// back how many rows there were.
    ///
    /// # Errors
    /// The ledger is not empty, or the stream is none of an export; then nothing has changed.
    pub async fn import(&self, lines: &mut (impl AsyncBufRead + Unpin + Send)) -> Result<u64, TransferError> {
        import::import(&self.source, self.schema, lines).await
    }
}

#[cfg(test)]
mod tests;
