//! Who is told that there is something to lease, and when.

use std::time::Duration;

use chrono::Utc;
use noontide_domain::ports::{Claim, Fire, Tenant};
use noontide_domain::{Cause, HostId, Key, Order, QueueRoom, RunId};
use noontide_testkit::servers;
use sqlx::postgres::PgListener;

use super::tests::{opened, stranger};
use super::*;

/// Long for a machine that does much else.
const SOON: Duration = Duration::from_secs(30);

async fn nudged(store: &Store) {
    tokio::time::timeout(SOON, store.ledger.nudged()).await.expect("a nudge");
}

#[expect(clippy::disallowed_methods, reason = "what is due must be due by the server's clock")]
async fn claim(store: &Store, key: &str, tenant: Option<Tenant>) {
    let due = Utc::now() - Duration::from_secs(60);
    let order =
        Order::new(RunId::new(), Key::chosen("mail/send", key), "mail/send".parse().unwrap(), due, Cause::Enqueued);
    let fire = Fire { order, overlap: Default::default(), not_before: due, fills: None };
    store.ledger.claim(Claim { fire: vec![fire], ..Claim::default() }, tenant).await.unwrap();
}

fn tenant() -> Tenant {
    Tenant { host: HostId::new(), lease: Duration::from_secs(30), places: 9, queues: QueueRoom::ALL }
}

#[tokio::test]
async fn what_is_left_ready_nudges_the_others_even_after_their_connection_was_killed() {
    let url = servers::postgres_database();
    let (one, other) = (opened(&url).await, opened(&url).await);
    // It listens from now on.
    nudged(&other).await;
    claim(&one, "a", None).await;
    nudged(&other).await;
    let kill = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                WHERE datname = current_database() AND query ILIKE 'LISTEN%'";
    let killed: i64 = sqlx::query_scalar(kill).fetch_one(&mut stranger(&url).await).await.unwrap();
    assert_eq!(killed, 2);
    nudged(&other).await;
    claim(&one, "b", None).await;
    nudged(&other).await;
    one.closer.close().await;
    other.closer.close().await;
}

#[tokio::test]
async fn what_is_leased_at_once_nudges_nobody() {
    let url = servers::postgres_database();
    let store = opened(&url).await;
    let mut ear = PgListener::connect(&url).await.unwrap();
    ear.listen("noontide").await.unwrap();
    claim(&store, "a", Some(tenant())).await;
    sqlx::query("SELECT pg_notify('noontide', 'after it')").execute(&mut stranger(&url).await).await.unwrap();
    assert_eq!(ear.recv().await.unwrap().payload(), "after it");
    claim(&store, "b", None).await;
    assert_eq!(ear.recv().await.unwrap().payload(), "");
    store.closer.close().await;
}
