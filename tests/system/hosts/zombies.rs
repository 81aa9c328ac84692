//! A host that freezes past its lease and wakes: the others have done its work, and it changes nothing of that.

use std::time::Duration;

use serde_json::json;

use crate::system::support::{Cluster, Host, Kind, number, until};

async fn zombies(kind: Kind) {
    let cluster = Cluster::new(kind, 2);
    let mut hosts: Vec<Host> = cluster.serve().await;
    let (other, zombie) = (hosts.pop().expect("two"), hosts.pop().expect("two"));
    let times = number("NOONTIDE_ZOMBIES", 2);
    for _ in 0..times {
        let run = zombie.api().call("fixture-recorder/run", json!({ "hold_ms": 800 })).await;
        cluster.begun(&run, 1).await;
        zombie.signal("STOP");
        assert_eq!(other.api().ended(&run).await["state"], "succeeded", "by the other host");
        let before = format!("{:?}", cluster.record.rows().await);
        zombie.signal("CONT");
        // It has heard of the end of its own attempt, or has tried to tell of it.
        ended_twice(&cluster, &run).await;
        let beat = zombie.api().call("fixture-recorder/run", json!({})).await;
        zombie.api().ended(&beat).await;
        let rows = cluster.record.rows().await;
        let known: Vec<_> = rows.iter().filter(|row| before.contains(&row.key)).collect();
        assert_eq!(format!("{known:?}"), before, "the zombie has changed something");
    }
    println!("{kind:?}: {times} of {times} zombies changed 0 rows");
    zombie.stop().await;
    other.stop().await;
}

/// The zombie's handler has ended, or was stopped: then its host holds nothing any more.
async fn ended_twice(cluster: &Cluster, run: &str) {
    let log = || std::fs::read_to_string(cluster.places[0].path("host.log")).unwrap_or_default();
    until("the zombie's attempt is over", async || {
        let ends = cluster.marks().iter().filter(|mark| mark.run_id == run && mark.phase == "end").count();
        (ends >= 2 || log().contains(run)).then_some(())
    })
    .await;
    tokio::time::sleep(Duration::from_millis(500)).await;
}

#[tokio::test]
async fn a_host_at_postgresql_that_froze_past_its_lease_changes_nothing_when_it_wakes() {
    zombies(Kind::Postgres).await;
}

#[tokio::test]
async fn a_host_at_mariadb_that_froze_past_its_lease_changes_nothing_when_it_wakes() {
    zombies(Kind::Mariadb).await;
}
