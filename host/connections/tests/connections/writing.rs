//! All statements of a call hold, or none.

use noontide_domain::{SqlDialect, SqlError, SqlValue};

use super::stage::{LONG, Stage, statement};

#[tokio::test]
async fn statements_of_one_call_hold_together_or_not_at_all() {
    for dialect in [SqlDialect::Sqlite, SqlDialect::Postgresql, SqlDialect::Mysql] {
        let stage = Stage::of(dialect);
        stage.execute("create table pairs (n int primary key)", &[]).await.expect("created");
        let insert = |n: i64| match dialect {
            SqlDialect::Postgresql => statement("insert into pairs values ($1)", &[SqlValue::Integer(n)]),
            _ => statement("insert into pairs values (?)", &[SqlValue::Integer(n)]),
        };
        let both = stage.database.execute(vec![insert(1), insert(2), statement("delete from pairs", &[])], LONG).await;
        assert_eq!(both, Ok(vec![1, 1, 2]), "{dialect:?}");
        let torn = stage.database.execute(vec![insert(3), insert(3)], LONG).await;
        assert!(matches!(torn, Err(SqlError::Refused { .. })), "{dialect:?}: {torn:?}");
        let ended = stage.database.execute(vec![insert(4), statement("commit", &[]), insert(4)], LONG).await;
        assert!(matches!(ended, Err(SqlError::Refused { .. })), "{dialect:?}: {ended:?}");
        assert_eq!(stage.value("select count(*) from pairs").await, SqlValue::Integer(0), "{dialect:?}");
    }
}

#[tokio::test]
async fn a_definition_among_other_statements_is_refused_where_it_would_end_the_transaction() {
    let stage = Stage::of(SqlDialect::Mysql);
    let torn = vec![statement("create table halves (n int)", &[]), statement("insert into halves values (1)", &[])];
    assert!(matches!(stage.database.execute(torn, LONG).await, Err(SqlError::Refused { .. })));
    assert!(stage.query("select * from halves", &[]).await.is_err(), "nothing was done");
}
