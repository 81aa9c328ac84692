//! The record, read directly: what is in the file, whatever the API says.

use std::path::Path;

use serde_json::Value;
use sqlx::sqlite::{SqliteConnectOptions, SqliteRow};
use sqlx::{ConnectOptions, Connection, Row as _, SqliteConnection};

/// The file of a host.
pub struct Ledger {
    connection: SqliteConnection,
}

/// One row of `run`: an identity, and what became of it. Times are unix milliseconds.
#[derive(Debug, Clone)]
pub struct Row {
    /// What handlers get as fire key.
    pub key: String,
    /// `None` for a call without a schedule.
    pub schedule: Option<String>,
    /// The nominal instant.
    pub due_at: i64,
    /// The last nominal instant the row stands for.
    pub due_until: i64,
    /// 0 ready, 1 running, 2 succeeded, 3 failed, 4 cancelled, 5 skipped, 6 expired.
    pub state: i64,
    /// Of the newest.
    pub attempt: i64,
    /// Of the newest attempt.
    pub started_at: Option<i64>,
    /// Of the newest attempt.
    pub finished_at: Option<i64>,
    /// Why it never ran.
    pub reason: Value,
}

/// How far a schedule has come. Times are unix milliseconds.
#[derive(Debug, Clone)]
pub struct Standing {
    /// When it was first seen.
    pub anchor: i64,
    /// Everything up to here is decided.
    pub cursor: i64,
}

impl Row {
    /// Nothing follows.
    pub fn is_over(&self) -> bool {
        self.state >= 2
    }

    /// It did its work.
    pub fn succeeded(&self) -> bool {
        self.state == 2
    }

    /// How late it began.
    pub fn delay_ms(&self) -> Option<i64> {
        Some(self.started_at? - self.due_at)
    }
}

impl Ledger {
    /// For reading.
    pub async fn open(path: &Path) -> Self {
        let options = SqliteConnectOptions::new().filename(path).read_only(true);
        Self { connection: options.connect().await.unwrap_or_else(|error| panic!("{}: {error}", path.display())) }
    }

    /// Changes the file of a host that is down.
    pub async fn change(path: &Path, statement: &'static str) {
        let options = SqliteConnectOptions::new().filename(path);
        let mut connection = options.connect().await.expect("the ledger opens");
        let done = sqlx::query(statement).execute(&mut connection).await.expect("the statement works");
        assert!(done.rows_affected() > 0 || statement.starts_with("PRAGMA"), "`{statement}` changed nothing");
        connection.close().await.expect("the ledger closes");
    }

    /// What somebody with a command line of the database writes, while the host runs.
    ///
    /// # Errors
    /// The database's own words.
    pub async fn sql(path: &Path, statements: &str) -> Result<(), String> {
        let options = SqliteConnectOptions::new().filename(path);
        let mut connection = options.connect().await.map_err(|error| error.to_string())?;
        let done = sqlx::raw_sql(sqlx::AssertSqlSafe(statements.to_owned())).execute(&mut connection).await;
        connection.close().await.map_err(|error| error.to_string())?;
        done.map(drop).map_err(|error| error.to_string())
    }

    /// The one text that a query gives.
    pub async fn text(&mut self, query: &str) -> String {
        let text = sqlx::query_scalar(sqlx::AssertSqlSafe(query.to_owned())).fetch_one(&mut self.connection).await;
        text.unwrap_or_else(|error| panic!("{query}: {error}"))
    }

    /// The one number that a query gives.
    pub async fn count(&mut self, query: &'static str) -> i64 {
        let number = sqlx::query_scalar(query).fetch_one(&mut self.connection).await;
        number.unwrap_or_else(|error| panic!("{query}: {error}"))
    }

    /// The pairs of texts that a query gives.
    pub async fn pairs(&mut self, query: &'static str) -> Vec<(String, String)> {
        let pairs = sqlx::query_as(query).fetch_all(&mut self.connection).await;
        pairs.unwrap_or_else(|error| panic!("{query}: {error}"))
    }

    /// Keeps everybody from writing, as a bad backup tool would.
    pub async fn lock(path: &Path) -> Lock {
        let options = SqliteConnectOptions::new().filename(path);
        let mut connection = options.connect().await.expect("the ledger opens");
        sqlx::query("BEGIN IMMEDIATE").execute(&mut connection).await.expect("a lock");
        Lock(connection)
    }

    /// What `PRAGMA integrity_check` says; `ok` if all is well.
    pub async fn integrity(&mut self) -> String {
        sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut self.connection).await.expect("a check")
    }

    /// All rows, oldest first.
    pub async fn rows(&mut self) -> Vec<Row> {
        let rows = sqlx::query("SELECT * FROM run ORDER BY due_at, id").fetch_all(&mut self.connection).await;
        rows.expect("rows").iter().map(row).collect()
    }

    /// The rows of one schedule, oldest first.
    pub async fn rows_of(&mut self, schedule: &str) -> Vec<Row> {
        self.rows().await.into_iter().filter(|row| row.schedule.as_deref() == Some(schedule)).collect()
    }

    /// Rows that stand for several due instants.
    pub async fn spans(&mut self) -> i64 {
        let count = sqlx::query_scalar("SELECT count(*) FROM run WHERE due_until > due_at");
        count.fetch_one(&mut self.connection).await.expect("a count")
    }

    /// How far a schedule has come.
    pub async fn standing(&mut self, schedule: &str) -> Standing {
        let query = sqlx::query("SELECT anchor, cursor FROM schedule WHERE name = ?").bind(schedule);
        let row = query.fetch_one(&mut self.connection).await.expect("the schedule is known");
        Standing { anchor: row.get("anchor"), cursor: row.get("cursor") }
    }

    /// Runs that are not over.
    pub async fn open_runs(&mut self) -> i64 {
        let count = sqlx::query_scalar("SELECT count(*) FROM run WHERE state < 2");
        count.fetch_one(&mut self.connection).await.expect("a count")
    }
}

/// A SQLite file as another program would have made it, by statements.
pub fn script(path: &Path, statements: &'static str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
        let mut connection = options.connect().await.expect("a file");
        sqlx::raw_sql(statements).execute(&mut connection).await.expect("the statements work");
        connection.close().await.expect("the file closes");
    });
}

/// Somebody else's lock on the file.
pub struct Lock(SqliteConnection);

impl Lock {
    /// Lets others write again.
    pub async fn release(mut self) {
        sqlx::query("ROLLBACK").execute(&mut self.0).await.expect("an end");
        self.0.close().await.expect("the ledger closes");
    }
}

fn row(row: &SqliteRow) -> Row {
    let reason: Option<String> = row.get("reason");
    let hash: Vec<u8> = row.get("key_hash");
    let due_at: i64 = row.get("due_at");
    Row {
        key: hash.iter().map(|byte| format!("{byte:02x}")).collect(),
        schedule: row.get("schedule"),
        due_at,
        due_until: row.get::<Option<i64>, _>("due_until").unwrap_or(due_at),
        state: row.get("state"),
        attempt: row.get("attempt"),
        started_at: row.get("started_at"),
        finished_at: row.get("finished_at"),
        reason: reason.map_or(Value::Null, |text| serde_json::from_str(&text).expect("JSON")),
    }
}
