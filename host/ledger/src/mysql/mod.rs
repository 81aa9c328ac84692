//! The ledger in MySQL and MariaDB.
//!
//! What both speak is said once for both; where this SQL looks odd, one of them is the reason.
//!
//! * Names and keys compare byte by byte (see `migrations/mysql/0001_ledger.sql`). Literals and JSON are `utf8mb4_bin`, which
//!   gives way to the collation of a column. `"desc"` is a name and `||` joins text, as everywhere else.
//! * A batch is `json_table(?1, '$[*]' COLUMNS (name VARCHAR(255) CHARACTER SET utf8mb4 PATH '$[0]', …))`. Text says its
//!   character set, because else it has that of the database, and stands in a join, because what is gathered for an `IN` is
//!   compared without case.
//! * `STRAIGHT_JOIN` reads the batch first, and then by `FORCE INDEX` a row for each entry: an estimate gone wrong would read the
//!   whole table, and lock it.
//! * What a statement has changed is told by a first step that locks the rows and says what they will be.

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

use sqlx::mysql::{MySqlConnectOptions, MySqlPoolOptions};
use sqlx::{ConnectOptions as _, MySqlConnection};

use crate::connection::{Connection, Readers, Source, Time};
use crate::store::Store;
use crate::{OpenError, shown};

/// The server's clock, in milliseconds, to be asked beside the beginning of a transaction.
pub(crate) const NOW: &str = "SELECT CAST(unix_timestamp(now(3)) * 1000 AS SIGNED) AS now";

/// A host that is gone in the middle of a transaction gives up its locks after fifteen seconds: only here is there no setting
/// for that alone.
pub(crate) const BEGIN: &str = "SET SESSION wait_timeout = 15; START TRANSACTION";
pub(crate) const COMMIT: &str = "COMMIT; SET SESSION wait_timeout = DEFAULT";
pub(crate) const ROLL_BACK: &str = "ROLLBACK; SET SESSION wait_timeout = DEFAULT";

/// Connections that read, of each host. A page shows few lists at a time, and the engine looks with one.
const READERS: u32 = 4;

/// What each session needs, whatever the server's own settings are. Whoever waits for a row for five seconds is told so: our
/// transactions last milliseconds.
const SESSION: &str = "\
    SET NAMES utf8mb4 COLLATE utf8mb4_bin, \
        SESSION sql_mode = 'STRICT_ALL_TABLES,ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES,NO_ENGINE_SUBSTITUTION', \
        SESSION time_zone = '+00:00', SESSION autocommit = 1, SESSION sql_safe_updates = 0, \
        SESSION innodb_lock_wait_timeout = 5, SESSION lock_wait_timeout = 60; \
    SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED";

pub(crate) async fn open(url: &str, time: Time) -> Result<Store, OpenError> {
    let options = options(url)?;
    let (connection, schema) = schema::prepare(url, &options).await?;
    let (first, readers) = (Connection::Mysql(connection), readers(&options));
    Ok(Store::new(&Source::Mysql(options), first, readers, time, schema))
}

/// They are made when they are asked.
pub(crate) fn readers(options: &MySqlConnectOptions) -> Readers {
    let pool = MySqlPoolOptions::new().max_connections(READERS);
    let pool = pool.after_connect(|connection, _| Box::pin(set_up(connection)));
    Readers::Mysql(pool.connect_lazy_with(options.clone()))
}

/// Without the settings that are usual elsewhere: ours are in [`SESSION`].
pub(crate) fn options(url: &str) -> Result<MySqlConnectOptions, OpenError> {
    let refused = |problem: String| OpenError::Url { url: shown(url), problem };
    let options: MySqlConnectOptions = url.parse().map_err(|error: sqlx::Error| refused(error.to_string()))?;
    if options.get_database().is_none_or(str::is_empty) {
        return Err(refused("a database is missing; write `mysql://user@host/database`".to_owned()));
    }
    Ok(options.pipes_as_concat(false).no_engine_substitution(false).timezone(None).set_names(false))
}

/// A connection with all that is set for its session.
pub(crate) async fn connect(options: &MySqlConnectOptions) -> Result<MySqlConnection, sqlx::Error> {
    let mut connection = options.connect().await?;
    set_up(&mut connection).await?;
    Ok(connection)
}

async fn set_up(connection: &mut MySqlConnection) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(SESSION).execute(connection).await.map(drop)
}

#[cfg(test)]
mod list_tests;
#[cfg(test)]
mod plan_tests;
#[cfg(test)]
mod reads_tests;
#[cfg(test)]
mod tests;
