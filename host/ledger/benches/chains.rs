//! What a group costs: its calls are claimed, leased and settled in batches as an engine does it, until its final step is
//! there; beside it as many calls that nothing follows. `cargo bench -p noontide-ledger --bench chains [-- FOLDER]`.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use noontide_domain::chain::{CALLS, First, lay_out};
use noontide_domain::ports::{Claim, Settlement, Tenant};
use noontide_domain::{Chain, Errand, HostId, Outcome, QueueRoom, Report, RunState, Verdict};
use noontide_testkit::ManualClock;
use serde_json::json;

const START: &str = "2026-07-01T08:00:00Z";
/// As many settlements as the recorder gathers.
const BATCH: usize = 256;

fn main() {
    // `cargo test --all-targets` starts this too, without the flag that `cargo bench` gives.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let folder = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    println!(
        "{:>8} {:>10} {:>12} {:>14} {:>14} {:>16}",
        "calls", "as", "claim ms", "µs per call", "slowest batch", "final step ms"
    );
    for calls in [100, 1_000, 10_000] {
        for is_group in [false, true] {
            let took = runtime.block_on(measure(folder.as_deref(), calls, is_group));
            let ms = |length: Duration| length.as_secs_f64() * 1_000.0;
            println!(
                "{calls:>8} {:>10} {:>12.1} {:>14.1} {:>14.1} {:>16.1}",
                if is_group { "group" } else { "calls" },
                ms(took.claim),
                ms(took.work) * 1_000.0 / calls as f64,
                ms(took.slowest),
                ms(took.last),
            );
        }
    }
}

#[derive(Default)]
struct Took {
    claim: Duration,
    /// Leases and settlements of all calls.
    work: Duration,
    slowest: Duration,
    /// The settlement that makes the final step, with all results in it.
    last: Duration,
}

async fn measure(folder: Option<&str>, calls: usize, is_group: bool) -> Took {
    let folder = folder.map_or_else(tempfile::tempdir, tempfile::tempdir_in).expect("a folder");
    let url = format!("sqlite://{}", folder.path().join("noontide.db").display());
    let opened = noontide_ledger::open(&url, ManualClock::at(START)).await.expect("opens");
    let mut took = Took::default();
    let begun = Instant::now();
    opened.ledger.claim(claim(calls, is_group), None).await.expect("claims");
    took.claim = begun.elapsed();
    let tenant = Tenant { host: HostId::new(), lease: Duration::from_secs(30), places: BATCH, queues: QueueRoom::ALL };
    let mut left = if is_group { calls.min(CALLS - 1) } else { calls };
    let begun = Instant::now();
    while left > 0 {
        let tenant = Tenant { places: BATCH.min(left), ..tenant.clone() };
        let leased = opened.ledger.lease(tenant, start()).await.expect("leases");
        left -= leased.len();
        let batch = Instant::now();
        let settlements = leased.iter().map(|one| Settlement::new(one.lease, succeeded(), report())).collect();
        opened.ledger.settle(settlements).await.expect("settles");
        took.last = batch.elapsed();
        took.slowest = took.slowest.max(took.last);
    }
    took.work = begun.elapsed();
    let rest = opened.ledger.lease(tenant, start()).await.expect("leases").len();
    assert_eq!(rest, usize::from(is_group), "the final step is there, once");
    opened.close().await;
    took
}

fn claim(calls: usize, is_group: bool) -> Claim {
    let call = || Chain::from(Errand::new("mail/send".parse().expect("a handler"), json!({ "to": "ops" })));
    let chains = match is_group {
        false => (0..calls).map(|_| call()).collect(),
        true => {
            // With the final step no more than a chain may have.
            let members = (0..calls.min(CALLS - 1)).map(|_| call()).collect();
            vec![Chain { first: First::Group { key: None, members }, then: vec![call()], on_failure: Vec::new() }]
        }
    };
    let laid = chains.into_iter().map(|chain| lay_out(chain, start()).expect("a chain"));
    laid.fold(Claim::default(), |mut claim, one| {
        claim.fire.extend(one.fires);
        claim.links.extend(one.links);
        claim
    })
}

fn succeeded() -> Verdict {
    Verdict::Final { state: RunState::Succeeded, reason: None }
}

fn report() -> Report {
    Report::never_began(Outcome::Succeeded { result: Some(json!({ "sent": 1 })) }, start())
}

fn start() -> DateTime<Utc> {
    START.parse().expect("an instant")
}
