//! Durable runs per second through the whole path: enqueue, lease, a fresh sandbox, settle, on SQLite with
//! `synchronous=FULL`. Enqueuing and running go side by side. `cargo bench -p noontide --bench throughput -- 50000`.

#[path = "../src/clock.rs"]
#[expect(unused_imports, reason = "its tests come along and have no harness here")]
mod clock;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use noontide_domain::ports::{Clock, History, Ledger, PluginHost, RunFilter};
use noontide_domain::{Errand, RunState};
use noontide_engine::{EngineHandle, Parts, Settings};
use noontide_sandbox::{Sandbox, SandboxSettings};

/// Calls in one request, as a client would batch them.
const BATCH: usize = 500;

fn main() {
    let runs = std::env::args().skip(1).find_map(|arg| arg.parse().ok()).unwrap_or(20_000);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    for round in 1..=3 {
        runtime.block_on(round_of(round, runs));
    }
}

async fn round_of(round: usize, runs: usize) {
    let place = tempfile::tempdir().expect("a temporary folder");
    let clock: Arc<dyn Clock> = Arc::new(clock::SystemClock);
    let opened = noontide_ledger::open(&format!("sqlite://{}/bench.db", place.path().display()), Arc::clone(&clock))
        .await
        .expect("a ledger");
    let plugins = sandbox(&place.path().join("cache"), Arc::clone(&clock)).await;
    let outlet = Arc::clone(&plugins);
    let ledger = Arc::clone(&opened.ledger) as Arc<dyn Ledger>;
    let parts = Parts { clock, ledger, plugins, outlet, settings: Settings::default() };
    let engine = noontide_engine::start(parts, Vec::new()).await.expect("an engine");

    let start = Instant::now();
    enqueue(&engine, runs).await;
    let enqueued = start.elapsed();
    all_done(opened.history.as_ref()).await;
    let total = start.elapsed();
    let failed = opened
        .history
        .runs(RunFilter { state: Some(RunState::Failed), limit: 1, ..RunFilter::default() })
        .await
        .expect("a listing");
    assert!(failed.is_empty(), "a run failed: {failed:?}");
    println!(
        "round {round}: {runs} runs, enqueued in {:.2} s, all done in {:.2} s: {:.0} durable runs/s",
        enqueued.as_secs_f64(),
        total.as_secs_f64(),
        runs as f64 / total.as_secs_f64()
    );
    engine.drain().await;
}

async fn sandbox(cache: &std::path::Path, clock: Arc<dyn Clock>) -> Arc<Sandbox> {
    let fixtures = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../plugins/dist/fixtures");
    assert!(fixtures.join("noop.wasm").exists(), "no {}; run `make plugins`", fixtures.join("noop.wasm").display());
    let sandbox = Sandbox::open(SandboxSettings::new(fixtures, cache, clock)).expect("a sandbox");
    sandbox.rescan().await;
    sandbox
}

async fn enqueue(engine: &EngineHandle, runs: usize) {
    let errand = Errand::new("fixture-noop/run".parse().expect("a handler"), serde_json::Value::Null);
    let mut left = runs;
    while left > 0 {
        let batch = left.min(BATCH);
        engine.enqueue(vec![errand.clone(); batch]).await.expect("enqueued");
        left -= batch;
    }
}

async fn all_done(history: &dyn History) {
    loop {
        let status = history.status().await.expect("a status");
        if status.ready + status.running == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
