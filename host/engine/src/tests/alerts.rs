//! Who is on call is told of trouble once, whatever happens to the host meanwhile.

use noontide_domain::alert::{AlertKind, AlertRule, Condition};
use noontide_domain::outbox::Reply;
use noontide_testkit::ScriptedSinks;

use super::*;

fn rule() -> AlertRule {
    AlertRule { sinks: vec!["ops".to_owned()], ..AlertRule::new("all", [Condition::Failed]) }
}

/// One that fails each minute until it is told otherwise.
async fn failing(world: &World, failures: usize) -> (EngineHandle, Arc<ScriptedSinks>) {
    world.plugins.script("mail/send", (0..failures).map(|_| failed()));
    let sinks = ScriptedSinks::new(&["ops"]);
    let host = world.host(vec![minutely("a")]).await;
    host.alert_by(vec![rule()], sinks.clone());
    world.clock.asleep(LOOPS + 1).await;
    (host, sinks)
}

async fn minute(world: &World, calls: usize) {
    world.clock.advance(MINUTE);
    world.plugins.called(calls).await;
    world.clock.asleep(LOOPS + 1).await;
    world.clock.advance(Duration::from_secs(6));
    world.clock.asleep(LOOPS + 1).await;
}

#[tokio::test]
async fn failures_in_a_row_are_one_message_and_the_success_after_them_another() {
    let world = World::new();
    let (_host, sinks) = failing(&world, 3).await;
    for calls in 1..=4 {
        minute(&world, calls).await;
    }
    let sent = sinks.arrived(2).await;
    let kinds: Vec<_> = sent.iter().map(|(_, alert)| alert.kind).collect();
    assert_eq!(kinds, [AlertKind::Opened, AlertKind::Recovered]);
    assert_eq!(sent[0].1.incident.subject.to_string(), "schedule/a");
}

#[tokio::test]
async fn what_a_host_left_untold_the_next_one_tells() {
    let world = World::new();
    world.plugins.script("mail/send", [failed()]);
    // It notes what goes wrong and ends before it has told anybody.
    noontide_domain::ports::Alerts::heed(&*world.ledger, true);
    let first = world.host(vec![minutely("a")]).await;
    world.clock.advance(MINUTE);
    world.ledger.until(|rows| rows.iter().any(|row| row.state == RunState::Failed)).await;
    first.drain().await;
    let sinks = ScriptedSinks::new(&["ops"]);
    let second = world.host(vec![minutely("a")]).await;
    second.alert_by(vec![rule()], sinks.clone());
    let sent = sinks.arrived(1).await;
    assert_eq!((sent[0].0.as_str(), sent[0].1.kind), ("ops", AlertKind::Opened));
}

#[tokio::test]
async fn a_message_that_was_not_taken_is_sent_again_under_the_same_id() {
    let world = World::new();
    let (_host, sinks) = failing(&world, 1).await;
    sinks.script([Reply::Answered { status: 503, after: None }]);
    world.clock.advance(MINUTE);
    sinks.arrived(1).await;
    world.clock.asleep(LOOPS + 1).await;
    world.clock.advance(Duration::from_secs(10));
    let sent = sinks.arrived(2).await;
    assert_eq!(sent[0].1.id(), sent[1].1.id());
}

#[tokio::test]
async fn a_test_goes_to_every_sink_and_says_that_it_is_one() {
    let world = World::new();
    let sinks = ScriptedSinks::new(&["ops", "chat"]);
    let host = world.host(Vec::new()).await;
    assert_eq!(host.test_alerts(None).await, []);
    host.alert_by(Vec::new(), sinks.clone());
    sinks.script([Reply::Refused("no such robot".to_owned())]);
    let tried = host.test_alerts(None).await;
    assert_eq!(tried.iter().map(|one| one.reply.words()).collect::<Vec<_>>(), ["no such robot", "answered 200"]);
    assert!(sinks.sent().iter().all(|(_, alert)| alert.kind == AlertKind::Test));
    assert_eq!(host.test_alerts(Some("chat")).await.len(), 1);
}

#[tokio::test]
async fn each_run_of_a_schedule_that_is_waited_for_is_pinged_also_what_ends_in_the_drain() {
    let world = World::new();
    world.plugins.script("mail/send", [failed()]);
    let sinks = ScriptedSinks::new(&["ping:a"]);
    let host = world.host(vec![minutely("a"), minutely("b")]).await;
    host.ping_of(["a".parse().unwrap()].into());
    host.alert_by(Vec::new(), sinks.clone());
    world.clock.asleep(LOOPS + 1).await;
    world.clock.advance(MINUTE);
    let kinds = |sent: Vec<(String, noontide_domain::alert::Alert)>| sent.last().map(|(_, alert)| alert.kind);
    sinks.arrived(1).await;
    while kinds(sinks.sent()) != Some(AlertKind::Failed) {
        world.clock.asleep(LOOPS + 1).await;
        world.clock.advance(Duration::from_secs(1));
    }
    assert!(
        sinks.sent().iter().all(|(sink, alert)| sink == "ping:a" && alert.incident.subject.to_string() == "schedule/a")
    );
    assert_eq!(sinks.sent().last().map(|(_, alert)| alert.incident.words.clone()).as_deref(), Some("no"));
    host.drain().await;
}
