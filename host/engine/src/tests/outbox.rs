//! The outbox: what a handler hands over goes out with its success or not at all, whenever a host dies.

use noontide_domain::outbox::Reply;
use noontide_domain::ports::{Claim, Claimed, Fire, Ledger, MessageAnswer, Outgoing, Settlement, Tenant};
use noontide_domain::{
    Cause, Key, MessageState, Order, Overlap, QueueRoom, Report, RunId, StateScope, StateWrite, Verdict, Webhook,
};
use noontide_testkit::Step;

use super::*;
use crate::Happening;

fn webhook(body: &str) -> Webhook {
    Webhook {
        url: "https://hooks.example.com/x".into(),
        method: "POST".into(),
        headers: vec![("x-own".into(), "1".into())],
        body: body.as_bytes().into(),
    }
}

fn sending(outcome: Outcome, bodies: &[&str]) -> Step {
    Step { messages: bodies.iter().map(|body| webhook(body)).collect(), ..outcome.into() }
}

fn well() -> Outcome {
    Outcome::Succeeded { result: None }
}

fn answered(status: u16) -> Reply {
    Reply::Answered { status, after: None }
}

fn header<'a>(outgoing: &'a Outgoing, name: &str) -> &'a str {
    let mut found = outgoing.webhook.headers.iter().filter(|(own, _)| own == name);
    let value = found.next().map_or("", |(_, value)| value);
    assert!(found.next().is_none(), "{name} twice");
    value
}

fn is(state: MessageState) -> impl Fn(&[noontide_domain::ports::MessageRecord]) -> bool {
    move |messages| !messages.is_empty() && messages.iter().all(|one| one.state == state)
}

/// A schedule that comes due once.
async fn fire(host: &EngineHandle) -> RunId {
    host.fire("a", FireRequest::default()).await.expect("fired")
}

#[tokio::test]
async fn a_message_goes_out_once_its_run_has_succeeded_and_the_receiver_can_know_it_again() {
    let world = World::new();
    world.plugins.script("mail/send", [sending(well(), &["one", "two"])]);
    let host = world.host(vec![minutely("a")]).await;
    fire(&host).await;
    world.ledger.until_messages(is(MessageState::Sent)).await;
    let run = &world.ledger.records()[0];
    let mut sent = world.outlet.sent();
    sent.sort_by_key(|one| header(one, "idempotency-key").to_owned());
    let keys: Vec<_> = sent.iter().map(|one| header(one, "idempotency-key")).collect();
    assert_eq!(keys, [format!("{}-0", run.key.hex()), format!("{}-1", run.key.hex())]);
    assert_eq!(&*sent[0].webhook.body, b"one");
    assert_eq!((header(&sent[0], "x-own"), sent[0].plugin.as_str()), ("1", "mail"));
    assert_eq!(header(&sent[0], "user-agent"), concat!("noontide/", env!("CARGO_PKG_VERSION")));
    assert!(header(&sent[0], "traceparent").starts_with(&format!("00-{}-", run.trace_id)));
    assert_ne!(header(&sent[0], "traceparent"), header(&sent[1], "traceparent"));
}

#[tokio::test]
async fn of_a_failure_nothing_goes_out_and_the_attempt_that_succeeds_has_the_same_key() {
    let world = World::new();
    world.plugins.script("mail/send", [sending(failed(), &["first"]), sending(well(), &["second"])]);
    let retry = RetryPolicy { attempts: 2, ..RetryPolicy::default() };
    let host = world.host(vec![Schedule { retry, ..minutely("a") }]).await;
    let run = fire(&host).await;
    world.ledger.until(|rows| rows[0].state == RunState::Ready && rows[0].attempt == 1).await;
    world.clock.asleep(LOOPS).await;
    assert_eq!(world.outlet.sent(), []);
    world.clock.advance(Duration::from_secs(15));
    world.ledger.until_messages(is(MessageState::Sent)).await;
    let sent = world.outlet.sent();
    assert_eq!((sent.len(), &*sent[0].webhook.body), (1, b"second".as_slice()));
    assert_eq!(header(&sent[0], "idempotency-key"), format!("{}-0", Key::manual(run).hex()));
}

#[tokio::test]
async fn what_conflicts_sends_nothing_until_it_has_succeeded_again() {
    let world = World::new();
    let write =
        StateWrite { scope: StateScope::Plugin, key: "seen".into(), value: Some(b"1".to_vec()), base: 7, revision: 8 };
    let conflicting = Step { state: vec![write], ..sending(well(), &["first"]) };
    world.plugins.script("mail/send", [conflicting, sending(well(), &["second"])]);
    let retry = RetryPolicy { attempts: 2, backoff: Duration::ZERO, ..RetryPolicy::default() };
    let host = world.host(vec![Schedule { retry, ..minutely("a") }]).await;
    fire(&host).await;
    world.ledger.until_messages(is(MessageState::Sent)).await;
    let bodies: Vec<_> = world.outlet.sent().iter().map(|one| one.webhook.body.to_vec()).collect();
    assert_eq!(bodies, [b"second"]);
}

/// A run that succeeded, of a host that died right after the commit.
async fn committed(world: &World) {
    let id = RunId::new();
    let handler = "mail/send".parse().expect("a handler");
    let now = utc("2026-07-01T08:00:00Z");
    let order = Order::new(id, Key::manual(id), handler, now, Cause::Enqueued);
    let fire = Fire { order, overlap: Overlap::Allow, not_before: now, fills: None };
    let tenant = Tenant { host: HostId::new(), lease: MINUTE, places: 1, queues: QueueRoom::ALL };
    let claim = Claim { fire: vec![fire], ..Claim::default() };
    let Claimed::Leased(leased) = world.ledger.claim(claim, Some(tenant)).await.expect("claims").remove(0) else {
        panic!("not leased")
    };
    let report = Report { messages: vec![webhook("one")], ..Report::never_began(well(), now) };
    let verdict = Verdict::Final { state: RunState::Succeeded, reason: None };
    world.ledger.settle(vec![Settlement::new(leased.lease, verdict, report)]).await.expect("settles");
}

#[tokio::test]
async fn a_host_that_dies_between_commit_and_sending_leaves_the_message_to_the_next() {
    let world = World::new();
    committed(&world).await;
    world.host(vec![]).await;
    world.ledger.until_messages(is(MessageState::Sent)).await;
    assert_eq!(world.outlet.sent().len(), 1);
}

#[tokio::test]
async fn a_host_that_dies_between_sending_and_noting_it_has_it_sent_again_under_the_same_key_and_its_note_is_dropped() {
    let world = World::new();
    committed(&world).await;
    let gate = world.outlet.hold();
    world.host(vec![]).await;
    world.outlet.arrived(1).await;
    world.outlet.release();
    let second = world.host(vec![]).await;
    assert_eq!(world.outlet.sent().len(), 1, "while the lease holds nobody else sends it");
    for _ in 0..3 {
        world.clock.asleep(LOOPS).await;
        world.clock.advance(Duration::from_secs(11));
    }
    let sent = world.outlet.arrived(2).await;
    assert_eq!(header(&sent[0], "idempotency-key"), header(&sent[1], "idempotency-key"));
    assert_eq!(header(&sent[0], "traceparent"), header(&sent[1], "traceparent"));
    let noted = world.ledger.until_messages(is(MessageState::Sent)).await;
    assert_eq!(noted[0].attempts, 2);
    gate.open();
    world.clock.asleep(LOOPS).await;
    assert_eq!(world.ledger.until_messages(|_| true).await, noted, "the first one's note comes too late");
    drop(second);
}

#[tokio::test]
async fn while_the_ledger_is_away_what_was_sent_is_noted_later_and_not_sent_again() {
    let world = World::new();
    committed(&world).await;
    let gate = world.outlet.hold();
    world.host(vec![]).await;
    world.outlet.arrived(1).await;
    world.ledger.fail_next(usize::MAX);
    gate.open();
    world.clock.asleep(LOOPS + 1).await;
    world.ledger.fail_next(0);
    world.clock.advance(Duration::from_secs(2));
    let noted = world.ledger.until_messages(is(MessageState::Sent)).await;
    assert_eq!((noted[0].attempts, world.outlet.sent().len()), (1, 1));
}

#[tokio::test]
async fn what_is_refused_for_now_is_sent_again_after_its_wait() {
    let world = World::new();
    committed(&world).await;
    let busy = Reply::Answered { status: 429, after: Some(Duration::from_secs(120)) };
    world.outlet.script([answered(503), busy, answered(200)]);
    world.host(vec![]).await;
    for (attempt, wait) in [(1, 10), (2, 120)] {
        let waiting = world.ledger.until_messages(|all| is(MessageState::Waiting)(all) && all[0].attempts == attempt);
        let not_before = waiting.await[0].not_before.expect("it waits");
        let now = utc("2026-07-01T08:00:30Z") + Duration::from_secs(if attempt == 1 { 0 } else { 10 });
        assert!(
            not_before > now + Duration::from_secs(wait * 4 / 5 - 1) && not_before <= now + Duration::from_secs(wait)
        );
        world.clock.asleep(LOOPS).await;
        assert_eq!(world.outlet.sent().len(), attempt as usize);
        world.clock.advance(Duration::from_secs(wait));
    }
    let noted = world.ledger.until_messages(is(MessageState::Sent)).await;
    assert_eq!((noted[0].attempts, noted[0].status), (3, Some(200)));
}

#[tokio::test]
async fn what_is_refused_for_good_is_told_of_and_kept_until_somebody_has_it_tried_again() {
    let world = World::new();
    world.outlet.script([Reply::Refused("not granted".to_owned()), answered(410), answered(200)]);
    world.plugins.script("mail/send", [sending(well(), &["one"])]);
    let host = world.host(vec![minutely("a")]).await;
    let mut events = host.events();
    fire(&host).await;
    let dead = world.ledger.until_messages(is(MessageState::Dead)).await.remove(0);
    assert_eq!((dead.status, dead.answer.as_deref()), (None, Some("not granted")));
    let told = loop {
        if let Happening::Undelivered { message, destination, answer, .. } =
            events.recv().await.expect("told").happening
        {
            break (message, destination, answer);
        }
    };
    assert_eq!(told, (dead.id, "https://hooks.example.com".to_owned(), "not granted".to_owned()));
    assert_eq!(host.retry_message(dead.id).await.expect("asked"), MessageAnswer::Done);
    world.ledger.until_messages(|all| all[0].status == Some(410)).await;
    assert_eq!(host.retry_message(dead.id).await.expect("asked"), MessageAnswer::Done);
    world.ledger.until_messages(is(MessageState::Sent)).await;
    assert_eq!(world.outlet.sent().len(), 3);
    assert_eq!(host.drop_message(dead.id).await.expect("asked"), MessageAnswer::Is(MessageState::Sent));
}

#[tokio::test]
async fn more_messages_than_go_out_at_once_wait_for_each_other_and_all_go_out() {
    let world = World::new();
    let all: Vec<_> = (0..40).map(|number| number.to_string()).collect();
    let all: Vec<_> = all.iter().map(String::as_str).collect();
    world.plugins.script("mail/send", [sending(well(), &all)]);
    let gate = world.outlet.hold();
    let host = world.host(vec![minutely("a")]).await;
    fire(&host).await;
    world.outlet.arrived(16).await;
    world.clock.asleep(LOOPS - 1).await;
    assert_eq!(world.outlet.sent().len(), 16);
    gate.open();
    world.ledger.until_messages(|all| all.len() == 40 && is(MessageState::Sent)(all)).await;
    assert_eq!(world.outlet.sent().len(), 40);
}

#[tokio::test]
async fn a_drain_waits_for_what_is_on_its_way() {
    let world = World::new();
    committed(&world).await;
    let gate = world.outlet.hold();
    let host = world.host(vec![]).await;
    world.outlet.arrived(1).await;
    let draining = tokio::spawn(async move { host.drain().await });
    tokio::task::yield_now().await;
    assert!(!draining.is_finished());
    gate.open();
    assert_eq!(draining.await.expect("drained"), 0);
    assert_eq!(world.ledger.until_messages(|_| true).await[0].state, MessageState::Sent);
}
