//! A row of any of the databases, read by the names of its columns.

use sqlx::mysql::MySqlRow;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{Column as _, Row as _, TypeInfo as _};
use uuid::Uuid;

use crate::postgres::text;

pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
    Mysql(MySqlRow),
}

type Found<T> = Result<T, sqlx::Error>;

impl Row {
    /// # Errors
    /// There is no such column, or it holds something else.
    pub fn try_get<'r, T: Value<'r>>(&'r self, column: &str) -> Found<T> {
        T::of(self, column)
    }
}

/// What a column can be read as.
pub(crate) trait Value<'r>: Sized {
    fn of(row: &'r Row, column: &str) -> Found<Self>;
}

/// All three know it by themselves. MySQL's types are not asked: text whose collation compares bytes is told of as bytes.
macro_rules! plain {
    ($($type:ty),+) => {
        $(
            impl<'r> Value<'r> for $type {
                fn of(row: &'r Row, column: &str) -> Found<Self> {
                    match row {
                        Row::Sqlite(row) => row.try_get(column),
                        Row::Postgres(row) => row.try_get(column),
                        Row::Mysql(row) => row.try_get_unchecked(column),
                    }
                }
            }
        )+
    };
}
plain!(&'r str, Option<&'r str>, &'r [u8], Option<&'r [u8]>, Vec<u8>, Option<Vec<u8>>);

impl<'r> Value<'r> for Option<String> {
    fn of(row: &'r Row, column: &str) -> Found<Self> {
        match row {
            Row::Sqlite(row) => row.try_get(column),
            Row::Postgres(row) => Ok(row.try_get::<Option<String>, _>(column)?.map(text::read)),
            Row::Mysql(row) => row.try_get_unchecked(column),
        }
    }
}

/// PostgreSQL has whole numbers of several lengths, and truth apart from them; here they are one.
impl<'r> Value<'r> for Option<i64> {
    fn of(row: &'r Row, column: &str) -> Found<Self> {
        match row {
            Row::Sqlite(row) => row.try_get(column),
            // What is summed up or counted there is a number of another kind.
            Row::Mysql(row) => match row.try_column(column)?.type_info().name() {
                "DECIMAL" => {
                    let digits = row.try_get_unchecked::<Option<&str>, _>(column)?;
                    digits.map(str::parse).transpose().map_err(|problem| wrong(column, problem))
                }
                _ => row.try_get_unchecked(column),
            },
            Row::Postgres(row) => match row.try_column(column)?.type_info().name() {
                "INT2" => Ok(row.try_get::<Option<i16>, _>(column)?.map(i64::from)),
                "INT4" => Ok(row.try_get::<Option<i32>, _>(column)?.map(i64::from)),
                "BOOL" => Ok(row.try_get::<Option<bool>, _>(column)?.map(i64::from)),
                _ => row.try_get(column),
            },
        }
    }
}

/// A `uuid` in PostgreSQL, 16 bytes elsewhere.
impl<'r> Value<'r> for Option<Uuid> {
    fn of(row: &'r Row, column: &str) -> Found<Self> {
        if let Row::Postgres(row) = row {
            return row.try_get(column);
        }
        let bytes = Option::<&[u8]>::of(row, column)?;
        bytes.map(Uuid::from_slice).transpose().map_err(|problem| wrong(column, problem))
    }
}

/// What is a number, told apart by its range.
macro_rules! numbers {
    ($($type:ty),+) => {
        $(impl<'r> Value<'r> for Option<$type> {
            fn of(row: &'r Row, column: &str) -> Found<Self> {
                let number = Option::<i64>::of(row, column)?;
                number.map(<$type>::try_from).transpose().map_err(|problem| wrong(column, problem))
            }
        })+
    };
}
numbers!(u16, u32, u64);

impl<'r> Value<'r> for Option<bool> {
    fn of(row: &'r Row, column: &str) -> Found<Self> {
        Ok(Option::<i64>::of(row, column)?.map(|number| number != 0))
    }
}

macro_rules! never_null {
    ($($type:ty),+) => {
        $(impl<'r> Value<'r> for $type {
            fn of(row: &'r Row, column: &str) -> Found<Self> {
                Option::<$type>::of(row, column)?.ok_or_else(|| wrong(column, "missing"))
            }
        })+
    };
}
never_null!(i64, u16, u32, u64, bool, Uuid, String);

fn wrong(column: &str, problem: impl std::fmt::Display) -> sqlx::Error {
    sqlx::Error::Decode(format!("{column}: {problem}").into())
}
