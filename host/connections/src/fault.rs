//! What went wrong, in words that hold no secret, and whether the connection can still be used.

use std::time::Duration;

use noontide_domain::{ConnectionUrl, SqlError};
use sqlx::error::DatabaseError;
use sqlx::mysql::MySqlDatabaseError;

/// An error of a call, and what it means for the connection.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) error: SqlError,
    /// The connection is not to be used again.
    pub(crate) broken: bool,
}

impl Fault {
    /// A result that was left half way: the rest of it is still on the wire.
    pub(crate) fn cut(error: SqlError) -> Self {
        Fault { error, broken: true }
    }
}

impl From<SqlError> for Fault {
    fn from(error: SqlError) -> Self {
        Fault { error, broken: false }
    }
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(said) => Fault { error: refused(said.as_ref()), broken: false },
            // What sqlx itself refuses, such as another number of parameters than the statement has.
            sqlx::Error::Protocol(message) => Fault { error: refusal(message), broken: true },
            sqlx::Error::Encode(reason) | sqlx::Error::Decode(reason) => {
                Fault { error: refusal(reason.to_string()), broken: true }
            }
            other => Fault { error: SqlError::Unavailable(other.to_string()), broken: true },
        }
    }
}

/// Something refused without a code.
pub(crate) fn refusal(message: impl Into<String>) -> SqlError {
    SqlError::Refused { code: String::new(), message: message.into() }
}

/// MariaDB's code for a statement that ran out of its time, and MySQL's. PostgreSQL's is a SQLSTATE.
const TIMED_OUT: [&str; 3] = ["1969", "3024", "57014"];
/// Codes for a write in a read-only transaction: MySQL, PostgreSQL.
const READ_ONLY: [&str; 2] = ["1792", "25006"];
/// Codes after which there is no server any more: it ends, or it has ended this connection.
const GONE: [&str; 8] = ["57P01", "57P02", "57P03", "1053", "1927", "1077", "1079", "53300"];

fn refused(said: &dyn DatabaseError) -> SqlError {
    let code = match said.try_downcast_ref::<MySqlDatabaseError>() {
        Some(said) => said.number().to_string(),
        None => said.code().unwrap_or_default().into_owned(),
    };
    // SQLite's extended codes carry the plain one in their low byte.
    let sqlite = said.try_downcast_ref::<sqlx::sqlite::SqliteError>().and_then(|_| code.parse::<u32>().ok());
    match (code.as_str(), sqlite.map(|code| code & 0xff)) {
        (_, Some(8)) => SqlError::ReadOnly,
        (_, Some(9)) => SqlError::TimedOut(Duration::ZERO),
        (code, _) if READ_ONLY.contains(&code) => SqlError::ReadOnly,
        (code, _) if TIMED_OUT.contains(&code) => SqlError::TimedOut(Duration::ZERO),
        (code, _) if GONE.contains(&code) => SqlError::Unavailable(said.message().to_owned()),
        _ => SqlError::Refused { code, message: said.message().to_owned() },
    }
}

/// `text` without the address and without its password, should a driver have repeated them.
pub(crate) fn redacted(text: &str, url: &ConnectionUrl) -> String {
    let url = url.reveal();
    let mut text = text.replace(url, "…");
    let authority = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = authority.split(['/', '?']).next().unwrap_or_default();
    let user = authority.rsplit_once('@').map_or("", |(user, _)| user);
    let password = user.split_once(':').map_or("", |(_, password)| password);
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let secret = |pair: &'static str| query.split('&').filter_map(move |option| option.strip_prefix(pair));
    let in_query = secret("password=").chain(secret("pass="));
    for password in in_query.chain([password]).filter(|password| !password.is_empty()) {
        text = text.replace(password, "…").replace(&unescaped(password), "…");
    }
    text
}

/// `%40` is `@`.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let hex = (*first == b'%').then(|| after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok())).flatten();
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_an_address_nor_its_password_is_repeated() {
        let url = ConnectionUrl::new("postgres://me:s%40crit@db:5432/shop");
        let said = redacted("no way to postgres://me:s%40crit@db:5432/shop with s%40crit or s@crit", &url);
        assert_eq!(said, "no way to … with … or …");
        let url = ConnectionUrl::new("postgres:///shop?host=/tmp&password=hidden");
        assert_eq!(redacted("it was hidden", &url), "it was …");
        assert_eq!(redacted("nothing", &ConnectionUrl::new("redis://h")), "nothing");
    }
}
