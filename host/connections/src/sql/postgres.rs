//! PostgreSQL. A query is a cursor in a read-only transaction, fetched in pieces and as text: so everything comes in its
//! usual written form, and no answer is held that is over its bounds.

use std::str::FromStr;
use std::time::Duration;

use async_trait::async_trait;
use futures::TryStreamExt;
use noontide_domain::{SqlColumn, SqlError, SqlRows, SqlStatement, SqlValue};
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgArguments, PgConnectOptions, PgRow, PgTypeInfo};
use sqlx::query::Query;
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Encode, Executor, PgConnection, Postgres, Row, SqlSafeStr, Statement,
    Type, TypeInfo, ValueRef,
};

use super::{columns, instant};
use crate::fault::{Fault, refusal};
use crate::pool::{Answer, Asked, Bounds, Gathered, Speaks};
use crate::statement::is_cursor;

/// Rows of one FETCH: few enough that a piece of wide rows stays small.
const PIECE: usize = 256;

/// A server.
pub(crate) struct PostgresServer {
    options: PgConnectOptions,
    bounds: Bounds,
}

impl PostgresServer {
    pub(crate) fn new(url: &str, bounds: Bounds) -> Result<Self, SqlError> {
        let options = PgConnectOptions::from_str(url).map_err(|error| SqlError::Unavailable(error.to_string()))?;
        // DISCARD ALL drops prepared statements, so none may be remembered here.
        let options = options.statement_cache_capacity(0).application_name("noontide");
        Ok(Self { options: options.disable_statement_logging(), bounds })
    }
}

#[async_trait]
impl Speaks for PostgresServer {
    type Link = PgConnection;

    async fn connect(&self) -> Result<PgConnection, sqlx::Error> {
        self.options.connect().await
    }

    async fn is_alive(&self, link: &mut PgConnection) -> bool {
        link.ping().await.is_ok()
    }

    async fn answer(&self, link: &mut PgConnection, asked: &Asked, time: Duration) -> Result<Answer, Fault> {
        let answer = match asked {
            Asked::Query(statement) => {
                begin(link, "READ ONLY", time).await?;
                query(link, statement, self.bounds).await.map(Answer::Rows)
            }
            Asked::Execute(statements) => {
                begin(link, "READ WRITE", time).await?;
                execute(link, statements).await.map(Answer::Changes)
            }
        };
        // A transaction that was committed is over; to end it again would be warned of in the log.
        let open = matches!((asked, &answer), (Asked::Query(_), Ok(_)) | (_, Err(Fault { broken: false, .. })));
        if open {
            link.execute("ROLLBACK").await?;
        }
        answer
    }

    fn leaves_nothing(&self, _: &Asked) -> bool {
        true
    }

    async fn clear(&self, link: &mut PgConnection) -> Result<(), sqlx::Error> {
        link.execute("DISCARD ALL").await.map(|_| ())
    }

    async fn close(&self, link: PgConnection) {
        let _ = link.close().await;
    }
}

/// The statements after it see the time, the zone and the forms that our reading of text counts on.
async fn begin(link: &mut PgConnection, mode: &str, time: Duration) -> Result<(), Fault> {
    let ms = time.as_millis().clamp(1, i32::MAX as u128);
    let text = format!(
        "BEGIN {mode}; SET LOCAL statement_timeout = {ms}; SET LOCAL cursor_tuple_fraction = 1; \
         SET LOCAL client_min_messages = 'error'; SET LOCAL bytea_output = 'hex'; SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO'"
    );
    link.execute(sqlx::raw_sql(AssertSqlSafe(text))).await?;
    Ok(())
}

async fn query(link: &mut PgConnection, statement: &SqlStatement, bounds: Bounds) -> Result<SqlRows, Fault> {
    let mut gathered = Gathered::new(bounds);
    if is_cursor(&statement.text) {
        let declared = format!("DECLARE noontide NO SCROLL CURSOR FOR {}", statement.text);
        bound(declared, &statement.parameters).execute(&mut *link).await?;
        let piece = format!("FETCH FORWARD {PIECE} FROM noontide");
        loop {
            let before = gathered.found.rows.len();
            let mut rows = sqlx::raw_sql(AssertSqlSafe(piece.clone())).fetch(&mut *link);
            while let Some(row) = rows.try_next().await? {
                take(&mut gathered, &row)?;
            }
            drop(rows);
            if gathered.found.rows.len() - before < PIECE {
                break;
            }
        }
    } else {
        let mut rows = bound(statement.text.clone(), &statement.parameters).fetch(&mut *link);
        while let Some(row) = rows.try_next().await? {
            take(&mut gathered, &row)?;
        }
    }
    let mut found = gathered.found;
    if found.columns.is_empty() {
        found.columns = empty(link, &statement.text).await;
    }
    Ok(found)
}

fn take(gathered: &mut Gathered, row: &PgRow) -> Result<(), Fault> {
    gathered.columns(|| columns(row.columns()));
    let values = (0..row.len()).map(|index| value(row, index)).collect::<Result<_, _>>()?;
    gathered.row(values)
}

/// The columns of no rows; none where the server cannot guess what the parameters are.
async fn empty(link: &mut PgConnection, text: &str) -> Vec<SqlColumn> {
    let prepared = link.prepare(AssertSqlSafe(text.to_owned()).into_sql_str()).await;
    prepared.map(|prepared| columns(prepared.columns())).unwrap_or_default()
}

async fn execute(link: &mut PgConnection, statements: &[SqlStatement]) -> Result<Vec<u64>, Fault> {
    let mut changed = Vec::new();
    for statement in statements {
        let done = bound(statement.text.clone(), &statement.parameters).execute(&mut *link).await?;
        changed.push(done.rows_affected());
    }
    link.execute("COMMIT").await?;
    Ok(changed)
}

fn bound(text: String, parameters: &[SqlValue]) -> Query<'static, Postgres, PgArguments> {
    let query = sqlx::query(AssertSqlSafe(text)).persistent(false);
    parameters.iter().fold(query, |query, value| match value.clone() {
        SqlValue::Null => query.bind(Untyped),
        SqlValue::Boolean(value) => query.bind(value),
        SqlValue::Integer(value) => query.bind(value),
        SqlValue::Float(value) => query.bind(value),
        SqlValue::Text(value) => query.bind(value),
        SqlValue::Bytes(value) => query.bind(value),
        SqlValue::Instant(value) => query.bind(Micros(value.timestamp_micros())),
    })
}

/// Null of the type that the statement asks for.
struct Untyped;

impl Type<Postgres> for Untyped {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(0))
    }
}

impl Encode<'_, Postgres> for Untyped {
    fn encode_by_ref(&self, _: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        Ok(IsNull::Yes)
    }
}

/// `timestamptz` on the wire: microseconds since 2000.
struct Micros(i64);

impl Micros {
    /// 2000-01-01T00:00:00Z, in microseconds since 1970.
    const EPOCH: i64 = 946_684_800_000_000;
}

impl Type<Postgres> for Micros {
    fn type_info() -> PgTypeInfo {
        // The number of `timestamptz` in every PostgreSQL.
        PgTypeInfo::with_oid(Oid(1184))
    }
}

impl Encode<'_, Postgres> for Micros {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        buffer.extend((self.0 - Self::EPOCH).to_be_bytes());
        Ok(IsNull::No)
    }
}

/// Everything comes as text, by cursors because they are asked so, and from EXPLAIN and SHOW because that is all they have.
fn value(row: &PgRow, index: usize) -> Result<SqlValue, Fault> {
    let raw = row.try_get_raw(index)?;
    if raw.is_null() {
        return Ok(SqlValue::Null);
    }
    let (text, kind) = (raw.as_str().map_err(sqlx::Error::Decode)?, raw.type_info());
    let read = match kind.name() {
        "BOOL" => Some(SqlValue::Boolean(text == "t")),
        "INT2" | "INT4" | "INT8" | "OID" => text.parse().ok().map(SqlValue::Integer),
        "FLOAT4" | "FLOAT8" => text.parse().ok().map(SqlValue::Float),
        "BYTEA" => Some(SqlValue::Bytes(unhex(text)?)),
        "TIMESTAMP" | "TIMESTAMPTZ" => instant::read(text).map(SqlValue::Instant),
        _ => None,
    };
    Ok(read.unwrap_or_else(|| SqlValue::Text(text.to_owned())))
}

/// `\x00ff`
fn unhex(text: &str) -> Result<Vec<u8>, Fault> {
    let digits = text.strip_prefix("\\x").unwrap_or(text).as_bytes();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let bytes: Option<Vec<u8>> = digits.chunks(2).map(byte).collect();
    bytes.ok_or_else(|| refusal("bytes that are not in hexadecimal").into())
}
