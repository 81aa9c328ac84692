//! How long a reader waits for a page: 100,000 schedules and 5 million runs behind a real host that goes on working, on SQLite
//! and on PostgreSQL. `make bench-pages`; `cargo bench -p noontide-tests --bench pages -- [sqlite|postgres] [RUNS]`.

mod history;
#[path = "../../system/support/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the tests' own, of which this needs a part")]
mod support;

use std::time::{Duration, Instant};

use noontide_testkit::servers;
use support::{Host, Place, now_ms, within};

const RUNS: usize = 5_000_000;

/// How often each page is asked for.
const ASKED: usize = 200;

fn main() {
    // `cargo test --all-targets` starts this too, without the flag that `cargo bench` gives.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let words: Vec<_> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let runs = words.iter().find_map(|word| word.parse().ok()).unwrap_or(RUNS);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    for kind in ["sqlite", "postgres"] {
        if words.iter().any(|word| word == kind) || !words.iter().any(|word| word == "sqlite" || word == "postgres") {
            runtime.block_on(measure(kind, runs));
        }
    }
}

async fn measure(kind: &str, runs: usize) {
    let place = Place::alone();
    place.plugin("noop");
    place.conf("many.toml", &history::configuration());
    let url = match kind {
        "postgres" => servers::postgres_database(),
        _ => format!("sqlite://{}", place.path("data/noontide.db").display()),
    };
    place.conf("ledger.toml", &format!("[ledger]\nurl = \"{url}\"\n"));

    // The first start makes the tables.
    place.serve().await.stop().await;
    let begun = Instant::now();
    history::write(&url, runs, now_ms() - 120_000).await;
    println!(
        "\n{kind}: {} schedules, {runs} runs written in {:.0} s",
        history::SCHEDULES,
        begun.elapsed().as_secs_f64()
    );
    let begun = Instant::now();
    let host = place.serve().await;
    println!("ready again after {:.1} s", begun.elapsed().as_secs_f64());
    let runs = i64::try_from(runs).expect("not so many");
    within(Duration::from_secs(1_800), "all ends are counted", async || {
        tokio::time::sleep(Duration::from_secs(1)).await;
        (history::counted(&url).await >= runs).then_some(())
    })
    .await;
    println!("all ends counted after {:.0} s", begun.elapsed().as_secs_f64());
    pages(&host).await;
    println!("memory the host holds for itself: {} MiB", host.own_memory_mib());
}

async fn pages(host: &Host) {
    let reader = Reader::of(host);
    let failed = reader.some_run().await;
    println!("{:>44} {:>9} {:>9} {:>9} {:>9}", "page", "p50 ms", "p99 ms", "most ms", "KiB");
    let own = |page: &'static str| move |_: usize| page.to_owned();
    reader.tell("now", own("/")).await;
    reader.tell("schedules", own("/schedules")).await;
    reader.tell("schedules, further on", |i| format!("/schedules?after={}", history::name(i * 499))).await;
    reader.tell("schedules, a word", |i| format!("/schedules?q={}", i * 7)).await;
    reader.tell("schedules, paused", own("/schedules?state=paused")).await;
    reader.tell("schedules, the last run failed", own("/schedules?last=failed")).await;
    reader.tell("a schedule", |i| format!("/schedules/{}", history::name(i * 499))).await;
    reader.tell("runs", own("/runs")).await;
    reader.tell("runs, failed", own("/runs?state=failed")).await;
    reader.tell("runs, running", own("/runs?state=running")).await;
    reader.tell("runs of a schedule", |i| format!("/runs?schedule={}", history::name(i * 13))).await;
    reader.tell("a run", move |_| format!("/runs/{failed}")).await;
    reader.tell("why, of a schedule", |i| format!("/why?schedule={}", history::name(i * 7))).await;
    for page in ["/plugins", "/hosts", "/audit", "/tokens"] {
        reader.tell(&page[1..], own(page)).await;
    }
    reader.tell("API: schedules", |i| format!("/api/v1/schedules?limit=100&after={}", history::name(i * 499))).await;
    reader.tell("API: runs", own("/api/v1/runs?limit=100")).await;
    reader.tell("API: runs, failed", own("/api/v1/runs?limit=100&state=failed")).await;
    reader.tell("API: status", own("/api/v1/status")).await;
    reader.tell("metrics", own("/metrics")).await;
}

/// Somebody who asks for one page after the other.
struct Reader {
    client: reqwest::Client,
    base: String,
}

impl Reader {
    fn of(host: &Host) -> Self {
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        Self { client, base: format!("http://{}", host.address()) }
    }

    async fn some_run(&self) -> String {
        let answer = self.get("/api/v1/runs?state=failed&limit=1").await;
        let list: serde_json::Value = serde_json::from_slice(&answer).expect("JSON");
        list["items"][0]["id"].as_str().expect("a run").to_owned()
    }

    async fn get(&self, path: &str) -> Vec<u8> {
        let answer = self.client.get(format!("{}{path}", self.base)).send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{path}");
        answer.bytes().await.expect("a body").to_vec()
    }

    async fn tell(&self, page: &str, path: impl Fn(usize) -> String) {
        let mut took: Vec<Duration> = Vec::with_capacity(ASKED);
        let mut bytes = 0;
        for i in 0..ASKED {
            let path = path(i);
            let begun = Instant::now();
            bytes += self.get(&path).await.len();
            took.push(begun.elapsed());
        }
        took.sort_unstable();
        let millis = |place: usize| took[place].as_secs_f64() * 1_000.0;
        let (middle, late, last) = (millis(ASKED / 2), millis(ASKED * 99 / 100), millis(ASKED - 1));
        println!("{page:>44} {middle:>9.1} {late:>9.1} {last:>9.1} {:>9}", bytes / ASKED / 1024);
    }
}
