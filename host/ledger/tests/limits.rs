//! Hosts that each have opened the database for themselves race for the last places of a schedule and of a queue.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use noontide_domain::ports::{Claim, Fire, Settlement, Tenant};
use noontide_domain::{
    Cause, HostId, Key, Order, Outcome, Overlap, QueueName, QueueRoom, Report, RunId, RunState, Schedule, Trigger,
    Verdict,
};
use noontide_ledger::{Opened, open_by_clock};
use noontide_testkit::ledger_contract::START;
use noontide_testkit::{ManualClock, servers};

const HOSTS: usize = 3;

/// Of the schedule and of the queue.
const BOUNDS: [usize; 2] = [3, 2];

/// Runs of each.
const EACH: usize = 60;

/// Looks of a host before it is said that nothing goes on.
const LOOKS: usize = 20_000;

fn mail() -> QueueName {
    "mail".parse().expect("a name")
}

fn schedule() -> Schedule {
    let handler = "mail/send".parse().expect("a handler");
    let schedule = Schedule::new("bounded".parse().expect("a name"), Trigger::Manual, handler);
    Schedule { overlap: Overlap::Allow, concurrency: Some(BOUNDS[0] as u32), ..schedule }
}

fn fire(of_schedule: bool) -> Fire {
    let (id, due_at) = (RunId::new(), START.parse().expect("an instant"));
    let mut order = Order::new(id, Key::manual(id), "mail/send".parse().expect("a handler"), due_at, Cause::Manual);
    match of_schedule {
        true => order.schedule = Some(schedule().name),
        false => order.queue = mail(),
    }
    Fire { order, overlap: Overlap::Allow, not_before: due_at, fills: None }
}

async fn opened(url: &str) -> Opened {
    open_by_clock(url, ManualClock::at(START)).await.expect("opens")
}

/// A host: it leases, looks what goes on in all, and settles, until everybody's work is done.
async fn work(url: &str, done: &AtomicUsize) {
    let opened = opened(url).await;
    let queues = QueueRoom { totals: [(mail(), BOUNDS[1])].into(), ..QueueRoom::ALL };
    let tenant = Tenant { host: HostId::new(), lease: Duration::from_secs(30), places: 9, queues };
    let now = START.parse().expect("an instant");
    for _ in 0..LOOKS {
        if done.load(Ordering::SeqCst) == 2 * EACH {
            return opened.close().await;
        }
        let leased = opened.ledger.lease(tenant.clone(), now).await.expect("leases");
        // One question, so one moment.
        for one in opened.history.status().await.expect("reads").queues {
            let bound = BOUNDS[usize::from(one.queue == mail())];
            assert!(one.running as usize <= bound, "{} of {} go on", one.running, one.queue);
        }
        for one in leased {
            let verdict = Verdict::Final { state: RunState::Succeeded, reason: None };
            let report = Report::never_began(Outcome::Succeeded { result: None }, now);
            opened.ledger.settle(vec![Settlement::new(one.lease, verdict, report)]).await.expect("settles");
            done.fetch_add(1, Ordering::SeqCst);
        }
    }
    panic!("{} of {} runs are done, and nothing goes on", done.load(Ordering::SeqCst), 2 * EACH);
}

/// Each host on a thread of its own.
fn race(url: &str) {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime().block_on(async {
        let opened = opened(url).await;
        let now = START.parse().expect("an instant");
        opened.ledger.put(schedule(), "ops", now).await.expect("puts");
        let fire = (0..2 * EACH).map(|i| fire(i % 2 == 0)).collect();
        opened.ledger.claim(Claim { fire, ..Claim::default() }, None).await.expect("claims");
        opened.close().await;
    });
    let done = Arc::new(AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..HOSTS {
            scope.spawn(|| runtime().block_on(work(url, &done)));
        }
    });
    assert_eq!(done.load(Ordering::SeqCst), 2 * EACH, "each once");
}

#[test]
fn hosts_at_one_file_never_take_a_place_too_many() {
    let folder = tempfile::tempdir().expect("a folder");
    race(&format!("sqlite://{}", folder.path().join("noontide.db").display()));
}

#[test]
fn hosts_at_one_postgresql_never_take_a_place_too_many() {
    race(&servers::postgres_database());
}

#[test]
fn hosts_at_one_mariadb_never_take_a_place_too_many() {
    race(&servers::mariadb_database());
}
