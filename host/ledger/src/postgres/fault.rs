//! What PostgreSQL says, in words and with the next step.

use std::io::ErrorKind;

use sqlx::postgres::PgDatabaseError;

use crate::fault::Fault;
use crate::{OpenError, shown};

/// By SQLSTATE, https://www.postgresql.org/docs/current/errcodes-appendix.html.
pub(crate) fn of(error: &PgDatabaseError) -> Fault {
    match error.code() {
        // A unique key that another transaction has written meanwhile, a serialization failure, a deadlock.
        "23505" | "40001" | "40P01" => Fault::Conflict,
        "53100" => Fault::Passing("the database's disk is full; make room on it"),
        "53200" => Fault::Passing("the database has no memory left; look at its settings"),
        "53300" => Fault::Passing("the database has no connection left; raise `max_connections`, or use fewer hosts"),
        "25006" => Fault::Passing("the database can only be read; it may be a standby, or about to change over"),
        "55P03" => Fault::Passing("another transaction keeps rows locked; end it (`pg_stat_activity` shows it)"),
        "57014" => Fault::Passing("the database ended a statement that took too long; look at its load"),
        "58000" | "58030" | "XX001" | "XX002" => Fault::Passing("the database's disk failed; look at its log"),
        // Ended by an administrator or a crash, starting, dropped; a transaction that was idle for too long; no connection.
        "57P01" | "57P02" | "57P03" | "57P05" | "25P03" | "25P04" => Fault::Lost,
        code if code.starts_with("08") => Fault::Lost,
        _ => Fault::Lasting,
    }
}

/// Why a ledger did not open. The password is in the address alone, which is shown without it; servers do not repeat it.
pub(crate) fn opening(url: &str, error: &sqlx::Error) -> OpenError {
    let said = match error.as_database_error() {
        Some(error) => error.message().to_owned(),
        None => error.to_string(),
    };
    refused(url, &said, next_step(error))
}

/// The reason and the next step.
pub(super) fn refused(url: &str, reason: &str, next: &str) -> OpenError {
    OpenError::Server { url: shown(url), reason: format!("{reason}; {next}") }
}

fn next_step(error: &sqlx::Error) -> &'static str {
    let code = error.as_database_error().and_then(|error| error.code());
    match code.as_deref() {
        Some("28P01") => "check the user and the password in `ledger.url`",
        Some("28000") => {
            "let the server's `pg_hba.conf` take this user from this machine, or name another user in `ledger.url`"
        }
        Some("3D000") => "create the database (`CREATE DATABASE …`), or name another one in `ledger.url`",
        Some("3F000") => "create a schema for the tables, or set the user's `search_path` to one that is there",
        Some("42501") => {
            "make this user the owner of the database, or grant it the right to create tables \
             (`GRANT CREATE, USAGE ON SCHEMA public TO …`)"
        }
        Some("55P03") => {
            "another host may be changing the schema, or a transaction was left open; end it, or start again later"
        }
        Some("42P07" | "42710" | "42723") => {
            "something of that name is there and is not noontide's; give noontide a database of its own"
        }
        Some("0A000") => "noontide needs PostgreSQL 13 or newer, or what speaks as it does",
        Some(_) => match crate::fault::of(error) {
            Fault::Passing(words) => words,
            Fault::Lost => "start again when the server has started",
            _ => "look up the error in the server's manual",
        },
        None => unreachable_because(error),
    }
}

fn unreachable_because(error: &sqlx::Error) -> &'static str {
    match error {
        sqlx::Error::Io(error) if error.kind() == ErrorKind::ConnectionRefused => {
            "start the server, or correct host and port in `ledger.url`"
        }
        sqlx::Error::Io(error) if error.kind() == ErrorKind::NotFound => {
            "start the server, or correct the folder of its socket (`?host=…`) in `ledger.url`"
        }
        sqlx::Error::Tls(_) => "correct `sslmode` and the certificates in `ledger.url`",
        sqlx::Error::Configuration(_) => "write it as `postgres://user:password@host/database`",
        _ => "see that the server runs and can be reached from this machine, and that `ledger.url` names it",
    }
}
