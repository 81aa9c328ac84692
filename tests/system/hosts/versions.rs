//! Another version of the host at the same database.

use std::time::Duration;

use crate::system::support::{Cluster, Kind};

/// What a newer version leaves behind when it has changed the schema.
fn newer(kind: Kind) -> &'static str {
    match kind {
        Kind::Postgres => {
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
             VALUES (9999, 'newer', true, '', 0)"
        }
        Kind::Mariadb => {
            "INSERT INTO migration (version, name, steps, begun, is_whole) VALUES (9999, 'newer', 0, 0, 0)"
        }
    }
}

async fn an_older_binary(kind: Kind) {
    let cluster = Cluster::new(kind, 2);
    cluster.beat();
    let host = cluster.places[0].serve().await;
    cluster.works(Duration::from_secs(30)).await;
    cluster.record.run(newer(kind)).await;
    let said = cluster.places[1].refused();
    assert!(said.err.contains("its schema has version 9999, this noontide knows up to"), "{said:?}");
    assert!(!said.err.contains("n0t-to-be-shown"), "{said:?}");
    cluster.works(Duration::from_secs(30)).await;
    host.stop().await;
}

#[tokio::test]
async fn an_older_binary_refuses_a_postgresql_of_a_newer_one_and_those_that_run_go_on() {
    an_older_binary(Kind::Postgres).await;
}

#[tokio::test]
async fn an_older_binary_refuses_a_mariadb_of_a_newer_one_and_those_that_run_go_on() {
    an_older_binary(Kind::Mariadb).await;
}
