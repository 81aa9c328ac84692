//! Who goes first, and in which line.

use std::collections::BTreeMap;
use std::time::Duration;

use noontide_domain::ports::{Claimed, Fire, QueueStatus, Tenant};
use noontide_domain::{Leased, Priority, QueueName, QueueRoom};

use super::{Exam, again, enqueued, failure, fire, second, tenant};

fn queue(name: &str) -> QueueName {
    name.parse().expect("a name")
}

/// A call of that priority in that queue, ready so many seconds after the exam began.
fn call(key: &str, name: &str, priority: u8, ready: i64) -> Fire {
    let mut fire = enqueued(key);
    fire.order.queue = queue(name);
    fire.order.priority = Priority(priority);
    fire.not_before = second(ready);
    fire
}

/// Room for so many of each of these queues, and for no others.
fn only(rooms: &[(&str, usize)]) -> QueueRoom {
    let named: BTreeMap<_, _> = rooms.iter().map(|(name, room)| (queue(name), *room)).collect();
    QueueRoom { named, others: false, ..QueueRoom::ALL }
}

/// The keys clients chose, in the order of the leases.
fn keys(leased: &[Leased]) -> Vec<&str> {
    leased.iter().filter_map(|one| one.order.key.text.rsplit(':').next()).collect()
}

async fn lease(exam: &Exam, places: usize, queues: QueueRoom) -> Vec<Leased> {
    use noontide_domain::ports::Clock;
    let tenant = Tenant { queues, ..tenant(places) };
    exam.ledger.lease(tenant, exam.clock.now()).await.expect("leases")
}

pub async fn the_higher_priority_goes_first_and_of_equals_the_older(exam: &Exam) {
    let calls = [("low", 0, -9), ("mid", 5, -1), ("mid older", 5, -2), ("top", 255, 0), ("later", 255, 60)];
    exam.claim(calls.map(|(key, priority, ready)| call(key, "default", priority, ready)).to_vec()).await;
    assert_eq!(keys(&exam.lease(3).await), ["top", "mid older", "mid"]);
    assert_eq!(keys(&exam.lease(3).await), ["low"]);
    assert_eq!(exam.next_ready().await, Some(second(60)));
}

pub async fn a_retry_keeps_its_priority(exam: &Exam) {
    let first = exam.running(call("again", "default", 7, 0)).await.lease;
    exam.settle(first, again(0, true), failure()).await;
    exam.claim(vec![call("new", "default", 6, -9)]).await;
    assert_eq!(keys(&exam.lease(1).await), ["again"]);
}

pub async fn queued_runs_have_their_priority_too(exam: &Exam) {
    let mut going = Vec::new();
    for (schedule, priority) in [("a", 1), ("b", 9)] {
        going.push(exam.running(fire(schedule, 0)).await.lease);
        let mut next = fire(schedule, 1);
        (next.overlap, next.order.priority, next.not_before) =
            (noontide_domain::Overlap::QueueAll, Priority(priority), second(0));
        exam.claim(vec![next]).await;
    }
    exam.claim(vec![call("between", "default", 5, 0)]).await;
    for lease in going {
        exam.succeed(lease).await;
    }
    let priorities: Vec<_> = exam.lease(9).await.iter().map(|one| one.order.priority.0).collect();
    assert_eq!(priorities, [9, 5, 1]);
}

pub async fn a_host_leases_from_the_queues_it_takes(exam: &Exam) {
    exam.claim(vec![call("a", "mail", 0, -1), call("b", "reports", 9, -1)]).await;
    assert_eq!(keys(&lease(exam, 9, only(&[("mail", 9)])).await), ["a"]);
    assert!(lease(exam, 9, only(&[("mail", 9), ("default", 9)])).await.is_empty());
    assert_eq!(keys(&exam.lease(9).await), ["b"], "who takes all takes queues that nobody named");
}

pub async fn a_full_queue_holds_up_no_other(exam: &Exam) {
    let busy = (0..50).map(|i| call(&format!("busy {i}"), "busy", 200, -50 + i));
    exam.claim(busy.chain([call("mail", "mail", 1, 0), call("more", "default", 0, 0)]).collect()).await;
    let full = || QueueRoom { named: BTreeMap::from([(queue("busy"), 0)]), ..QueueRoom::ALL };
    assert_eq!(exam.ledger.next_ready(&full()).await.expect("reads"), Some(second(0)));
    assert_eq!(keys(&lease(exam, 2, full()).await), ["mail", "more"]);
    assert!(lease(exam, 9, full()).await.is_empty());
    assert_eq!(exam.ledger.next_ready(&full()).await.expect("reads"), None, "nobody looks again and again");
    let two = QueueRoom { named: BTreeMap::from([(queue("busy"), 2)]), ..QueueRoom::ALL };
    assert_eq!(keys(&lease(exam, 9, two).await), ["busy 0", "busy 1"]);
}

pub async fn a_plugin_that_is_full_holds_up_no_other_whatever_the_queue(exam: &Exam) {
    let of = |plugin: &str, mut fire: Fire| {
        fire.order.handler = format!("{plugin}/run").parse().expect("a handler");
        fire
    };
    let slow = (0..50).map(|i| of("slow", call(&format!("slow {i}"), "default", 5, -50 + i)));
    let others = [of("slower", call("other", "default", 5, 0)), of("quick", call("low", "default", 1, 0))];
    exam.claim(slow.chain(others).collect()).await;
    let room =
        |slow| QueueRoom { plugins: BTreeMap::from([("slow".parse().expect("a name"), slow)]), ..QueueRoom::ALL };
    assert_eq!(exam.ledger.next_ready(&room(0)).await.expect("reads"), Some(second(0)));
    assert_eq!(
        keys(&lease(exam, 3, room(2)).await),
        ["slow 0", "slow 1", "other"],
        "whoever stands behind them is next"
    );
    assert_eq!(keys(&lease(exam, 9, room(0)).await), ["low"]);
    assert!(lease(exam, 9, room(0)).await.is_empty());
    assert_eq!(exam.ledger.next_ready(&room(0)).await.expect("reads"), None, "nobody looks again and again");
    let fires = ["first", "second"].map(|key| of("slow", call(key, "default", 9, 0)));
    let claimed = exam.claim_for(fires.to_vec(), Some(Tenant { queues: room(1), ..tenant(9) })).await;
    assert!(matches!(claimed[..], [Claimed::Leased(_), Claimed::Ready(_)]), "{claimed:?}");
    assert_eq!(keys(&lease(exam, 2, room(9)).await), ["second", "slow 2"]);
}

pub async fn a_queue_has_room_for_those_in_turn_and_the_others_together(exam: &Exam) {
    let going = exam.running(fire("a", -9)).await.lease;
    let mut next = fire("a", -8);
    next.overlap = noontide_domain::Overlap::QueueAll;
    exam.claim(vec![next, call("x", "default", Priority::SCHEDULE.0, -1)]).await;
    exam.succeed(going).await;
    assert_eq!(lease(exam, 9, only(&[("default", 1)])).await[0].order.due_at, second(-8));
    assert_eq!(keys(&lease(exam, 9, only(&[("default", 1)])).await), ["x"]);
}

pub async fn a_claim_leases_by_priority_and_room(exam: &Exam) {
    let fires = vec![
        call("low", "default", 0, 0),
        call("busy", "busy", 200, 0),
        call("busy too", "busy", 199, 0),
        call("high", "default", 9, 0),
        call("mid", "default", 5, 0),
    ];
    let queues = QueueRoom { named: BTreeMap::from([(queue("busy"), 1)]), ..QueueRoom::ALL };
    let claimed = exam.claim_for(fires, Some(Tenant { queues, ..tenant(3) })).await;
    let leased: Vec<_> = claimed.iter().map(|one| matches!(one, Claimed::Leased(_))).collect();
    assert_eq!(leased, [false, true, false, true, true]);
}

pub async fn what_waits_for_later_hides_nothing_of_lower_priority(exam: &Exam) {
    exam.claim((0..300).map(|i| call(&format!("later {i}"), "default", 255, 3_600 + i)).collect()).await;
    exam.claim(vec![call("now", "default", 0, 0)]).await;
    assert_eq!(exam.next_ready().await, Some(second(0)));
    assert_eq!(keys(&exam.lease(9).await), ["now"]);
    exam.clock.advance(Duration::from_secs(3_601));
    assert_eq!(keys(&exam.lease(9).await), ["later 0", "later 1"]);
}

pub async fn the_status_tells_how_each_queue_stands(exam: &Exam) {
    exam.running(call("a", "mail", 0, 0)).await;
    exam.claim(vec![call("b", "mail", 3, -5), call("c", "mail", 0, 60), call("d", "reports", 0, 7)]).await;
    let queues = exam.history.status().await.expect("reads").queues;
    let stands = |name: &str, ready, running, since: Option<i64>| QueueStatus {
        queue: queue(name),
        ready,
        running,
        waiting_since: since.map(second),
    };
    assert_eq!(queues, [stands("mail", 2, 1, Some(-5)), stands("reports", 1, 0, Some(7))]);
}

pub async fn the_host_of_each_attempt_is_on_record(exam: &Exam) {
    let first = exam.running(fire("a", 0)).await.lease;
    assert_eq!(exam.run(first.run).await.host, Some(first.host), "while it goes on");
    exam.settle(first, again(0, true), failure()).await;
    let other = noontide_domain::HostId::new();
    let second_try = exam.ledger.lease(Tenant { host: other, ..tenant(1) }, second(0)).await.expect("leases");
    exam.succeed(second_try[0].lease).await;
    assert_eq!(exam.run(first.run).await.host, Some(other));
    let attempts = exam.history.attempts(first.run).await.expect("reads");
    assert_eq!(attempts.iter().map(|attempt| attempt.host).collect::<Vec<_>>(), [Some(first.host)]);
}
