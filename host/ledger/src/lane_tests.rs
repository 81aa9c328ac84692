//! Lanes before a real server, through a proxy that disturbs them.

use std::collections::BTreeSet;

use async_trait::async_trait;
use chrono::DateTime;
use noontide_domain::ports::{Claim, Fire, Tenant};
use noontide_domain::{Cause, HostId, Key, Order, Overlap, QueueRoom, RunId, RunState};
use noontide_testkit::{Proxy, servers};

use super::*;
use crate::lease::LeaseReady;
use crate::query::made;
use crate::writer::{Inbox, Lanes, Request};
use crate::{claim, mysql, postgres};

/// Counts to one more; the answer is the new number.
struct Count;

#[async_trait]
impl Request for Count {
    type Answer = i64;

    async fn write(&self, desk: &mut Desk<'_>) -> Result<i64, sqlx::Error> {
        made("UPDATE counter SET number = number + 1".to_owned()).run(&mut *desk).await?;
        let row = made("SELECT number FROM counter".to_owned()).one(&mut *desk).await?;
        row.try_get("number")
    }
}

/// Lanes that know a counter, and what stands before the server.
struct Counter {
    proxy: Proxy,
    lanes: Lanes,
    inbox: Inbox,
}

const POSTGRES: &str = include_str!("../migrations/postgres/0017_receipts.sql");
const MYSQL: &str = include_str!("../migrations/mysql/0017_receipts.sql");

impl Counter {
    async fn on(url: String, patience: Duration) -> Self {
        let proxy = Proxy::before(&url);
        let source = match url.starts_with("postgres") {
            true => Source::Postgres(proxy.url().parse().expect("an address")),
            false => Source::Mysql(proxy.url().parse().expect("an address")),
        };
        let mut first = source.connect().await.expect("it is there");
        for table in
            [if source.kind() == Kind::Postgres { POSTGRES } else { MYSQL }, "CREATE TABLE counter (number BIGINT)"]
        {
            first
                .commit_after(table.replace("{bytes}", "utf8mb4_bin").trim_end().trim_end_matches(';'))
                .await
                .expect("a table");
        }
        first.commit_after("INSERT INTO counter VALUES (0)").await.expect("a row");
        let lanes = Lanes::start_patiently(&source, first, &Time::Database, patience);
        Self { proxy, inbox: lanes.inbox(), lanes }
    }

    /// All numbers that so many requests are answered, asked by four at once.
    async fn counts(&self, requests: usize) -> BTreeSet<i64> {
        let asking: Vec<_> = (0..4)
            .map(|_| {
                let inbox = self.inbox.clone();
                tokio::spawn(async move {
                    let mut numbers = BTreeSet::new();
                    for _ in 0..requests / 4 {
                        numbers.insert(inbox.ask(Count).await.expect("an answer"));
                    }
                    numbers
                })
            })
            .collect();
        let mut numbers = BTreeSet::new();
        for one in asking {
            numbers.extend(one.await.expect("no panic"));
        }
        numbers
    }
}

/// More than any of these tests needs.
const LONG: Duration = Duration::from_secs(20);

async fn lost_answers_are_looked_up(url: String) {
    let counter = Counter::on(url, LONG).await;
    counter.proxy.lose_each(3);
    assert_eq!(counter.counts(60).await, (1..=60).collect(), "each was counted once, and was told so");
    assert!(counter.proxy.lost() > 15, "{}", counter.proxy.lost());
    counter.lanes.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_postgresql_answers_to_commits_are_lost_nothing_is_lost_or_done_twice() {
    lost_answers_are_looked_up(servers::postgres_database()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_mariadb_answers_to_commits_are_lost_nothing_is_lost_or_done_twice() {
    lost_answers_are_looked_up(servers::mariadb_database()).await;
}

async fn what_is_cut_goes_on(url: String) {
    let counter = Counter::on(url, LONG).await;
    let (done, numbers) = tokio::join!(
        async {
            for _ in 0..10 {
                tokio::time::sleep(Duration::from_millis(20)).await;
                counter.proxy.cut();
            }
        },
        counter.counts(400)
    );
    let () = done;
    assert_eq!(numbers, (1..=400).collect());
    counter.lanes.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_to_postgresql_that_are_cut_lose_nothing() {
    what_is_cut_goes_on(servers::postgres_database()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_to_mariadb_that_are_cut_lose_nothing() {
    what_is_cut_goes_on(servers::mariadb_database()).await;
}

async fn a_server_that_stays_away_is_told_of(url: String) {
    let counter = Counter::on(url, Duration::from_millis(300)).await;
    assert_eq!(counter.inbox.ask(Count).await, Ok(1));
    counter.proxy.lose_next(usize::MAX);
    let told = counter.inbox.ask(Count).await;
    assert!(matches!(told, Err(LedgerError::Unavailable(_))), "{told:?}");
    counter.proxy.lose_next(0);
    let next = counter.inbox.ask(Count).await.expect("an answer");
    assert_eq!(next, 3, "what nobody was told of was there");
    counter.proxy.hold(true);
    let told = counter.inbox.ask(Count).await;
    assert!(matches!(told, Err(LedgerError::Unavailable(_))), "{told:?}");
    counter.proxy.hold(false);
    counter.proxy.cut();
    assert_eq!(counter.inbox.ask(Count).await, Ok(4), "and what was not committed was not");
    counter.lanes.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgresql_that_stays_away_is_told_of_and_the_lane_goes_on_when_it_is_back() {
    a_server_that_stays_away_is_told_of(servers::postgres_database()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mariadb_that_stays_away_is_told_of_and_the_lane_goes_on_when_it_is_back() {
    a_server_that_stays_away_is_told_of(servers::mariadb_database()).await;
}

/// A run that waits, a lease of it whose answer is lost, and a server that stays away as long as the lane looks for it.
async fn leases_nobody_was_told_of_go_back(url: String) {
    let is_postgres = url.starts_with("postgres");
    let store =
        if is_postgres { postgres::open(&url, Time::Database).await } else { mysql::open(&url, Time::Database).await };
    let store = store.expect("it opens");
    let (key, due_at) = (Key::chosen("mail/send", "one"), DateTime::UNIX_EPOCH);
    let order = Order::new(RunId::new(), key, "mail/send".parse().expect("a handler"), due_at, Cause::Enqueued);
    let (run, fire) = (order.id, Fire { order, overlap: Overlap::Allow, not_before: due_at, fills: None });
    let one = claim::ClaimFires { claim: Claim { fire: vec![fire], ..Claim::default() }, tenant: None, heeds: false };

    let proxy = Proxy::before(&url);
    let source = match is_postgres {
        true => Source::Postgres(proxy.url().parse().expect("an address")),
        false => Source::Mysql(proxy.url().parse().expect("an address")),
    };
    let first = source.connect().await.expect("it is there");
    let lanes = Lanes::start_patiently(&source, first, &Time::Database, Duration::from_millis(500));
    let inbox = lanes.inbox();
    inbox.ask(one).await.expect("claims").expect("nobody was further");
    let tenant = || Tenant { host: HostId(uuid::Uuid::now_v7()), lease: LONG, places: 1, queues: QueueRoom::ALL };
    let ask = || LeaseReady { tenant: tenant(), now: due_at, heeds: false };
    proxy.lose_next(usize::MAX);
    let told = inbox.ask(ask()).await;
    assert!(matches!(told, Err(LedgerError::Unavailable(_))), "{told:?}");
    let record = store.history.run(run).await.expect("reads").expect("it is there");
    assert_eq!((record.state, record.attempt), (RunState::Running, 1), "it was committed");
    proxy.lose_next(0);
    let lease = until_leased(&inbox, ask).await;
    assert_eq!((lease.run, lease.attempt, lease.fence), (run, 1, 2), "under a fence of its own, and no attempt counts");
    lanes.close().await;
    store.closer.close().await;
}

/// By whichever lane: the one in doubt gives the run back when it is its turn.
async fn until_leased(inbox: &Inbox, ask: impl Fn() -> LeaseReady) -> Lease {
    for _ in 0..20 {
        if let Some(leased) = inbox.ask(ask()).await.expect("an answer").pop() {
            return leased.lease;
        }
    }
    panic!("the run is lost");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_of_postgresql_whose_lease_nobody_was_told_of_go_back() {
    leases_nobody_was_told_of_go_back(servers::postgres_database()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_of_mariadb_whose_lease_nobody_was_told_of_go_back() {
    leases_nobody_was_told_of_go_back(servers::mariadb_database()).await;
}
