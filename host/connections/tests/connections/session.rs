//! A connection lives on; what a statement sets in it does not.

use noontide_domain::{Connection, SqlDialect, SqlValue};

use super::stage::{LONG, Stage, statement, text};

fn one(connection: Connection) -> Connection {
    Connection { max_connections: 1, ..connection }
}

#[tokio::test]
async fn calls_one_after_the_other_use_the_same_connection() {
    for (dialect, number) in
        [(SqlDialect::Postgresql, "select pg_backend_pid()"), (SqlDialect::Mysql, "select connection_id()")]
    {
        let stage = Stage::with(dialect, one);
        let first = stage.value(number).await;
        stage.query("select * from not_there", &[]).await.expect_err("refused");
        assert_eq!(stage.value(number).await, first, "{dialect:?}: also after an error");
    }
}

#[tokio::test]
async fn what_postgresql_keeps_in_a_session_is_gone_with_the_call() {
    let stage = Stage::with(SqlDialect::Postgresql, one);
    let pid = stage.value("select pg_backend_pid()").await;
    stage.query("select set_config('search_path', 'elsewhere', false)", &[]).await.expect("a query that sets");
    stage.query("select pg_advisory_lock(42)", &[]).await.expect("a lock");
    stage.execute("create temporary table leftover (n int)", &[]).await.expect("a temporary table");
    stage.execute("set statement_timeout = '1ms'", &[]).await.expect("a setting");
    assert_eq!(stage.value("select current_setting('search_path')").await, text("\"$user\", public"));
    assert_eq!(stage.value("select count(*) from pg_locks where locktype = 'advisory'").await, SqlValue::Integer(0));
    assert_eq!(stage.value("select to_regclass('pg_temp.leftover')").await, SqlValue::Null);
    assert_eq!(stage.value("select pg_backend_pid()").await, pid, "and it is still the same connection");
}

#[tokio::test]
async fn what_mariadb_keeps_in_a_session_is_gone_with_the_call() {
    let stage = Stage::with(SqlDialect::Mysql, one);
    stage.query("select @leftover := 7", &[]).await.expect("a variable");
    assert_eq!(stage.value("select @leftover").await, SqlValue::Null);
    stage.query("select get_lock('noontide', 0)", &[]).await.expect("a lock");
    assert_eq!(stage.value("select is_free_lock('noontide')").await, SqlValue::Integer(1));
    let mode = stage.value("select @@session.sql_mode").await;
    stage.execute("set sql_mode = 'ANSI_QUOTES'", &[]).await.expect("a setting");
    assert_eq!(stage.value("select @@session.sql_mode").await, mode);
    stage.execute("create temporary table leftover (n int)", &[]).await.expect("a temporary table");
    assert!(stage.query("select * from leftover", &[]).await.is_err());
}

#[tokio::test]
async fn what_sqlite_keeps_in_a_connection_is_gone_with_the_call() {
    let stage = Stage::with(SqlDialect::Sqlite, one);
    stage.execute("create temp table leftover (n int)", &[]).await.expect("a temporary table");
    let again = stage.database.execute(vec![statement("insert into leftover values (1)", &[])], LONG).await;
    assert!(again.is_err(), "{again:?}");
}
