//! What MySQL and MariaDB say, in words and with the next step.

use sqlx::mysql::MySqlDatabaseError;

use crate::fault::Fault;
use crate::{OpenError, shown};

/// By number, https://mariadb.com/kb/en/mariadb-error-code-reference/. From 3000 on the numbers are MySQL's own.
pub(crate) fn of(error: &MySqlDatabaseError) -> Fault {
    match error.number() {
        // A row that was changed meanwhile, a unique key that another transaction has written, a lock that was not to be had, a
        // deadlock, a statement that was killed; in clusters, a commit that others did not grant.
        1020 | 1062 | 1205 | 1213 | 1317 | 1586 | 3101 => Fault::Conflict,
        1021 | 1114 => Fault::Passing("the database's disk is full; make room on it"),
        1040 | 1203 | 1226 => {
            Fault::Passing("the database has no connection left; raise `max_connections`, or use fewer hosts")
        }
        1047 => Fault::Passing("the database's node stands apart from its cluster; look at its state there"),
        1153 | 1301 => {
            Fault::Passing("the database takes nothing that is this long; raise `max_allowed_packet` on the server")
        }
        1290 | 1792 | 1836 => {
            Fault::Passing("the database can only be read; it may be a replica, or about to change over")
        }
        1969 | 3024 => Fault::Passing("the database ended a statement that took too long; look at its load"),
        1053 | 1077..=1079 | 1152 | 1158..=1161 | 1927 | 2006 | 2013 | 3169 | 4031 => Fault::Lost,
        _ => Fault::Lasting,
    }
}

/// No server takes less than this at once, unless it is told to.
const TAKEN: usize = 1 << 20;

/// A server that is sent more than it takes hangs up, and says why to nobody.
pub(crate) fn of_length(error: sqlx::Error, bytes: usize) -> sqlx::Error {
    match error {
        sqlx::Error::Io(error) if bytes > TAKEN => {
            let words = format!(
                "{error}; if it takes less at once than these {bytes} bytes, raise `max_allowed_packet` on the server"
            );
            sqlx::Error::Io(std::io::Error::new(error.kind(), words))
        }
        other => other,
    }
}

/// What a change of the schema that was made already is answered: a table, a column, an index, a trigger, a row.
pub(super) fn is_there_already(error: &sqlx::Error) -> bool {
    matches!(number(error), Some(1050 | 1060 | 1061 | 1062 | 1359))
}

/// Why a ledger did not open. The password is in the address alone, which is shown without it; servers do not repeat it.
pub(crate) fn opening(url: &str, error: &sqlx::Error) -> OpenError {
    let next = match number(error) {
        Some(1045 | 1698) => "check the user and the password in `ledger.url`",
        Some(1049) => "create the database (`CREATE DATABASE …`), or name another one in `ledger.url`",
        Some(1044 | 1142 | 1227 | 1370) => {
            "grant this user all rights on this database (`GRANT ALL ON database.* TO user`)"
        }
        Some(1129 | 1130) => "let the server take connections of this user from this machine",
        Some(1419) => {
            "it keeps a binary log and lets no such user make triggers: set `log_bin_trust_function_creators = 1` on the server"
        }
        Some(1050 | 1060 | 1061 | 1359) => {
            "something of that name is there and is not noontide's; give noontide a database of its own"
        }
        Some(1665) => "set `binlog_format` to `ROW` or `MIXED` on the server",
        Some(_) => match crate::fault::of(error) {
            Fault::Passing(words) => words,
            Fault::Lost => "start again when the server has started",
            _ => "look up the error in the server's manual",
        },
        None => "see that the server runs and can be reached from this machine, and that `ledger.url` names it",
    };
    let said = error.as_database_error().map_or_else(|| error.to_string(), |error| error.message().to_owned());
    OpenError::Server { url: shown(url), reason: format!("{said}; {next}") }
}

fn number(error: &sqlx::Error) -> Option<u16> {
    error.as_database_error()?.try_downcast_ref::<MySqlDatabaseError>().map(MySqlDatabaseError::number)
}
