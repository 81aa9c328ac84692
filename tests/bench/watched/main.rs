//! Whether runs are late because many look on: a thousand runs a second through the real host, alone, beside 500 clients that take
//! their time, and beside 50 open dashboards as well. `cargo bench -p noontide-tests --bench watched [-- SECONDS]`.

mod clients;
#[path = "../late.rs"]
mod late;
#[path = "../../system/support/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the tests' own, of which this needs a part")]
mod support;

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use late::Late;
use support::{Host, Place, now_ms};
use tokio::task::JoinSet;

/// Each is due once a second, each in a millisecond of its own.
const SCHEDULES: u32 = 1_000;
const SLOW: usize = 500;
const OPEN: usize = 50;

/// How long each part is watched, in seconds.
const WATCHED: u64 = 30;

/// What a new situation is given before it counts.
const SETTLING: Duration = Duration::from_secs(3);

fn main() {
    // `cargo test --all-targets` starts this too, without the flag that `cargo bench` gives.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let seconds = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(WATCHED);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(measure(Duration::from_secs(seconds)));
}

async fn measure(watched: Duration) {
    let place = Place::alone();
    place.plugin("noop");
    place.schedules(&schedules());
    let host = place.serve().await;
    println!(
        "{:>34} {:>8} {:>8} {:>8} {:>8} {:>8} {:>9} {:>9}",
        "", "runs/s", "p50 ms", "p90 ms", "p99 ms", "most ms", "host CPU", "pages/s"
    );
    let mut crowd = JoinSet::new();
    for round in 1..=2 {
        part(&format!("{round}: alone"), watched, &place, &host).await;
        clients::slow(&mut crowd, host.address(), SLOW);
        part(&format!("{round}: {SLOW} slow clients"), watched, &place, &host).await;
        clients::dashboards(&mut crowd, host.address(), OPEN);
        part(&format!("{round}: and {OPEN} dashboards"), watched, &place, &host).await;
        crowd.shutdown().await;
    }
    host.stop().await;
}

/// Phases within the second, so that they pass one after the other.
fn schedules() -> String {
    let mut text = String::new();
    for number in 0..SCHEDULES {
        let _ = writeln!(
            text,
            "[schedule.s{number:03}]\nevery = \"1s\"\nstart = \"2026-01-01T00:00:00.{number:03}Z\"\n\
             handler = \"fixture-noop/run\"\noverlap = \"allow\""
        );
    }
    text
}

async fn part(name: &str, watched: Duration, place: &Place, host: &Host) {
    tokio::time::sleep(SETTLING).await;
    clients::pages_seen();
    let (from, spent, begun) = (now_ms(), cpu(host), Instant::now());
    tokio::time::sleep(watched).await;
    let (until, seconds) = (now_ms(), begun.elapsed().as_secs_f64());
    let (cpu, pages) = ((cpu(host) - spent).as_secs_f64() / seconds, clients::pages_seen() as f64 / seconds);
    // What was due last is still on its way.
    tokio::time::sleep(SETTLING).await;
    let late = Late::of(place, from, until).await;
    let due = f64::from(SCHEDULES) * seconds;
    assert!(late.began.len() as f64 > due * 0.99, "of {due:.0} runs {} began, {} wait", late.began.len(), late.waiting);
    println!(
        "{name:>34} {:>8.0} {:>8} {:>8} {:>8} {:>8} {:>8.0}% {pages:>9.0}",
        late.began.len() as f64 / seconds,
        late.at(50),
        late.at(90),
        late.at(99),
        late.at(100),
        cpu * 100.0
    );
}

/// What the host's threads have spent of the cores.
fn cpu(host: &Host) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", host.id())).expect("the host lives");
    // The name, in parentheses, may hold spaces; user and system time are the 14th and 15th field, in hundredths.
    let (_, fields) = stat.rsplit_once(") ").expect("the kernel tells");
    let ticks = |place: usize| fields.split(' ').nth(place).and_then(|field| field.parse::<u64>().ok());
    Duration::from_millis((ticks(11).expect("user time") + ticks(12).expect("system time")) * 10)
}
