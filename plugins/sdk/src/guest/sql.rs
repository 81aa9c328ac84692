//! `noontide:plugin/sql` in the SDK's words.

use std::time::Duration;

use chrono::DateTime;

use super::bindings::noontide::plugin::sql as wit;
use crate::sql::{Dialect, Rows, SqlError, Statement, Value};

pub(super) fn dialect(connection: &str) -> Result<Dialect, SqlError> {
    match wit::dialect(connection).map_err(|error| refused(connection, error))? {
        wit::SqlDialect::Sqlite => Ok(Dialect::Sqlite),
        wit::SqlDialect::Postgresql => Ok(Dialect::Postgresql),
        wit::SqlDialect::Mysql => Ok(Dialect::Mysql),
    }
}

pub(super) fn query(connection: &str, statement: Statement) -> Result<Rows, SqlError> {
    let found = wit::query(connection, &asked(statement)).map_err(|error| refused(connection, error))?;
    let columns = found.columns.into_iter().map(|column| (column.name, column.type_name));
    let rows = found.rows.into_iter().map(|row| row.into_iter().map(received).collect());
    Ok(Rows::of(columns, rows.collect()))
}

pub(super) fn execute(connection: &str, statements: Vec<Statement>) -> Result<Vec<u64>, SqlError> {
    let statements: Vec<_> = statements.into_iter().map(asked).collect();
    wit::execute(connection, &statements).map_err(|error| refused(connection, error))
}

fn asked(statement: Statement) -> wit::Statement {
    wit::Statement { text: statement.text, parameters: statement.parameters.into_iter().map(sent).collect() }
}

fn sent(value: Value) -> wit::Value {
    match value {
        Value::Null => wit::Value::Null,
        Value::Boolean(value) => wit::Value::Boolean(value),
        Value::Integer(value) => wit::Value::Integer(value),
        Value::Float(value) => wit::Value::Float(value),
        Value::Text(value) => wit::Value::Text(value),
        Value::Bytes(value) => wit::Value::Bytes(value),
        Value::Instant(value) => wit::Value::Instant(value.timestamp_micros()),
    }
}

fn received(value: wit::Value) -> Value {
    match value {
        wit::Value::Null => Value::Null,
        wit::Value::Boolean(value) => Value::Boolean(value),
        wit::Value::Integer(value) => Value::Integer(value),
        wit::Value::Float(value) => Value::Float(value),
        wit::Value::Text(value) => Value::Text(value),
        wit::Value::Bytes(value) => Value::Bytes(value),
        wit::Value::Instant(unix_us) => DateTime::from_timestamp_micros(unix_us)
            .map_or_else(|| Value::Text(format!("{unix_us} µs")), Value::Instant),
    }
}

fn refused(connection: &str, error: wit::SqlError) -> SqlError {
    match error {
        wit::SqlError::NotGranted => SqlError::NotGranted { connection: connection.to_owned() },
        wit::SqlError::ReadOnly => SqlError::ReadOnly { connection: connection.to_owned() },
        wit::SqlError::Refused(wit::Refusal { code, message }) => SqlError::Refused { code, message },
        wit::SqlError::TimedOut(ms) => SqlError::TimedOut { after: Duration::from_millis(ms) },
        wit::SqlError::TooLarge(bound) => SqlError::TooLarge(bound),
        wit::SqlError::Unavailable(reason) => SqlError::Unavailable(reason),
    }
}
