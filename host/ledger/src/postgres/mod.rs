//! The ledger in PostgreSQL.

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
pub(crate) mod nudges;
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
pub(crate) mod text;
pub(crate) mod tokens;
pub(crate) mod transfer;
pub(crate) mod versions;

use std::io::{Error, ErrorKind};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions as _, PgConnection};

use crate::OpenError;
use crate::connection::{Connection, Readers, Source, Time};
use crate::store::Store;

/// The server's clock, in milliseconds, to be asked beside the beginning of a transaction.
pub(crate) const NOW: &str = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now";

/// Connections that read, of each host. A page shows few lists at a time, and the engine looks with one.
const READERS: u32 = 4;

/// A server that does not answer by then is not there: who waits can say so.
const PATIENCE: Duration = Duration::from_secs(10);

/// Statements whose plan a connection keeps: all of ours, and some listings.
const PLANS: usize = 256;

/// What holds in each session, unless the address says otherwise. Nothing of ours takes long; what does is stuck, or has met
/// somebody who forgot a transaction. A host that is cut off has its transaction and its locks taken from it. Every statement
/// finds its rows by an index, row by row, however little the planner knows of tables that have just grown. For the same reason
/// statements that know a row by its id ask for `state + 0`: no partial index answers that, however few it is believed to hold.
const SETTINGS: [(&str, &str); 11] = [
    ("statement_timeout", "30s"),
    ("lock_timeout", "10s"),
    ("idle_in_transaction_session_timeout", "15s"),
    ("tcp_keepalives_idle", "5"),
    ("tcp_keepalives_interval", "2"),
    ("tcp_keepalives_count", "3"),
    ("tcp_user_timeout", "11000"),
    ("enable_seqscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("jit", "off"),
];

pub(crate) async fn open(url: &str, time: Time) -> Result<Store, OpenError> {
    let options = options(url).map_err(|error| fault::opening(url, &error))?;
    let (connection, schema) = schema::prepare(url, &options).await?;
    let (first, readers) = (Connection::Postgres(connection), readers(&options));
    Ok(Store::new(&Source::Postgres(options), first, readers, time, schema))
}

/// They are made when they are asked.
pub(crate) fn readers(options: &PgConnectOptions) -> Readers {
    let pool = PgPoolOptions::new().max_connections(READERS).acquire_timeout(PATIENCE);
    Readers::Postgres(pool.connect_lazy_with(options.clone()))
}

pub(crate) fn options(url: &str) -> Result<PgConnectOptions, sqlx::Error> {
    let mut options: PgConnectOptions = url.parse()?;
    if !url.contains("statement-cache-capacity=") {
        options = options.statement_cache_capacity(PLANS);
    }
    if options.get_application_name().is_none() {
        options = options.application_name("noontide");
    }
    let given = options.get_options().unwrap_or_default().to_owned();
    let ours = SETTINGS.into_iter().filter(|(name, _)| !given.contains(name));
    Ok(options.options(ours))
}

/// A connection with all that is set for its session.
pub(crate) async fn connect(options: &PgConnectOptions) -> Result<PgConnection, sqlx::Error> {
    let late = || sqlx::Error::Io(Error::new(ErrorKind::TimedOut, "the server did not answer"));
    tokio::time::timeout(PATIENCE, options.connect()).await.map_err(|_| late())?
}

#[cfg(test)]
mod edit_tests;
#[cfg(test)]
mod nudge_tests;
#[cfg(test)]
mod part_tests;
#[cfg(test)]
mod plan_tests;
#[cfg(test)]
mod race_tests;
#[cfg(test)]
mod tests;
