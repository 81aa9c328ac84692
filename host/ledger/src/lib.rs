//! The durable record: what was claimed, who works on it, how it ended.
//!
//! [`open`] takes a database URL and gives the doors of `noontide_domain::ports`: [`Ledger`] to write, [`History`] to
//! read, [`Versions`] for the versions of plugins. Today there is one database, SQLite (`sqlite/`), for one machine:
//!
//! ```text
//! callers ──requests──▶ writer ──BEGIN IMMEDIATE … COMMIT──▶ file        one task, one connection, one fsync a group
//!    └────────────────▶ four read-only connections ─────────▶ file       never wait for the writer
//! ```
//!
//! Read `sqlite/writer.rs` first (how requests share a transaction), then `claim.rs` and `settle.rs` (what they write);
//! `migrations/sqlite/` says how the rows look. `tests/contract.rs` holds it to the exam every ledger passes.

mod error;
mod sqlite;

use std::sync::Arc;

use noontide_domain::ports::{Clock, History, Ledger, Versions};

pub use error::OpenError;

/// An open ledger.
pub struct Opened {
    /// The door for writing.
    pub ledger: Arc<dyn Ledger>,
    /// The door for reading.
    pub history: Arc<dyn History>,
    /// The door to the versions of plugins.
    pub versions: Arc<dyn Versions>,
    /// Version of the schema.
    pub schema: i64,
    closer: sqlite::Closer,
}

impl Opened {
    /// Finishes what was asked for so far and closes the file; whoever asks later is told that the ledger is unavailable.
    pub async fn close(self) {
        self.closer.close().await;
    }
}

/// Opens the ledger at `url` (`sqlite://data/noontide.db` or `sqlite:///var/lib/noontide/noontide.db`); creates the file
/// and its folder, and brings an older schema up to date. Leases follow `clock`.
///
/// # Errors
/// A sentence that names the place and the next step.
pub async fn open(url: &str, clock: Arc<dyn Clock>) -> Result<Opened, OpenError> {
    let path = sqlite_path(url)?;
    let store = sqlite::open(path.as_ref(), clock).await?;
    let sqlite::Store { ledger, history, versions, schema, closer } = store;
    Ok(Opened { ledger, history, versions, schema, closer })
}

fn sqlite_path(url: &str) -> Result<&str, OpenError> {
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
        "sqlite" => Ok(path),
        "postgres" | "postgresql" | "mysql" | "mariadb" => {
            Err(unknown("PostgreSQL and MySQL come later; use `sqlite://` and a path on a local disk"))
        }
        _ => Err(unknown("only `sqlite://` and a path is known")),
    }
}

/// The URL without what stands between scheme and `@`: it may be a password.
fn shown(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://…@{host}"),
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_may_be_relative_or_absolute() {
        assert_eq!(sqlite_path("sqlite://data/n.db").unwrap(), "data/n.db");
        assert_eq!(sqlite_path("sqlite:///var/n.db").unwrap(), "/var/n.db");
        assert_eq!(sqlite_path("sqlite:n.db").unwrap(), "n.db");
    }

    #[test]
    fn other_databases_come_later_and_their_passwords_are_not_shown() {
        let error = sqlite_path("postgres://me:secret@db/noontide").unwrap_err().to_string();
        assert!(error.contains("PostgreSQL and MySQL come later"), "{error}");
        assert!(error.contains("postgres://…@db/noontide") && !error.contains("secret"), "{error}");
    }

    #[test]
    fn a_url_without_a_durable_place_is_refused() {
        for url in ["noontide.db", "sqlite://", "sqlite::memory:", "sqlite://n.db?mode=ro", "file:///n.db"] {
            assert!(sqlite_path(url).is_err(), "{url} was taken");
        }
    }
}
