//! The ledger in a SQLite file.

pub(crate) mod again;
pub(crate) mod alerts;
pub(crate) mod artifacts;
pub(crate) mod audit;
pub(crate) mod chains;
pub(crate) mod changes;
pub(crate) mod claim;
pub(crate) mod condition;
pub(crate) mod edits;
pub(crate) mod fault;
pub(crate) mod gates;
pub(crate) mod history;
pub(crate) mod hosts;
pub(crate) mod incidents;
pub(crate) mod insert;
pub(crate) mod items;
pub(crate) mod keyed;
pub(crate) mod lease;
pub(crate) mod links;
pub(crate) mod notices;
pub(crate) mod outbox;
pub(crate) mod parts;
pub(crate) mod prune;
pub(crate) mod ready;
pub(crate) mod receipts;
pub(crate) mod records;
pub(crate) mod rollups;
pub(crate) mod schedules;
mod schema;
pub(crate) mod settle;
pub(crate) mod state;
pub(crate) mod submissions;
pub(crate) mod tasks;
pub(crate) mod tokens;
pub(crate) mod transfer;
pub(crate) mod versions;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use noontide_domain::ports::Clock;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use crate::OpenError;
use crate::connection::{Connection, Readers, Source, Time};
use crate::store::Store;

/// How long a writer waits for another process that is writing. Ours hold the lock for milliseconds; a backup for longer.
const BUSY: Duration = Duration::from_secs(5);

/// Connections that read. A page shows few lists at a time, and SQLite's readers do not wait for each other.
const READERS: u32 = 4;

pub(crate) async fn open(path: &Path, clock: Arc<dyn Clock>) -> Result<Store, OpenError> {
    open_patiently(path, clock, BUSY).await
}

async fn open_patiently(path: &Path, clock: Arc<dyn Clock>, busy: Duration) -> Result<Store, OpenError> {
    schema::make_folder(path)?;
    let writing = SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(busy)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        // 16 MiB instead of 2: the indexes of a busy ledger stay in memory.
        .pragma("cache_size", "-16384")
        // 16 MiB of WAL instead of 4: a page that is written in many commits is moved to the file once.
        .pragma("wal_autocheckpoint", "4096")
        // All rows of a batch fit, so the connection's thread never waits for us to take some.
        .row_buffer_size(1_024);
    let (connection, schema) = schema::prepare(path, &writing).await?;
    let first = Connection::Sqlite(connection);
    Ok(Store::new(&Source::Sqlite(writing), first, readers(path), Time::Host(clock), schema))
}

/// Connections to a file that is there. They are made when they are asked.
pub(crate) fn readers(path: &Path) -> Readers {
    let file = SqliteConnectOptions::new().filename(path).busy_timeout(BUSY).read_only(true);
    Readers::Sqlite(SqlitePoolOptions::new().max_connections(READERS).connect_lazy_with(file))
}

#[cfg(test)]
mod edit_tests;
#[cfg(test)]
mod migration_tests;
#[cfg(test)]
mod tests;
