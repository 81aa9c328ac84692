//! MySQL and MariaDB, which differ in how a statement's time is set.

use std::str::FromStr;
use std::time::Duration;

use async_trait::async_trait;
use noontide_domain::{SqlColumn, SqlDialect, SqlError, SqlRows, SqlStatement, SqlValue};
use sqlx::mysql::{MySqlArguments, MySqlConnectOptions, MySqlRow};
use sqlx::query::Query;
use sqlx::{
    AssertSqlSafe, Column, ConnectOptions, Connection, Executor, MySql, MySqlConnection, Row, SqlSafeStr, Statement,
    TypeInfo, ValueRef,
};

use super::{columns, gathered, instant};
use crate::fault::{Fault, refusal};
use crate::pool::{Answer, Asked, Bounds, Speaks};
use crate::statement::{leaves_nothing, of_session};

/// A server.
pub(crate) struct MysqlServer {
    options: MySqlConnectOptions,
    bounds: Bounds,
}

/// A connection, its number on the server, and whether the server is a MariaDB.
pub(crate) struct MysqlLink {
    link: MySqlConnection,
    id: u64,
    mariadb: bool,
}

impl MysqlServer {
    pub(crate) fn new(url: &str, bounds: Bounds) -> Result<Self, SqlError> {
        let options = MySqlConnectOptions::from_str(url).map_err(|error| SqlError::Unavailable(error.to_string()))?;
        // What `||` means is the server's business.
        let options = options.statement_cache_capacity(0).pipes_as_concat(false).no_engine_substitution(false);
        Ok(Self { options: options.disable_statement_logging(), bounds })
    }
}

#[async_trait]
impl Speaks for MysqlServer {
    type Link = MysqlLink;

    async fn connect(&self) -> Result<MysqlLink, sqlx::Error> {
        let mut link = self.options.connect().await?;
        let row = sqlx::query("SELECT CAST(CONNECTION_ID() AS UNSIGNED), VERSION()").fetch_one(&mut link).await?;
        let version: String = row.try_get(1)?;
        Ok(MysqlLink { id: row.try_get(0)?, mariadb: version.to_ascii_lowercase().contains("mariadb"), link })
    }

    async fn is_alive(&self, link: &mut MysqlLink) -> bool {
        link.link.ping().await.is_ok()
    }

    async fn answer(&self, link: &mut MysqlLink, asked: &Asked, time: Duration) -> Result<Answer, Fault> {
        let timed = match link.mariadb {
            true => format!("SET max_statement_time = {:.3}", time.as_secs_f64().max(0.001)),
            false => format!("SET max_execution_time = {}", time.as_millis().clamp(1, u128::from(u32::MAX))),
        };
        let link = &mut link.link;
        link.execute(sqlx::raw_sql(AssertSqlSafe(timed))).await?;
        match asked {
            Asked::Query(statement) => {
                link.execute("START TRANSACTION READ ONLY").await?;
                query(link, statement, self.bounds).await.map(Answer::Rows)
            }
            Asked::Execute(statements) => {
                link.execute("START TRANSACTION READ WRITE").await?;
                execute(link, statements).await.map(Answer::Changes)
            }
        }
    }

    fn leaves_nothing(&self, asked: &Asked) -> bool {
        leaves_nothing(SqlDialect::Mysql, asked.statements())
    }

    /// User variables cannot be taken away, so whoever speaks of them has a connection of its own.
    fn needs_fresh(&self, asked: &Asked) -> bool {
        asked.statements().iter().any(|statement| of_session(&statement.text))
    }

    async fn clear(&self, link: &mut MysqlLink) -> Result<(), sqlx::Error> {
        link.link.execute("ROLLBACK").await?;
        link.link.execute("DO RELEASE_ALL_LOCKS()").await.map(|_| ())
    }

    /// The server would go on to the end of the statement, and notice only then.
    async fn abandon(&self, link: MysqlLink) {
        let id = link.id;
        drop(link);
        if let Ok(mut other) = self.options.connect().await {
            let _ = other.execute(sqlx::raw_sql(AssertSqlSafe(format!("KILL {id}")))).await;
            let _ = other.close().await;
        }
    }

    async fn close(&self, link: MysqlLink) {
        let _ = link.link.close().await;
    }
}

async fn query(link: &mut MySqlConnection, statement: &SqlStatement, bounds: Bounds) -> Result<SqlRows, Fault> {
    let mut found = gathered(bound(statement).fetch(&mut *link), value, bounds).await?;
    if found.columns.is_empty() {
        found.columns = empty(link, &statement.text).await?;
    }
    Ok(found)
}

async fn empty(link: &mut MySqlConnection, text: &str) -> Result<Vec<SqlColumn>, Fault> {
    let prepared = link.prepare(AssertSqlSafe(text.to_owned()).into_sql_str()).await?;
    Ok(columns(prepared.columns()))
}

async fn execute(link: &mut MySqlConnection, statements: &[SqlStatement]) -> Result<Vec<u64>, Fault> {
    let mut changed = Vec::new();
    for statement in statements {
        changed.push(bound(statement).execute(&mut *link).await?.rows_affected());
    }
    link.execute("COMMIT").await?;
    Ok(changed)
}

fn bound(statement: &SqlStatement) -> Query<'_, MySql, MySqlArguments> {
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

/// From the binary protocol, by the column's type.
fn value(row: &MySqlRow, index: usize) -> Result<SqlValue, Fault> {
    if row.try_get_raw(index)?.is_null() {
        return Ok(SqlValue::Null);
    }
    let kind = row.columns()[index].type_info().name();
    let bytes: &[u8] = row.try_get_unchecked(index)?;
    Ok(match kind {
        "FLOAT" => SqlValue::Float(f32::from_le_bytes(exactly(bytes)?).into()),
        "DOUBLE" => SqlValue::Float(f64::from_le_bytes(exactly(bytes)?)),
        "DATE" => SqlValue::Text(date_and_time(bytes).0),
        "DATETIME" | "TIMESTAMP" => {
            let (date, time) = date_and_time(bytes);
            let text = format!("{date} {time}");
            instant::read(&text).map_or(SqlValue::Text(text), SqlValue::Instant)
        }
        "TIME" => SqlValue::Text(time(bytes)),
        "BIT" => integer(&bytes.iter().rev().copied().collect::<Vec<_>>(), false),
        "YEAR" => integer(bytes, false),
        kind if kind.contains("INT") || kind == "BOOLEAN" => integer(bytes, !kind.contains("UNSIGNED")),
        "GEOMETRY" => SqlValue::Bytes(bytes.to_vec()),
        kind if kind.contains("BLOB") || kind.contains("BINARY") => SqlValue::Bytes(bytes.to_vec()),
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => SqlValue::Text(text.to_owned()),
            Err(_) => SqlValue::Bytes(bytes.to_vec()),
        },
    })
}

fn exactly<const N: usize>(bytes: &[u8]) -> Result<[u8; N], Fault> {
    bytes.try_into().map_err(|_| refusal(format!("a number of {} bytes where {N} are expected", bytes.len())).into())
}

/// Little-endian, of any width up to 8. What is past 63 bits is text.
fn integer(bytes: &[u8], signed: bool) -> SqlValue {
    let negative = signed && bytes.last().is_some_and(|last| last & 0x80 != 0);
    let mut wide = [if negative { 0xff } else { 0 }; 8];
    let width = bytes.len().min(8);
    wide[..width].copy_from_slice(&bytes[..width]);
    match signed {
        true => SqlValue::Integer(i64::from_le_bytes(wide)),
        false => {
            let number = u64::from_le_bytes(wide);
            i64::try_from(number).map_or_else(|_| SqlValue::Text(number.to_string()), SqlValue::Integer)
        }
    }
}

/// A length, then as much as is not zero: year, month, day, hour, minute, second, microseconds.
fn date_and_time(bytes: &[u8]) -> (String, String) {
    let at = |index: usize| bytes.get(index).copied().unwrap_or(0);
    let year = u16::from_le_bytes([at(1), at(2)]);
    let micros = u32::from_le_bytes([at(8), at(9), at(10), at(11)]);
    let date = format!("{year:04}-{:02}-{:02}", at(3), at(4));
    (date, clock(at(5).into(), at(6), at(7), micros))
}

/// A length, a sign, days, hours, minutes, seconds, microseconds: up to 838 hours either way.
fn time(bytes: &[u8]) -> String {
    let at = |index: usize| bytes.get(index).copied().unwrap_or(0);
    let days = u32::from_le_bytes([at(2), at(3), at(4), at(5)]);
    let micros = u32::from_le_bytes([at(9), at(10), at(11), at(12)]);
    let sign = if at(1) == 1 { "-" } else { "" };
    format!("{sign}{}", clock(days * 24 + u32::from(at(6)), at(7), at(8), micros))
}

fn clock(hours: u32, minutes: u8, seconds: u8, micros: u32) -> String {
    let fraction = if micros == 0 { String::new() } else { format!(".{micros:06}") };
    format!("{hours:02}:{minutes:02}:{seconds:02}{fraction}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_the_binary_protocol_read_as_they_are_written() {
        let date = [11, 0xea, 0x07, 1, 31, 8, 0, 0, 1, 0, 0, 0];
        assert_eq!(date_and_time(&date), ("2026-01-31".to_owned(), "08:00:00.000001".to_owned()));
        assert_eq!(date_and_time(&date[..5]).1, "00:00:00");
        assert_eq!(time(&[8, 1, 1, 0, 0, 0, 2, 3, 4]), "-26:03:04");
        assert_eq!(time(&[0]), "00:00:00");
        assert_eq!(integer(&[0xff, 0xff], true), SqlValue::Integer(-1));
        assert_eq!(integer(&[0xff; 8], false), SqlValue::Text(u64::MAX.to_string()));
    }
}
