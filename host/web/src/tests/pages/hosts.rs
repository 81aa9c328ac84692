//! Hosts, queues, the ledger.

use super::*;

#[tokio::test]
async fn the_page_tells_what_is_wrong_and_what_the_ledger_is() {
    let world = world(Access::Loopback).await;
    let (_, _, html) = page(&world, "/hosts", "").await;
    for told in ["conf/x.toml:1:1: no", "memory", "Hosts and database"] {
        assert!(html.contains(told), "{told}: {html}");
    }
}

#[tokio::test]
async fn a_queue_that_waits_is_shown() {
    let world = world(Access::Loopback).await;
    world.plugins.hold("mail/send");
    world.fire().await;
    tokio::time::timeout(SOON, world.plugins.called(1)).await.expect("in time");
    let (_, _, html) = page(&world, "/hosts", "").await;
    assert!(html.contains("<td>default</td>"), "{html}");
}
