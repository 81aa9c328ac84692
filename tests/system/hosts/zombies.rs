//! A host that freezes past its lease and wakes: the others have done its work, and it changes nothing of that.

use serde_json::json;

use crate::system::support::{Cluster, Host, Kind, number, until};

async fn zombies(kind: Kind) {
    let cluster = Cluster::new(kind, 2);
    let mut hosts: Vec<Host> = cluster.serve().await;
    let (other, zombie) = (hosts.pop().expect("two"), hosts.pop().expect("two"));
    let times = number("NOONTIDE_ZOMBIES", 2);
    let mut frozen = 0;
    while frozen < times {
        let run = zombie.api().call("fixture-recorder/run", json!({ "hold_ms": 1_500 })).await;
        cluster.begun(&run, 1).await;
        zombie.signal("STOP");
        let ended = other.api().ended(&run).await;
        assert_eq!(ended["state"], "succeeded");
        // On a busy machine it may have been done before it froze: then nobody was a zombie.
        frozen += u64::from(ended["attempt"] == 2);
        let before = cluster.record.rows().await;
        zombie.signal("CONT");
        if ended["attempt"] == 2 {
            over(&cluster, &run).await;
        }
        let beat = zombie.api().call("fixture-recorder/run", json!({})).await;
        zombie.api().ended(&beat).await;
        let rows = cluster.record.rows().await;
        let known: Vec<_> = rows.iter().filter(|row| before.iter().any(|one| one.key == row.key)).collect();
        assert_eq!(
            format!("{known:?}"),
            format!("{:?}", before.iter().collect::<Vec<_>>()),
            "the zombie has changed something"
        );
    }
    println!("{kind:?}: {times} of {times} zombies changed 0 rows");
    zombie.stop().await;
    other.stop().await;
}

/// The zombie's handler has ended, or its host has said that it is lost.
async fn over(cluster: &Cluster, run: &str) {
    let log = || std::fs::read_to_string(cluster.places[0].path("host.log")).unwrap_or_default();
    until("the zombie's attempt is over", async || {
        let ends = cluster.marks().iter().filter(|mark| mark.run_id == run && mark.phase == "end").count();
        (ends >= 2 || log().contains(run)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_host_at_postgresql_that_froze_past_its_lease_changes_nothing_when_it_wakes() {
    zombies(Kind::Postgres).await;
}

#[tokio::test]
async fn a_host_at_mariadb_that_froze_past_its_lease_changes_nothing_when_it_wakes() {
    zombies(Kind::Mariadb).await;
}
