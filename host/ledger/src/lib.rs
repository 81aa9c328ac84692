//! The durable record: what was claimed, who works on it, how it ended.
//!
//! [`open`] takes a database URL and gives the doors of `noontide_domain::ports`: [`Ledger`] to write, [`History`] to
//! read, [`Versions`] for the versions of plugins, [`AccessLedger`] for tokens and the audit log. What is done is written once; its SQL is in `sqlite/`, for one host, and in
//! `postgres/` and `mysql/`, for any number of them:
//!
//! ```text
//! callers ──requests──▶ lanes ──BEGIN … COMMIT──▶ file or server      SQLite has one lane, and requests share an fsync there
//!    └──────────────▶ four connections that read ─▶ file or server      never wait for the lanes
//! ```
//!
//! Read `writer.rs` first (how requests become transactions), then `claim.rs` and `settle.rs` (what they write), then how
//! `query.rs` finds the SQL; `migrations/` says how the rows look. `tests/contract.rs` holds all to the exam every ledger passes.

#[macro_use]
mod query;

mod access;
mod again;
mod alerting;
mod alerts;
mod artifacts;
mod audit;
mod batch;
mod chains;
mod changes;
mod claim;
mod columns;
mod condition;
mod connection;
mod edits;
mod error;
mod fault;
mod gates;
mod history;
mod hosts;
mod incidents;
mod insert;
mod items;
mod judge;
mod keyed;
mod lane;
mod lease;
mod links;
mod listing;
mod migrations;
mod mysql;
mod notices;
mod nudges;
mod outbox;
mod parts;
mod postgres;
mod prune;
mod ready;
mod receipts;
mod records;
mod rollups;
mod row;
mod rows;
mod schedules;
mod settle;
mod sqlite;
mod state;
mod steps;
mod store;
mod submissions;
mod tally;
mod tasks;
mod tokens;
mod transfer;
mod versions;
mod writer;

use std::sync::Arc;

use noontide_domain::ports::{AccessLedger, Clock, History, Ledger, Versions};

use connection::Time;
use store::Store;

pub use condition::{Condition, condition};
pub use error::OpenError;
pub use tally::{Connections, Gauges, Requests, Tally};
pub use transfer::TransferError;

/// An open ledger.
pub struct Opened {
    /// The door for writing.
    pub ledger: Arc<dyn Ledger>,
    /// The door for reading.
    pub history: Arc<dyn History>,
    /// The door to the versions of plugins.
    pub versions: Arc<dyn Versions>,
    /// The door to tokens and the audit log.
    pub access: Arc<dyn AccessLedger>,
    /// Version of the schema.
    pub schema: i64,
    /// What it tells of itself while it works.
    pub gauges: Gauges,
    /// Other hosts may use it at the same time.
    pub is_shared: bool,
    source: connection::Source,
    closer: store::Closer,
}

impl Opened {
    /// Finishes what was asked for so far and closes the file; whoever asks later is told that the ledger is unavailable.
    pub async fn close(self) {
        self.closer.close().await;
    }
}

/// Opens the ledger at `url`: `sqlite://data/noontide.db` or `sqlite:///var/lib/noontide/noontide.db`,
/// `postgres://user@host/database`, `mysql://user@host/database`. Creates the file and its folder, or the tables in the
/// database, and brings an older schema up to date. Leases follow `clock` where one host has the file, and the server's clock
/// where hosts share a database.
///
/// # Errors
/// A sentence that names the place and the next step.
pub async fn open(url: &str, clock: Arc<dyn Clock>) -> Result<Opened, OpenError> {
    let store = match address(url)? {
        Address::File(path) => sqlite::open(path.as_ref(), clock).await?,
        Address::Postgres => postgres::open(url, Time::Database).await?,
        Address::Mysql => mysql::open(url, Time::Database).await?,
    };
    Ok(opened(store))
}

/// As [`open`], with leases that follow `clock` in every database: for exams, which move it.
///
/// # Errors
/// As [`open`].
pub async fn open_by_clock(url: &str, clock: Arc<dyn Clock>) -> Result<Opened, OpenError> {
    let store = match address(url)? {
        Address::File(path) => sqlite::open(path.as_ref(), clock).await?,
        Address::Postgres => postgres::open(url, Time::Host(clock)).await?,
        Address::Mysql => mysql::open(url, Time::Host(clock)).await?,
    };
    Ok(opened(store))
}

fn opened(store: Store) -> Opened {
    let Store { ledger, history, versions, access, schema, source, gauges, closer } = store;
    let is_shared = source.kind() != connection::Kind::Sqlite;
    Opened { ledger, history, versions, access, schema, gauges, is_shared, source, closer }
}

/// Where the record is.
#[derive(Debug, PartialEq, Eq)]
enum Address<'u> {
    File(&'u str),
    Postgres,
    Mysql,
}

fn address(url: &str) -> Result<Address<'_>, OpenError> {
    let unknown = |problem: &str| OpenError::Url { url: shown(url), problem: problem.to_owned() };
    let Some((scheme, rest)) = url.split_once(':') else {
        return Err(unknown("a scheme is missing; write `sqlite://` before the path"));
    };
    let path = rest.strip_prefix("//").unwrap_or(rest);
    match scheme {
        "sqlite" if path.contains('?') => Err(unknown("options after `?` are not known; leave them out")),
        "sqlite" if path.is_empty() || path == ":memory:" => {
            Err(unknown("a path is missing; write for example `sqlite://data/noontide.db`"))
        }
        "sqlite" => Ok(Address::File(path)),
        "postgres" | "postgresql" => Ok(Address::Postgres),
        "mysql" | "mariadb" => Ok(Address::Mysql),
        _ => Err(unknown("known are `sqlite://`, `postgres://` and `mysql://`")),
    }
}

/// The address without what stands between scheme and `@`, and without its options: they may hold a password.
pub fn shown(url: &str) -> String {
    let (place, options) = url.split_once('?').map_or((url, ""), |(place, _)| (place, "?…"));
    match (place.split_once("://"), place.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://…@{host}{options}"),
        _ => format!("{place}{options}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_may_be_relative_or_absolute() {
        assert_eq!(address("sqlite://data/n.db").unwrap(), Address::File("data/n.db"));
        assert_eq!(address("sqlite:///var/n.db").unwrap(), Address::File("/var/n.db"));
        assert_eq!(address("sqlite:n.db").unwrap(), Address::File("n.db"));
    }

    #[test]
    fn a_password_is_not_shown() {
        assert_eq!(shown("postgres://me:secret@db/noontide"), "postgres://…@db/noontide");
        assert_eq!(shown("postgres://me@db/noontide?host=/run&password=secret"), "postgres://…@db/noontide?…");
    }

    #[test]
    fn a_url_without_a_durable_place_is_refused() {
        for url in ["noontide.db", "sqlite://", "sqlite::memory:", "sqlite://n.db?mode=ro", "file:///n.db"] {
            assert!(address(url).is_err(), "{url} was taken");
        }
    }
}
