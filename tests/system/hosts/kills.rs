//! kill -9 among three hosts: what the dead one held the others do.

use std::time::Duration;

use serde_json::json;

use crate::system::support::cluster::tell;
use crate::system::support::moment::Dice;
use crate::system::support::{Cluster, Host, Kind, now_ms, number};

/// The settings' lease, and what the issue allows beyond it.
const TAKEN_OVER_WITHIN: i64 = 2_000 + 5_000;

async fn killed_at_random(kind: Kind) {
    let cluster = Cluster::new(kind, 3);
    cluster.beat();
    let mut hosts: Vec<Host> = cluster.serve().await;
    let mut dice = Dice::thrown();
    let kills = number("NOONTIDE_HOST_KILLS", kind.of(6, 3));
    for _ in 0..kills {
        tokio::time::sleep(Duration::from_millis(dice.within(200..1_500))).await;
        let one = dice.within(0..3) as usize;
        hosts.remove(one).kill();
        // Nobody waits for it: the next kill may hit it while it starts.
        hosts.insert(one, Host::begin(&cluster.places[one]));
    }
    let mut living = Vec::new();
    for (host, place) in hosts.into_iter().zip(&cluster.places) {
        living.push(host.ready(place).await);
    }
    tell(&format!("{kind:?}, 3 hosts, {kills} kills"), &cluster.settled(living).await);
}

#[tokio::test]
async fn of_three_hosts_at_postgresql_killed_at_random_nothing_is_lost_or_done_again() {
    killed_at_random(Kind::Postgres).await;
}

#[tokio::test]
async fn of_three_hosts_at_mariadb_killed_at_random_nothing_is_lost_or_done_again() {
    killed_at_random(Kind::Mariadb).await;
}

async fn taken_over(kind: Kind) {
    let cluster = Cluster::new(kind, 2);
    let mut hosts = cluster.serve().await;
    let (other, dying) = (hosts.pop().expect("two"), hosts.pop().expect("two"));
    let api = dying.api();
    let mut runs = Vec::new();
    for _ in 0..4 {
        runs.push(api.call("fixture-recorder/run", json!({ "hold_ms": 2_500 })).await);
    }
    for run in &runs {
        cluster.begun(run, 1).await;
    }
    dying.kill();
    let killed_at = now_ms();
    let mut latest = 0;
    for run in &runs {
        let begun = cluster.begun(run, 2).await;
        latest = latest.max(begun[1].at_ms - killed_at);
        assert_eq!(other.api().ended(run).await["state"], "succeeded");
    }
    assert!(latest < TAKEN_OVER_WITHIN, "{latest} ms");
    println!(
        "{kind:?}: {} runs of a dead host were taken over within {latest} ms, with a lease of 2000 ms",
        runs.len()
    );
    other.stop().await;
}

#[tokio::test]
async fn runs_of_a_dead_host_at_postgresql_are_taken_over_soon_after_its_lease() {
    taken_over(Kind::Postgres).await;
}

#[tokio::test]
async fn runs_of_a_dead_host_at_mariadb_are_taken_over_soon_after_its_lease() {
    taken_over(Kind::Mariadb).await;
}
