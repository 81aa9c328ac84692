//! One SQL database: bounds, and pools that live over runs.

use std::sync::Arc;
use std::time::Duration;

use noontide_domain::{
    Connection, ConnectionKind, ConnectionUrl, SqlDialect, SqlError, SqlRows, SqlStatement, duration,
};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::fault::{redacted, refusal};
use crate::pool::{Answer, Asked, Bounds, Pool};
use crate::sql::{mysql::MysqlServer, postgres::PostgresServer, sqlite::SqliteFile};
use crate::statement::{may_read, may_write};

/// SQLite waits so long for another writer, if a statement has that long.
const BUSY: Duration = Duration::from_secs(5);

/// One SQL database. Opened without asking it; the first statement connects.
pub struct Database {
    connection: Connection,
    dialect: SqlDialect,
    pools: Pools,
    /// Where its tasks run: sockets belong to a runtime, and that of the guests may end first.
    runtime: Handle,
}

enum Pools {
    Sqlite { reading: Arc<Pool<SqliteFile>>, writing: Arc<Pool<SqliteFile>> },
    Postgres(Arc<Pool<PostgresServer>>),
    Mysql(Arc<Pool<MysqlServer>>),
}

impl Database {
    /// A database. Call it within the runtime that its connections shall belong to.
    ///
    /// # Errors
    /// The address cannot be read, or leads to no SQL database.
    pub fn open(connection: Connection) -> Result<Self, SqlError> {
        let ConnectionKind::Sql(dialect) = connection.kind else {
            return Err(SqlError::Unavailable("its address leads to no SQL database".to_owned()));
        };
        let pools = pools(&connection, dialect).map_err(|error| match error {
            SqlError::Unavailable(reason) => SqlError::Unavailable(redacted(&reason, &connection.url)),
            other => other,
        })?;
        Ok(Self { dialect, pools, runtime: Handle::current(), connection })
    }

    /// How many connections are in use, and how many may be.
    pub(crate) fn in_use(&self) -> (u32, u32) {
        match &self.pools {
            Pools::Sqlite { reading, writing } => {
                let (reading, writing) = (reading.in_use(), writing.in_use());
                (reading.0 + writing.0, reading.1 + writing.1)
            }
            Pools::Postgres(pool) => pool.in_use(),
            Pools::Mysql(pool) => pool.in_use(),
        }
    }

    /// The database at an address, with the usual bounds; else as [`Database::open`].
    ///
    /// # Errors
    /// The address cannot be read, or leads to no SQL database.
    pub fn at(url: &str) -> Result<Self, SqlError> {
        let scheme = url.split(':').next().unwrap_or_default();
        let kind = ConnectionKind::of_scheme(scheme).unwrap_or(ConnectionKind::Kv);
        Self::open(Connection::new(ConnectionUrl::new(url), kind))
    }

    /// Which SQL it speaks.
    pub fn dialect(&self) -> SqlDialect {
        self.dialect
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Reads by one statement, in a transaction that cannot write, within `left` and the connection's own bounds.
    ///
    /// # Errors
    /// As [`SqlError`] says.
    pub async fn query(&self, statement: SqlStatement, left: Duration) -> Result<SqlRows, SqlError> {
        self.is_small(std::slice::from_ref(&statement))?;
        may_read(self.dialect, &statement)?;
        match self.ask(Asked::Query(statement), left).await? {
            Answer::Rows(found) => Ok(found),
            Answer::Changes(_) => Err(refusal("an answer to something else")),
        }
    }

    /// Writes by statements in one transaction: all hold, or none. Gives the rows each has changed.
    ///
    /// # Errors
    /// As [`SqlError`] says.
    pub async fn execute(&self, statements: Vec<SqlStatement>, left: Duration) -> Result<Vec<u64>, SqlError> {
        self.is_small(&statements)?;
        may_write(self.dialect, &statements)?;
        match self.ask(Asked::Execute(statements), left).await? {
            Answer::Changes(changed) => Ok(changed),
            Answer::Rows(_) => Err(refusal("an answer to something else")),
        }
    }

    /// Closes what is idle now, and what is in use as soon as it is given back.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { reading, writing } => tokio::join!(reading.close(), writing.close()).0,
            Pools::Postgres(pool) => pool.close().await,
            Pools::Mysql(pool) => pool.close().await,
        }
    }

    async fn ask(&self, asked: Asked, left: Duration) -> Result<Answer, SqlError> {
        let time = left.min(self.connection.statement_timeout);
        let (answer, answered) = oneshot::channel();
        // A task of its own: whoever asks may be stopped, and what it asked for must come to an orderly end.
        match (&self.pools, &asked) {
            (Pools::Sqlite { reading, .. }, Asked::Query(_)) => self.spawn(reading, asked, time, answer),
            (Pools::Sqlite { writing, .. }, Asked::Execute(_)) => self.spawn(writing, asked, time, answer),
            (Pools::Postgres(pool), _) => self.spawn(pool, asked, time, answer),
            (Pools::Mysql(pool), _) => self.spawn(pool, asked, time, answer),
        }
        let told = answered.await.unwrap_or_else(|_| Err(SqlError::Unavailable("the host ends".to_owned())));
        told.map_err(|error| match error {
            SqlError::Unavailable(reason) => SqlError::Unavailable(redacted(&reason, &self.connection.url)),
            SqlError::Refused { code, message } => {
                SqlError::Refused { code, message: redacted(&message, &self.connection.url) }
            }
            other => other,
        })
    }

    fn spawn<S: crate::pool::Speaks>(
        &self,
        pool: &Arc<Pool<S>>,
        asked: Asked,
        time: Duration,
        answer: oneshot::Sender<Result<Answer, SqlError>>,
    ) {
        let pool = Arc::clone(pool);
        self.runtime.spawn(async move { pool.work(asked, time, answer).await });
    }

    fn is_small(&self, statements: &[SqlStatement]) -> Result<(), SqlError> {
        let of = |statement: &SqlStatement| {
            statement.text.len() as u64 + statement.parameters.iter().map(noontide_domain::SqlValue::size).sum::<u64>()
        };
        let most = self.connection.max_bytes;
        match statements.iter().map(of).sum::<u64>() > most {
            true => Err(SqlError::TooLarge(format!("statements of more than max-bytes = {}", duration::bytes(most)))),
            false => Ok(()),
        }
    }
}

fn pools(connection: &Connection, dialect: SqlDialect) -> Result<Pools, SqlError> {
    let bounds = Bounds { rows: connection.max_rows, bytes: connection.max_bytes };
    let (url, most) = (connection.url.reveal(), connection.max_connections);
    Ok(match dialect {
        SqlDialect::Sqlite => {
            let busy = BUSY.min(connection.statement_timeout);
            Pools::Sqlite {
                reading: Pool::new(SqliteFile::new(url, false, busy, bounds)?, most),
                // Only one can write at a time.
                writing: Pool::new(SqliteFile::new(url, true, busy, bounds)?, 1),
            }
        }
        SqlDialect::Postgresql => Pools::Postgres(Pool::new(PostgresServer::new(url, bounds)?, most)),
        SqlDialect::Mysql => Pools::Mysql(Pool::new(MysqlServer::new(url, bounds)?, most)),
    })
}

impl Drop for Database {
    fn drop(&mut self) {
        // Whoever holds a pool yet is a task that ends by itself.
        match &self.pools {
            Pools::Sqlite { reading, writing } => {
                let (reading, writing) = (Arc::clone(reading), Arc::clone(writing));
                self.runtime.spawn(async move { tokio::join!(reading.close(), writing.close()) });
            }
            Pools::Postgres(pool) => {
                let pool = Arc::clone(pool);
                self.runtime.spawn(async move { pool.close().await });
            }
            Pools::Mysql(pool) => {
                let pool = Arc::clone(pool);
                self.runtime.spawn(async move { pool.close().await });
            }
        }
    }
}
