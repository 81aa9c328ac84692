//! The terms of a call: what a schedule takes away, whose clock is shown, how much is counted, whether the instance stays.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use noontide_domain::ports::{Call, PluginHost};
use noontide_domain::{
    Conditions, FolderGrant, Grant, GuestClock, Keep, Kept, Key, LimitNarrowing, Limits, Narrowing, Outcome, Report,
    Reuse,
};
use serde_json::{Value, json};

use crate::stage::{Desk, Stage, call, call_at, fixture};

fn result(report: &Report) -> &Value {
    match &report.outcome {
        Outcome::Succeeded { result: Some(result) } => result,
        other => panic!("{other:?}"),
    }
}

fn under(terms: Conditions, mut call: Call) -> Call {
    call.leased.order.terms = terms.boxed();
    call
}

fn keep(names: &[(&str, Kept)]) -> Option<Keep> {
    Some(names.iter().map(|(name, kept)| ((*name).to_owned(), *kept)).collect())
}

fn folder(stage: &Stage, write: bool, quota: Option<u64>) -> FolderGrant {
    FolderGrant { path: stage.folder.path().to_owned(), write, quota }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_takes_away_variables_folders_and_memory_and_the_others_have_them_still() {
    let stage = Stage::of(&["nosy"]).await;
    let env = ["KEEP", "DROP"].map(|name| (name.to_owned(), "x".to_owned())).into();
    let folders = BTreeMap::from([("/".to_owned(), folder(&stage, false, None))]);
    stage.grant("fixture-nosy", Grant { env, folders, ..Grant::default() });
    let grant = Narrowing { env: keep(&[("KEEP", Kept::AsGranted)]), folders: keep(&[]), ..Narrowing::default() };
    let narrow = under(Conditions { grant, clock: None }, call("fixture-nosy", json!({})));
    let seen = stage.sandbox.invoke(narrow).await;
    assert_eq!(result(&seen)["env"], json!({ "KEEP": "x" }));
    assert!(result(&seen)["root"]["Err"].is_string(), "{seen:?}");
    let seen = stage.call("fixture-nosy", json!({})).await;
    assert_eq!(result(&seen)["env"], json!({ "KEEP": "x", "DROP": "x" }));
    assert!(result(&seen)["root"]["Ok"].is_array(), "{seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_left_for_reading_is_not_written() {
    let stage = Stage::of(&["recorder"]).await;
    let folders = BTreeMap::from([("/record".to_owned(), folder(&stage, true, None))]);
    stage.grant("fixture-recorder", Grant { folders, ..Grant::default() });
    let grant = Narrowing { folders: keep(&[("/record", Kept::ReadOnly)]), ..Narrowing::default() };
    let report =
        stage.sandbox.invoke(under(Conditions { grant, clock: None }, call("fixture-recorder", json!({})))).await;
    assert!(matches!(report.outcome, Outcome::Failed { .. }), "{report:?}");
    assert!(!stage.folder.path().join("record.jsonl").exists());
    assert!(matches!(stage.call("fixture-recorder", json!({})).await.outcome, Outcome::Succeeded { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_plugin_is_no_longer_granted_no_schedule_gives_it() {
    let stage = Stage::of(&["nosy"]).await;
    let grant = Narrowing { env: keep(&[("KEEP", Kept::AsGranted)]), ..Narrowing::default() };
    let narrow = || under(Conditions { grant: grant.clone(), clock: None }, call("fixture-nosy", json!({})));
    let env = BTreeMap::from([("KEEP".to_owned(), "x".to_owned())]);
    stage.grant("fixture-nosy", Grant { env, ..Grant::default() });
    assert_eq!(result(&stage.sandbox.invoke(narrow()).await)["env"], json!({ "KEEP": "x" }));
    stage.grant("fixture-nosy", Grant::default());
    assert_eq!(result(&stage.sandbox.invoke(narrow()).await)["env"], json!({}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_may_take_less_memory_and_less_time_than_its_plugin_and_no_more() {
    let stage = Stage::of(&["memory-hog", "sleeper"]).await;
    let with = |limits, mut call: Call| {
        call.leased.order.timeout = Some(Duration::from_secs(30));
        under(Conditions { grant: Narrowing { limits, ..Narrowing::default() }, clock: None }, call)
    };
    let memory = |bytes| LimitNarrowing { memory: Some(bytes), ..LimitNarrowing::default() };
    for (asked, limit) in [(8 << 20, 8 << 20), (1 << 40, 64 << 20)] {
        let report = stage.sandbox.invoke(with(memory(asked), call("fixture-memory-hog", json!({})))).await;
        assert_eq!(report.outcome, Outcome::OutOfMemory { limit });
    }
    let timeout = Some(Duration::from_millis(200));
    let short = LimitNarrowing { timeout, ..LimitNarrowing::default() };
    let report = stage.sandbox.invoke(with(short, call("fixture-sleeper", json!({})))).await;
    assert_eq!(report.outcome, Outcome::TimedOut { after: Duration::from_millis(200) }, "the schedule's own is longer");
}

/// A run that was due at noon of a day long ago.
fn due(key: &str, attempt: u32, mut call: Call) -> Call {
    let order = &mut call.leased.order;
    order.due_at = noon();
    order.key = Key::chosen("test", key);
    call.leased.lease.attempt = attempt;
    call
}

fn noon() -> DateTime<Utc> {
    "2020-02-29T12:00:00.250Z".parse().expect("an instant")
}

/// What three kinds of guests see of time and chance.
async fn seen(stage: &Stage, clock: GuestClock, key: &str, attempt: u32) -> Vec<Value> {
    let mut seen = Vec::new();
    for (handler, input) in
        [("fixture-chance", json!({})), ("program", json!({ "args": ["chance"] })), ("old", json!({}))]
    {
        let call = due(key, attempt, call(handler, input));
        let report =
            stage.sandbox.invoke(under(Conditions { clock: Some(clock), ..Conditions::default() }, call)).await;
        seen.push(result(&report).clone());
    }
    seen
}

/// A module of preview 1 that prints the time and sixteen random bytes, a letter for each four bits.
fn old_chance() -> Vec<u8> {
    let text = r#"(module
        (import "wasi_snapshot_preview1" "clock_time_get" (func $time (param i32 i64 i32) (result i32)))
        (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (func (export "_start") (local $i i32)
            (drop (call $time (i32.const 0) (i64.const 1) (i32.const 64)))
            (drop (call $random (i32.const 72) (i32.const 16)))
            (loop $next
                (i32.store8 (i32.add (i32.const 128) (i32.mul (local.get $i) (i32.const 2)))
                    (i32.add (i32.const 97) (i32.and (i32.load8_u (i32.add (i32.const 64) (local.get $i))) (i32.const 15))))
                (i32.store8 (i32.add (i32.const 129) (i32.mul (local.get $i) (i32.const 2)))
                    (i32.add (i32.const 97) (i32.shr_u (i32.load8_u (i32.add (i32.const 64) (local.get $i))) (i32.const 4))))
                (local.set $i (i32.add (local.get $i) (i32.const 1)))
                (br_if $next (i32.lt_u (local.get $i) (i32.const 24))))
            (i32.store (i32.const 0) (i32.const 128))
            (i32.store (i32.const 4) (i32.const 48))
            (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))"#;
    wat::parse_str(text).expect("a module")
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_due_clock_every_attempt_sees_the_same_time_and_draws_the_same_bytes() {
    let stage = Stage::of(&["chance", "program"]).await;
    stage.put("old.wasm", &old_chance());
    stage.sandbox.rescan().await;
    let first = seen(&stage, GuestClock::Due, "a", 1).await;
    assert_eq!(first, seen(&stage, GuestClock::Due, "a", 2).await, "a retry");
    let due_at = noon().timestamp_millis();
    assert_eq!((&first[0]["first"], &first[0]["then"]), (&json!(due_at), &json!(due_at)), "it stands still");
    assert!(first[1].as_str().is_some_and(|text| text.contains("tv_sec: 1582977600, tv_nsec: 250000000")), "{first:?}");
    let other = seen(&stage, GuestClock::Due, "b", 1).await;
    for (one, another) in first.iter().zip(&other) {
        assert_ne!(one, another, "another run draws other bytes");
    }
    let real = [seen(&stage, GuestClock::Real, "a", 1).await, seen(&stage, GuestClock::Real, "a", 1).await];
    for kind in 0..3 {
        assert_ne!(real[0][kind], real[1][kind]);
        assert_ne!(real[0][kind], first[kind]);
    }
    assert!(real[0][0]["first"].as_i64() > Some(due_at + 1_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_has_the_clock_of_its_grant_unless_the_schedule_says_otherwise() {
    let stage = Stage::of(&["chance"]).await;
    stage.grant("fixture-chance", Grant { clock: GuestClock::Due, ..Grant::default() });
    let first = |report: &Report| result(report)["first"].as_i64().expect("a number");
    let call = || due("a", 1, call("fixture-chance", json!({})));
    assert_eq!(first(&stage.sandbox.invoke(call()).await), noon().timestamp_millis());
    let real = Conditions { clock: Some(GuestClock::Real), ..Conditions::default() };
    assert!(
        first(&stage.sandbox.invoke(under(real, call())).await) > (noon() + TimeDelta::days(365)).timestamp_millis()
    );
}

fn fuelled(fuel: u64) -> Grant {
    Grant { limits: Limits { fuel: Some(fuel), ..Limits::default() }, ..Grant::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn fuel_counts_the_same_for_the_same_work_and_ends_a_run_that_has_used_it_up() {
    let stage = Stage::of(&["endless-loop", "counter", "program"]).await;
    assert_eq!(stage.call("fixture-counter", json!({})).await.usage.fuel, None, "nobody asked");
    stage.grant("fixture-counter", fuelled(1 << 40));
    let mut used = Vec::new();
    for _ in 0..3 {
        let report = stage.call("fixture-counter", json!({})).await;
        assert_eq!(result(&report)["number"], 1);
        used.push(report.usage.fuel.expect("counted"));
    }
    assert!(used[0] > 1_000 && used[0] == used[1] && used[1] == used[2], "{used:?}");
    stage.grant("fixture-endless-loop", fuelled(10_000_000));
    let report = stage.call("fixture-endless-loop", json!({})).await;
    assert_eq!(report.outcome, Outcome::OutOfFuel { limit: 10_000_000 });
    assert_eq!(report.usage.fuel, Some(10_000_000));
    assert!(report.outcome.message().expect("words").starts_with("used up its 10000000 of fuel"));
    stage.grant("program", fuelled(1_000));
    let report = stage.call("program", json!({})).await;
    assert_eq!(report.outcome, Outcome::OutOfFuel { limit: 1_000 }, "programs too");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loop_with_more_fuel_than_time_is_stopped_at_its_deadline() {
    let stage = Stage::of(&["endless-loop"]).await;
    stage.grant("fixture-endless-loop", fuelled(u64::MAX));
    let report = stage.call_within("fixture-endless-loop", Duration::from_millis(300)).await;
    assert!(matches!(report.outcome, Outcome::TimedOut { .. }), "{report:?}");
    assert!(report.usage.fuel.is_none() && report.usage.wall_ms < 5_000, "what it had used nobody knows: {report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_over_its_quota_lets_no_attempt_begin_and_stops_the_one_that_fills_it() {
    let stage = Stage::of(&["greedy"]).await;
    let out = stage.folder.path().join("out");
    std::fs::create_dir(&out).expect("a folder");
    let grant = |quota| {
        let folder = FolderGrant { path: out.clone(), write: true, quota: Some(quota) };
        Grant { folders: BTreeMap::from([("/out".to_owned(), folder)]), ..Grant::default() }
    };
    let over = |quota| Outcome::OverQuota { folder: "/out".to_owned(), quota };
    stage.grant("fixture-greedy", grant(1 << 20));
    let report = stage.call("fixture-greedy/fill", json!({ "count": 0 })).await;
    assert_eq!(report.outcome, over(1 << 20));
    assert!(report.usage.wall_ms < 15_000, "{report:?}");
    let held = std::fs::metadata(out.join("fill")).expect("written").len();
    let report = stage.call("fixture-greedy/fill", json!({ "count": 1 })).await;
    assert_eq!(report.outcome, over(1 << 20));
    assert_eq!(std::fs::metadata(out.join("fill")).expect("written").len(), held, "the guest was never called");
    assert!(report.outcome.message().expect("words").contains("`/out` holds more than its quota of 1 MiB"));
    stage.grant("fixture-greedy", grant(1 << 30));
    let report = stage.call("fixture-greedy/fill", json!({ "count": 1 })).await;
    assert!(matches!(report.outcome, Outcome::Succeeded { .. }), "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_output_is_kept_than_the_limits_say() {
    let stage = Stage::of(&["stdout-flood"]).await;
    for output in [16 << 10, 1 << 20] {
        let limits = Limits { output, ..Limits::default() };
        stage.grant("fixture-stdout-flood", Grant { limits, ..Grant::default() });
        let report = stage.call("fixture-stdout-flood", json!({ "bytes": 2 << 20 })).await;
        let kept: usize = report.logs.iter().map(|line| line.message.len()).sum();
        let output = usize::try_from(output).expect("small");
        assert!((output / 4..=output).contains(&kept) && report.logs_dropped > 0, "{output}: {kept}");
    }
}

fn reused(calls: u32) -> Grant {
    Grant { reuse: Reuse(NonZeroU32::new(calls).expect("some")), ..Grant::default() }
}

async fn number(stage: &Stage, input: Value) -> u64 {
    result(&stage.call("fixture-counter", input).await)["number"].as_u64().expect("a number")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_serves_as_many_calls_as_it_may_and_only_its_own_memory_is_left() {
    let stage = Stage::of(&["counter"]).await;
    assert_eq!([number(&stage, json!({})).await, number(&stage, json!({})).await], [1, 1], "fresh unless asked for");
    stage.grant("fixture-counter", reused(3));
    let mut numbers = Vec::new();
    for _ in 0..7 {
        let report = stage.call("fixture-counter", json!({})).await;
        let number = result(&report)["number"].as_u64().expect("a number");
        let said: Vec<_> = report.logs.iter().map(|line| line.message.clone()).collect();
        assert_eq!(said, [format!("call {number}"), format!("print {number}")], "of this call alone");
        assert_eq!((report.state.len(), report.artifacts.len()), (1, 1));
        assert_eq!(report.effects.state_written.values().sum::<u64>(), 1);
        numbers.push(number);
    }
    assert_eq!(numbers, [1, 2, 3, 1, 2, 3, 1]);
    assert_eq!(stage.sandbox.kept(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_trap_a_stop_or_want_of_memory_nobody_gets_the_instance_again() {
    let stage = Stage::of(&["counter"]).await;
    stage.grant("fixture-counter", reused(100));
    assert_eq!(number(&stage, json!({})).await, 1);
    let report = stage.call("fixture-counter", json!({ "then": "fail" })).await;
    assert!(matches!(report.outcome, Outcome::Failed { .. }));
    assert_eq!(number(&stage, json!({})).await, 3, "a failure in its own words is an answer");
    for then in ["trap", "memory"] {
        let limits = Limits { memory: 16 << 20, ..Limits::default() };
        stage.grant("fixture-counter", Grant { limits, ..reused(100) });
        assert_eq!(number(&stage, json!({})).await, 1);
        let report = stage.call("fixture-counter", json!({ "then": then })).await;
        assert!(matches!(report.outcome, Outcome::Trapped { .. } | Outcome::OutOfMemory { .. }), "{report:?}");
        assert_eq!(number(&stage, json!({})).await, 1, "after {then}");
    }
    for wait in ["timeout", "cancel"] {
        let desk = Desk::new();
        let mut call = call_at("fixture-counter", json!({ "then": "wait" }), desk.clone(), 1);
        call.leased.order.timeout = Some(Duration::from_millis(100));
        if wait == "cancel" {
            desk.cancel.send_replace(true);
        }
        let _ = stage.sandbox.invoke(call).await;
        assert_eq!(number(&stage, json!({})).await, 1, "after {wait}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_version_another_grant_or_a_narrower_schedule_has_an_instance_of_its_own() {
    let stage = Stage::of(&["counter"]).await;
    let env = BTreeMap::from([("MINE".to_owned(), "yes".to_owned())]);
    let grant = Grant { env, ..reused(100) };
    stage.grant("fixture-counter", grant.clone());
    assert_eq!([number(&stage, json!({})).await, number(&stage, json!({})).await], [1, 2]);
    let narrowing = Narrowing { env: keep(&[]), ..Narrowing::default() };
    let narrow = || under(Conditions { grant: narrowing.clone(), clock: None }, call("fixture-counter", json!({})));
    for turn in 1..=2 {
        let report = stage.sandbox.invoke(narrow()).await;
        assert_eq!((&result(&report)["number"], &result(&report)["mine"]), (&json!(turn), &Value::Null));
    }
    assert_eq!(number(&stage, json!({})).await, 3, "and the wider one is still there");
    let due = Conditions { clock: Some(GuestClock::Due), ..Conditions::default() };
    let report = stage.sandbox.invoke(under(due, call("fixture-counter", json!({})))).await;
    assert_eq!(result(&report)["number"], 1, "what stands still has nothing of other calls");
    stage.grant("fixture-counter", grant);
    assert_eq!(number(&stage, json!({})).await, 1, "what was granted before counts no more");
    let mut other = fixture("counter");
    // A custom section: the same code under another digest.
    other.extend([0, 3, 1, b'x', b'y']);
    stage.put("counter.wasm", &other);
    stage.sandbox.rescan().await;
    assert_eq!(number(&stage, json!({})).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_needs_the_place_of_an_instance_that_waits_gets_it() {
    let stage = Stage::with(|settings| settings.max_concurrent = 2);
    stage.put_all(&["counter", "noop"]).await;
    stage.grant("fixture-counter", reused(100));
    let calls = (0..2).map(|_| stage.call("fixture-counter", json!({})));
    futures(calls).await;
    assert!(stage.sandbox.kept() >= 1);
    let calls = (0..8).map(|_| stage.call("fixture-noop", json!({})));
    for report in futures(calls).await {
        assert!(matches!(report.outcome, Outcome::Succeeded { .. }), "{report:?}");
    }
}

async fn futures(calls: impl Iterator<Item = impl Future<Output = Report>>) -> Vec<Report> {
    let mut calls: Vec<_> = calls.map(Box::pin).collect();
    let mut reports = Vec::new();
    std::future::poll_fn(|context| {
        calls.retain_mut(|call| match call.as_mut().poll(context) {
            std::task::Poll::Ready(report) => {
                reports.push(report);
                false
            }
            std::task::Poll::Pending => true,
        });
        if calls.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    reports
}
