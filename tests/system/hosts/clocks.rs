//! Hosts whose clocks differ by minutes: each instant is done once.

use std::collections::HashMap;
use std::time::Duration;

use crate::system::support::{Cluster, Kind, within};

const SKEWS: [i64; 3] = [-120, 0, 120];

async fn skewed(kind: Kind) {
    let mut cluster = Cluster::new(kind, 3);
    for (place, skew) in cluster.places.iter_mut().zip(SKEWS) {
        place.set_var("LD_PRELOAD", &library());
        place.set_var("FAKETIME", &format!("{skew:+}s"));
        // What is waited for by a clock that nobody sets is not faked.
        place.set_var("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    }
    cluster.schedules(
        "[schedule.beat]\nhandler = \"fixture-recorder/run\"\nevery = \"1s\"\noverlap = \"allow\"\n\
         input = { hold_ms = 30 }\nretry = { attempts = 50, backoff = \"0s\" }\n",
    );
    let hosts = cluster.serve().await;
    within(Duration::from_secs(60), "they work", async || (cluster.succeeded().await > 20).then_some(())).await;
    cluster.schedules("");
    let listed = "SELECT count(*) FROM schedule WHERE removed_at IS NULL";
    within(Duration::from_secs(60), "everything has settled", async || {
        // What the host ahead of time has planned, the others may hold until their own clocks are there.
        let is_over = cluster.record.number(listed).await == 0 && cluster.record.open_runs().await == 0;
        is_over.then_some(())
    })
    .await;
    for host in hosts {
        host.stop().await;
    }
    let mut ends: HashMap<String, usize> = HashMap::new();
    cluster
        .marks()
        .into_iter()
        .filter(|mark| mark.phase == "end")
        .for_each(|mark| *ends.entry(mark.fire_key).or_default() += 1);
    let rows = cluster.record.rows().await;
    let done: Vec<_> = rows.iter().filter(|row| row.succeeded()).collect();
    assert!(done.iter().all(|row| ends.get(&row.key) == Some(&1)), "one completion of each key: {ends:?}");
    assert_eq!(ends.len(), done.len(), "and none that is not on record");
    println!("{kind:?}, clocks of -120 s, 0 s, +120 s: {} keys, one completion each", done.len());
}

fn library() -> String {
    let folders = std::fs::read_dir("/usr/lib").expect("a folder").flatten().map(|entry| entry.path());
    let found = folders.map(|folder| folder.join("faketime/libfaketimeMT.so.1")).find(|path| path.exists());
    let found = found.expect("faketime is missing: run `make servers`, or apt-get install faketime");
    found.to_str().expect("a path of words").to_owned()
}

#[tokio::test]
async fn hosts_at_postgresql_whose_clocks_differ_by_minutes_do_each_instant_once() {
    skewed(Kind::Postgres).await;
}

#[tokio::test]
async fn hosts_at_mariadb_whose_clocks_differ_by_minutes_do_each_instant_once() {
    skewed(Kind::Mariadb).await;
}
