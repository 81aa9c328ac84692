//! Again: whoever never heard the answer hands the same in once more, and is answered as the first time. Nothing is done twice.

use std::time::Duration;

use noontide_domain::ports::{Claim, Claimed, Fire, MessageFilter, Settled, Settlement, Skip};
use noontide_domain::{Overlap, Report, RunState, SkipReason, Webhook};

use super::schedules::every_minute;
use super::{Exam, again, enqueued, exclusive, failure, fire, named, over, second, success, tenant, write};

/// Hands the claim in twice; both answers.
async fn twice(exam: &Exam, claim: Claim, places: usize) -> [Vec<Claimed>; 2] {
    let first = exam.ledger.claim(claim.clone(), Some(tenant(places))).await.expect("claims");
    let rows = exam.all().await;
    let second = exam.ledger.claim(claim, Some(tenant(places))).await.expect("claims");
    assert_eq!(exam.all().await, rows, "nothing is written");
    [first, second]
}

pub async fn the_same_claim_is_answered_as_the_first_time(exam: &Exam) {
    exam.ledger.declare(vec![every_minute("nightly")], second(-300)).await.expect("declares");
    exam.claim(vec![fire("nightly", -60)]).await;
    let skip = Skip {
        schedule: named("nightly"),
        handler: "mail/send".parse().expect("a handler"),
        due_at: second(-240),
        until: second(-120),
        count: 3,
        reason: SkipReason::Missed,
    };
    let claim = Claim {
        fire: vec![fire("nightly", 0), fire("nightly", 60), fire("nightly", -60), enqueued("a"), enqueued("b")],
        skip: vec![skip],
        cursors: vec![(named("nightly"), second(60))],
        ..Claim::default()
    };
    let [first, again] = twice(exam, claim, 2).await;
    assert!(matches!(first[..2], [Claimed::Leased(_), Claimed::Ready(_)]), "{first:?}");
    assert!(matches!(first[2..], [Claimed::Duplicate(_), Claimed::Leased(_), Claimed::Ready(_)]), "{first:?}");
    assert_eq!(again, first);
    let standing = exam.history.standings().await.expect("reads").remove(0);
    assert_eq!((standing.runs, standing.cursor), (3, second(60)), "each run is counted once");
}

pub async fn the_same_claim_finds_the_same_in_the_way(exam: &Exam) {
    exam.clock.advance(Duration::from_secs(5));
    let running = exam.running(exclusive("skips", 0)).await.lease.run;
    let claim = Claim { fire: vec![exclusive("skips", 1)], ..Claim::default() };
    let [first, again] = twice(exam, claim, 1).await;
    assert_eq!((first, again), (vec![Claimed::Overlapped(running)], vec![Claimed::Overlapped(running)]));

    let stops = exam.running(exclusive("cancels", 0)).await.lease.run;
    let fires = (1..3).map(|due| Fire { overlap: Overlap::CancelRunning, ..fire("cancels", due) }).collect::<Vec<_>>();
    let last = fires[1].order.id;
    let [first, again] = twice(exam, Claim { fire: fires, ..Claim::default() }, 1).await;
    let expected = vec![Claimed::Overlapped(last), Claimed::Queued { run: last, cancel: vec![stops] }];
    assert_eq!((first, again), (expected.clone(), expected));

    let behind = Fire { overlap: Overlap::QueueAll, ..fire("skips", 2) };
    let (run, cancel) = (behind.order.id, Vec::new());
    let [first, again] = twice(exam, Claim { fire: vec![behind], ..Claim::default() }, 1).await;
    let expected = vec![Claimed::Queued { run, cancel }];
    assert_eq!((first, again), (expected.clone(), expected));
}

pub async fn of_the_same_claim_only_what_it_still_holds_is_leased(exam: &Exam) {
    exam.clock.advance(Duration::from_secs(5));
    let claim = Claim { fire: vec![fire("nightly", 0), fire("nightly", 1), fire("nightly", 2)], ..Claim::default() };
    let runs: Vec<_> = claim.fire.iter().map(|fire| fire.order.id).collect();
    let first = exam.ledger.claim(claim.clone(), Some(tenant(3))).await.expect("claims");
    let leases: Vec<_> = first
        .into_iter()
        .map(|one| match one {
            Claimed::Leased(leased) => leased.lease,
            other => panic!("not leased: {other:?}"),
        })
        .collect();
    exam.succeed(leases[0]).await;
    exam.ledger.release(vec![leases[1]]).await.expect("releases");
    let later = exam.ledger.claim(claim, Some(tenant(3))).await.expect("claims");
    assert_eq!(later[..2], [Claimed::Ready(runs[0]), Claimed::Ready(runs[1])]);
    assert!(matches!(&later[2], Claimed::Leased(leased) if leased.lease == leases[2]), "{later:?}");
    assert_eq!(exam.lease(3).await.len(), 1, "what was given back is there once");
}

pub async fn the_same_settlement_is_recorded_once_and_answered_as_the_first_time(exam: &Exam) {
    exam.ledger.declare(vec![every_minute("nightly")], second(0)).await.expect("declares");
    let lease = exam.running(fire("nightly", 0)).await.lease;
    let message = Webhook {
        url: "https://example.com/".to_owned(),
        method: "POST".to_owned(),
        headers: Vec::new(),
        body: b"x".to_vec().into(),
    };
    let report = Report { state: vec![write("k", "one", 0)], messages: vec![message], ..success() };
    let then = Claim { fire: vec![fire("follower", 0)], ..Claim::default() };
    let settlement = Settlement { then, ..Settlement::new(lease, over(RunState::Succeeded), report) };
    for _ in 0..3 {
        let settled = exam.ledger.settle(vec![settlement.clone()]).await.expect("settles");
        assert_eq!(settled, [Settled::Recorded]);
    }
    let state = exam.ledger.state("schedule:nightly", "k").await.expect("reads");
    assert_eq!(state, Some((b"one".to_vec(), 1)));
    assert_eq!(exam.all().await.len(), 2, "what follows is there once");
    let messages = exam.history.messages(MessageFilter { limit: 9, ..MessageFilter::default() }).await.expect("reads");
    assert_eq!(messages.len(), 1, "{messages:?}");
    let other = Settlement::new(lease, over(RunState::Failed), failure());
    assert_eq!(exam.ledger.settle(vec![other]).await.expect("settles"), [Settled::LeaseLost]);
}

pub async fn a_settlement_is_known_again_after_further_attempts(exam: &Exam) {
    let first = exam.running(fire("nightly", 0)).await.lease;
    let settle = async |lease, verdict, report| {
        exam.ledger.settle(vec![Settlement::new(lease, verdict, report)]).await.expect("settles").remove(0)
    };
    assert_eq!(settle(first, again(0, true), failure()).await, Settled::Recorded);
    assert_eq!(settle(first, again(5, true), failure()).await, Settled::Recorded, "it is ready again");
    let next = exam.lease(1).await.remove(0).lease;
    assert_eq!(settle(first, again(0, true), failure()).await, Settled::Recorded, "it goes on again");
    assert_eq!(settle(first, over(RunState::Failed), failure()).await, Settled::LeaseLost, "that is another end");
    exam.succeed(next).await;
    assert_eq!(settle(first, again(0, true), failure()).await, Settled::Recorded, "it is over");
    assert_eq!(settle(first, over(RunState::Succeeded), success()).await, Settled::LeaseLost, "that was another's");
    assert_eq!(exam.history.attempts(first.run).await.expect("reads").len(), 1);
    let run = exam.run(first.run).await;
    assert_eq!((run.state, run.attempt), (RunState::Succeeded, 2));
}
