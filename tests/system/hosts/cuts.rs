//! Connections that are killed all the time, and answers that are lost after the commit.

use std::time::{Duration, Instant};

use crate::system::support::cluster::tell;
use crate::system::support::{Cluster, Kind, number};

/// How often all connections are killed.
const EVERY: Duration = Duration::from_millis(200);

/// Back to work, and without a restart.
const BACK_WITHIN: Duration = Duration::from_secs(10);

async fn killed_connections(kind: Kind) {
    let cluster = Cluster::new(kind, 3);
    cluster.beat();
    let hosts = cluster.serve().await;
    cluster.works(Duration::from_secs(30)).await;
    let (begun, length) = (Instant::now(), Duration::from_secs(number("NOONTIDE_CUTS", 5)));
    let (mut killer, mut kills, mut looks) = (cluster.record.killer().await, 0, tokio::time::interval(EVERY));
    while begun.elapsed() < length {
        looks.tick().await;
        kills += killer.kill().await;
    }
    cluster.works(BACK_WITHIN).await;
    tell(&format!("{kind:?}, {kills} connections killed in {length:?}"), &cluster.settled(hosts).await);
}

#[tokio::test]
async fn hosts_at_postgresql_whose_connections_are_killed_lose_nothing_and_do_nothing_again() {
    killed_connections(Kind::Postgres).await;
}

#[tokio::test]
async fn hosts_at_mariadb_whose_connections_are_killed_lose_nothing_and_do_nothing_again() {
    killed_connections(Kind::Mariadb).await;
}

async fn lost_answers(kind: Kind) {
    let cluster = Cluster::new(kind, 3);
    cluster.beat();
    let proxies: Vec<_> = (0..3).map(|_| cluster.record.proxy()).collect();
    for (number, proxy) in proxies.iter().enumerate() {
        cluster.lead(number, proxy.url());
    }
    let hosts = cluster.serve().await;
    proxies.iter().for_each(|proxy| proxy.lose_each(7));
    let (begun, length) = (Instant::now(), Duration::from_secs(number("NOONTIDE_CUTS", 5)));
    let lost = || proxies.iter().map(|proxy| proxy.lost()).sum::<usize>();
    while begun.elapsed() < length || lost() < 10 {
        cluster.works(Duration::from_secs(30)).await;
    }
    proxies.iter().for_each(|proxy| proxy.lose_each(0));
    cluster.works(BACK_WITHIN).await;
    let answers = lost();
    let settled = cluster.settled(hosts).await;
    let again = settled.0.iter().filter(|row| row.attempt > 1).count();
    tell(&format!("{kind:?}, answers to {answers} commits lost"), &settled);
    // A lease that was handed over to nobody would lie until it lapses, and count as an attempt.
    assert!(again * 10 <= settled.0.len(), "{again} of {} were abandoned", settled.0.len());
}

#[tokio::test]
async fn hosts_at_postgresql_whose_commits_are_not_answered_lose_nothing_and_do_nothing_again() {
    lost_answers(Kind::Postgres).await;
}

#[tokio::test]
async fn hosts_at_mariadb_whose_commits_are_not_answered_lose_nothing_and_do_nothing_again() {
    lost_answers(Kind::Mariadb).await;
}
