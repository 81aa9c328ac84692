//! Tables of other programs, read through the room that keeps connections. Every column is asked for as text: the databases
//! agree on little else. Nothing is written.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::time::Duration;

use noontide_connections::Database;
use noontide_domain::excerpt::excerpt;
use noontide_domain::{Connection, ConnectionKind, ConnectionUrl, SqlDialect, SqlError, SqlStatement, SqlValue};

use crate::exit::Stop;

/// A statement that reads a few thousand rows; a server that does not answer is not waited for longer.
const PATIENCE: Duration = Duration::from_secs(60);

/// More rows than anybody has schedules, and room for their arguments.
const MOST_ROWS: u64 = 100_000;
const MOST_BYTES: u64 = 256 << 20;

/// Where the tables are.
#[derive(Debug)]
pub struct Tables {
    connection: Connection,
    dialect: SqlDialect,
    shown: String,
}

impl Tables {
    /// `postgresql://USER:PASSWORD@HOST/DATABASE`, `mysql://…`, `mariadb://…`, `sqlite:FILE`, or the path of a SQLite file.
    ///
    /// # Errors
    /// A line that says what is taken.
    pub fn at(url: &str) -> Result<Self, String> {
        let Some((scheme, rest)) = url.split_once(':').filter(|(scheme, _)| scheme.len() > 1) else {
            return Self::at(&format!("sqlite:{}", escaped(url)));
        };
        let Some(ConnectionKind::Sql(dialect)) = ConnectionKind::of_scheme(scheme) else {
            let plain = scheme.split('+').next().filter(|plain| *plain != scheme);
            let hint = plain.map(|plain| format!("; write `{plain}:`")).unwrap_or_default();
            return Err(format!(
                "`{}:` is no database that can be read: sqlite, postgresql, mysql, mariadb{hint}",
                excerpt(scheme)
            ));
        };
        let connection = Connection {
            url: ConnectionUrl::new(url),
            kind: ConnectionKind::Sql(dialect),
            max_connections: 1,
            statement_timeout: PATIENCE,
            max_rows: MOST_ROWS,
            max_bytes: MOST_BYTES,
        };
        Ok(Self { connection, dialect, shown: shown(scheme, rest, dialect) })
    }

    /// The place, without user and password.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// `columns` of all rows of `tables`, which is what stands behind FROM.
    ///
    /// # Errors
    /// Failed: the database cannot be reached; or it has no such tables, and `hint` says which are expected.
    pub async fn rows(&self, columns: &[&str], tables: &str, hint: &str) -> Result<Vec<Row>, Stop> {
        let text = if self.dialect == SqlDialect::Mysql { "CHAR" } else { "TEXT" };
        let chosen: Vec<_> = columns.iter().map(|column| format!("CAST({column} AS {text})")).collect();
        let text = format!("SELECT {} FROM {tables}", chosen.join(", "));
        let failed = |error: SqlError| {
            let hint = if matches!(error, SqlError::Refused { .. }) { format!("; {hint}") } else { String::new() };
            Stop::failed(format!("{}: {error}{hint}", self.shown))
        };
        let database = Database::open(self.connection.clone()).map_err(failed)?;
        let found = database.query(SqlStatement { text, parameters: Vec::new() }, PATIENCE).await;
        database.close().await;
        let named =
            |row: Vec<SqlValue>| columns.iter().map(|name| (*name).to_owned()).zip(row.into_iter().map(text_of));
        Ok(found.map_err(failed)?.rows.into_iter().map(|row| Row(named(row).collect())).collect())
    }
}

fn text_of(value: SqlValue) -> Option<String> {
    match value {
        SqlValue::Null => None,
        SqlValue::Text(text) => Some(text),
        SqlValue::Boolean(flag) => Some(flag.to_string()),
        SqlValue::Integer(number) => Some(number.to_string()),
        SqlValue::Float(number) => Some(number.to_string()),
        SqlValue::Bytes(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        SqlValue::Instant(at) => Some(at.to_rfc3339()),
    }
}

/// What an address would read as something else in a path.
fn escaped(path: &str) -> String {
    path.replace('%', "%25").replace('?', "%3F").replace('#', "%23")
}

fn shown(scheme: &str, rest: &str, dialect: SqlDialect) -> String {
    let Some(place) = rest.strip_prefix("//") else { return rest.to_owned() };
    if dialect == SqlDialect::Sqlite {
        return place.to_owned();
    }
    let end = place.find('/').unwrap_or(place.len());
    let host = place[..end].rsplit('@').next().unwrap_or_default();
    let path = place[end..].split('?').next().unwrap_or_default();
    format!("{scheme}://{host}{path}")
}

/// A row: text under the name of its column, none for NULL.
#[derive(Debug, Default)]
pub struct Row(pub BTreeMap<String, Option<String>>);

impl Row {
    /// The text; none for NULL.
    pub fn text(&self, column: &str) -> Option<&str> {
        self.0.get(column)?.as_deref()
    }

    /// The text of a column that has one.
    ///
    /// # Errors
    /// It is NULL.
    pub fn required(&self, column: &str) -> Result<&str, String> {
        self.text(column).ok_or_else(|| format!("{column} is NULL"))
    }

    /// A number; none for NULL.
    ///
    /// # Errors
    /// Quotes what is none.
    pub fn number<T: FromStr>(&self, column: &str) -> Result<Option<T>, String> {
        let read = |text: &str| text.trim().parse().map_err(|_| format!("{column} is `{}`, no number", excerpt(text)));
        self.text(column).map(read).transpose()
    }

    /// A boolean, which SQLite and MariaDB have as a number.
    ///
    /// # Errors
    /// Quotes what is none.
    pub fn flag(&self, column: &str) -> Result<bool, String> {
        match self.required(column)? {
            "1" | "t" | "true" => Ok(true),
            "0" | "f" | "false" => Ok(false),
            other => Err(format!("{column} is `{}`, no boolean", excerpt(other))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        for (url, shown) in [
            ("postgresql://ada:se@cret@db.example/shop?password=x", "postgresql://db.example/shop"),
            ("mysql://ada@db.example:3307/shop", "mysql://db.example:3307/shop"),
            ("mariadb://db.example/shop", "mariadb://db.example/shop"),
            ("sqlite:shop.sqlite", "shop.sqlite"),
            ("sqlite:///srv/shop.sqlite", "/srv/shop.sqlite"),
            ("shop.sqlite", "shop.sqlite"),
        ] {
            assert_eq!(Tables::at(url).map(|tables| tables.shown).as_deref(), Ok(shown), "{url}");
        }
    }

    #[test]
    fn another_kind_of_database_is_refused_with_a_way_out() {
        assert!(Tables::at("oracle://x").unwrap_err().contains("sqlite, postgresql, mysql, mariadb"));
        assert!(Tables::at("redis://x").unwrap_err().contains("no database that can be read"));
        assert!(Tables::at("mysql+pymysql://x/y").unwrap_err().contains("write `mysql:`"));
    }
}
