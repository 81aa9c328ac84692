//! What could not begin in time does not begin.

use std::time::Duration;

use noontide_domain::ports::{Claim, Claimed, Fire, Skip};
use noontide_domain::{Outcome, Overlap, RunId, RunState, SkipReason};

use super::{Exam, LEASE, again, exclusive, failure, fire, named, report, second};

/// Of the schedule `nightly`, with seconds after the exam began.
fn patient(due: i64, start_by: Option<i64>, expires_at: Option<i64>) -> Fire {
    let mut fire = fire("nightly", due);
    fire.order.start_by = start_by.map(second);
    fire.order.expires_at = expires_at.map(second);
    fire
}

impl Exam {
    async fn is_expired(&self, run: RunId, by: i64, finished: i64) {
        let record = self.run(run).await;
        assert_eq!((record.state, record.finished_at), (RunState::Expired, Some(second(finished))));
        assert_eq!((record.reason, record.not_before), (Some(SkipReason::Expired { by: second(by) }), None));
    }

    async fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

pub async fn the_last_instants_come_back_from_a_lease_and_when_it_lapses(exam: &Exam) {
    let fires = [patient(-3, Some(10), None), patient(-2, None, Some(20)), patient(-1, Some(10), Some(20))];
    let orders: Vec<_> = fires.iter().map(|fire| fire.order.clone()).collect();
    exam.claim(fires.to_vec()).await;
    assert_eq!(exam.lease(9).await.into_iter().map(|one| one.order).collect::<Vec<_>>(), orders);
    exam.clock.advance(LEASE);
    let mut lapsed: Vec<_> = exam.lapsed().await.into_iter().map(|one| one.order).collect();
    lapsed.sort_by_key(|order| order.due_at);
    assert_eq!(lapsed, orders);
}

pub async fn a_run_that_did_not_begin_in_time_expires(exam: &Exam) {
    let cases = [(Some(4), None, 4), (None, Some(4), 4), (Some(4), Some(9), 4), (Some(9), Some(4), 4)];
    let mut runs = Vec::new();
    for (i, (start_by, expires_at, by)) in cases.into_iter().enumerate() {
        let fire = patient(-(i as i64), start_by, expires_at);
        runs.push((fire.order.id, by));
        exam.claim(vec![fire]).await;
    }
    exam.pass(5).await;
    assert_eq!(exam.lease(9).await, []);
    for (run, by) in runs {
        exam.is_expired(run, by, 5).await;
    }
    assert_eq!(exam.lease(9).await, [], "and never comes again");
}

pub async fn at_the_last_instant_a_run_may_still_begin(exam: &Exam) {
    exam.claim(vec![patient(0, Some(5), Some(5)), patient(0, None, None)]).await;
    exam.pass(5).await;
    assert_eq!(exam.lease(9).await.len(), 1, "the other one has the same key");
}

pub async fn a_run_that_began_in_time_is_not_stopped(exam: &Exam) {
    let lease = exam.running(patient(0, Some(1), Some(2))).await.lease;
    exam.pass(9).await;
    assert_eq!(exam.lease(9).await, []);
    assert_eq!(exam.run(lease.run).await.state, RunState::Running);
    exam.succeed(lease).await;
}

pub async fn a_retry_may_begin_after_start_by_and_not_after_expires_at(exam: &Exam) {
    let first = exam.running(patient(0, Some(1), Some(20))).await.lease;
    exam.settle(first, again(5, true), failure()).await;
    exam.pass(5).await;
    let retry = exam.lease(9).await.remove(0).lease;
    assert_eq!(retry.attempt, 2);
    exam.settle(retry, again(30, true), failure()).await;
    exam.pass(15).await;
    assert_eq!(exam.lease(9).await, []);
    assert_eq!(exam.run(first.run).await.state, RunState::Ready, "at the last instant it is not too late");
    exam.pass(1).await;
    assert_eq!(exam.lease(9).await, []);
    exam.is_expired(first.run, 20, 21).await;
    let record = exam.run(first.run).await;
    assert_eq!((record.attempt, record.outcome), (2, Some(failure().outcome)));
}

pub async fn a_lease_given_back_leaves_the_first_attempt_bound_by_start_by(exam: &Exam) {
    let given = exam.running(patient(0, Some(1), None)).await.lease;
    exam.ledger.release(vec![given]).await.expect("releases");
    exam.pass(2).await;
    assert_eq!(exam.lease(9).await, []);
    exam.is_expired(given.run, 1, 2).await;
}

pub async fn a_call_that_asked_to_run_again_has_begun(exam: &Exam) {
    let first = exam.running(patient(0, Some(1), None)).await.lease;
    exam.settle(first, again(5, false), report(Outcome::RunAgain { after: Duration::from_secs(5) })).await;
    exam.pass(5).await;
    let next = exam.lease(9).await.remove(0).lease;
    assert_eq!(next.attempt, 1);
    exam.ledger.release(vec![next]).await.expect("releases");
    assert_eq!(exam.lease(9).await.len(), 1, "given back or not");
}

pub async fn an_abandoned_first_attempt_has_begun(exam: &Exam) {
    let first = exam.running(patient(0, Some(1), None)).await.lease;
    exam.clock.advance(LEASE);
    exam.settle(first, again(0, true), report(Outcome::Abandoned)).await;
    assert_eq!(exam.lease(9).await[0].lease.attempt, 2);
}

pub async fn what_expired_keeps_no_host_looking_and_is_in_nobodys_way(exam: &Exam) {
    let fire = Fire { overlap: Overlap::Skip, ..patient(0, Some(1), None) };
    exam.claim(vec![fire]).await;
    exam.pass(2).await;
    assert_eq!(exam.next_ready().await, Some(second(0)), "somebody has to look");
    exam.lease(0).await;
    assert_eq!(exam.next_ready().await, None);
    assert!(matches!(exam.claim(vec![exclusive("nightly", 1)]).await[..], [Claimed::Ready(_)]));
}

pub async fn a_queued_run_expires_while_it_waits_and_the_next_one_goes(exam: &Exam) {
    let queued = |due, start_by| Fire { overlap: Overlap::QueueAll, ..patient(due, start_by, None) };
    let running = exam.running(queued(-9, None)).await.lease;
    let impatient = [queued(-8, Some(1)), queued(-7, Some(3))];
    let runs = impatient.clone().map(|fire| fire.order.id);
    exam.claim(impatient.to_vec()).await;
    exam.claim(vec![queued(-6, None)]).await;
    exam.pass(2).await;
    assert_eq!(exam.lease(9).await, []);
    exam.is_expired(runs[0], 1, 2).await;
    exam.pass(2).await;
    exam.succeed(running).await;
    assert_eq!(exam.lease(9).await[0].order.due_at, second(-6));
    exam.is_expired(runs[1], 3, 4).await;
}

pub async fn however_many_expired_none_of_them_is_leased(exam: &Exam) {
    const MANY: i64 = 1_500;
    exam.claim((0..MANY).map(|i| patient(-i, Some(0), None)).collect()).await;
    exam.claim(vec![patient(1, None, None)]).await;
    exam.pass(1).await;
    let mut leased = Vec::new();
    while exam.all().await.iter().any(|run| run.state == RunState::Ready) {
        leased.extend(exam.lease(9).await);
    }
    assert_eq!(leased.iter().map(|one| one.order.due_at).collect::<Vec<_>>(), [second(1)]);
    let expired = exam.all().await.iter().filter(|run| run.state == RunState::Expired).count();
    assert_eq!(expired as i64, MANY);
}

pub async fn an_instant_that_expired_before_it_was_claimed_has_a_row_that_says_so(exam: &Exam) {
    let reason = SkipReason::Expired { by: second(-1) };
    let skip = Skip {
        schedule: named("nightly"),
        handler: "mail/send".parse().expect("a handler"),
        due_at: second(-5),
        until: second(-5),
        count: 1,
        reason: reason.clone(),
    };
    exam.ledger.claim(Claim { skip: vec![skip], ..Claim::default() }, None).await.expect("claims");
    let record = exam.all().await.remove(0);
    assert_eq!((record.state, record.reason, record.finished_at), (RunState::Expired, Some(reason), Some(second(0))));
}
