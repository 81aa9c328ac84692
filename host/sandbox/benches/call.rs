//! What a call costs: `cargo bench -p noontide-sandbox`. Needs `make -C plugins` (or `NOONTIDE_DIST`).
//!
//! Three numbers to compare: wasmtime alone (store, WASI, instance, call), the way to another runtime and back, and
//! the whole of `invoke`. On a machine with nothing else to do, a single caller pays for waking an idle core twice;
//! several callers at a time do not. What a call costs beyond that is mostly the guest's own memory: one built with a
//! stack of 128 KiB instead of 1 MiB (`-C link-arg=-zstack-size=131072`) takes half as long.

use std::future::Future;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use noontide_domain::ports::{Call, Clock, KeyPage, LedgerError, PluginHost, RunDesk};
use noontide_domain::{
    Cause, Grant, HandlerRef, HostId, Key, Lease, Leased, Order, Outcome, Reuse, RunId, StateScope, StateSize,
};
use noontide_sandbox::{Sandbox, SandboxSettings};

#[path = "call/bare.rs"]
mod bare;

const CALLS: usize = 20_000;

fn main() {
    // `cargo test --benches` only asks whether it starts.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let dist = std::env::var("NOONTIDE_DIST")
        .map_or_else(|_| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/dist"), PathBuf::from);
    let noop = dist.join("fixtures/noop.wasm");
    let bytes = std::fs::read(&noop)
        .unwrap_or_else(|error| panic!("{}: {error} — run `make -C plugins` and try again", noop.display()));
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    for keep in [0, 64 << 10, 2 << 20] {
        let bare = Arc::new(bare::Bare::new(&bytes, keep));
        for callers in [1, 2] {
            let what = format!("wasmtime alone, {:>4} KiB resident, {callers} at a time", keep >> 10);
            let bare = Arc::clone(&bare);
            measure(&runtime, &what, callers, CALLS, move || {
                let bare = Arc::clone(&bare);
                async move { bare.call().await }
            });
        }
    }
    hop(&runtime);
    for keep in [1, 1_000] {
        invoke(&runtime, &dist, &NOOP, keep);
    }
    for language in ["python", "js"] {
        for keep in [1, 1_000] {
            let plugin = format!("fixture-{language}");
            let subject = Subject { plugin: &plugin, file: language, calls: 500, ..NOOP };
            invoke(&runtime, &dist, &subject, keep);
        }
    }
}

/// Whom to call, and how often.
#[derive(Clone, Copy)]
struct Subject<'a> {
    plugin: &'a str,
    file: &'a str,
    handler: &'a str,
    calls: usize,
}

const NOOP: Subject<'static> = Subject { plugin: "fixture-noop", file: "noop", handler: "run", calls: CALLS };

fn hop(runtime: &tokio::runtime::Runtime) {
    let other = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let handle = other.handle().clone();
    measure(runtime, "to another runtime and back", 1, CALLS, move || {
        let handle = handle.clone();
        async move { handle.spawn(async {}).await.expect("no panic") }
    });
    other.shutdown_background();
}

/// Calls of which one instance takes `keep`.
fn invoke(runtime: &tokio::runtime::Runtime, dist: &Path, subject: &Subject<'_>, keep: u32) {
    let file = dist.join(format!("fixtures/{}.wasm", subject.file));
    if !file.exists() {
        return println!("{} is not there: `make languages` builds it", file.display());
    }
    let folder = tempfile::tempdir().expect("a folder");
    let mut settings = SandboxSettings::new(folder.path().join("plugins"), folder.path().join("cache"), Arc::new(Wall));
    let reuse = Reuse(NonZeroU32::new(keep).expect("a call at least"));
    settings.grants = [(subject.plugin.parse().expect("a name"), Grant { reuse, ..Grant::default() })].into();
    let sandbox = Sandbox::open(settings).expect("a sandbox");
    runtime.block_on(sandbox.load_single(&file)).expect("a plugin");
    println!("{}, allocator: {}", subject.plugin, sandbox.allocator());
    for callers in [1, 2, 8] {
        let sandbox = Arc::clone(&sandbox);
        let handler: HandlerRef = format!("{}/{}", subject.plugin, subject.handler).parse().expect("a handler");
        let what = format!("invoke, {keep} calls an instance, {callers} at a time");
        measure(runtime, &what, callers, subject.calls, move || {
            let (sandbox, call) = (Arc::clone(&sandbox), call(handler.clone()));
            async move {
                let report = sandbox.invoke(call).await;
                assert!(matches!(report.outcome, Outcome::Succeeded { .. }), "{report:?}");
            }
        });
    }
}

/// Each caller is a task that makes one call after the other; what it takes to make up a call is not counted.
fn measure<F, C>(runtime: &tokio::runtime::Runtime, what: &str, callers: usize, calls: usize, call: C)
where
    F: Future<Output = ()> + Send + 'static,
    C: Fn() -> F + Clone + Send + Sync + 'static,
{
    let tasks: Vec<_> = (0..callers).map(|_| runtime.spawn(sequential(calls, call.clone()))).collect();
    let samples = tasks.into_iter().flat_map(|task| runtime.block_on(task).expect("no panic")).collect();
    report(what, samples, callers);
}

async fn sequential<F: Future<Output = ()>>(calls: usize, call: impl Fn() -> F) -> Vec<Duration> {
    for _ in 0..calls / 10 {
        call().await;
    }
    let mut samples = Vec::with_capacity(calls);
    for _ in 0..calls {
        let call = call();
        let begun = Instant::now();
        call.await;
        samples.push(begun.elapsed());
    }
    samples
}

fn report(what: &str, mut samples: Vec<Duration>, callers: usize) {
    samples.sort_unstable();
    let micros = |duration: Duration| duration.as_secs_f64() * 1e6;
    let mean = samples.iter().sum::<Duration>() / u32::try_from(samples.len()).expect("fits");
    let at = |part: usize| micros(samples[samples.len() * part / 1_000 - 1]);
    println!(
        "{what:<48} mean {:>7.1} µs   median {:>7.1} µs   99 % {:>7.1} µs   a call each {:>6.1} µs",
        micros(mean),
        at(500),
        at(990),
        micros(mean) / callers as f64
    );
}

struct Wall;

impl Clock for Wall {
    #[expect(clippy::disallowed_methods, reason = "a bench has no cli to read the clock for it")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    fn sleep_until(&self, _: DateTime<Utc>) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(std::future::ready(()))
    }

    fn elapsed(&self) -> Duration {
        static BEGIN: LazyLock<Instant> = LazyLock::new(Instant::now);
        BEGIN.elapsed()
    }
}

struct NoDesk;

#[async_trait]
impl RunDesk for NoDesk {
    fn is_cancelled(&self) -> bool {
        false
    }

    async fn cancelled(&self) {
        std::future::pending().await
    }

    fn progress(&self, _: u64, _: Option<u64>, _: &str) {}

    async fn state(&self, _: StateScope, _: &str) -> Result<Option<(Vec<u8>, u64)>, LedgerError> {
        Ok(None)
    }

    async fn state_keys(&self, _: StateScope, _: KeyPage) -> Result<Vec<String>, LedgerError> {
        Ok(Vec::new())
    }

    async fn state_size(&self) -> Result<StateSize, LedgerError> {
        Ok(StateSize::default())
    }
}

fn call(handler: HandlerRef) -> Call {
    let id = RunId::new();
    let order = Order {
        input: serde_json::Value::Object(serde_json::Map::new()),
        ..Order::new(id, Key::manual(id), handler, DateTime::UNIX_EPOCH, Cause::Enqueued)
    };
    let lease = Lease { run: id, host: HostId::new(), fence: 1, attempt: 1 };
    Call {
        leased: Leased { order, lease, previous_success: None, items: Default::default(), messages: 0 },
        desk: Arc::new(NoDesk),
    }
}
