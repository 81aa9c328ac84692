//! A database to ask, whichever it is.

use std::time::Duration;

use noontide_connections::Database;
use noontide_domain::{
    Connection, ConnectionKind, ConnectionUrl, SqlDialect, SqlError, SqlRows, SqlStatement, SqlValue,
};
use noontide_testkit::servers;

/// Longer than any test takes.
pub const LONG: Duration = Duration::from_secs(30);

/// A database under test. A SQLite file goes with it.
pub struct Stage {
    pub database: Database,
    _folder: Option<tempfile::TempDir>,
}

/// A connection with the usual bounds.
pub fn connection(url: &str) -> Connection {
    let kind = ConnectionKind::of_scheme(url.split(':').next().unwrap_or_default()).expect("a scheme of ours");
    Connection::new(ConnectionUrl::new(url), kind)
}

impl Stage {
    pub fn of(dialect: SqlDialect) -> Self {
        Self::with(dialect, |connection| connection)
    }

    pub fn with(dialect: SqlDialect, change: impl FnOnce(Connection) -> Connection) -> Self {
        let folder = (dialect == SqlDialect::Sqlite).then(|| tempfile::tempdir().expect("a folder"));
        let url = match dialect {
            SqlDialect::Postgresql => servers::postgres().url(),
            SqlDialect::Mysql => servers::mariadb().url(),
            SqlDialect::Sqlite => {
                let file = folder.as_ref().expect("a folder").path().join("shop.db");
                std::fs::File::create(&file).expect("an empty file is an empty database");
                format!("sqlite://{}", file.display())
            }
        };
        let database = Database::open(change(connection(&url))).expect("an address that can be read");
        Self { database, _folder: folder }
    }

    pub async fn query(&self, text: &str, parameters: &[SqlValue]) -> Result<SqlRows, SqlError> {
        self.database.query(statement(text, parameters), LONG).await
    }

    pub async fn execute(&self, text: &str, parameters: &[SqlValue]) -> Result<u64, SqlError> {
        self.database.execute(vec![statement(text, parameters)], LONG).await.map(|changed| changed[0])
    }

    /// The one value of the one row.
    pub async fn value(&self, text: &str) -> SqlValue {
        let found = self.query(text, &[]).await.unwrap_or_else(|error| panic!("{text}: {error:?}"));
        assert_eq!((found.rows.len(), found.rows[0].len()), (1, 1), "{text}");
        found.rows[0][0].clone()
    }
}

pub fn statement(text: &str, parameters: &[SqlValue]) -> SqlStatement {
    SqlStatement { text: text.to_owned(), parameters: parameters.to_vec() }
}

pub fn text(text: &str) -> SqlValue {
    SqlValue::Text(text.to_owned())
}
