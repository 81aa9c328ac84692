//! Calls: how long many of one request take to be on the disk, and what a lease costs beside a million runs that wait.
//! `cargo bench -p noontide-ledger --bench calls [-- FOLDER]`; the folder decides which disk.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use noontide_domain::ports::{Claim, Ledger, Tenant};
use noontide_domain::{Errand, HostId, Moment, Priority, QueueRoom};
use noontide_testkit::ManualClock;

const START: &str = "2026-07-01T08:00:00Z";
/// Calls of one request.
const CALLS: usize = 10_000;
/// Runs that wait for later.
const WAITING: usize = 1_000_000;
const ROUNDS: usize = 50;

fn main() {
    // `cargo test --all-targets` starts this too, without the flag that `cargo bench` gives.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(measure(std::env::args().skip(1).find(|argument| !argument.starts_with("--"))));
}

async fn measure(folder: Option<String>) {
    let folder = match folder {
        Some(folder) => tempfile::tempdir_in(folder),
        None => tempfile::tempdir(),
    }
    .expect("a folder");
    let url = format!("sqlite://{}", folder.path().join("noontide.db").display());
    let opened = noontide_ledger::open(&url, ManualClock::at(START)).await.expect("opens");
    let ledger = opened.ledger.as_ref();
    for round in 1..=3 {
        let begun = Instant::now();
        claim(ledger, (0..CALLS).map(|_| errand(0, None))).await;
        println!("{CALLS} calls in one claim, round {round}: {:.0} ms", begun.elapsed().as_secs_f64() * 1_000.0);
    }
    leases(ledger, "all of one priority").await;
    for batch in 0..WAITING / CALLS {
        let later = Moment::After(Duration::from_secs(86_400 + batch as u64));
        claim(ledger, (0..CALLS).map(|_| errand(255, Some(later)))).await;
    }
    leases(ledger, "beside a million of a higher priority that wait for tomorrow").await;
    claim(ledger, (0..CALLS).map(|i| errand(i as u8, None))).await;
    leases(ledger, "of 256 priorities").await;
    opened.close().await;
}

/// 64 runs each time.
async fn leases(ledger: &dyn Ledger, what: &str) {
    let mut times: Vec<_> = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let queues = QueueRoom::ALL;
        let tenant = Tenant { host: HostId::new(), lease: Duration::from_secs(30), places: 64, queues };
        let begun = Instant::now();
        let leased = ledger.lease(tenant, start()).await.expect("leases");
        assert_eq!(leased.len(), 64);
        ledger.next_ready(&QueueRoom::ALL).await.expect("reads").expect("more are ready");
        times.push(begun.elapsed());
    }
    times.sort();
    let millis = |time: Duration| time.as_secs_f64() * 1_000.0;
    println!(
        "a lease of 64, {what}: median {:.2} ms, worst {:.2} ms",
        millis(times[ROUNDS / 2]),
        millis(times[ROUNDS - 1])
    );
}

async fn claim(ledger: &dyn Ledger, errands: impl Iterator<Item = Errand>) {
    let fire = errands.map(|errand| errand.fire(start()).expect("a call")).collect();
    ledger.claim(Claim { fire, ..Claim::default() }, None).await.expect("claims");
}

fn errand(priority: u8, start: Option<Moment>) -> Errand {
    let input = serde_json::json!({ "to": "ops@example.org", "subject": "good morning" });
    let errand = Errand::new("mail/send".parse().expect("a handler"), input);
    Errand { priority: Priority(priority), start, ..errand }
}

fn start() -> DateTime<Utc> {
    START.parse().expect("an instant")
}
