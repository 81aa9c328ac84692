//! How many runs a second one file takes: claimed (with a lease) and settled, with `synchronous=FULL`, so each commit is
//! on the disk before it is answered. `cargo bench -p noontide-ledger [-- FOLDER]`; the folder decides which disk.

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use noontide_domain::ports::{Claim, Claimed, Fire, Ledger, Settled, Settlement, Tenant};
use noontide_domain::{
    Cause, HostId, Key, Lease, Limits, Order, Outcome, Overlap, PluginVersion, QueueRoom, Report, RunId, RunState,
    Schedule, ScheduleName, Trigger, Usage, Verdict,
};
use noontide_testkit::ManualClock;

const START: &str = "2026-07-01T08:00:00Z";
const SCHEDULES: i64 = 1_000;
/// How long each measurement takes at least.
const LONG_ENOUGH: Duration = Duration::from_secs(3);

fn main() {
    // `cargo test --all-targets` starts this too, without the flag that `cargo bench` gives.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let folder = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    println!("{:>8} {:>8} {:>12} {:>14}", "callers", "batch", "runs/s", "ms per round");
    for (callers, batch) in [(1, 1), (1, 16), (1, 64), (1, 256), (16, 1), (64, 1), (64, 16)] {
        let (runs, rounds, time) = runtime.block_on(measure(folder.as_deref(), callers, batch));
        let seconds = time.as_secs_f64();
        let round = seconds * 1_000.0 * callers as f64 / rounds as f64;
        println!("{callers:>8} {batch:>8} {:>12.0} {round:>14.2}", runs as f64 / seconds);
    }
}

/// Runs, rounds and the time they took.
async fn measure(folder: Option<&str>, callers: i64, batch: i64) -> (i64, i64, Duration) {
    let folder = match folder {
        Some(folder) => tempfile::tempdir_in(folder),
        None => tempfile::tempdir(),
    }
    .expect("a folder");
    let url = format!("sqlite://{}", folder.path().join("noontide.db").display());
    let opened = noontide_ledger::open(&url, ManualClock::at(START)).await.expect("opens");
    opened.ledger.declare((0..SCHEDULES).map(schedule).collect(), start()).await.expect("declares");
    let begun = Instant::now();
    let callers: Vec<_> = (0..callers)
        .map(|caller| {
            let ledger = Arc::clone(&opened.ledger);
            tokio::spawn(async move {
                let mut rounds = 0;
                while begun.elapsed() < LONG_ENOUGH {
                    let from = (rounds * 64 + caller) * batch;
                    round(ledger.as_ref(), from..from + batch).await;
                    rounds += 1;
                }
                rounds
            })
        })
        .collect();
    let mut rounds = 0;
    for caller in callers {
        rounds += caller.await.expect("ends");
    }
    let time = begun.elapsed();
    opened.close().await;
    (rounds * batch, rounds, time)
}

/// Claims, leases and settles the occurrences of these numbers.
async fn round(ledger: &dyn Ledger, numbers: Range<i64>) {
    let tenant =
        Tenant { host: HostId::new(), lease: Duration::from_secs(30), places: usize::MAX, queues: QueueRoom::ALL };
    let fire: Vec<_> = numbers.map(fire).collect();
    let cursors = fire.iter().filter_map(|fire| Some((fire.order.schedule.clone()?, fire.order.due_at))).collect();
    let claimed = ledger.claim(Claim { fire, cursors, ..Claim::default() }, Some(tenant)).await.expect("claims");
    let settlements = claimed.into_iter().map(|claimed| match claimed {
        Claimed::Leased(leased) => settlement(leased.lease),
        other => panic!("not leased: {other:?}"),
    });
    let settled = ledger.settle(settlements.collect()).await.expect("settles");
    assert!(settled.iter().all(|settled| *settled == Settled::Recorded));
}

fn start() -> DateTime<Utc> {
    START.parse().expect("an instant")
}

fn name(number: i64) -> ScheduleName {
    format!("schedule-{}", number % SCHEDULES).parse().expect("a name")
}

fn schedule(number: i64) -> Schedule {
    Schedule::new(name(number), Trigger::Manual, "mail/send".parse().expect("a handler"))
}

fn fire(number: i64) -> Fire {
    let id = RunId::new();
    let due_at = start() - TimeDelta::milliseconds(number);
    let key = Key::occurrence(&name(number), due_at);
    let order = Order {
        schedule: Some(name(number)),
        input: serde_json::json!({ "to": "ops@example.org", "subject": "good morning" }),
        ..Order::new(id, key, "mail/send".parse().expect("a handler"), due_at, Cause::Schedule)
    };
    // Callers share schedules, and an overlap would be a row that is not settled.
    Fire { order, overlap: Overlap::Allow, not_before: due_at, fills: None }
}

fn settlement(lease: Lease) -> Settlement {
    let plugin =
        PluginVersion { name: "mail".parse().expect("a name"), version: "1.0.0".to_owned(), sha256: "ab".repeat(32) };
    let report = Report {
        outcome: Outcome::Succeeded { result: None },
        plugin: Some(plugin),
        started_at: start(),
        finished_at: start(),
        usage: Usage { wall_ms: 3, cpu_ms: 0, peak_memory_bytes: 1 << 20 },
        logs: Vec::new(),
        logs_dropped: 0,
        items: Vec::new(),
        state: Vec::new(),
        artifacts: Vec::new(),
        effects: noontide_domain::Effects::default(),
        terms: Some(terms()),
    };
    Settlement::new(lease, Verdict::Final { state: RunState::Succeeded, reason: None }, report)
}

/// As a run has them that was granted something and has the usual limits.
fn terms() -> noontide_domain::Terms {
    let grant = Some("ab".repeat(16));
    noontide_domain::Terms { contract: "noontide:plugin@0.1.0".to_owned(), limits: Limits::default(), grant }
}
