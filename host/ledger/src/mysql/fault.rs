//! What MySQL and MariaDB say, in words and with the next step.

use sqlx::mysql::MySqlDatabaseError;

use crate::fault::Fault;

/// By number, https://mariadb.com/kb/en/mariadb-error-code-reference/.
pub(crate) fn of(error: &MySqlDatabaseError) -> Fault {
    match error.number() {
        // A unique key that another transaction has written meanwhile, a lock that was not to be had, a deadlock.
        1062 | 1205 | 1213 | 1020 => Fault::Conflict,
        1021 | 1114 => Fault::Passing("the database's disk is full; make room on it"),
        1040 | 1203 => {
            Fault::Passing("the database has no connection left; raise `max_connections`, or use fewer hosts")
        }
        1290 | 1792 | 1836 => {
            Fault::Passing("the database can only be read; it may be a replica, or about to change over")
        }
        1053 | 1927 | 2006 | 2013 => Fault::Lost,
        _ => Fault::Lasting,
    }
}
