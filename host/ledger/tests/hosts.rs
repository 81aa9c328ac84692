//! Several hosts at one ledger: each work is done once, whoever does it, and who has lost a lease changes nothing.
//!
//! ```text
//! cargo test -p noontide-ledger --test hosts                                    what `make test` runs
//! NOONTIDE_KEYS=10000 NOONTIDE_RACES=1000 cargo test -p noontide-ledger --test hosts -- --nocapture
//! ```

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use noontide_domain::ports::{Claim, Claimed, Fire, History, Ledger, Settled, Settlement, Tenant};
use noontide_domain::{
    Cause, HostId, Key, Lease, Leased, Order, Outcome, Overlap, QueueRoom, Report, RetryPolicy, RunId, RunState,
    Verdict,
};
use noontide_testkit::{ManualClock, MemoryLedger};
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use uuid::Uuid;

/// One of the hosts.
#[derive(Clone)]
struct Host {
    ledger: Arc<dyn Ledger>,
    history: Arc<dyn History>,
    id: HostId,
    /// A connection, a folder: as long as the host.
    _keep: Arc<dyn Any + Send + Sync>,
}

/// Leases that hold as long as a test.
const LONG: Duration = Duration::from_secs(600);

/// A lease that has lapsed when it is looked at.
const SHORT: Duration = Duration::ZERO;

impl Host {
    /// With lanes and readers of its own, as every process has.
    async fn at(url: &str, clock: &Arc<ManualClock>) -> Self {
        let opened = noontide_ledger::open(url, clock.clone()).await.expect("opens");
        let (ledger, history) = (opened.ledger.clone(), opened.history.clone());
        Self { ledger, history, id: HostId(Uuid::now_v7()), _keep: Arc::new(opened) }
    }

    fn in_memory(clock: &Arc<ManualClock>) -> Self {
        let ledger = MemoryLedger::new(clock.clone());
        Self { history: ledger.clone(), ledger, id: HostId(Uuid::now_v7()), _keep: Arc::new(()) }
    }

    /// Another one with the same ledger.
    fn again(&self) -> Self {
        Self { id: HostId(Uuid::now_v7()), ..self.clone() }
    }

    fn tenant(&self, places: usize, lease: Duration) -> Tenant {
        Tenant { host: self.id, lease, places, queues: QueueRoom::ALL }
    }

    async fn leased(&self, places: usize, lease: Duration) -> Vec<Leased> {
        self.ledger.lease(self.tenant(places, lease), start()).await.expect("leases")
    }

    /// Claims and leases one new call.
    async fn takes(&self, key: &str, lease: Duration) -> Lease {
        let claim = Claim { fire: vec![call(key, 0)], ..Claim::default() };
        match self.ledger.claim(claim, Some(self.tenant(1, lease))).await.expect("claims").remove(0) {
            Claimed::Leased(leased) => leased.lease,
            other => panic!("not leased: {other:?}"),
        }
    }

    async fn settles(&self, settlement: Settlement) -> Settled {
        self.ledger.settle(vec![settlement]).await.expect("settles").remove(0)
    }
}

/// What was due before any clock that a ledger may go by.
fn start() -> DateTime<Utc> {
    "2026-01-01T00:00:00Z".parse().expect("an instant")
}

fn call(key: &str, number: u32) -> Fire {
    let handler = "mail/send".parse().expect("a handler");
    let order = Order {
        input: number.into(),
        retry: RetryPolicy { attempts: 9, ..RetryPolicy::default() },
        ..Order::new(RunId::new(), Key::chosen("mail/send", key), handler, start(), Cause::Enqueued)
    };
    Fire { order, overlap: Overlap::Allow, not_before: start(), fills: None }
}

fn success(lease: Lease) -> Settlement {
    let report = Report::never_began(Outcome::Succeeded { result: None }, start());
    Settlement::new(lease, Verdict::Final { state: RunState::Succeeded, reason: None }, report)
}

/// What a rescuer says of a lease that has lapsed.
fn abandoned(lease: Lease) -> Settlement {
    let report = Report::never_began(Outcome::Abandoned, start() + TimeDelta::seconds(1));
    Settlement::new(lease, Verdict::Again { not_before: start(), counted: true }, report)
}

/// From the environment; the short form without it.
fn number(name: &str, short: u32) -> u32 {
    std::env::var(name).map_or(short, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

/// All hosts claim the same keys, each from another end, and carry out whatever they can lease.
async fn of_the_same_keys_each_is_done_once(hosts: Vec<Host>) {
    let keys = number("NOONTIDE_KEYS", 2_000);
    let done: Arc<Vec<AtomicU32>> = Arc::new((0..keys).map(|_| AtomicU32::new(0)).collect());
    let mut working = JoinSet::new();
    let history = Arc::clone(&hosts[0].history);
    for (place, host) in (0..).zip(hosts) {
        let done = Arc::clone(&done);
        working.spawn(async move {
            claim_all(&host, keys, place * keys / 8).await;
            carry_out_all(&host, &done).await
        });
    }
    let recorded: u32 = working.join_all().await.into_iter().sum();
    let times = |wanted| done.iter().filter(|times| times.load(Ordering::Relaxed) == wanted).count() as u32;
    assert_eq!(
        (times(1), recorded),
        (keys, keys),
        "{} keys never, {} twice or more",
        times(0),
        keys - times(0) - times(1)
    );
    let status = history.status().await.expect("reads");
    assert_eq!((status.ready, status.running), (0, 0));
    println!("8 workers, {keys} keys: {keys} done");
}

async fn claim_all(host: &Host, keys: u32, from: u32) {
    let numbers: Vec<_> = (0..keys).map(|number| (number + from) % keys).collect();
    for part in numbers.chunks(250) {
        let fire = part.iter().map(|number| call(&number.to_string(), *number)).collect();
        host.ledger.claim(Claim { fire, ..Claim::default() }, None).await.expect("claims");
    }
}

/// How many ends it has recorded.
async fn carry_out_all(host: &Host, done: &[AtomicU32]) -> u32 {
    let mut recorded = 0;
    loop {
        let leased = host.leased(50, LONG).await;
        if leased.is_empty() {
            // Whoever looks while another leases is told of what is left by the next look.
            if host.ledger.next_ready(&QueueRoom::ALL).await.expect("reads").is_none() {
                return recorded;
            }
            continue;
        }
        for one in &leased {
            let number = one.order.input.as_u64().and_then(|number| usize::try_from(number).ok()).expect("a number");
            done[number].fetch_add(1, Ordering::Relaxed);
        }
        let settled = host.ledger.settle(leased.iter().map(|one| success(one.lease)).collect()).await.expect("settles");
        assert!(settled.iter().all(|one| *one == Settled::Recorded), "{settled:?}");
        recorded += settled.len() as u32;
    }
}

/// The end of an attempt, and somebody who holds its host for dead: one of them is recorded and never the other over it.
async fn of_a_rescue_and_a_result_one_is_recorded([host, rescuer]: [Host; 2]) {
    let races = number("NOONTIDE_RACES", 100);
    let (mut rescued, mut ended) = (0, 0);
    for race in 0..races {
        let lease = host.takes(&format!("race-{race}"), SHORT).await;
        let barrier = Arc::new(Barrier::new(2));
        let say = |who: &Host, settlement: Settlement| {
            let (who, barrier) = (who.clone(), Arc::clone(&barrier));
            tokio::spawn(async move {
                barrier.wait().await;
                who.settles(settlement).await
            })
        };
        let (result, rescue) = (say(&host, success(lease)), say(&rescuer, abandoned(lease)));
        let answers = (result.await.expect("no panic"), rescue.await.expect("no panic"));
        let record = host.history.run(lease.run).await.expect("reads").expect("it is there");
        match answers {
            (Settled::Recorded, Settled::LeaseLost) => {
                assert_eq!((record.state, record.attempt), (RunState::Succeeded, 1));
                assert_eq!(record.outcome, Some(Outcome::Succeeded { result: None }));
                ended += 1;
            }
            (Settled::LeaseLost, Settled::Recorded) => {
                assert_eq!((record.state, record.outcome), (RunState::Ready, Some(Outcome::Abandoned)));
                let again = rescuer.leased(1, LONG).await.remove(0).lease;
                assert_eq!((again.run, again.attempt), (lease.run, 2));
                assert_eq!(rescuer.settles(success(again)).await, Settled::Recorded);
                rescued += 1;
            }
            other => panic!("race {race}: {other:?}"),
        }
    }
    println!("{races} races: {ended} ended first, {rescued} rescued first; 0 overwritten");
}

/// A host that slept past its lease comes back and goes on as if nothing had been.
async fn who_has_lost_a_lease_changes_nothing([zombie, other]: [Host; 2]) {
    let times = number("NOONTIDE_RACES", 100).min(100) / 2;
    for time in 0..times {
        let old = zombie.takes(&format!("zombie-{time}"), SHORT).await;
        assert!(other.ledger.lapsed(9).await.expect("reads").iter().any(|lapsed| lapsed.lease == old));
        assert_eq!(other.settles(abandoned(old)).await, Settled::Recorded);
        let new = other.leased(1, LONG).await.remove(0).lease;
        assert_eq!((new.run, new.fence, new.attempt), (old.run, 2, 2));
        let before = other.history.run(old.run).await.expect("reads");
        let pulse = zombie.ledger.heartbeat(zombie.tenant(0, LONG), vec![old]).await.expect("beats");
        assert_eq!(pulse.lost, [old.run]);
        zombie.ledger.release(vec![old]).await.expect("releases");
        assert_eq!(zombie.settles(success(old)).await, Settled::LeaseLost);
        assert_eq!(other.history.run(old.run).await.expect("reads"), before, "it changed the row");
        assert_eq!(other.settles(success(new)).await, Settled::Recorded);
    }
    println!("{times} zombies changed 0 rows");
}

/// So many hosts at one database. A file has one process, and so has what is in memory: there, they are workers of one host.
async fn hosts<const N: usize>(url: &str) -> [Host; N] {
    let clock = ManualClock::at("2026-07-01T08:00:00Z");
    let mut hosts: Vec<Host> = Vec::with_capacity(N);
    for _ in 0..N {
        let host = match hosts.first() {
            Some(first) if !url.starts_with("postgres") && !url.starts_with("mysql") => first.again(),
            _ if url == "memory" => Host::in_memory(&clock),
            _ => Host::at(url, &clock).await,
        };
        hosts.push(host);
    }
    hosts.try_into().unwrap_or_else(|_| unreachable!("there are so many"))
}

/// The same tests for each: `$place` gives an address and what has to stay as long as it is used.
macro_rules! proofs {
    ($name:ident, $place:expr) => {
        mod $name {
            use super::*;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn eight_workers_do_the_same_keys_once() {
                let (_keep, url) = $place;
                super::of_the_same_keys_each_is_done_once(hosts::<8>(&url).await.to_vec()).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn a_rescue_that_races_a_result_overwrites_nothing() {
                let (_keep, url) = $place;
                super::of_a_rescue_and_a_result_one_is_recorded(hosts(&url).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn a_zombie_changes_nothing() {
                let (_keep, url) = $place;
                super::who_has_lost_a_lease_changes_nothing(hosts(&url).await).await;
            }
        }
    };
}

fn file() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}", folder.path().join("noontide.db").display());
    (folder, url)
}

proofs!(memory, ((), "memory".to_owned()));
proofs!(sqlite, file());
proofs!(postgres, ((), noontide_testkit::servers::postgres_database()));
proofs!(mariadb, ((), noontide_testkit::servers::mariadb_database()));
