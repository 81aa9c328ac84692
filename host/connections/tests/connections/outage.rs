//! Servers go and come back.

use std::collections::BTreeMap;
use std::time::Duration;

use noontide_connections::{Database, Databases};
use noontide_domain::ports::Connections;
use noontide_domain::{Connection, KvAnswer, KvCommand, KvError, KvVerb, SqlError, SqlValue};
use noontide_testkit::servers::{self, PASSWORD, Server};

use super::stage::{LONG, connection, statement};

async fn number(database: &Database) -> Result<SqlValue, SqlError> {
    database.query(statement("select 7", &[]), LONG).await.map(|found| found.rows[0][0].clone())
}

#[tokio::test]
async fn a_database_that_is_gone_is_said_to_be_and_is_used_again_when_it_is_back() {
    for mut server in [Server::postgres(), Server::mariadb()] {
        let database = Database::open(connection(&server.url())).expect("an address");
        assert_eq!(number(&database).await, Ok(SqlValue::Integer(7)));
        server.stop();
        for _ in 0..2 {
            match number(&database).await {
                Err(SqlError::Unavailable(reason)) => assert!(!reason.contains(PASSWORD), "{reason}"),
                other => panic!("the server is gone: {other:?}"),
            }
        }
        server.start();
        assert_eq!(number(&database).await, Ok(SqlValue::Integer(7)), "back again");
    }
}

#[tokio::test]
async fn redis_that_is_gone_is_said_to_be_and_is_used_again_when_it_is_back() {
    let mut server = Server::redis();
    let databases = Databases::default();
    databases.follow(&BTreeMap::from([("cache".parse().expect("a name"), connection(&server.url()))]));
    let get = || databases.kv("cache", KvCommand { key: "k".into(), verb: KvVerb::Get }, LONG);
    assert_eq!(get().await, Ok(KvAnswer::Value(None)));
    server.stop();
    for _ in 0..2 {
        match get().await {
            Err(KvError::Unavailable(reason)) => assert!(!reason.contains(PASSWORD), "{reason}"),
            other => panic!("the server is gone: {other:?}"),
        }
    }
    server.start();
    assert_eq!(get().await, Ok(KvAnswer::Value(None)), "back again");
}

#[tokio::test]
async fn a_wrong_password_is_told_without_telling_it() {
    for url in [servers::postgres().url(), servers::mariadb().url()] {
        let wrong = Database::open(connection(&url.replace(PASSWORD, "wr0ng-and-secret"))).expect("an address");
        match number(&wrong).await {
            Err(SqlError::Unavailable(reason)) => assert!(!reason.contains("wr0ng"), "{reason}"),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_connection_that_has_not_changed_outlives_a_new_configuration_and_one_that_has_left_is_closed() {
    let url = servers::postgres().url();
    let databases = Databases::default();
    let of = |connections: &[(&str, Connection)]| -> BTreeMap<_, _> {
        connections.iter().map(|(name, connection)| (name.parse().expect("a name"), connection.clone())).collect()
    };
    let pid = async |name: &str| {
        let asked = databases.query(name, statement("select pg_backend_pid()", &[]), LONG).await;
        asked.map(|found| found.rows[0][0].clone())
    };
    let (stays, goes) = (connection(&url), connection(&url));
    databases.follow(&of(&[("stays", stays.clone()), ("goes", goes)]));
    let (before, gone) = (pid("stays").await.expect("a pid"), pid("goes").await.expect("a pid"));
    databases.follow(&of(&[("stays", stays.clone())]));
    assert_eq!(pid("stays").await, Ok(before.clone()));
    assert!(matches!(pid("goes").await, Err(SqlError::Unavailable(said)) if said.contains("[connection.goes]")));
    let sessions = async || {
        let asked = statement("select count(*) from pg_stat_activity where pid = $1", std::slice::from_ref(&gone));
        databases.query("stays", asked, LONG).await.expect("a count").rows[0][0].clone()
    };
    let mut tries = 0;
    while sessions().await != SqlValue::Integer(0) {
        tries += 1;
        assert!(tries < 1_000, "it is still there");
    }
    databases.follow(&of(&[("stays", Connection { statement_timeout: Duration::from_secs(9), ..stays })]));
    assert_ne!(pid("stays").await, Ok(before), "what has changed is opened anew");
}
