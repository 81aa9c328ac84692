//! What follows a success is written with it, or not at all.

use noontide_domain::ports::{Claim, Fire, Settled, Settlement, Skip};
use noontide_domain::{Cause, Lease, Overlap, RunState, SkipReason, Verdict};

use super::schedules::every_minute;
use super::{Exam, again, failure, fire, named, over, second, success, tenant, write};

/// The schedule `next` follows, with the same instant.
fn after(overlap: Overlap, due: i64) -> Fire {
    let mut fire = Fire { overlap, ..fire("next", due) };
    fire.order.cause = Cause::After;
    fire
}

fn then(lease: Lease, verdict: Verdict, fire: Vec<Fire>) -> Settlement {
    Settlement { then: Claim { fire, ..Claim::default() }, ..Settlement::new(lease, verdict, success()) }
}

impl Exam {
    async fn settle_all(&self, settlements: Vec<Settlement>) -> Vec<Settled> {
        self.ledger.settle(settlements).await.expect("settles")
    }

    /// Of the schedule `next`, oldest first: when it was due, and where it stands.
    async fn following(&self) -> Vec<(i64, RunState)> {
        let mut rows = self.all().await;
        rows.retain(|run| run.schedule == Some(named("next")));
        rows.iter().rev().map(|run| ((run.due_at - second(0)).num_seconds(), run.state)).collect()
    }
}

pub async fn what_follows_a_success_is_written_with_it_and_waits(exam: &Exam) {
    exam.ledger.declare(vec![every_minute("next")], second(0)).await.expect("declares");
    let lease = exam.running(fire("nightly", -5)).await.lease;
    let follower = after(Overlap::Skip, -5);
    let order = follower.order.clone();
    let settlement = Settlement {
        then: Claim { fire: vec![follower], cursors: vec![(named("next"), second(7))], ..Claim::default() },
        ..Settlement::new(lease, over(RunState::Succeeded), success())
    };
    assert_eq!(exam.settle_all(vec![settlement]).await, [Settled::Recorded]);
    assert_eq!(exam.run(lease.run).await.state, RunState::Succeeded);
    let record = exam.run(order.id).await;
    assert_eq!((record.state, record.cause, record.attempt), (RunState::Ready, Cause::After, 0));
    let standing = exam.history.standings().await.expect("reads").remove(0);
    assert_eq!((standing.runs, standing.cursor), (1, second(7)));
    assert_eq!(exam.lease(9).await[0].order, order);
}

pub async fn nothing_follows_what_did_not_succeed(exam: &Exam) {
    let verdicts = [
        over(RunState::Failed),
        over(RunState::Cancelled),
        over(RunState::Skipped),
        again(3_600, true),
        again(3_600, false),
    ];
    for (i, verdict) in verdicts.into_iter().enumerate() {
        let lease = exam.running(fire("nightly", i as i64)).await.lease;
        let settlement =
            Settlement { report: failure(), ..then(lease, verdict, vec![after(Overlap::Allow, i as i64)]) };
        assert_eq!(exam.settle_all(vec![settlement]).await, [Settled::Recorded]);
    }
    assert_eq!(exam.following().await, []);
}

pub async fn nothing_follows_when_the_lease_was_lost(exam: &Exam) {
    let old = exam.running(fire("nightly", 0)).await.lease;
    exam.settle(old, again(0, true), failure()).await;
    let new = exam.lease(1).await.remove(0).lease;
    let late = then(old, over(RunState::Succeeded), vec![after(Overlap::Allow, 0)]);
    assert_eq!(exam.settle_all(vec![late]).await, [Settled::LeaseLost]);
    assert_eq!(exam.following().await, []);
    let done = then(new, over(RunState::Succeeded), vec![after(Overlap::Allow, 1)]);
    let twice = then(new, over(RunState::Succeeded), vec![after(Overlap::Allow, 2)]);
    assert_eq!(exam.settle_all(vec![done, twice]).await, [Settled::Recorded, Settled::Recorded], "the same end");
    assert_eq!(exam.following().await, [(1, RunState::Ready)]);
}

pub async fn nothing_follows_a_conflict(exam: &Exam) {
    let lease = exam.running(fire("nightly", 0)).await.lease;
    let mut settlement = then(lease, over(RunState::Succeeded), vec![after(Overlap::Allow, 0)]);
    settlement.report.state = vec![write("page", "2", 7)];
    let conflict = Settled::StateConflict { key: "page".to_owned() };
    assert_eq!(exam.settle_all(vec![settlement]).await, [conflict]);
    assert_eq!(exam.following().await, []);
}

pub async fn what_follows_is_judged_like_any_fire(exam: &Exam) {
    let running = exam.running(Fire { overlap: Overlap::Allow, ..fire("next", -9) }).await.lease;
    let mut done = Vec::new();
    for (due, overlap) in [(1, Overlap::Skip), (2, Overlap::QueueAll), (3, Overlap::Queue), (-9, Overlap::Allow)] {
        let lease = exam.running(fire("nightly", due)).await.lease;
        let follower = Fire { not_before: second(0), ..after(overlap, due) };
        done.push(then(lease, over(RunState::Succeeded), vec![follower]));
    }
    assert_eq!(exam.settle_all(done).await, vec![Settled::Recorded; 4]);
    let expected = [(-9, RunState::Running), (1, RunState::Skipped), (2, RunState::Ready), (3, RunState::Skipped)];
    assert_eq!(exam.following().await, expected, "each instant once");
    assert_eq!(exam.lease(9).await, []);
    exam.succeed(running).await;
    assert_eq!(exam.lease(9).await[0].order.due_at, second(2));
}

pub async fn what_follows_may_take_the_place_of_a_run(exam: &Exam) {
    let running = exam.running(fire("next", -9)).await.lease;
    let lease = exam.running(fire("nightly", 0)).await.lease;
    exam.settle_all(vec![then(lease, over(RunState::Succeeded), vec![after(Overlap::CancelRunning, 0)])]).await;
    let pulse = exam.ledger.heartbeat(tenant(1), vec![running]).await.expect("beats");
    assert_eq!(pulse.cancel, [running.run]);
}

pub async fn all_ends_of_a_call_come_before_what_follows_them(exam: &Exam) {
    let first = exam.running(fire("nightly", -5)).await.lease;
    let in_the_way = exam.running(fire("next", -9)).await.lease;
    let settled = vec![
        then(first, over(RunState::Succeeded), vec![after(Overlap::Skip, -5)]),
        Settlement::new(in_the_way, over(RunState::Failed), failure()),
    ];
    assert_eq!(exam.settle_all(settled).await, vec![Settled::Recorded; 2]);
    assert_eq!(exam.following().await, [(-9, RunState::Failed), (-5, RunState::Ready)]);
    let own = exam.lease(1).await.remove(0).lease;
    exam.settle_all(vec![then(own, over(RunState::Succeeded), vec![after(Overlap::Skip, 0)])]).await;
    assert_eq!(exam.following().await.last(), Some(&(0, RunState::Ready)), "nor is it in its own way");
}

pub async fn what_cannot_follow_leaves_its_row(exam: &Exam) {
    let lease = exam.running(fire("nightly", 0)).await.lease;
    let skip = Skip {
        schedule: named("next"),
        handler: "mail/send".parse().expect("a handler"),
        due_at: second(0),
        until: second(0),
        count: 1,
        reason: SkipReason::Paused { by: "ops".to_owned(), reason: None },
    };
    let settlement = Settlement {
        then: Claim { skip: vec![skip.clone(), skip], ..Claim::default() },
        ..Settlement::new(lease, over(RunState::Succeeded), success())
    };
    assert_eq!(exam.settle_all(vec![settlement]).await, [Settled::Recorded]);
    assert_eq!(exam.following().await, [(0, RunState::Skipped)]);
}

pub async fn a_follower_that_cannot_be_written_leaves_the_run_as_it_was(exam: &Exam) {
    let lease = exam.running(fire("nightly", 0)).await.lease;
    let mut same_id = after(Overlap::Allow, 1);
    same_id.order.id = lease.run;
    let settlement = then(lease, over(RunState::Succeeded), vec![after(Overlap::Allow, 0), same_id]);
    exam.ledger.settle(vec![settlement]).await.expect_err("two runs cannot share an id");
    assert_eq!(exam.run(lease.run).await.state, RunState::Running);
    assert_eq!(exam.following().await, []);
}
