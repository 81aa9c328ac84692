//! Calls, their queues, and who goes first.

use noontide_domain::ports::RunRecord;
use noontide_domain::{Errand, Labels, Moment, Overlap, Priority, QueueName, Queues};

use super::*;

fn errand(queue: &str, priority: u8) -> Errand {
    let errand = Errand::new("mail/send".parse().expect("a handler"), serde_json::json!({}));
    Errand { queue: queue.parse().expect("a name"), priority: Priority(priority), ..errand }
}

fn queues(limits: &[(&str, Option<usize>)]) -> Queues {
    let named = limits.iter().map(|(name, limit)| (name.parse().expect("a name"), *limit));
    Queues { named: named.collect(), ..Queues::default() }
}

/// The queues of the calls so far, in the order they began.
fn begun(world: &World) -> Vec<QueueName> {
    world.plugins.calls().iter().map(|call| call.leased.order.queue.clone()).collect()
}

#[tokio::test]
async fn what_comes_due_goes_before_all_calls_that_wait() {
    let world = World::new();
    let gate = world.plugins.hold("mail/send");
    world.plugins.add("mail/due");
    let due = Schedule { handler: "mail/due".parse().expect("a handler"), ..minutely("a") };
    let host = world.host_with(vec![due], Settings { concurrency: 2, ..Settings::default() }).await;
    host.enqueue(vec![errand("default", 9); 100]).await.expect("taken");
    world.plugins.called(2).await;
    world.clock.asleep(LOOPS).await;
    world.clock.advance(MINUTE);
    world.ledger.until(|rows| rows.iter().any(|row| row.schedule.is_some())).await;
    gate.open();
    world.plugins.called(6).await;
    let order: Vec<_> = world.plugins.calls().iter().map(|call| call.leased.order.schedule.is_some()).collect();
    let place = order.iter().position(|is_due| *is_due).expect("it began");
    assert!(place <= 3, "it began as number {place}");
    world.ledger.until(|rows| rows.iter().all(|row| row.state == RunState::Succeeded)).await;
}

#[tokio::test]
async fn a_bounded_queue_runs_no_more_at_once_and_another_goes_on_beside_it() {
    let world = World::new();
    let gate = world.plugins.hold("mail/send");
    let settings =
        Settings { concurrency: 4, queues: queues(&[("slow", Some(1)), ("mail", None)]), ..Settings::default() };
    let host = world.host_with(Vec::new(), settings).await;
    host.enqueue(vec![errand("slow", 200); 50]).await.expect("taken");
    host.enqueue(vec![errand("mail", 0); 2]).await.expect("taken");
    world.plugins.called(3).await;
    let slow: QueueName = "slow".parse().expect("a name");
    assert_eq!(begun(&world).iter().filter(|queue| **queue == slow).count(), 1, "{:?}", begun(&world));
    gate.open();
    world.ledger.until(|rows| rows.iter().all(|row| row.state == RunState::Succeeded)).await;
    assert_eq!(world.plugins.calls().len(), 52);
}

#[tokio::test]
async fn a_bounded_plugin_runs_no_more_at_once_and_holds_no_place_that_others_could_use() {
    let world = World::new();
    let gate = world.plugins.hold("mail/send");
    world.plugins.bound("mail", 1);
    world.plugins.add("post/send");
    let host = world.host_with(Vec::new(), Settings { concurrency: 2, ..Settings::default() }).await;
    // More than a host holds, and all before the others.
    host.enqueue(vec![errand("default", 9); 50]).await.expect("taken");
    let post = || Errand::new("post/send".parse().expect("a handler"), serde_json::json!({}));
    host.enqueue((0..10).map(|_| post()).collect()).await.expect("taken");
    let done =
        |rows: &[noontide_domain::ports::RunRecord]| rows.iter().filter(|row| row.state == RunState::Succeeded).count();
    world.ledger.until(|rows| done(rows) == 10).await;
    let calls = world.plugins.calls();
    let mail = calls.iter().filter(|call| call.leased.order.handler.plugin.as_str() == "mail").count();
    assert_eq!((mail, calls.len()), (1, 11));
    gate.open();
    world.ledger.until(|rows| done(rows) == 60).await;
}

#[tokio::test]
async fn a_host_leaves_alone_what_it_does_not_take_and_another_one_does() {
    let world = World::new();
    let all = queues(&[("mail", None)]);
    let mail = Queues { taken: Some(["mail".parse().expect("a name")].into()), ..all.clone() };
    let host = world.host_with(Vec::new(), Settings { queues: mail, ..Settings::default() }).await;
    host.enqueue(vec![errand("default", 0), errand("mail", 0)]).await.expect("taken");
    let of_default = |rows: &[noontide_domain::ports::RunRecord]| {
        rows.iter().find(|row| row.queue.is_default()).map(|row| row.state)
    };
    let over =
        |rows: &[noontide_domain::ports::RunRecord]| rows.iter().filter(|row| row.state == RunState::Succeeded).count();
    let rows = world.ledger.until(|rows| over(rows) == 1).await;
    assert_eq!(of_default(&rows), Some(RunState::Ready));
    world.clock.asleep(LOOPS).await;
    let other = world.host_with(Vec::new(), Settings { queues: all, ..Settings::default() }).await;
    world.ledger.until(|rows| over(rows) == 2).await;
    assert_ne!(host.status().host, other.status().host);
}

#[tokio::test]
async fn one_wrong_call_refuses_all_and_is_named() {
    let world = World::new();
    let host = world.host(Vec::new()).await;
    let late = Errand { expires: Some(Moment::At(utc("2026-07-01T08:00:00Z"))), ..errand("default", 0) };
    let missing = Errand::new("post/send".parse().expect("a handler"), serde_json::json!({}));
    for (wrong, field) in [(errand("mial", 0), "queue"), (late, "expires"), (missing, "handler")] {
        match host.enqueue(vec![errand("default", 0), wrong]).await {
            Err(EngineError::Errand { index: 1, field: named, .. }) => assert_eq!(named, field),
            other => panic!("{other:?}"),
        }
    }
    assert!(world.ledger.records().is_empty());
}

#[tokio::test]
async fn a_call_that_does_not_begin_in_time_expires_and_says_so() {
    let world = World::new();
    let gate = world.plugins.hold("mail/send");
    let host = world.host_with(Vec::new(), Settings { concurrency: 1, ..Settings::default() }).await;
    let soon = Errand { expires: Some(Moment::After(MINUTE)), ..errand("default", 0) };
    host.enqueue(vec![errand("default", 9), errand("default", 9), soon]).await.expect("taken");
    world.plugins.called(1).await;
    world.clock.asleep(LOOPS).await;
    world.clock.advance(Duration::from_secs(61));
    gate.open();
    let rows = world.ledger.until(|rows| rows.iter().all(|row| row.state.is_final())).await;
    let expired: Vec<_> = rows.iter().filter(|row| row.state == RunState::Expired).collect();
    assert_eq!(expired.len(), 1);
    assert_eq!(expired[0].reason, Some(SkipReason::Expired { by: utc("2026-07-01T08:01:30Z") }));
}

fn running(rows: &[RunRecord]) -> usize {
    rows.iter().filter(|row| row.state == RunState::Running).count()
}

fn succeeded(rows: &[RunRecord]) -> usize {
    rows.iter().filter(|row| row.state == RunState::Succeeded).count()
}

#[tokio::test]
async fn two_hosts_together_run_no_more_of_a_queue_than_its_total() {
    let world = World::new();
    let gate = world.plugins.hold("mail/send");
    let totals = [("mail".parse().expect("a name"), 3)].into();
    let settings =
        Settings { concurrency: 2, queues: Queues { totals, ..queues(&[("mail", None)]) }, ..Settings::default() };
    let one = world.host_with(Vec::new(), settings.clone()).await;
    let other = world.host_with(Vec::new(), settings).await;
    one.enqueue(vec![errand("mail", 0); 6]).await.expect("taken");
    other.enqueue(vec![errand("mail", 0); 6]).await.expect("taken");
    world.ledger.until(|rows| running(rows) == 3).await;
    for _ in 0..5 {
        world.pass(Duration::from_secs(2)).await;
        assert_eq!(running(&world.ledger.records()), 3, "however often they look");
    }
    gate.open();
    // The end of a run makes room for the next one here; the other host finds it when it looks.
    world.ledger.until(|rows| succeeded(rows) == 12).await;
}

#[tokio::test]
async fn a_bounded_schedule_goes_on_with_the_next_as_soon_as_one_is_over() {
    let world = World::new();
    let gate = world.plugins.hold("mail/send");
    let bounded = Schedule { overlap: Overlap::QueueAll, concurrency: Some(2), ..minutely("a") };
    let host = world.host(vec![bounded]).await;
    for _ in 0..5 {
        host.fire("a", FireRequest::default()).await.expect("taken");
    }
    world.plugins.called(2).await;
    world.clock.asleep(LOOPS).await;
    assert_eq!(running(&world.ledger.records()), 2);
    gate.open();
    world.ledger.until(|rows| succeeded(rows) == 5).await;
}

#[tokio::test]
async fn a_run_waits_for_a_host_that_is_what_it_asks_for() {
    let world = World::new();
    let gpu: Labels = [("gpu".to_owned(), "true".to_owned())].into_iter().collect();
    let plain = world.host(Vec::new()).await;
    plain
        .enqueue(vec![Errand { runs_on: gpu.clone(), ..errand("default", 9) }, errand("default", 0)])
        .await
        .expect("taken");
    let rows = world.ledger.until(|rows| succeeded(rows) == 1).await;
    assert!(rows.iter().all(|row| row.runs_on.is_empty() == (row.state == RunState::Succeeded)), "{rows:?}");
    let able = world.host_with(Vec::new(), Settings { labels: gpu, ..Settings::default() }).await;
    let rows = world.ledger.until(|rows| succeeded(rows) == 2).await;
    assert!(rows.iter().any(|row| row.host == Some(able.status().host)));
}
