//! What PostgreSQL says, in words and with the next step.

use sqlx::postgres::PgDatabaseError;

use crate::fault::Fault;

/// By SQLSTATE, https://www.postgresql.org/docs/current/errcodes-appendix.html.
pub(crate) fn of(error: &PgDatabaseError) -> Fault {
    match error.code() {
        // A unique key that another transaction has written meanwhile, a serialization failure, a deadlock.
        "23505" | "40001" | "40P01" => Fault::Conflict,
        "53100" => Fault::Passing("the database's disk is full; make room on it"),
        "53300" => Fault::Passing("the database has no connection left; raise `max_connections`, or use fewer hosts"),
        "25006" => Fault::Passing("the database can only be read; it may be a standby, or about to change over"),
        "57P01" | "57P02" | "57P03" | "57P05" | "08000" | "08003" | "08006" => Fault::Lost,
        _ => Fault::Lasting,
    }
}
