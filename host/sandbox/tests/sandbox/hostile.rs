//! Guests that misbehave: each ends as designed, and the others do not notice.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use noontide_domain::ports::{KeyPage, LedgerError, PluginHost, RunDesk};
use noontide_domain::{Outcome, Report, StateScope, StateSize};
use serde_json::json;

use crate::stage::{Desk, Stage, call, call_at, timed};

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_is_a_trap_with_the_panics_words_and_the_guests_frames() {
    let stage = Stage::of(&["trap"]).await;
    let report = stage.call("fixture-trap", json!({})).await;
    let Outcome::Trapped { message, backtrace } = &report.outcome else { panic!("{report:?}") };
    assert!(message.contains("unreachable") && message.contains("fixture-trap was asked to panic"), "{message}");
    assert!(!backtrace.is_empty());
    assert!(report.logs.iter().any(|line| line.source == "stderr" && line.level == "warn"), "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recursion_without_end_overflows_its_own_stack_only() {
    let stage = Stage::of(&["deep-recursion"]).await;
    let report = stage.call("fixture-deep-recursion", json!({})).await;
    let Outcome::Trapped { message, backtrace } = &report.outcome else { panic!("{report:?}") };
    assert!(message.contains("stack"), "{message}");
    assert_eq!(backtrace[0], "fixture_deep_recursion::descend");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_takes_all_memory_is_out_of_memory_at_its_limit() {
    let stage = Stage::of(&["memory-hog"]).await;
    let report = stage.call("fixture-memory-hog", json!({})).await;
    assert_eq!(report.outcome, Outcome::OutOfMemory { limit: 64 << 20 });
    assert!(report.usage.peak_memory_bytes > 60 << 20 && report.usage.peak_memory_bytes <= 64 << 20, "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loop_without_end_and_a_sleep_in_the_host_are_both_stopped_at_the_deadline() {
    let stage = Stage::of(&["endless-loop", "sleeper"]).await;
    for handler in ["fixture-endless-loop", "fixture-sleeper"] {
        let limit = Duration::from_millis(300);
        let report = stage.call_within(handler, limit).await;
        assert_eq!(report.outcome, Outcome::TimedOut { after: limit }, "{handler}");
        assert!((290..5_000).contains(&report.usage.wall_ms), "{handler}: {:?}", report.usage);
        let computing = handler == "fixture-endless-loop";
        assert_eq!(report.usage.cpu_ms >= 50, computing, "{handler}: {:?}", report.usage);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_output_succeeds_and_keeps_its_beginning_and_end() {
    let stage = Stage::of(&["stdout-flood"]).await;
    let report = stage.call("fixture-stdout-flood", json!({ "bytes": 1 << 20 })).await;
    assert!(matches!(report.outcome, Outcome::Succeeded { .. }), "{:?}", report.outcome);
    let kept: usize = report.logs.iter().map(|line| line.message.len()).sum();
    assert!(kept > 64 << 10 && kept <= 4 * (64 << 10), "{kept} bytes kept");
    assert!(report.logs_dropped > 10_000, "{}", report.logs_dropped);
    assert!(report.logs.iter().all(|line| !line.message.contains(|c: char| c.is_control() && c != '\t')));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_no_op_stays_quick_beside_guests_that_compute_and_hog() {
    let stage = Stage::of(&["noop", "endless-loop", "memory-hog"]).await;
    let neighbours = (0..8).map(|number| {
        let handler = if number % 4 == 3 { "fixture-memory-hog" } else { "fixture-endless-loop" };
        let (sandbox, call) = (stage.sandbox.clone(), timed(handler, Duration::from_secs(2)));
        tokio::spawn(async move { sandbox.invoke(call).await })
    });
    let neighbours: Vec<_> = neighbours.collect();
    let mut slowest = Duration::ZERO;
    for _ in 0..20 {
        let begun = Instant::now();
        let report = stage.call("fixture-noop", json!({})).await;
        assert!(matches!(report.outcome, Outcome::Succeeded { .. }), "{report:?}");
        slowest = slowest.max(begun.elapsed());
    }
    for neighbour in neighbours {
        let report = neighbour.await.expect("no panic");
        assert!(matches!(report.outcome, Outcome::TimedOut { .. } | Outcome::OutOfMemory { .. }), "{report:?}");
    }
    // Six loops on two cores hold a worker for 10 ms each; the rest is other tests.
    assert!(slowest < Duration::from_millis(1_000), "the slowest no-op took {slowest:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_listens_stops_when_asked() {
    let stage = Stage::of(&["cancellable"]).await;
    let desk = Desk::new();
    let mut progress = desk.progress.subscribe();
    let call = call_at("fixture-cancellable", json!({}), desk.clone(), 1);
    let sandbox = stage.sandbox.clone();
    let run = tokio::spawn(async move { sandbox.invoke(call).await });
    progress.changed().await.expect("it works");
    desk.cancel.send_replace(true);
    let report = run.await.expect("no panic");
    assert_eq!(report.outcome, Outcome::Cancelled);
    assert!(report.usage.wall_ms < 4_000, "it stopped by itself, within the grace: {:?}", report.usage);
}

#[tokio::test(flavor = "multi_thread")]
async fn guests_that_do_not_listen_are_stopped_after_the_grace() {
    let stage = Stage::of(&["endless-loop", "sleeper"]).await;
    let runs = ["fixture-endless-loop", "fixture-sleeper"].map(|handler| {
        let desk = Desk::new();
        desk.cancel.send_replace(true);
        let (sandbox, call) = (stage.sandbox.clone(), call_at(handler, json!({}), desk, 1));
        tokio::spawn(async move { sandbox.invoke(call).await })
    });
    for run in runs {
        let report = run.await.expect("no panic");
        assert_eq!(report.outcome, Outcome::Cancelled);
        assert!((4_900..15_000).contains(&report.usage.wall_ms), "{:?}", report.usage);
    }
}

/// The engine's side breaks as soon as the guest speaks to it.
struct BrokenDesk;

#[async_trait]
impl RunDesk for BrokenDesk {
    fn is_cancelled(&self) -> bool {
        false
    }

    async fn cancelled(&self) {
        std::future::pending().await
    }

    fn progress(&self, _: u64, _: Option<u64>, _: &str) {
        panic!("a desk that breaks, on purpose");
    }

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

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_of_the_host_under_a_guest_is_a_report_and_leaves_nothing_behind() {
    let stage = Stage::of(&["cancellable", "noop"]).await;
    let mut call = call("fixture-cancellable", json!({}));
    call.desk = Arc::new(BrokenDesk);
    let report = stage.sandbox.invoke(call).await;
    assert!(
        matches!(&report.outcome, Outcome::Trapped { message, .. } if message.contains("the host broke")),
        "{report:?}"
    );
    assert!(report.plugin.is_some());
    assert!(matches!(stage.call("fixture-noop", json!({})).await.outcome, Outcome::Succeeded { .. }));
    if let Some(pool) = stage.sandbox.pool_use() {
        assert_eq!((pool.memories, pool.stacks), (0, 0), "{pool:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_goes_away_takes_its_guest_along() {
    let stage = Stage::of(&["sleeper"]).await;
    let (sandbox, call) = (stage.sandbox.clone(), call("fixture-sleeper", json!({})));
    let run = tokio::spawn(async move { sandbox.invoke(call).await });
    let running = || stage.status("sleeper.wasm").and_then(|status| status.loaded).map_or(0, |loaded| loaded.running);
    until(|| running() == 1).await;
    run.abort();
    until(|| running() == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_hostile_runs_leave_nothing_behind() {
    let stage = Stage::of(&["trap", "deep-recursion", "memory-hog", "endless-loop"]).await;
    // First so many that all slots of the pool have been used.
    hostile(&stage, 200).await;
    let before = resident();
    hostile(&stage, 1_000).await;
    let grown = resident().saturating_sub(before);
    assert!(grown < 32 << 20, "resident memory grew by {} KiB", grown >> 10);
    if let Some(pool) = stage.sandbox.pool_use() {
        assert_eq!((pool.memories, pool.stacks, pool.tables, pool.core_instances), (0, 0, 0, 0), "{pool:?}");
    }
}

async fn hostile(stage: &Stage, runs: usize) {
    let handlers = ["fixture-trap", "fixture-deep-recursion", "fixture-trap", "fixture-endless-loop"];
    let mut going = tokio::task::JoinSet::new();
    for run in 0..runs {
        // Touching 64 MiB is the dearest of all, so every twentieth is enough.
        let handler = if run % 20 == 0 { "fixture-memory-hog" } else { handlers[run % handlers.len()] };
        let time = if handler == "fixture-endless-loop" { 20 } else { 30_000 };
        let (sandbox, call) = (stage.sandbox.clone(), timed(handler, Duration::from_millis(time)));
        going.spawn(async move { sandbox.invoke(call).await });
        if going.len() >= 8 {
            ended(going.join_next().await);
        }
    }
    while let Some(report) = going.join_next().await {
        ended(Some(report));
    }
}

fn ended(report: Option<Result<Report, tokio::task::JoinError>>) {
    let report = report.expect("one is going").expect("no panic");
    assert!(
        matches!(report.outcome, Outcome::Trapped { .. } | Outcome::TimedOut { .. } | Outcome::OutOfMemory { .. }),
        "{report:?}"
    );
}

fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("Linux");
    let pages: usize = statm.split(' ').nth(1).expect("a second field").parse().expect("a number");
    pages * 4096
}

async fn until(reached: impl Fn() -> bool) {
    let wait = async {
        while !reached() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(crate::stage::PATIENCE, wait).await.expect("reached in time");
}
