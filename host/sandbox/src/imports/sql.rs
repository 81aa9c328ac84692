//! `noontide:plugin/sql`: statements on databases that were granted, through the host's own connections.

use std::sync::Arc;

use chrono::DateTime;
use noontide_domain::ports::Connections;
use noontide_domain::{Access, SqlDialect, SqlError, SqlRows, SqlStatement, SqlValue};

use crate::bindings::sql as wit;
use crate::guest::Guest;

impl Guest {
    fn sql(&self, connection: &str, needed: Access) -> Result<Arc<dyn Connections>, SqlError> {
        let granted = self.grant.as_ref().and_then(|grant| grant.sql.get(connection));
        let granted = granted.ok_or(SqlError::NotGranted)?;
        if *granted < needed {
            return Err(SqlError::ReadOnly);
        }
        self.connections.clone().ok_or(SqlError::NotGranted)
    }
}

impl wit::Host for Guest {
    async fn dialect(&mut self, connection: String) -> Result<wit::SqlDialect, wit::SqlError> {
        let reached = self.sql(&connection, Access::ReadOnly)?;
        Ok(match reached.dialect(&connection)? {
            SqlDialect::Sqlite => wit::SqlDialect::Sqlite,
            SqlDialect::Postgresql => wit::SqlDialect::Postgresql,
            SqlDialect::Mysql => wit::SqlDialect::Mysql,
        })
    }

    async fn query(&mut self, connection: String, statement: wit::Statement) -> Result<wit::Rows, wit::SqlError> {
        let reached = self.sql(&connection, Access::ReadOnly)?;
        self.effects.note(|effects| effects.statements(&connection, 1));
        Ok(reached.query(&connection, asked(statement)?, self.watch.left()).await?.into())
    }

    async fn execute(
        &mut self,
        connection: String,
        statements: Vec<wit::Statement>,
    ) -> Result<Vec<u64>, wit::SqlError> {
        let reached = self.sql(&connection, Access::ReadWrite)?;
        let statements = statements.into_iter().map(asked).collect::<Result<Vec<_>, _>>()?;
        self.effects.note(|effects| effects.statements(&connection, statements.len() as u64));
        Ok(reached.execute(&connection, statements, self.watch.left()).await?)
    }
}

fn asked(statement: wit::Statement) -> Result<SqlStatement, SqlError> {
    let parameters = statement.parameters.into_iter().map(sent).collect::<Result<_, _>>()?;
    Ok(SqlStatement { text: statement.text, parameters })
}

fn sent(value: wit::Value) -> Result<SqlValue, SqlError> {
    Ok(match value {
        wit::Value::Null => SqlValue::Null,
        wit::Value::Boolean(value) => SqlValue::Boolean(value),
        wit::Value::Integer(value) => SqlValue::Integer(value),
        wit::Value::Float(value) => SqlValue::Float(value),
        wit::Value::Text(value) => SqlValue::Text(value),
        wit::Value::Bytes(value) => SqlValue::Bytes(value),
        wit::Value::Instant(unix_us) => {
            let instant = DateTime::from_timestamp_micros(unix_us);
            let message = || format!("{unix_us} µs since 1970 is an instant in no year that can be written");
            SqlValue::Instant(instant.ok_or_else(|| SqlError::Refused { code: String::new(), message: message() })?)
        }
    })
}

impl From<SqlValue> for wit::Value {
    fn from(value: SqlValue) -> Self {
        match value {
            SqlValue::Null => Self::Null,
            SqlValue::Boolean(value) => Self::Boolean(value),
            SqlValue::Integer(value) => Self::Integer(value),
            SqlValue::Float(value) => Self::Float(value),
            SqlValue::Text(value) => Self::Text(value),
            SqlValue::Bytes(value) => Self::Bytes(value),
            SqlValue::Instant(value) => Self::Instant(value.timestamp_micros()),
        }
    }
}

impl From<SqlRows> for wit::Rows {
    fn from(found: SqlRows) -> Self {
        let column =
            |column: noontide_domain::SqlColumn| wit::Column { name: column.name, type_name: column.type_name };
        let row = |row: Vec<SqlValue>| row.into_iter().map(Into::into).collect();
        Self {
            columns: found.columns.into_iter().map(column).collect(),
            rows: found.rows.into_iter().map(row).collect(),
        }
    }
}

impl From<SqlError> for wit::SqlError {
    fn from(error: SqlError) -> Self {
        match error {
            SqlError::NotGranted => Self::NotGranted,
            SqlError::ReadOnly => Self::ReadOnly,
            SqlError::Refused { code, message } => Self::Refused(wit::Refusal { code, message }),
            SqlError::TimedOut(after) => Self::TimedOut(u64::try_from(after.as_millis()).unwrap_or(u64::MAX)),
            SqlError::TooLarge(bound) => Self::TooLarge(bound),
            SqlError::Unavailable(reason) => Self::Unavailable(reason),
        }
    }
}
