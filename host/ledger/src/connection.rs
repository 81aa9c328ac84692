//! Connections of any of the databases: how they begin, how a transaction is framed, whose clock it goes by.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use noontide_domain::ports::Clock;
use sqlx::mysql::MySqlConnectOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{
    ConnectOptions as _, Connection as _, MySqlConnection, MySqlPool, PgConnection, PgPool, Row as _, SqliteConnection,
    SqlitePool,
};

use crate::query::Statement;
use crate::{mysql, postgres, rows};

/// Which SQL is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
    Mysql,
}

impl Kind {
    /// As `status` has it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Sqlite => "sqlite",
            Kind::Postgres => "postgres",
            Kind::Mysql => "mysql",
        }
    }
}

/// Where connections come from, with all that is set for each of them.
#[derive(Clone)]
pub(crate) enum Source {
    Sqlite(SqliteConnectOptions),
    Postgres(PgConnectOptions),
    Mysql(MySqlConnectOptions),
}

impl Source {
    pub async fn connect(&self) -> Result<Connection, sqlx::Error> {
        Ok(match self {
            Source::Sqlite(options) => Connection::Sqlite(options.connect().await?),
            Source::Postgres(options) => Connection::Postgres(postgres::connect(options).await?),
            Source::Mysql(options) => Connection::Mysql(mysql::connect(options).await?),
        })
    }

    pub fn kind(&self) -> Kind {
        match self {
            Source::Sqlite(_) => Kind::Sqlite,
            Source::Postgres(_) => Kind::Postgres,
            Source::Mysql(_) => Kind::Mysql,
        }
    }
}

/// One that writes.
pub(crate) enum Connection {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
    Mysql(MySqlConnection),
}

/// Those that read. Each sees the last commit.
#[derive(Clone)]
pub(crate) enum Readers {
    Sqlite(SqlitePool),
    Postgres(PgPool),
    Mysql(MySqlPool),
}

impl Readers {
    pub fn kind(&self) -> Kind {
        match self {
            Readers::Sqlite(_) => Kind::Sqlite,
            Readers::Postgres(_) => Kind::Postgres,
            Readers::Mysql(_) => Kind::Mysql,
        }
    }

    pub async fn close(&self) {
        match self {
            Readers::Sqlite(pool) => pool.close().await,
            Readers::Postgres(pool) => pool.close().await,
            Readers::Mysql(pool) => pool.close().await,
        }
    }
}

/// The ledger's own clock: leases follow it.
#[derive(Clone)]
pub(crate) enum Time {
    /// One host has the file, so its clock is everybody's. In exams, the clock of the exam.
    Host(Arc<dyn Clock>),
    /// Many hosts share the database, and their clocks differ.
    Database,
}

impl Time {
    pub async fn now(&self, readers: &Readers) -> Result<DateTime<Utc>, sqlx::Error> {
        match self {
            Time::Host(clock) => Ok(clock.now()),
            Time::Database => {
                let now = Statement { sqlite: "", postgres: postgres::NOW, mysql: mysql::NOW };
                rows::instant(&crate::query::query(now).one(readers).await?, "now")
            }
        }
    }
}

impl Connection {
    pub fn kind(&self) -> Kind {
        match self {
            Connection::Sqlite(_) => Kind::Sqlite,
            Connection::Postgres(_) => Kind::Postgres,
            Connection::Mysql(_) => Kind::Mysql,
        }
    }

    /// Begins a transaction; its instant by the ledger's clock. One way to the server, whatever is asked of it.
    pub async fn begin(&mut self, time: &Time) -> Result<DateTime<Utc>, sqlx::Error> {
        let (begin, now) = match self.kind() {
            // Immediate: a transaction that reads first and writes later could not take the lock without starting over.
            Kind::Sqlite => ("BEGIN IMMEDIATE", ""),
            Kind::Postgres => ("BEGIN", postgres::NOW),
            Kind::Mysql => (mysql::BEGIN, mysql::NOW),
        };
        if let Time::Host(clock) = time {
            self.say(begin).await?;
            return Ok(clock.now());
        }
        let both = sqlx::AssertSqlSafe(format!("{begin}; {now}"));
        let millis: Option<i64> = match self {
            Connection::Sqlite(_) => None,
            Connection::Postgres(connection) => {
                sqlx::raw_sql(both).fetch_all(connection).await?.last().map(|row| row.try_get(0)).transpose()?
            }
            Connection::Mysql(connection) => {
                sqlx::raw_sql(both).fetch_all(connection).await?.last().map(|row| row.try_get(0)).transpose()?
            }
        };
        rows::from_millis("now", millis.ok_or(sqlx::Error::RowNotFound)?)
    }

    /// Begins a transaction that sees one instant, for as long as it takes.
    pub async fn begin_to_read(&mut self) -> Result<(), sqlx::Error> {
        let begin = match self.kind() {
            Kind::Sqlite => "BEGIN",
            Kind::Postgres => {
                "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL idle_in_transaction_session_timeout = 0"
            }
            Kind::Mysql => {
                "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"
            }
        };
        self.say(begin.to_owned()).await
    }

    /// Begins a transaction that writes much, for as long as it takes.
    pub async fn begin_to_fill(&mut self) -> Result<(), sqlx::Error> {
        let begin = match self.kind() {
            Kind::Sqlite => "BEGIN IMMEDIATE",
            Kind::Postgres => "BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0",
            Kind::Mysql => "START TRANSACTION",
        };
        self.say(begin.to_owned()).await
    }

    pub async fn commit(&mut self) -> Result<(), sqlx::Error> {
        self.commit_after("").await
    }

    /// With what is to be said before it, in one way.
    pub async fn commit_after(&mut self, words: &str) -> Result<(), sqlx::Error> {
        let commit = if self.kind() == Kind::Mysql { mysql::COMMIT } else { "COMMIT" };
        match words {
            "" => self.say(commit).await,
            _ => self.say(format!("{words}; {commit}")).await,
        }
    }

    /// What tells other hosts that there is something to lease; nothing where they cannot be told.
    pub fn nudge(&self) -> &'static str {
        if self.kind() == Kind::Postgres { postgres::nudges::NUDGE } else { "" }
    }

    pub async fn roll_back(&mut self) -> Result<(), sqlx::Error> {
        let roll_back = if self.kind() == Kind::Mysql { mysql::ROLL_BACK } else { "ROLLBACK" };
        self.say(roll_back).await
    }

    /// Words to the database, without a plan that is kept.
    async fn say(&mut self, words: impl Into<String>) -> Result<(), sqlx::Error> {
        let words = sqlx::raw_sql(sqlx::AssertSqlSafe(words.into()));
        match self {
            Connection::Sqlite(connection) => words.execute(connection).await.map(drop),
            Connection::Postgres(connection) => words.execute(connection).await.map(drop),
            Connection::Mysql(connection) => words.execute(connection).await.map(drop),
        }
    }

    pub async fn close(self) -> Result<(), sqlx::Error> {
        match self {
            Connection::Sqlite(connection) => connection.close().await,
            Connection::Postgres(connection) => connection.close().await,
            Connection::Mysql(connection) => connection.close().await,
        }
    }
}
