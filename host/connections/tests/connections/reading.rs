//! Reading cannot write.

use noontide_domain::{SqlDialect, SqlError, SqlValue};

use super::stage::{Stage, text};

#[tokio::test]
async fn postgresql_refuses_every_write_of_a_query() {
    let stage = Stage::of(SqlDialect::Postgresql);
    stage.execute("create table kept (n int)", &[]).await.expect("created");
    stage.execute("create sequence counter", &[]).await.expect("created");
    let function = "create function writes() returns int language plpgsql as \
                    $$ begin insert into kept values (1); return 1; end $$";
    stage.execute(function, &[]).await.expect("created");
    for refused in [
        "insert into kept values (1)",
        "create table other (n int)",
        "set transaction read write",
        "begin read write",
        "commit",
        "do $$ begin insert into kept values (1); end $$",
        "with written as (insert into kept values (1) returning n) select n from written",
        "select writes()",
        "explain analyze insert into kept values (1)",
        "select nextval('counter')",
        "select n from kept for update",
        "select set_config('transaction_read_only', 'off', true), writes()",
        "select set_config('default_transaction_read_only', 'off', false)::text || writes()",
        "copy kept to stdout",
        "select 1; insert into kept values (1)",
        "select 1; commit; insert into kept values (1)",
    ] {
        let answer = stage.query(refused, &[]).await;
        assert!(matches!(answer, Err(SqlError::ReadOnly | SqlError::Refused { .. })), "{refused}: {answer:?}");
    }
    assert_eq!(stage.value("select count(*) from kept").await, SqlValue::Integer(0));
}

#[tokio::test]
async fn mariadb_refuses_every_write_of_a_query() {
    let stage = Stage::of(SqlDialect::Mysql);
    stage.execute("create table kept (n int)", &[]).await.expect("created");
    let function = "create function writes() returns int modifies sql data \
                    begin insert into kept values (1); return 1; end";
    stage.execute(function, &[]).await.expect("created");
    for refused in [
        "insert into kept values (1)",
        "create table other (n int)",
        "drop table kept",
        "set session transaction read write",
        "set statement max_statement_time = 0 for select 1",
        "start transaction read write",
        "commit",
        "flush tables",
        "kill 1",
        "lock tables kept write",
        "call nothing()",
        "select writes()",
        "with w as (select 1 as n) delete from kept",
        "select 1 into outfile '/tmp/noontide-outfile'",
        "select 1 /*!50000 into outfile '/tmp/noontide-outfile' */",
        "select 1; insert into kept values (1)",
    ] {
        let answer = stage.query(refused, &[]).await;
        assert!(matches!(answer, Err(SqlError::ReadOnly | SqlError::Refused { .. })), "{refused}: {answer:?}");
    }
    assert_eq!(stage.value("select count(*) from kept").await, SqlValue::Integer(0));
    assert!(!std::path::Path::new("/tmp/noontide-outfile").exists());
}

#[tokio::test]
async fn sqlite_refuses_every_write_of_a_query() {
    let stage = Stage::of(SqlDialect::Sqlite);
    stage.execute("create table kept (n int)", &[]).await.expect("created");
    for refused in [
        "insert into kept values (1)",
        "create temp table other (n int)",
        "pragma query_only = off",
        "attach 'other.db' as other",
        "vacuum into 'copy.db'",
        "with w as (select 1) insert into kept select * from w",
        "select 1; insert into kept values (1)",
        "begin immediate",
    ] {
        let answer = stage.query(refused, &[]).await;
        assert!(matches!(answer, Err(SqlError::ReadOnly | SqlError::Refused { .. })), "{refused}: {answer:?}");
    }
    assert_eq!(stage.value("select count(*) from kept").await, SqlValue::Integer(0));
}

#[tokio::test]
async fn a_database_says_what_is_wrong_with_a_statement_and_answers_the_next() {
    for (dialect, code) in [(SqlDialect::Postgresql, "42P01"), (SqlDialect::Mysql, "1146"), (SqlDialect::Sqlite, "1")] {
        let stage = Stage::of(dialect);
        match stage.query("select * from not_there", &[]).await {
            Err(SqlError::Refused { code: said, message }) => {
                assert_eq!(said, code, "{message}");
                assert!(message.contains("not_there"), "{message}");
            }
            other => panic!("{dialect:?}: {other:?}"),
        }
        let few = stage.query("select 1 where 1 = $1", &[]).await;
        assert!(few.is_err() || dialect == SqlDialect::Sqlite, "{dialect:?}: a parameter is missing: {few:?}");
        assert_eq!(stage.value("select 'on'").await, text("on"), "{dialect:?}");
    }
}
