//! Time, rows and bytes have bounds, and what meets one does no harm to what comes after.

use std::time::{Duration, Instant};

use noontide_domain::{Connection, SqlDialect, SqlError, SqlValue};

use super::stage::{LONG, Stage, statement};

const SHORT: Duration = Duration::from_millis(400);

fn hurried(connection: Connection) -> Connection {
    Connection { statement_timeout: SHORT, max_connections: 1, ..connection }
}

fn endless(dialect: SqlDialect) -> &'static str {
    match dialect {
        SqlDialect::Postgresql => "select pg_sleep(20)",
        SqlDialect::Mysql => "select sleep(20)",
        SqlDialect::Sqlite => "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n",
    }
}

#[tokio::test]
async fn a_statement_ends_with_its_time_and_the_next_one_is_answered() {
    for dialect in [SqlDialect::Sqlite, SqlDialect::Postgresql, SqlDialect::Mysql] {
        let stage = Stage::with(dialect, hurried);
        assert_eq!(stage.value("select 1").await, SqlValue::Integer(1), "connected");
        let begun = Instant::now();
        let ended = stage.query(endless(dialect), &[]).await;
        assert_eq!(ended, Err(SqlError::TimedOut(SHORT)), "{dialect:?}");
        assert!(begun.elapsed() < SHORT + Duration::from_millis(500), "{dialect:?}: {:?}", begun.elapsed());
        assert_eq!(stage.value("select 2").await, SqlValue::Integer(2), "{dialect:?}");
    }
}

#[tokio::test]
async fn the_time_that_the_caller_has_left_counts_if_it_is_less() {
    for dialect in [SqlDialect::Sqlite, SqlDialect::Postgresql, SqlDialect::Mysql] {
        let stage = Stage::of(dialect);
        let ended = stage.database.query(statement(endless(dialect), &[]), SHORT).await;
        assert_eq!(ended, Err(SqlError::TimedOut(SHORT)), "{dialect:?}");
    }
}

#[tokio::test]
async fn a_caller_that_goes_away_leaves_no_statement_running_on_its_connection() {
    for dialect in [SqlDialect::Postgresql, SqlDialect::Mysql] {
        let stage = Stage::with(dialect, |connection| Connection { max_connections: 1, ..connection });
        let asked = stage.database.query(statement(endless(dialect), &[]), LONG);
        assert!(tokio::time::timeout(SHORT, asked).await.is_err(), "it sleeps");
        let begun = Instant::now();
        assert_eq!(stage.value("select 3").await, SqlValue::Integer(3), "{dialect:?}");
        assert!(begun.elapsed() < Duration::from_secs(5), "{dialect:?}: the only place was free again");
    }
}

#[tokio::test]
async fn more_rows_or_bytes_than_allowed_are_an_error_that_names_the_bound() {
    for dialect in [SqlDialect::Sqlite, SqlDialect::Postgresql, SqlDialect::Mysql] {
        let stage = Stage::with(dialect, |connection| Connection { max_rows: 3, max_bytes: 1 << 10, ..connection });
        let rows = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 100) select i from n";
        let (many, few) = (rows.to_owned(), rows.replace("< 100", "< 3"));
        assert_eq!(stage.query(&few, &[]).await.map(|found| found.rows.len()), Ok(3), "{dialect:?}");
        let over = stage.query(&many, &[]).await;
        assert_eq!(over, Err(SqlError::TooLarge("more than max-rows = 3".into())), "{dialect:?}");
        let wide = match dialect {
            SqlDialect::Sqlite => "select hex(zeroblob(1000))",
            _ => "select repeat('x', 2000)",
        };
        assert_eq!(stage.query(wide, &[]).await, Err(SqlError::TooLarge("more than max-bytes = 1 KiB".into())));
        let sent = stage.query("select 1", &[SqlValue::Text("x".repeat(2_000))]).await;
        assert!(matches!(&sent, Err(SqlError::TooLarge(said)) if said.contains("max-bytes")), "{sent:?}");
        assert_eq!(stage.query(&few, &[]).await.map(|found| found.rows.len()), Ok(3), "{dialect:?}: and on");
    }
}

#[tokio::test]
async fn whoever_finds_all_connections_taken_waits_and_is_told_why_in_the_end() {
    let stage = Stage::with(SqlDialect::Postgresql, |connection| Connection { max_connections: 1, ..connection });
    let slow = stage.query("select pg_sleep(1)", &[]);
    let other = async {
        // It is behind the other: both are polled in turn, and the other has asked first.
        stage.database.query(statement("select 1", &[]), Duration::from_millis(200)).await
    };
    let (slow, other) = tokio::join!(slow, other);
    assert!(slow.is_ok());
    assert!(matches!(&other, Err(SqlError::Unavailable(said)) if said.contains("max-connections")), "{other:?}");
}
