//! One statement with its values, whatever the database: its text in each SQL, what is bound to it, where it is carried out.
//!
//! ```text
//! query(KEYS).bind(keys).all(&mut *desk)      in the transaction that the desk stands in
//! query(KEYS).bind(keys).all(readers)         on any connection that reads
//! ```

use std::borrow::Cow;
use std::pin::Pin;
use std::sync::Arc;

use noontide_domain::{HostId, RunId, SubmissionId};
use sqlx::{AssertSqlSafe, MySqlConnection, PgConnection, SqliteConnection};
use uuid::Uuid;

use crate::connection::{Connection, Kind, Readers};
use crate::lane::heard;
use crate::mysql::fault as mysql_fault;
use crate::postgres::text;
use crate::row::Row;
use crate::steps::{self, Step};
use crate::writer::Desk;

/// The text of a statement in each SQL. Values are numbered from 1: `?1` in SQLite and MySQL, `$1` in PostgreSQL.
#[derive(Clone, Copy)]
pub(crate) struct Statement {
    pub sqlite: &'static str,
    pub postgres: &'static str,
    pub mysql: &'static str,
}

impl Statement {
    pub fn of(&self, kind: Kind) -> &'static str {
        match kind {
            Kind::Sqlite => self.sqlite,
            Kind::Postgres => self.postgres,
            Kind::Mysql => self.mysql,
        }
    }
}

/// Joins what the files of one name in `sqlite/`, `postgres/` and `mysql/` call the same.
macro_rules! statements {
    ($file:ident: $($name:ident),+ $(,)?) => {
        $(pub(crate) const $name: $crate::query::Statement = $crate::query::Statement {
            sqlite: $crate::sqlite::$file::$name,
            postgres: $crate::postgres::$file::$name,
            mysql: $crate::mysql::$file::$name,
        };)+
    };
}

/// A value for a statement.
#[derive(Clone)]
pub(crate) enum Arg<'q> {
    Number(Option<i64>),
    Text(Option<Cow<'q, str>>),
    Bytes(Option<Cow<'q, [u8]>>),
    /// A `uuid` where there is such a type, else its 16 bytes.
    Id(Option<Uuid>),
}

enum Text {
    Fixed(Statement),
    /// Put together for this one call, in the SQL of the database that will carry it out.
    Made(String),
}

/// A statement and its values.
pub(crate) struct Query<'q> {
    text: Text,
    args: Vec<Arg<'q>>,
}

pub(crate) fn query<'q>(statement: Statement) -> Query<'q> {
    Query { text: Text::Fixed(statement), args: Vec::new() }
}

/// Of a text that was put together.
pub(crate) fn made<'q>(text: String) -> Query<'q> {
    Query { text: Text::Made(text), args: Vec::new() }
}

impl<'q> Query<'q> {
    pub fn bind(mut self, value: impl Into<Arg<'q>>) -> Self {
        self.args.push(value.into());
        self
    }

    /// All rows.
    pub async fn all(self, place: impl Place) -> Result<Vec<Row>, sqlx::Error> {
        Ok(place.carry_out(self, Wanted::Rows).await?.rows)
    }

    /// The first row, if there is one.
    pub async fn first(self, place: impl Place) -> Result<Option<Row>, sqlx::Error> {
        Ok(place.carry_out(self, Wanted::Rows).await?.rows.into_iter().next())
    }

    /// The first row.
    pub async fn one(self, place: impl Place) -> Result<Row, sqlx::Error> {
        self.first(place).await?.ok_or(sqlx::Error::RowNotFound)
    }

    /// Of all rows, the text in that column.
    pub async fn texts(self, column: &str, place: impl Place) -> Result<Vec<String>, sqlx::Error> {
        self.all(place).await?.iter().map(|row| row.try_get(column)).collect()
    }

    /// How many rows it has changed.
    pub async fn run(self, place: impl Place) -> Result<u64, sqlx::Error> {
        Ok(place.carry_out(self, Wanted::Count).await?.changed)
    }

    /// How long its values are in all.
    fn bytes(&self) -> usize {
        let length = |arg: &Arg<'_>| match arg {
            Arg::Text(Some(text)) => text.len(),
            Arg::Bytes(Some(bytes)) => bytes.len(),
            _ => 0,
        };
        self.args.iter().map(length).sum()
    }

    fn steps(&self, kind: Kind) -> Arc<[Step]> {
        match &self.text {
            Text::Fixed(statement) => steps::of(kind, statement.of(kind)),
            Text::Made(text) => steps::parted(kind, text),
        }
    }
}

/// What is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    Rows,
    Count,
}

/// What came of a statement: the rows of its first step, the count of its last.
#[derive(Default)]
pub(crate) struct Done {
    pub rows: Vec<Row>,
    pub changed: u64,
    pub is_written: bool,
}

pub(crate) type Doing<'a> = Pin<Box<dyn Future<Output = Result<Done, sqlx::Error>> + Send + 'a>>;

/// Where a statement is carried out.
pub(crate) trait Place {
    fn carry_out<'a>(self, query: Query<'a>, wanted: Wanted) -> Doing<'a>
    where
        Self: 'a;
}

impl Place for &mut Desk<'_> {
    fn carry_out<'a>(self, query: Query<'a>, wanted: Wanted) -> Doing<'a>
    where
        Self: 'a,
    {
        Box::pin(async move {
            let done = heard(self.patience, on(self.connection, &query, wanted)).await?;
            self.is_written |= done.is_written;
            Ok(done)
        })
    }
}

impl Place for &Readers {
    fn carry_out<'a>(self, query: Query<'a>, wanted: Wanted) -> Doing<'a>
    where
        Self: 'a,
    {
        Box::pin(async move {
            match self {
                Readers::Sqlite(pool) => sqlite(&mut *pool.acquire().await?, &query, wanted).await,
                Readers::Postgres(pool) => postgres(&mut *pool.acquire().await?, &query, wanted).await,
                Readers::Mysql(pool) => mysql(&mut *pool.acquire().await?, &query, wanted).await,
            }
        })
    }
}

async fn on(connection: &mut Connection, query: &Query<'_>, wanted: Wanted) -> Result<Done, sqlx::Error> {
    match connection {
        Connection::Sqlite(connection) => sqlite(connection, query, wanted).await,
        Connection::Postgres(connection) => postgres(connection, query, wanted).await,
        Connection::Mysql(connection) => {
            mysql(connection, query, wanted).await.map_err(|error| mysql_fault::of_length(error, query.bytes()))
        }
    }
}

/// The same for each database: types of its own and nothing else tell them apart.
macro_rules! carried_out_by {
    ($name:ident, $connection:ty, $kind:expr, $row:path, $id:expr, $text:expr) => {
        async fn $name(connection: &mut $connection, query: &Query<'_>, wanted: Wanted) -> Result<Done, sqlx::Error> {
            let mut done = Done::default();
            let steps = query.steps($kind);
            for (i, step) in steps.iter().enumerate() {
                let mut bound = sqlx::query(AssertSqlSafe(Arc::clone(&step.sql)));
                for number in &step.args {
                    let Some(arg) = query.args.get(number - 1) else {
                        return Err(sqlx::Error::Protocol(format!("no value {number} for `{}`", step.sql)));
                    };
                    bound = match arg.clone() {
                        Arg::Number(value) => bound.bind(value),
                        Arg::Text(value) => bound.bind(value.map(|value| $text(value, step.json.contains(number)))),
                        Arg::Bytes(value) => bound.bind(value),
                        Arg::Id(value) => bound.bind(value.map($id)),
                    };
                }
                if wanted == Wanted::Rows && i == 0 {
                    done.rows = bound.fetch_all(&mut *connection).await?.into_iter().map($row).collect();
                } else {
                    done.changed = bound.execute(&mut *connection).await?.rows_affected();
                }
                let has_changed = done.changed > 0 || !done.rows.is_empty() || step.sql.starts_with("WITH");
                done.is_written |= step.writes && has_changed;
            }
            Ok(done)
        }
    };
}
carried_out_by!(sqlite, SqliteConnection, Kind::Sqlite, Row::Sqlite, |id: Uuid| id.into_bytes().to_vec(), as_it_is);
carried_out_by!(postgres, PgConnection, Kind::Postgres, Row::Postgres, |id: Uuid| id, as_postgres_keeps_it);
carried_out_by!(mysql, MySqlConnection, Kind::Mysql, Row::Mysql, |id: Uuid| id.into_bytes().to_vec(), as_it_is);

fn as_it_is(text: Cow<'_, str>, _: bool) -> Cow<'_, str> {
    text
}

fn as_postgres_keeps_it(value: Cow<'_, str>, is_json: bool) -> Cow<'_, str> {
    if is_json { text::kept_in_json(value) } else { text::kept(value) }
}

macro_rules! arg_from {
    ($($from:ty, $variant:ident, $value:ident => $to:expr;)+) => {
        $(
            impl<'q> From<$from> for Arg<'q> {
                fn from($value: $from) -> Self {
                    Arg::$variant(Some($to))
                }
            }
            impl<'q> From<Option<$from>> for Arg<'q> {
                fn from(value: Option<$from>) -> Self {
                    Arg::$variant(value.map(|$value| $to))
                }
            }
        )+
    };
}
arg_from! {
    i64, Number, value => value;
    i32, Number, value => value.into();
    u32, Number, value => value.into();
    u16, Number, value => value.into();
    bool, Number, value => value.into();
    &'q str, Text, value => value.into();
    &'q String, Text, value => value.as_str().into();
    String, Text, value => value.into();
    &'q [u8], Bytes, value => value.into();
    Vec<u8>, Bytes, value => value.into();
    RunId, Id, value => value.0;
    HostId, Id, value => value.0;
    Uuid, Id, value => value;
    SubmissionId, Id, value => value.0;
}

impl<'q> From<&'q Option<String>> for Arg<'q> {
    fn from(value: &'q Option<String>) -> Self {
        value.as_deref().into()
    }
}
