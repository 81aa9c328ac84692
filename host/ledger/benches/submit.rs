//! How long a submission takes: 100,000 payloads of which half are known, filtered and claimed in one transaction that is on
//! the disk when it is answered. `cargo bench -p noontide-ledger --bench submit [-- FOLDER]`; the folder decides which disk.

use std::time::Instant;

use chrono::{DateTime, Utc};
use noontide_domain::submission::{self, Data};
use noontide_domain::{HostId, QueueRoom, Schedule, Standing, Timetable, Trigger, ports::Tenant};
use noontide_testkit::ManualClock;
use serde_json::{Value, json};

const START: &str = "2026-07-01T08:00:00Z";
const PAYLOADS: usize = 100_000;

fn main() {
    // `cargo test --all-targets` starts this too, without the flag that `cargo bench` gives.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let folder = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    println!("{:>12} {:>9} {:>10} {:>12} {:>12}", "timestamps", "new", "known", "read ms", "submit ms");
    for timestamps in [1, 100, 3_600] {
        runtime.block_on(measure(folder.as_deref(), timestamps));
    }
}

async fn measure(folder: Option<&str>, timestamps: usize) {
    let folder = match folder {
        Some(folder) => tempfile::tempdir_in(folder),
        None => tempfile::tempdir(),
    }
    .expect("a folder");
    let url = format!("sqlite://{}", folder.path().join("noontide.db").display());
    let opened = noontide_ledger::open(&url, ManualClock::at(START)).await.expect("opens");
    let timetable = Timetable { unique: vec!["channel_id".to_owned()], ..Timetable::default() };
    let schedule = Schedule::new(
        "live".parse().expect("a name"),
        Trigger::Timetable(timetable.clone()),
        "live-notice/push".parse().expect("a handler"),
    );
    let standing = Standing::new(schedule, start());
    // Half of the second hundred thousand is the second half of the first.
    for from in [0, PAYLOADS / 2] {
        let text = document(from, timestamps);
        let begun = Instant::now();
        let data: Data = serde_json::from_str(&text).expect("reads");
        let submission = submission::read(&standing, &timetable, data, start()).expect("is right");
        let read = begun.elapsed();
        let begun = Instant::now();
        let tenant = Tenant {
            host: HostId::new(),
            lease: std::time::Duration::from_secs(30),
            places: 8,
            queues: QueueRoom::ALL,
        };
        let submitted = opened.ledger.submit(submission, Some(tenant)).await.expect("submits");
        let (new, known) = (submitted.counts.accepted, submitted.counts.duplicate);
        let (read, took) = (read.as_millis(), begun.elapsed().as_millis());
        println!("{timestamps:>12} {new:>9} {known:>10} {read:>12} {took:>12}");
    }
}

/// Every payload has its own channel, and its instant follows from it.
fn document(from: usize, timestamps: usize) -> String {
    let mut lists = vec![Vec::new(); timestamps];
    for channel in from..from + PAYLOADS {
        lists[channel % timestamps]
            .push(json!({ "channel_id": channel, "title": "Evening talk", "coupon_price": [12, 23] }));
    }
    let entries = lists.into_iter().enumerate();
    let map = entries.map(|(i, list)| ((start().timestamp() + i as i64).to_string(), Value::Array(list)));
    Value::Object(map.collect()).to_string()
}

fn start() -> DateTime<Utc> {
    START.parse().expect("an instant")
}
