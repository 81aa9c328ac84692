//! Due instants of the past that somebody asks for.

use noontide_domain::ports::{Claim, Claimed, Fire, Skip};
use noontide_domain::{Cause, Key, Overlap, RunState, SkipReason};

use super::{Exam, exclusive, failure, fire, named, over, second};

/// Of the schedule `nightly`.
fn backfill(due: i64) -> Fire {
    let mut fire = fire("nightly", due);
    fire.fills = Some(fire.order.key.clone());
    fire.order.key = Key::backfill(&named("nightly"), second(due));
    fire.order.cause = Cause::Backfill;
    Fire { not_before: second(0), ..fire }
}

fn missed(due: i64, reason: SkipReason) -> Claim {
    let skip = Skip {
        schedule: named("nightly"),
        handler: "mail/send".parse().expect("a handler"),
        due_at: second(due),
        until: second(due),
        count: 1,
        reason,
    };
    Claim { skip: vec![skip], ..Claim::default() }
}

pub async fn a_backfill_fills_what_has_no_row(exam: &Exam) {
    let fire = backfill(-60);
    let order = fire.order.clone();
    assert_eq!(exam.claim(vec![fire]).await, [Claimed::Ready(order.id)]);
    assert_eq!(exam.lease(1).await[0].order, order);
    assert_eq!(exam.run(order.id).await.cause, Cause::Backfill);
}

pub async fn a_backfill_leaves_alone_what_goes_on_or_succeeded(exam: &Exam) {
    let waiting = fire("nightly", -30);
    let run = waiting.order.id;
    exam.claim(vec![waiting]).await;
    assert_eq!(exam.claim(vec![backfill(-30)]).await, [Claimed::Duplicate(run)]);
    let lease = exam.lease(1).await.remove(0).lease;
    assert_eq!(exam.claim(vec![backfill(-30)]).await, [Claimed::Duplicate(run)]);
    exam.succeed(lease).await;
    assert_eq!(exam.claim(vec![backfill(-30)]).await, [Claimed::Duplicate(run)]);
    assert_eq!(exam.all().await.len(), 1);
}

pub async fn a_backfill_takes_up_what_did_not_succeed(exam: &Exam) {
    for (i, state) in [RunState::Failed, RunState::Cancelled, RunState::Skipped].into_iter().enumerate() {
        let lease = exam.running(fire("nightly", -(i as i64))).await.lease;
        exam.settle(lease, over(state), failure()).await;
    }
    exam.ledger.claim(missed(-3, SkipReason::Missed), None).await.expect("claims");
    exam.ledger.claim(missed(-4, SkipReason::Expired { by: second(-4) }), None).await.expect("claims");
    let claimed = exam.claim((0..5).map(|i| backfill(-i)).collect()).await;
    assert!(claimed.iter().all(|one| matches!(one, Claimed::Ready(_))), "{claimed:?}");
    assert_eq!(exam.all().await.len(), 10, "the rows that say why there was no run stay");
}

pub async fn the_same_backfill_twice_is_one_run_however_it_ended(exam: &Exam) {
    let claimed = exam.claim(vec![backfill(-60), backfill(-60)]).await;
    let Claimed::Ready(run) = claimed[0] else { panic!("{claimed:?}") };
    assert_eq!(claimed[1], Claimed::Duplicate(run));
    let lease = exam.lease(1).await.remove(0).lease;
    exam.settle(lease, over(RunState::Failed), failure()).await;
    assert_eq!(exam.claim(vec![backfill(-60)]).await, [Claimed::Duplicate(run)]);
}

pub async fn a_backfill_sees_what_fires_in_the_same_claim(exam: &Exam) {
    let occurrences = [exclusive("nightly", -60), exclusive("nightly", -30)];
    let run = occurrences[0].order.id;
    let mut fires = occurrences.to_vec();
    fires.extend([backfill(-60), backfill(-30)]);
    let claimed = exam.claim(fires).await;
    assert_eq!(claimed[..3], [Claimed::Ready(run), Claimed::Overlapped(run), Claimed::Duplicate(run)]);
    assert!(matches!(claimed[3], Claimed::Ready(_)), "what a row says did not run");
}

pub async fn a_backfill_takes_up_what_the_same_claim_replaced(exam: &Exam) {
    let cancelling = |due| Fire { overlap: Overlap::CancelRunning, ..fire("nightly", due) };
    exam.claim(vec![cancelling(-60)]).await;
    let claimed = exam.claim(vec![cancelling(-45), cancelling(-30), backfill(-60), backfill(-45), backfill(-30)]).await;
    assert!(matches!(claimed[2..4], [Claimed::Ready(_), Claimed::Ready(_)]), "{claimed:?}");
    assert!(matches!(claimed[4], Claimed::Duplicate(_)), "the last one goes on");
}

pub async fn an_occurrence_fires_whatever_was_filled_in_before(exam: &Exam) {
    exam.claim(vec![backfill(-60)]).await;
    assert!(matches!(exam.claim(vec![fire("nightly", -60)]).await[..], [Claimed::Ready(_)]));
}
