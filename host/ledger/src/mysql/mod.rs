//! The ledger in MySQL and MariaDB.

pub(crate) mod artifacts;
pub(crate) mod chains;
pub(crate) mod claim;
pub(crate) mod edits;
pub(crate) mod fault;
pub(crate) mod history;
pub(crate) mod hosts;
pub(crate) mod insert;
pub(crate) mod items;
pub(crate) mod lease;
pub(crate) mod links;
pub(crate) mod outbox;
pub(crate) mod prune;
pub(crate) mod ready;
pub(crate) mod records;
pub(crate) mod schedules;
mod schema;
pub(crate) mod settle;
pub(crate) mod state;
pub(crate) mod submissions;
pub(crate) mod tasks;
pub(crate) mod versions;

use sqlx::mysql::{MySqlConnectOptions, MySqlPoolOptions};
use sqlx::{ConnectOptions as _, MySqlConnection};

use crate::connection::{Connection, Readers, Source, Time};
use crate::store::Store;
use crate::{OpenError, shown};

/// The server's clock, in milliseconds, to be asked beside the beginning of a transaction.
pub(crate) const NOW: &str = "SELECT CAST(unix_timestamp(now(3)) * 1000 AS SIGNED) AS now";

/// Connections that read, of each host. A page shows few lists at a time, and the engine looks with one.
const READERS: u32 = 4;

pub(crate) async fn open(url: &str, time: Time) -> Result<Store, OpenError> {
    let failed = |error: sqlx::Error| OpenError::Server { url: shown(url), reason: error.to_string() };
    let options: MySqlConnectOptions = url.parse().map_err(failed)?;
    let (connection, schema) = schema::prepare(url, &options).await?;
    let readers = MySqlPoolOptions::new().max_connections(READERS).connect_lazy_with(options.clone());
    let first = Connection::Mysql(connection);
    Ok(Store::new(&Source::Mysql(options), first, Readers::Mysql(readers), time, schema))
}

/// A connection with all that is set for its session.
pub(crate) async fn connect(options: &MySqlConnectOptions) -> Result<MySqlConnection, sqlx::Error> {
    options.connect().await
}
