//! Tables that another program keeps, read once and never written: everything as text, as the databases agree on little else.

use std::path::PathBuf;

use sqlx::mysql::{MySqlConnectOptions, MySqlConnection};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Row};

/// Where the tables are.
#[derive(Debug, Clone)]
pub struct Tables {
    place: Place,
    shown: String,
}

#[derive(Debug, Clone)]
enum Place {
    Sqlite(PathBuf),
    Postgres(Box<PgConnectOptions>),
    MySql(Box<MySqlConnectOptions>),
}

/// A row, its columns in the order in which they were asked for; none for NULL.
pub type TextRow = Vec<Option<String>>;

impl Tables {
    /// `postgresql://USER:PASSWORD@HOST/DATABASE`, `mysql://…`, `mariadb://…`, `sqlite:FILE`, or the path of a SQLite file.
    ///
    /// # Errors
    /// A line that says what is taken.
    pub fn at(url: &str) -> Result<Self, String> {
        let Some((scheme, rest)) = url.split_once(':').filter(|(scheme, _)| scheme.len() > 1) else {
            return Ok(Self { place: Place::Sqlite(url.into()), shown: url.to_owned() });
        };
        let shown = format!("{scheme}:{}", without_user(rest));
        let wrong = |error: sqlx::Error| format!("{shown}: {error}; write {scheme}://USER:PASSWORD@HOST/DATABASE");
        let place = match scheme {
            "sqlite" => {
                let path = rest.strip_prefix("//").unwrap_or(rest);
                return Ok(Self { place: Place::Sqlite(path.into()), shown: path.to_owned() });
            }
            "postgres" | "postgresql" => Place::Postgres(Box::new(url.parse().map_err(wrong)?)),
            "mysql" => Place::MySql(Box::new(url.parse().map_err(wrong)?)),
            "mariadb" => Place::MySql(Box::new(format!("mysql:{rest}").parse().map_err(wrong)?)),
            other => {
                let plain = other.split('+').next().filter(|plain| *plain != other);
                let hint = plain.map(|plain| format!("; write `{plain}:`")).unwrap_or_default();
                return Err(format!(
                    "`{other}:` is no database that can be read: sqlite, postgresql, mysql, mariadb{hint}"
                ));
            }
        };
        Ok(Self { place, shown })
    }

    /// The place without user and password.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// All rows of `tables` (what stands behind FROM), `columns` of them, as text.
    ///
    /// # Errors
    /// The database cannot be reached, or does not know what was asked for.
    pub async fn rows(&self, columns: &[&str], tables: &str) -> Result<Vec<TextRow>, String> {
        let text = if matches!(self.place, Place::MySql(_)) { "CHAR" } else { "TEXT" };
        let columns: Vec<_> = columns.iter().map(|column| format!("CAST({column} AS {text})")).collect();
        let statement = format!("SELECT {} FROM {tables}", columns.join(", "));
        self.asked(statement).await.map_err(|error| match error {
            sqlx::Error::Database(refused) => format!("{}: {}", self.shown, refused.message()),
            other => format!("{}: {other}", self.shown),
        })
    }

    async fn asked(&self, statement: String) -> Result<Vec<TextRow>, sqlx::Error> {
        let statement = AssertSqlSafe(statement);
        match &self.place {
            Place::Sqlite(path) => {
                let options = SqliteConnectOptions::new().filename(path).read_only(true);
                let mut connection: SqliteConnection = options.connect().await?;
                let rows = sqlx::query(statement).fetch_all(&mut connection).await?;
                connection.close().await?;
                rows.iter().map(|row| (0..row.len()).map(|column| row.try_get(column)).collect()).collect()
            }
            Place::Postgres(options) => {
                let mut connection: PgConnection = options.connect().await?;
                let rows = sqlx::query(statement).fetch_all(&mut connection).await?;
                connection.close().await?;
                rows.iter().map(|row| (0..row.len()).map(|column| row.try_get(column)).collect()).collect()
            }
            Place::MySql(options) => {
                let mut connection: MySqlConnection = options.connect().await?;
                let rows = sqlx::query(statement).fetch_all(&mut connection).await?;
                connection.close().await?;
                rows.iter().map(|row| (0..row.len()).map(|column| row.try_get(column)).collect()).collect()
            }
        }
    }
}

/// What stands behind the last `@` of the authority.
fn without_user(rest: &str) -> String {
    let Some(rest) = rest.strip_prefix("//") else { return rest.to_owned() };
    let end = rest.find('/').unwrap_or(rest.len());
    let host = rest[..end].rsplit('@').next().unwrap_or_default();
    let path = rest[end..].split('?').next().unwrap_or_default();
    format!("//{host}{path}")
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
        assert!(Tables::at("mysql+pymysql://x/y").unwrap_err().contains("write `mysql:`"));
    }
}
