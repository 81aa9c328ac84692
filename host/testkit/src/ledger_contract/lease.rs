//! Leases: who works on a run for now.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use noontide_domain::ports::{CancelAnswer, Pulse, Settled, Settlement};
use noontide_domain::{HostId, Lease, Outcome, RunId, RunState};

use super::{Exam, LEASE, again, failure, fire, over, report, second, success, tenant};

pub async fn ready_runs_are_leased_in_the_order_of_their_time(exam: &Exam) {
    exam.claim([-1, -3, 5, -2].map(|due| fire("nightly", due)).to_vec()).await;
    let due = |leased: Vec<noontide_domain::Leased>| leased.iter().map(|one| one.order.due_at).collect::<Vec<_>>();
    assert_eq!(due(exam.lease(2).await), [second(-3), second(-2)]);
    assert_eq!(due(exam.lease(9).await), [second(-1)]);
    assert!(exam.lease(9).await.is_empty());
    exam.clock.advance(Duration::from_secs(5));
    assert_eq!(due(exam.lease(9).await), [second(5)]);
}

pub async fn attempt_and_fence_grow_with_each_lease(exam: &Exam) {
    let mut before = exam.running(fire("nightly", 0)).await.lease;
    assert_eq!(before.attempt, 1);
    for attempt in 2..5 {
        exam.settle(before, again(0, true), failure()).await;
        let now = exam.lease(1).await.remove(0).lease;
        assert_eq!((now.run, now.attempt), (before.run, attempt));
        assert!(now.fence > before.fence);
        before = now;
    }
}

pub async fn the_earliest_ready_time_is_known(exam: &Exam) {
    assert_eq!(exam.next_ready().await, None);
    exam.running(fire("nightly", -9)).await;
    assert_eq!(exam.next_ready().await, None, "a running one is not ready");
    exam.claim(vec![fire("nightly", 60), fire("nightly", 30)]).await;
    assert_eq!(exam.next_ready().await, Some(second(30)));
}

pub async fn a_heartbeat_prolongs_a_lease(exam: &Exam) {
    let lease = exam.running(fire("nightly", 0)).await.lease;
    for _ in 0..3 {
        exam.clock.advance(LEASE - Duration::from_secs(1));
        assert_eq!(exam.ledger.heartbeat(tenant(1), vec![lease]).await.expect("beats"), Pulse::default());
        assert_eq!(exam.lapsed().await, []);
    }
    exam.clock.advance(LEASE);
    assert_eq!(exam.lapsed().await.len(), 1);
}

pub async fn a_heartbeat_tells_of_cancels_and_of_losses(exam: &Exam) {
    let kept = exam.running(fire("nightly", 0)).await.lease;
    let asked = exam.running(fire("nightly", 1)).await.lease;
    let over_already = exam.running(fire("nightly", 2)).await.lease;
    exam.ledger.cancel(asked.run, second(3)).await.expect("cancels");
    exam.succeed(over_already).await;
    let strangers = Lease { host: HostId::new(), ..kept };
    let unknown = Lease { run: RunId::new(), ..kept };
    let pulse = exam.ledger.heartbeat(tenant(9), vec![kept, asked, over_already]).await.expect("beats");
    assert_eq!(pulse, Pulse { cancel: vec![asked.run], lost: vec![over_already.run] });
    let pulse = exam.ledger.heartbeat(tenant(9), vec![strangers, unknown]).await.expect("beats");
    assert_eq!(pulse, Pulse { cancel: vec![], lost: vec![kept.run, unknown.run] });
}

pub async fn a_lease_has_lapsed_only_after_its_time(exam: &Exam) {
    let first = exam.running(fire("nightly", 0)).await;
    exam.clock.advance(Duration::from_secs(1));
    exam.running(fire("nightly", 1)).await;
    exam.clock.advance(LEASE - Duration::from_secs(1) - Duration::from_millis(1));
    assert_eq!(exam.lapsed().await, []);
    exam.clock.advance(Duration::from_millis(1));
    let lapsed = exam.lapsed().await;
    assert_eq!(lapsed.len(), 1);
    assert_eq!((&lapsed[0].order, lapsed[0].lease), (&first.order, first.lease));
    exam.clock.advance(LEASE);
    assert_eq!(exam.lapsed().await.len(), 2);
    assert_eq!(exam.ledger.lapsed(1).await.expect("reads"), lapsed, "the one that lapsed first");
}

pub async fn a_lease_given_back_does_not_count_as_an_attempt(exam: &Exam) {
    let given = exam.running(fire("nightly", 0)).await.lease;
    exam.ledger.release(vec![given]).await.expect("releases");
    let record = exam.run(given.run).await;
    assert_eq!((record.state, record.attempt, record.started_at), (RunState::Ready, 0, None));
    let taken = exam.lease(1).await.remove(0).lease;
    assert_eq!((taken.run, taken.attempt), (given.run, 1));
    assert!(taken.fence > given.fence);
    exam.ledger.release(vec![given]).await.expect("releases");
    assert_eq!(exam.run(given.run).await.state, RunState::Running, "an old lease gives nothing back");
}

pub async fn a_lease_given_back_after_a_cancel_is_cancelled(exam: &Exam) {
    let lease = exam.running(fire("nightly", 0)).await.lease;
    exam.ledger.cancel(lease.run, second(0)).await.expect("cancels");
    exam.ledger.release(vec![lease]).await.expect("releases");
    let record = exam.run(lease.run).await;
    assert_eq!((record.state, record.finished_at), (RunState::Cancelled, Some(second(0))));
}

pub async fn of_a_rescue_and_a_result_exactly_one_is_recorded(exam: &Exam) {
    for round in 0..200 {
        let lease = exam.running(fire("nightly", -round)).await.lease;
        let result = Settlement::new(lease, over(RunState::Succeeded), success());
        let rescue = Settlement::new(lease, over(RunState::Failed), report(Outcome::Abandoned));
        let settlements = if round % 2 == 0 { [result, rescue] } else { [rescue, result] };
        let racers = settlements.map(|settlement| {
            let ledger = Arc::clone(&exam.ledger);
            tokio::spawn(async move { ledger.settle(vec![settlement]).await.expect("settles").remove(0) })
        });
        let mut recorded = 0;
        for racer in racers {
            let settled = racer.await.expect("ends");
            assert!(matches!(settled, Settled::Recorded | Settled::LeaseLost));
            recorded += usize::from(settled == Settled::Recorded);
        }
        assert_eq!(recorded, 1, "in round {round}");
    }
}

pub async fn a_waiting_run_is_cancelled_at_once(exam: &Exam) {
    let waiting = fire("nightly", 0);
    let run = waiting.order.id;
    exam.claim(vec![waiting]).await;
    assert_eq!(exam.ledger.cancel(run, second(7)).await.expect("cancels"), CancelAnswer::Cancelled);
    let record = exam.run(run).await;
    assert_eq!((record.state, record.finished_at, record.not_before), (RunState::Cancelled, Some(second(7)), None));
    assert_eq!(exam.lease(9).await, []);
}

pub async fn a_running_one_is_asked(exam: &Exam) {
    let lease = exam.running(fire("nightly", 0)).await.lease;
    for _ in 0..2 {
        assert_eq!(exam.ledger.cancel(lease.run, second(1)).await.expect("cancels"), CancelAnswer::Asked);
    }
    assert_eq!(exam.run(lease.run).await.state, RunState::Running);
    let settled = exam.settle(lease, over(RunState::Cancelled), report(Outcome::Cancelled)).await;
    assert_eq!(settled, Settled::Recorded);
}

pub async fn a_run_that_is_over_stays_as_it_is(exam: &Exam) {
    let lease = exam.running(fire("nightly", 0)).await.lease;
    exam.succeed(lease).await;
    let over = CancelAnswer::Over(RunState::Succeeded);
    assert_eq!(exam.ledger.cancel(lease.run, second(9)).await.expect("cancels"), over);
    assert_eq!(exam.run(lease.run).await.state, RunState::Succeeded);
    assert_eq!(exam.ledger.cancel(RunId::new(), second(9)).await.expect("cancels"), CancelAnswer::NotFound);
}

pub async fn of_many_who_lease_nobody_gets_the_same_run(exam: &Exam) {
    exam.claim((0..400).map(|i| fire("nightly", -i)).collect()).await;
    let hosts = (0..8).map(|_| {
        let ledger = Arc::clone(&exam.ledger);
        let tenant = noontide_domain::ports::Tenant { host: HostId::new(), ..tenant(7) };
        tokio::spawn(async move {
            let mut runs = Vec::new();
            loop {
                let leased = ledger.lease(tenant.clone(), second(0)).await.expect("leases");
                if leased.is_empty() {
                    return runs;
                }
                assert!(leased.len() <= 7);
                runs.extend(leased.into_iter().map(|one| one.lease.run));
            }
        })
    });
    let mut all = Vec::new();
    for host in hosts.collect::<Vec<_>>() {
        all.extend(host.await.expect("ends"));
    }
    assert_eq!(all.len(), 400);
    assert_eq!(all.into_iter().collect::<HashSet<_>>().len(), 400);
}
