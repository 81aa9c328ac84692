//! The record of hosts that share a database, read directly, on a connection of its own for each question: in these tests
//! connections are killed.

use std::time::Duration;

use noontide_testkit::Proxy;
use serde_json::Value;
use sqlx::mysql::MySqlRow;
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Connection, MySqlConnection, PgConnection, Row as _};

use super::Row;
use super::ledger::Standing;

/// A database by its address.
#[derive(Debug, Clone)]
pub struct Shared {
    url: String,
}

/// What a question is answered.
enum Rows {
    Postgres(Vec<PgRow>),
    Mysql(Vec<MySqlRow>),
}

impl Shared {
    /// The database at that address.
    pub fn at(url: &str) -> Self {
        Self { url: url.to_owned() }
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A way to it that can be disturbed.
    pub fn proxy(&self) -> Proxy {
        Proxy::before(&self.url)
    }

    /// All rows, oldest first.
    pub async fn rows(&self) -> Vec<Row> {
        match self.ask("SELECT * FROM run ORDER BY due_at, id").await {
            Rows::Postgres(rows) => rows.iter().map(postgres_row).collect(),
            Rows::Mysql(rows) => rows.iter().map(mysql_row).collect(),
        }
    }

    /// How far a schedule has come.
    pub async fn standing(&self, schedule: &str) -> Standing {
        let of = |column| format!("SELECT schedule.{column} FROM schedule WHERE name = '{schedule}'");
        Standing { anchor: self.number(&of("anchor")).await, cursor: self.number(&of("cursor")).await }
    }

    /// Runs that are not over.
    pub async fn open_runs(&self) -> i64 {
        self.number("SELECT count(*) FROM run WHERE state < 2").await
    }

    /// The one number that a question gives.
    pub async fn number(&self, question: &str) -> i64 {
        self.numbers(question).await.first().copied().unwrap_or_else(|| panic!("no row: {question}"))
    }

    /// The first column of all rows.
    pub async fn numbers(&self, question: &str) -> Vec<i64> {
        match self.ask(question).await {
            Rows::Postgres(rows) => rows.iter().map(|row| row.get(0)).collect(),
            Rows::Mysql(rows) => rows.iter().map(|row| row.get(0)).collect(),
        }
    }

    /// Something that must work.
    pub async fn run(&self, statement: &str) {
        self.ask(statement).await;
    }

    /// Patiently: whoever kills connections kills this one, too.
    async fn ask(&self, question: &str) -> Rows {
        let mut tries = 0;
        loop {
            match self.once(question).await {
                Ok(rows) => return rows,
                Err(error) if tries == 50 => panic!("{question}: {error}"),
                Err(_) => tries += 1,
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// What the database says the first time.
    async fn once(&self, question: &str) -> Result<Rows, sqlx::Error> {
        let question = sqlx::raw_sql(AssertSqlSafe(question.to_owned()));
        if self.url.starts_with("postgres") {
            let mut connection = PgConnection::connect(&self.url).await?;
            let rows = question.fetch_all(&mut connection).await?;
            connection.close().await?;
            return Ok(Rows::Postgres(rows));
        }
        let mut connection = MySqlConnection::connect(&self.url).await?;
        let rows = question.fetch_all(&mut connection).await?;
        connection.close().await?;
        Ok(Rows::Mysql(rows))
    }

    /// Somebody who may kill connections to the database.
    pub async fn killer(&self) -> Killer {
        let failed = "the database is there";
        match self.url.starts_with("postgres") {
            true => Killer::Postgres(PgConnection::connect(&self.url).await.expect(failed)),
            false => Killer::Mysql(MySqlConnection::connect(&self.url).await.expect(failed)),
        }
    }
}

/// Its own connection is the one that stays.
pub enum Killer {
    /// Of PostgreSQL.
    Postgres(PgConnection),
    /// Of MariaDB.
    Mysql(MySqlConnection),
}

impl Killer {
    /// Kills all others to the same database; how many.
    pub async fn kill(&mut self) -> usize {
        match self {
            Self::Postgres(own) => {
                let others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                              WHERE datname = current_database() AND pid <> pg_backend_pid()";
                sqlx::raw_sql(others).fetch_all(own).await.expect("the killer lives").len()
            }
            Self::Mysql(own) => {
                let others = "SELECT CAST(id AS SIGNED) FROM information_schema.processlist \
                              WHERE db = database() AND id <> connection_id()";
                let rows = sqlx::raw_sql(others).fetch_all(&mut *own).await.expect("the killer lives");
                for row in &rows {
                    // Whoever ended by itself meanwhile is no matter.
                    let kill = AssertSqlSafe(format!("KILL {}", row.get::<i64, _>(0)));
                    let _ = sqlx::raw_sql(kill).execute(&mut *own).await;
                }
                rows.len()
            }
        }
    }
}

/// The same of each database.
macro_rules! row_of {
    ($name:ident, $row:ty) => {
        fn $name(row: &$row) -> Row {
            let text = |column| row.get_unchecked::<Option<String>, _>(column);
            let hash: Vec<u8> = row.get("key_hash");
            let due_at: i64 = row.get("due_at");
            Row {
                key: hash.iter().map(|byte| format!("{byte:02x}")).collect(),
                schedule: text("schedule"),
                due_at,
                due_until: row.get::<Option<i64>, _>("due_until").unwrap_or(due_at),
                state: row.get("state"),
                attempt: row.get("attempt"),
                started_at: row.get("started_at"),
                finished_at: row.get("finished_at"),
                reason: text("reason").map_or(Value::Null, |text| serde_json::from_str(&text).expect("JSON")),
            }
        }
    };
}
row_of!(postgres_row, PgRow);
row_of!(mysql_row, MySqlRow);
