//! A host that goes away without a word: the other one tells, once, and once that it is back.

use std::time::Duration;

use serde_json::Value;

use crate::system::support::receiver::Receiver;
use crate::system::support::{Cluster, Host, Kind, within};

/// Two with names of their own, and whoever is told of lost hosts.
fn watched(kind: Kind, receiver: &Receiver) -> Cluster {
    let cluster = Cluster::new(kind, 2);
    for (place, name) in cluster.places.iter().zip(["left", "right"]) {
        place.conf("host.name.toml", &format!("[host]\nname = \"{name}\"\n"));
        let sink = format!("sink = {{ webhook = \"{}/alerts\" }}", receiver.origin());
        place.conf("alerts.toml", &format!("[[alert]]\non = [\"host-lost\"]\n{sink}\n"));
    }
    cluster
}

fn told(receiver: &Receiver) -> Vec<(String, String)> {
    let read = |body: &str| serde_json::from_str::<Value>(body).expect("an event");
    let word = |value: &Value| value.as_str().expect("a word").to_owned();
    let arrivals = receiver.arrivals();
    let events = arrivals.iter().map(|one| read(&one.body));
    events.map(|event| (word(&event["data"]["kind"]), word(&event["subject"]))).collect()
}

async fn a_lost_host_is_told_once(kind: Kind) {
    let receiver = Receiver::start().await;
    let cluster = watched(kind, &receiver);
    cluster.beat();
    let mut hosts = cluster.serve().await;
    let (right, left) = (hosts.pop().expect("two"), hosts.pop().expect("two"));
    cluster.works(Duration::from_secs(30)).await;
    right.kill();
    let minute = Duration::from_secs(60);
    within(minute, "the loss is told", async || (!told(&receiver).is_empty()).then_some(())).await;
    // Looks of the alerter pass, on a host that has the same incident before it each time.
    cluster.works(Duration::from_secs(30)).await;
    assert_eq!(told(&receiver), [("opened".to_owned(), "host/right".to_owned())]);
    let right = Host::begin(&cluster.places[1]).ready(&cluster.places[1]).await;
    within(minute, "that it is back is told", async || (told(&receiver).len() > 1).then_some(())).await;
    cluster.works(Duration::from_secs(30)).await;
    let stories = ["opened", "recovered"].map(|kind| (kind.to_owned(), "host/right".to_owned()));
    assert_eq!(told(&receiver), stories);
    let open = cluster.places[0].noontide(&["alert", "ls", "-o", "json"]).json();
    assert_eq!(open, serde_json::json!([]));
    let (left, right) = (left.stop(), right.stop());
    left.await;
    right.await;
    assert_eq!(told(&receiver).len(), 2, "who says goodbye is not lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_killed_at_postgresql_is_told_once_and_once_that_it_is_back() {
    a_lost_host_is_told_once(Kind::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_killed_at_mariadb_is_told_once_and_once_that_it_is_back() {
    a_lost_host_is_told_once(Kind::Mariadb).await;
}
