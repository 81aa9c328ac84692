//! The outbox: messages are there with the success that handed them over, or not at all, and one host at a time sends them.

use std::time::Duration;

use noontide_domain::outbox::{Fate, Reply, TRIED_FOR};
use noontide_domain::ports::{
    Delivery, MessageAnswer, MessageCounts, MessageFilter, MessageLease, MessageRecord, Posted, Retention, Settled,
    Settlement,
};
use noontide_domain::{HostId, MessageId, MessageState, Outcome, Report, RunId, RunState, Webhook};

use super::{Exam, LEASE, again, enqueued, failure, fire, over, report, second, success, tenant, write};

fn webhook(body: &str) -> Webhook {
    Webhook {
        url: "https://hooks.example.com/x?token=s3cret".to_owned(),
        method: "POST".to_owned(),
        headers: vec![("content-type".to_owned(), "text/plain".to_owned())],
        body: body.as_bytes().into(),
    }
}

fn sending(report: Report, bodies: &[&str]) -> Report {
    Report { messages: bodies.iter().map(|body| webhook(body)).collect(), ..report }
}

async fn listed(exam: &Exam) -> Vec<MessageRecord> {
    exam.history.messages(MessageFilter { limit: 100, ..MessageFilter::default() }).await.expect("reads")
}

async fn taken(exam: &Exam, limit: usize) -> Vec<Posted> {
    exam.ledger.lease_messages(tenant(1).host, LEASE, limit).await.expect("leases")
}

fn bodies(posted: &[Posted]) -> Vec<String> {
    posted.iter().map(|one| String::from_utf8(one.webhook.body.to_vec()).expect("text")).collect()
}

/// Of a run that succeeded.
async fn one_message(exam: &Exam) -> RunId {
    let lease = exam.running(fire("nightly", 0)).await.lease;
    exam.settle(lease, over(RunState::Succeeded), sending(success(), &["a"])).await;
    lease.run
}

fn delivery(lease: MessageLease, fate: Fate, status: u16) -> Delivery {
    Delivery { lease, fate, reply: Reply::Answered { status, after: None }, at: second(5) }
}

async fn settle(exam: &Exam, lease: MessageLease, fate: Fate, status: u16) -> bool {
    exam.ledger.settle_messages(vec![delivery(lease, fate, status)]).await.expect("settles")[0]
}

pub async fn messages_are_there_with_the_success_that_handed_them_over(exam: &Exam) {
    let leased = exam.running(fire("nightly", 0)).await;
    assert_eq!((leased.messages, exam.ledger.next_message().await.expect("reads")), (0, None));
    let key = leased.order.key.hash;
    exam.settle(leased.lease, over(RunState::Succeeded), sending(success(), &["a", "b"])).await;
    let found = listed(exam).await;
    assert_eq!(found.iter().map(|one| one.id.number).collect::<Vec<_>>(), [1, 0], "newest first");
    let first = &found[1];
    assert_eq!(
        (first.id, first.run, first.plugin.as_str()),
        (MessageId { fire: key, number: 0 }, leased.lease.run, "mail")
    );
    assert_eq!((first.state, first.attempts, first.bytes), (MessageState::Waiting, 0, webhook("a").bytes()));
    assert_eq!((first.not_before, first.created_at, first.ended_at), (Some(second(0)), second(0), None));
    assert_eq!((first.destination.as_str(), first.method.as_str()), ("https://hooks.example.com", "POST"));
    assert_eq!(exam.ledger.next_message().await.expect("reads"), Some(second(0)));
}

pub async fn of_what_did_not_end_well_nothing_is_sent(exam: &Exam) {
    let ends = [
        failure().outcome,
        Outcome::Trapped { message: "unreachable".to_owned(), backtrace: Vec::new() },
        Outcome::TimedOut { after: Duration::from_secs(1) },
        Outcome::OutOfMemory { limit: 1 },
        Outcome::Cancelled,
        Outcome::Abandoned,
    ];
    for (due, outcome) in (0..).zip(ends) {
        let lease = exam.running(fire("nightly", due)).await.lease;
        let settled = exam.settle(lease, over(RunState::Failed), sending(report(outcome), &["a"])).await;
        assert_eq!(settled, Settled::Recorded);
    }
    assert_eq!(listed(exam).await, []);
}

pub async fn without_a_lease_or_after_a_conflict_nothing_is_sent(exam: &Exam) {
    let lost = exam.running(fire("nightly", 0)).await.lease;
    exam.settle(lost, again(0, true), failure()).await;
    let new = exam.lease(1).await.remove(0).lease;
    assert_eq!(exam.settle(lost, over(RunState::Succeeded), sending(success(), &["late"])).await, Settled::LeaseLost);
    let conflicting = Report { state: vec![write("page", "1", 7)], ..sending(success(), &["conflict"]) };
    let settled = exam.settle(new, over(RunState::Succeeded), conflicting).await;
    assert_eq!(settled, Settled::StateConflict { key: "page".to_owned() });
    assert_eq!(listed(exam).await, []);
    exam.settle(new, over(RunState::Succeeded), sending(success(), &["well"])).await;
    assert_eq!(bodies(&taken(exam, 9).await), ["well"]);
}

pub async fn numbers_go_on_over_the_attempts_that_are_kept(exam: &Exam) {
    let first = exam.running(fire("nightly", 0)).await.lease;
    let page = report(Outcome::RunAgain { after: Duration::ZERO });
    exam.settle(first, again(0, false), sending(page, &["a", "b"])).await;
    let leased = exam.lease(1).await.remove(0);
    assert_eq!(leased.messages, 2);
    exam.settle(leased.lease, again(0, true), sending(failure(), &["never"])).await;
    let leased = exam.lease(1).await.remove(0);
    assert_eq!(leased.messages, 2, "a failure leaves none");
    exam.settle(leased.lease, over(RunState::Succeeded), sending(success(), &["c"])).await;
    let numbers: Vec<_> = listed(exam).await.iter().map(|one| one.id.number).collect();
    assert_eq!(numbers, [2, 1, 0]);
    assert_eq!(bodies(&taken(exam, 9).await), ["a", "b", "c"], "in the order in which they were written");
}

pub async fn messages_of_runs_settled_together_do_not_mix(exam: &Exam) {
    let (one, two) = (exam.running(fire("nightly", 0)).await.lease, exam.running(enqueued("a")).await.lease);
    let end = |lease, body| Settlement::new(lease, over(RunState::Succeeded), sending(success(), &[body]));
    exam.ledger.settle(vec![end(one, "one"), end(two, "two"), end(one, "again")]).await.expect("settles");
    let of_run = |run| MessageFilter { run: Some(run), limit: 9, ..MessageFilter::default() };
    for run in [one.run, two.run] {
        assert_eq!(exam.history.messages(of_run(run)).await.expect("reads").len(), 1);
    }
    assert_eq!(bodies(&taken(exam, 9).await), ["one", "two"]);
}

pub async fn what_is_leased_is_as_it_was_handed_over(exam: &Exam) {
    let run = one_message(exam).await;
    let posted = taken(exam, 1).await.remove(0);
    assert_eq!((posted.webhook, posted.run, posted.attempt), (webhook("a"), run, 1));
    assert_eq!((posted.plugin.as_str(), posted.trace_id), ("mail", exam.run(run).await.trace_id));
    assert_eq!(posted.give_up_at, second(0) + TRIED_FOR);
    assert_eq!(listed(exam).await[0].state, MessageState::Sending);
}

pub async fn of_many_who_lease_no_message_goes_to_two(exam: &Exam) {
    let lease = exam.running(fire("nightly", 0)).await.lease;
    let all: Vec<_> = (0..40).map(|number| number.to_string()).collect();
    let all: Vec<_> = all.iter().map(String::as_str).collect();
    exam.settle(lease, over(RunState::Succeeded), sending(success(), &all)).await;
    let hosts: Vec<_> = (0..8)
        .map(|_| {
            let ledger = std::sync::Arc::clone(&exam.ledger);
            tokio::spawn(async move { ledger.lease_messages(HostId::new(), LEASE, 7).await.expect("leases") })
        })
        .collect();
    let mut taken = Vec::new();
    for host in hosts {
        taken.extend(bodies(&host.await.expect("no panic")));
    }
    assert_eq!(taken.len(), 40);
    taken.sort();
    taken.dedup();
    assert_eq!(taken.len(), 40);
}

pub async fn what_was_sent_is_over_and_only_where_to_is_kept(exam: &Exam) {
    one_message(exam).await;
    let lease = taken(exam, 1).await.remove(0).lease;
    assert!(settle(exam, lease, Fate::Sent, 204).await);
    let record = listed(exam).await.remove(0);
    assert_eq!((record.state, record.status, record.ended_at), (MessageState::Sent, Some(204), Some(second(5))));
    assert_eq!(
        (record.answer.as_deref(), record.destination.as_str()),
        (Some("answered 204"), "https://hooks.example.com")
    );
    assert!(!settle(exam, lease, Fate::Dead, 500).await, "nothing is settled twice");
    assert_eq!(exam.ledger.next_message().await.expect("reads"), None);
    exam.clock.advance(LEASE * 2);
    assert_eq!(taken(exam, 9).await, []);
}

pub async fn what_is_sent_again_waits_for_its_time(exam: &Exam) {
    one_message(exam).await;
    let lease = taken(exam, 1).await.remove(0).lease;
    assert!(settle(exam, lease, Fate::Again { not_before: second(60) }, 503).await);
    assert_eq!(exam.ledger.next_message().await.expect("reads"), Some(second(60)));
    exam.clock.advance(Duration::from_secs(59));
    assert_eq!(taken(exam, 9).await, []);
    exam.clock.advance(Duration::from_secs(1));
    let again = taken(exam, 9).await.remove(0);
    assert_eq!((again.attempt, again.lease.id, again.webhook), (2, lease.id, webhook("a")));
}

pub async fn of_a_host_that_went_away_another_takes_its_message_and_the_late_answer_is_dropped(exam: &Exam) {
    one_message(exam).await;
    let lost = taken(exam, 1).await.remove(0).lease;
    assert_eq!(exam.ledger.next_message().await.expect("reads"), Some(second(0) + LEASE));
    exam.clock.advance(LEASE - Duration::from_secs(1));
    assert_eq!(taken(exam, 9).await, []);
    exam.clock.advance(Duration::from_secs(1));
    let posted = exam.ledger.lease_messages(HostId::new(), LEASE, 9).await.expect("leases").remove(0);
    assert_eq!((posted.attempt, posted.webhook), (2, webhook("a")));
    assert!(!settle(exam, lost, Fate::Sent, 200).await);
    assert!(settle(exam, posted.lease, Fate::Sent, 200).await);
}

pub async fn what_is_dead_stays_until_somebody_has_it_tried_again_or_drops_it(exam: &Exam) {
    one_message(exam).await;
    let posted = taken(exam, 1).await.remove(0);
    let id = posted.lease.id;
    assert_eq!(exam.ledger.retry_message(id, second(9)).await.expect("asks"), MessageAnswer::Is(MessageState::Sending));
    settle(exam, posted.lease, Fate::Dead, 410).await;
    let counts = exam.history.message_counts().await.expect("reads");
    assert_eq!(counts, MessageCounts { waiting: 0, sending: 0, dead: 1 });
    exam.clock.advance(LEASE * 2);
    assert_eq!(taken(exam, 9).await, []);
    exam.ledger.prune(Retention { before: second(90_000), batch: 9 }).await.expect("prunes");
    assert_eq!(listed(exam).await[0].state, MessageState::Dead);
    assert_eq!(exam.ledger.retry_message(id, second(60)).await.expect("asks"), MessageAnswer::Done);
    let again = taken(exam, 9).await.remove(0);
    assert_eq!((again.attempt, again.give_up_at, again.webhook), (1, second(60) + TRIED_FOR, webhook("a")));
    settle(exam, again.lease, Fate::Dead, 410).await;
    assert_eq!(exam.ledger.drop_message(id, second(70)).await.expect("asks"), MessageAnswer::Done);
    assert_eq!(exam.ledger.drop_message(id, second(70)).await.expect("asks"), MessageAnswer::Is(MessageState::Dropped));
    let other = MessageId { number: 9, ..id };
    assert_eq!(exam.ledger.drop_message(other, second(70)).await.expect("asks"), MessageAnswer::NotFound);
}

pub async fn what_was_sent_is_forgotten_as_runs_are_and_what_waits_is_not(exam: &Exam) {
    let lease = exam.running(fire("nightly", 0)).await.lease;
    exam.settle(lease, over(RunState::Succeeded), sending(success(), &["a", "b"])).await;
    let sent = taken(exam, 1).await.remove(0).lease;
    settle(exam, sent, Fate::Sent, 200).await;
    exam.ledger.prune(Retention { before: second(5), batch: 9 }).await.expect("prunes");
    assert_eq!(listed(exam).await.len(), 2);
    exam.ledger.prune(Retention { before: second(6), batch: 9 }).await.expect("prunes");
    let left = listed(exam).await;
    assert_eq!(left.iter().map(|one| (one.id.number, one.state)).collect::<Vec<_>>(), [(1, MessageState::Waiting)]);
    assert_eq!(bodies(&taken(exam, 9).await), ["b"], "its run is forgotten, it is not");
}

pub async fn messages_are_listed_by_page_and_only_those_asked_for(exam: &Exam) {
    for due in 0..3 {
        let lease = exam.running(fire("nightly", due)).await.lease;
        exam.settle(lease, over(RunState::Succeeded), sending(success(), &["a"])).await;
    }
    let all = listed(exam).await;
    let page = |after, limit| MessageFilter { after, limit, ..MessageFilter::default() };
    let first = exam.history.messages(page(None, 2)).await.expect("reads");
    let rest = exam.history.messages(page(Some(first[1].id), 2)).await.expect("reads");
    assert_eq!([first, rest].concat(), all);
    let lease = taken(exam, 1).await.remove(0).lease;
    settle(exam, lease, Fate::Sent, 200).await;
    let sent = MessageFilter { state: Some(MessageState::Sent), ..page(None, 9) };
    assert_eq!(
        exam.history.messages(sent).await.expect("reads").iter().map(|one| one.id).collect::<Vec<_>>(),
        [lease.id]
    );
    let others = MessageFilter { plugin: Some("other".parse().expect("a name")), ..page(None, 9) };
    assert_eq!(exam.history.messages(others).await.expect("reads"), []);
}
