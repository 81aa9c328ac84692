//! The server itself: stopped and started again, and one that can only be read for a while.

use std::time::Duration;

use crate::system::support::cluster::tell;
use crate::system::support::{Cluster, Host, Kind, Shared, until, within};

/// Back to work, and without a restart.
const BACK_WITHIN: Duration = Duration::from_secs(10);

async fn are(hosts: &[Host], status: u16) -> Option<()> {
    for host in hosts {
        if host.api().status("/readyz").await != Some(status) {
            return None;
        }
    }
    Some(())
}

async fn stopped_and_started(kind: Kind) {
    let mut server = kind.server();
    let cluster = Cluster::at(2, &server.database());
    cluster.beat();
    let hosts = cluster.serve().await;
    cluster.works(Duration::from_secs(30)).await;
    server.stop();
    until("no host is ready", async || are(&hosts, 503).await).await;
    server.start();
    within(BACK_WITHIN, "all hosts are ready", async || are(&hosts, 200).await).await;
    cluster.works(BACK_WITHIN).await;
    tell(&format!("{kind:?}, stopped and started"), &cluster.settled(hosts).await);
}

#[tokio::test]
async fn where_postgresql_was_stopped_hosts_are_not_ready_and_go_on_when_it_is_back() {
    stopped_and_started(Kind::Postgres).await;
}

#[tokio::test]
async fn where_mariadb_was_stopped_hosts_are_not_ready_and_go_on_when_it_is_back() {
    stopped_and_started(Kind::Mariadb).await;
}

/// As after a change to a standby that is not yet the first.
async fn only_read(kind: Kind) {
    let server = kind.server();
    let url = server.database();
    let admin = Shared::at(&url);
    let (begin, end) = match kind {
        Kind::Postgres => ("ALTER SYSTEM SET default_transaction_read_only = on", "ALTER SYSTEM RESET ALL"),
        Kind::Mariadb => ("SET GLOBAL read_only = 1", "SET GLOBAL read_only = 0"),
    };
    let cluster = Cluster::at(2, &guest(&admin, kind).await);
    cluster.beat();
    let hosts = cluster.serve().await;
    cluster.works(Duration::from_secs(30)).await;
    turn(&admin, kind, begin).await;
    until("no host is ready", async || are(&hosts, 503).await).await;
    turn(&admin, kind, end).await;
    within(BACK_WITHIN, "all hosts are ready", async || are(&hosts, 200).await).await;
    cluster.works(BACK_WITHIN).await;
    tell(&format!("{kind:?}, only to be read for a while"), &cluster.settled(hosts).await);
}

/// For MariaDB a user without the rights over the server: those of the others write even then.
async fn guest(admin: &Shared, kind: Kind) -> String {
    let url = admin.url();
    if kind == Kind::Postgres {
        return url.to_owned();
    }
    let (place, _) = url.split_once('?').expect("a socket");
    let database = place.rsplit_once('/').expect("a database").1;
    admin.run("CREATE USER guest@localhost IDENTIFIED BY 'n0t-to-be-shown'").await;
    admin.run(&format!("GRANT ALL ON {database}.* TO guest@localhost")).await;
    url.replace("://noontide:", "://guest:")
}

async fn turn(admin: &Shared, kind: Kind, statement: &str) {
    admin.run(statement).await;
    if kind == Kind::Postgres {
        admin.run("SELECT pg_reload_conf()").await;
        admin.killer().await.kill().await;
    }
}

#[tokio::test]
async fn where_postgresql_can_only_be_read_for_a_while_hosts_are_not_ready_and_then_go_on() {
    only_read(Kind::Postgres).await;
}

#[tokio::test]
async fn where_mariadb_can_only_be_read_for_a_while_hosts_are_not_ready_and_then_go_on() {
    only_read(Kind::Mariadb).await;
}
