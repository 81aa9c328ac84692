//! SQLite: a file. Readers open it read-only; a handler of ours ends a statement whose time is over.

use std::str::FromStr;
use std::time::Duration;

use async_trait::async_trait;
use noontide_domain::{SqlColumn, SqlDialect, SqlError, SqlRows, SqlStatement, SqlValue};
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteConnectOptions, SqliteRow};
use sqlx::{
    AssertSqlSafe, Column, ConnectOptions, Connection, Executor, Row, SqlSafeStr, Sqlite, SqliteConnection, Statement,
    TypeInfo, ValueRef,
};
use tokio::time::Instant;

use super::{columns, gathered, instant};
use crate::fault::{Fault, refusal};
use crate::pool::{Answer, Asked, Bounds, Speaks};
use crate::statement::leaves_nothing;

/// How many steps of SQLite's machine between two looks at the clock: well under a millisecond.
const STEPS: i32 = 10_000;

/// A file, opened for reading or for writing.
pub(crate) struct SqliteFile {
    options: SqliteConnectOptions,
    bounds: Bounds,
}

impl SqliteFile {
    pub(crate) fn new(url: &str, write: bool, busy: Duration, bounds: Bounds) -> Result<Self, SqlError> {
        let options = SqliteConnectOptions::from_str(url).map_err(|error| SqlError::Unavailable(error.to_string()))?;
        if options.get_filename().as_os_str().to_string_lossy().contains(":memory:") {
            return Err(SqlError::Unavailable("a database in memory ends with its connection".to_owned()));
        }
        let options = options.read_only(!write).create_if_missing(false).busy_timeout(busy);
        Ok(Self { options: options.disable_statement_logging(), bounds })
    }
}

#[async_trait]
impl Speaks for SqliteFile {
    type Link = SqliteConnection;

    async fn connect(&self) -> Result<SqliteConnection, sqlx::Error> {
        self.options.connect().await
    }

    async fn is_alive(&self, link: &mut SqliteConnection) -> bool {
        link.ping().await.is_ok()
    }

    async fn answer(&self, link: &mut SqliteConnection, asked: &Asked, time: Duration) -> Result<Answer, Fault> {
        let until = Instant::now() + time;
        link.lock_handle().await?.set_progress_handler(STEPS, move || Instant::now() < until);
        let answer = match asked {
            Asked::Query(statement) => query(link, statement, self.bounds).await.map(Answer::Rows),
            Asked::Execute(statements) => execute(link, statements).await.map(Answer::Changes),
        };
        link.lock_handle().await?.remove_progress_handler();
        answer
    }

    fn leaves_nothing(&self, asked: &Asked) -> bool {
        leaves_nothing(SqlDialect::Sqlite, asked.statements())
    }

    async fn clear(&self, link: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        // A transaction is over: it was committed, or its guard has taken it back.
        link.clear_cached_statements().await
    }

    async fn close(&self, link: SqliteConnection) {
        let _ = link.close().await;
    }
}

async fn query(link: &mut SqliteConnection, statement: &SqlStatement, bounds: Bounds) -> Result<SqlRows, Fault> {
    let mut found = gathered(bound(statement).fetch(&mut *link), value, bounds).await?;
    if found.columns.is_empty() {
        found.columns = empty(link, &statement.text).await?;
    }
    Ok(found)
}

async fn empty(link: &mut SqliteConnection, text: &str) -> Result<Vec<SqlColumn>, Fault> {
    let prepared = link.prepare(AssertSqlSafe(text.to_owned()).into_sql_str()).await?;
    Ok(columns(prepared.columns()))
}

async fn execute(link: &mut SqliteConnection, statements: &[SqlStatement]) -> Result<Vec<u64>, Fault> {
    let mut transaction = link.begin_with("BEGIN IMMEDIATE").await?;
    let mut changed = Vec::new();
    for statement in statements {
        match bound(statement).execute(&mut *transaction).await {
            Ok(done) => changed.push(done.rows_affected()),
            Err(error) => {
                transaction.rollback().await?;
                return Err(error.into());
            }
        }
    }
    transaction.commit().await?;
    Ok(changed)
}

fn bound(statement: &SqlStatement) -> Query<'_, Sqlite, SqliteArguments> {
    let query = sqlx::query(AssertSqlSafe(statement.text.clone())).persistent(false);
    statement.parameters.iter().fold(query, |query, value| match value.clone() {
        SqlValue::Null => query.bind(None::<i64>),
        SqlValue::Boolean(value) => query.bind(value),
        SqlValue::Integer(value) => query.bind(value),
        SqlValue::Float(value) => query.bind(value),
        SqlValue::Text(value) => query.bind(value),
        SqlValue::Bytes(value) => query.bind(value),
        SqlValue::Instant(value) => query.bind(instant::written(value)),
    })
}

/// By the kind of the value itself. A column that is declared to hold instants holds them as text.
fn value(row: &SqliteRow, index: usize) -> Result<SqlValue, Fault> {
    let raw = row.try_get_raw(index)?;
    if raw.is_null() {
        return Ok(SqlValue::Null);
    }
    let declared = row.columns()[index].type_info().name().to_owned();
    let kind = raw.type_info().name().to_owned();
    drop(raw);
    match kind.as_str() {
        "BLOB" => Ok(SqlValue::Bytes(row.try_get_unchecked(index)?)),
        "REAL" => Ok(SqlValue::Float(row.try_get_unchecked(index)?)),
        "TEXT" | "DATETIME" | "DATE" | "TIME" => {
            // Text of SQLite may be no UTF-8.
            let bytes: Vec<u8> = row.try_get_unchecked(index)?;
            let text = String::from_utf8(bytes).map_err(|error| refusal(format!("column {}: {error}", index + 1)))?;
            let instant = if declared == "DATETIME" { instant::read(&text) } else { None };
            Ok(instant.map_or(SqlValue::Text(text), SqlValue::Instant))
        }
        _ => Ok(SqlValue::Integer(row.try_get_unchecked(index)?)),
    }
}
