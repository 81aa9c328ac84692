//! How a database stands, looked at from outside: nothing is made in it, and nothing is brought up to date.

use std::path::Path;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use crate::connection::{Kind, Readers};
use crate::migrations::KNOWN;
use crate::query::{Statement, query};
use crate::{Address, OpenError, address, mysql, postgres, rows, sqlite};

statements!(condition: SERVER, HAS_SCHEMA, SCHEMA);

/// How a database stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// sqlite, postgres or mysql.
    pub database: &'static str,
    /// As the server calls itself.
    pub version: String,
    /// How it compares and encodes texts.
    pub text: String,
    /// How commits are kept: `wal` is right for SQLite.
    pub journal: String,
    /// The schema that is there; 0 in an empty database.
    pub schema: i64,
    /// The schema that this binary makes of it.
    pub known: i64,
    /// How long a question takes that reads nothing.
    pub latency: Duration,
    /// The server's clock, and by it leases; `None` where the host's own clock is meant.
    pub clock: Option<DateTime<Utc>>,
}

/// Looks at the database of a ledger.
///
/// # Errors
/// If it cannot be reached; a file that is not there is an error, too.
pub async fn condition(url: &str) -> Result<Condition, OpenError> {
    let readers = match address(url)? {
        Address::File(path) => sqlite::readers(path.as_ref()),
        Address::Postgres => {
            postgres::readers(&postgres::options(url).map_err(|error| postgres::fault::opening(url, &error))?)
        }
        Address::Mysql => mysql::readers(&mysql::options(url)?),
    };
    let seen = look(&readers).await.map_err(|error| match readers.kind() {
        Kind::Sqlite => {
            sqlite::fault::opening(Path::new(url.trim_start_matches("sqlite:").trim_start_matches("//")), &error)
        }
        Kind::Postgres => postgres::fault::opening(url, &error),
        Kind::Mysql => mysql::fault::opening(url, &error),
    });
    readers.close().await;
    seen
}

async fn look(readers: &Readers) -> Result<Condition, sqlx::Error> {
    let server = query(SERVER).one(readers).await?;
    let has_schema = query(HAS_SCHEMA).one(readers).await?.try_get::<i64>("count")? > 0;
    let schema = if has_schema { query(SCHEMA).one(readers).await?.try_get("version")? } else { 0 };
    let clock = match readers.kind() {
        Kind::Sqlite => None,
        Kind::Postgres | Kind::Mysql => {
            let now = Statement { sqlite: "", postgres: postgres::NOW, mysql: mysql::NOW };
            Some(rows::instant(&query(now).one(readers).await?, "now")?)
        }
    };
    // With a connection that is there already.
    let begin = Instant::now();
    query(SERVER).one(readers).await?;
    Ok(Condition {
        database: readers.kind().name(),
        version: server.try_get("version")?,
        text: server.try_get("text")?,
        journal: server.try_get("journal")?,
        schema,
        known: KNOWN,
        latency: begin.elapsed(),
        clock,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_is_looked_at_without_being_made_or_changed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("noontide.db");
        let url = format!("sqlite://{}", path.display());
        assert!(condition(&url).await.is_err());
        assert!(!path.exists(), "looking makes nothing");
        let clock = noontide_testkit::ManualClock::at("2026-07-01T00:00:00Z");
        crate::open(&url, clock).await.unwrap().close().await;
        let seen = condition(&url).await.unwrap();
        assert_eq!((seen.database, seen.schema, seen.journal.as_str()), ("sqlite", KNOWN, "wal"));
        assert!(seen.version.starts_with('3') && seen.text == "BINARY" && seen.clock.is_none(), "{seen:?}");
    }
}
