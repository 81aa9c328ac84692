//! A schedule comes due while a run of it is not over.

use noontide_domain::ports::{CancelAnswer, Claimed, Fire};
use noontide_domain::{Overlap, RunId, RunState, SkipReason};

use super::{Exam, again, enqueued, failure, fire, over, report, second, success, tenant};

/// Of the schedule `nightly`.
fn due(overlap: Overlap, due: i64) -> Fire {
    Fire { overlap, ..fire("nightly", due) }
}

fn queued(run: RunId) -> Claimed {
    Claimed::Queued { run, cancel: Vec::new() }
}

fn replaced(by: RunId) -> Option<SkipReason> {
    Some(SkipReason::Replaced { by })
}

impl Exam {
    /// Claims one fire; its run and what became of it.
    async fn one(&self, fire: Fire) -> (RunId, Claimed) {
        (fire.order.id, self.claim(vec![fire]).await.remove(0))
    }
}

pub async fn with_nothing_in_the_way_every_policy_begins_at_once(exam: &Exam) {
    for (i, overlap) in Overlap::ALL.into_iter().enumerate() {
        let mut fire = due(overlap, -(i as i64));
        fire.order.schedule = Some(super::named(overlap.as_str()));
        let claimed = exam.claim_for(vec![fire], Some(tenant(1))).await;
        assert!(matches!(claimed[0], Claimed::Leased(_)), "{overlap:?}: {claimed:?}");
    }
}

pub async fn without_a_schedule_nothing_is_in_the_way(exam: &Exam) {
    for (i, overlap) in Overlap::ALL.into_iter().enumerate() {
        let claimed = exam.claim(vec![Fire { overlap, ..enqueued(&i.to_string()) }]).await;
        assert!(matches!(claimed[0], Claimed::Ready(_)), "{overlap:?}: {claimed:?}");
    }
    assert_eq!(exam.lease(9).await.len(), 5);
}

pub async fn with_queue_one_waits_and_further_ones_name_the_run_in_the_way(exam: &Exam) {
    let running = exam.running(due(Overlap::Queue, -3)).await.lease;
    let (waiting, claimed) = exam.one(due(Overlap::Queue, -2)).await;
    assert_eq!(claimed, queued(waiting));
    let (row, claimed) = exam.one(due(Overlap::Queue, -1)).await;
    assert_eq!(claimed, Claimed::Overlapped(running.run));
    let record = exam.run(row).await;
    assert_eq!(record.state, RunState::Skipped);
    assert_eq!(record.reason, Some(SkipReason::Overlap { blocking: running.run }));

    exam.succeed(running).await;
    assert_eq!(exam.lease(9).await[0].lease.run, waiting);
    let (next, claimed) = exam.one(due(Overlap::Queue, 0)).await;
    assert_eq!(claimed, queued(next), "the place in the queue is free again");
}

pub async fn with_queue_one_waits_behind_a_run_that_is_about_to_begin(exam: &Exam) {
    let (first, claimed) = exam.one(due(Overlap::Queue, -3)).await;
    assert_eq!(claimed, Claimed::Ready(first));
    let (waiting, claimed) = exam.one(due(Overlap::Queue, -2)).await;
    assert_eq!(claimed, queued(waiting));
    assert_eq!(exam.one(due(Overlap::Queue, -1)).await.1, Claimed::Overlapped(first));
}

pub async fn with_queue_one_waits_behind_a_queued_run_whose_turn_has_come(exam: &Exam) {
    let running = exam.running(due(Overlap::Queue, -9)).await.lease;
    let (next, _) = exam.one(due(Overlap::Queue, -3)).await;
    exam.succeed(running).await;
    let (waiting, claimed) = exam.one(due(Overlap::Queue, -2)).await;
    assert_eq!(claimed, queued(waiting));
    assert_eq!(exam.one(due(Overlap::Queue, -1)).await.1, Claimed::Overlapped(next));
}

pub async fn with_queue_all_everything_waits_and_runs_one_after_the_other(exam: &Exam) {
    let mut running = exam.running(due(Overlap::QueueAll, -9)).await.lease;
    for i in 0..4 {
        // Whatever their instants: in the order in which they came.
        let (next, claimed) = exam.one(due(Overlap::QueueAll, -10 - i)).await;
        assert_eq!(claimed, queued(next));
    }
    for i in 0..4 {
        assert_eq!(exam.lease(9).await, [], "one is under way");
        exam.succeed(running).await;
        let leased = exam.lease(9).await;
        assert_eq!(leased.len(), 1);
        assert_eq!((leased[0].order.due_at, leased[0].lease.attempt), (second(-10 - i), 1));
        running = leased[0].lease;
    }
}

pub async fn a_blocked_run_wakes_nobody(exam: &Exam) {
    let next_ready = async || exam.next_ready().await;
    let running = exam.running(due(Overlap::QueueAll, -9)).await.lease;
    exam.claim(vec![due(Overlap::QueueAll, -8), due(Overlap::QueueAll, -7)]).await;
    assert_eq!(next_ready().await, None);
    exam.settle(running, again(3_600, true), failure()).await;
    assert_eq!(next_ready().await, Some(second(3_600)), "only the retry");
    exam.ledger.cancel(running.run, second(0)).await.expect("cancels");
    assert_eq!(next_ready().await, Some(second(-8)));
}

pub async fn a_queued_run_waits_until_the_retries_before_it_are_over(exam: &Exam) {
    let failed = exam.running(due(Overlap::Queue, -2)).await.lease;
    let (waiting, _) = exam.one(due(Overlap::Queue, -1)).await;
    exam.settle(failed, again(60, true), failure()).await;
    assert_eq!(exam.lease(9).await, [], "the retry is not due, and yet in the way");
    exam.clock.advance(std::time::Duration::from_secs(60));
    let retry = exam.lease(9).await;
    assert_eq!(retry.iter().map(|one| one.lease.run).collect::<Vec<_>>(), [failed.run]);
    exam.succeed(retry[0].lease).await;
    assert_eq!(exam.lease(9).await[0].lease.run, waiting);
}

pub async fn a_queued_run_waits_for_what_is_ready_before_it(exam: &Exam) {
    let (first, _) = exam.one(due(Overlap::QueueAll, -1)).await;
    let (waiting, claimed) = exam.one(due(Overlap::QueueAll, -2)).await;
    assert_eq!(claimed, queued(waiting));
    let leased = exam.lease(9).await;
    assert_eq!(leased.iter().map(|one| one.lease.run).collect::<Vec<_>>(), [first]);
}

pub async fn a_queued_run_waits_for_runs_of_other_policies_too(exam: &Exam) {
    let running = exam.running(due(Overlap::Queue, -9)).await.lease;
    let (waiting, _) = exam.one(due(Overlap::Queue, -8)).await;
    let beside = exam.running(due(Overlap::Allow, -7)).await.lease;
    exam.succeed(running).await;
    assert_eq!(exam.lease(9).await, []);
    exam.succeed(beside).await;
    assert_eq!(exam.lease(9).await[0].lease.run, waiting);
}

pub async fn queues_of_different_schedules_do_not_wait_for_each_other(exam: &Exam) {
    let of = |schedule: &str, due: i64| Fire { overlap: Overlap::QueueAll, ..fire(schedule, due) };
    let running = exam.running(of("a", -9)).await.lease;
    exam.claim(vec![of("a", -8), of("b", -7), of("b", -6), of("c", -5), fire("d", -4)]).await;
    let dues = |leased: Vec<noontide_domain::Leased>| leased.iter().map(|one| one.order.due_at).collect::<Vec<_>>();
    assert_eq!(dues(exam.lease(9).await), [second(-7), second(-5), second(-4)]);
    exam.claim(vec![fire("d", -10), fire("d", -3)]).await;
    exam.succeed(running).await;
    assert_eq!(dues(exam.lease(2).await), [second(-10), second(-8)], "the oldest first, queued or not");
}

pub async fn fires_of_one_claim_queue_behind_its_first(exam: &Exam) {
    let fires = [-3, -2, -1].map(|at| due(Overlap::Queue, at));
    let runs = fires.clone().map(|fire| fire.order.id);
    let claimed = exam.claim_for(fires.to_vec(), Some(tenant(9))).await;
    assert!(matches!(&claimed[0], Claimed::Leased(leased) if leased.lease.run == runs[0]));
    assert_eq!(claimed[1..], [queued(runs[1]), Claimed::Overlapped(runs[0])]);

    let fires = [-3, -2, -1].map(|at| Fire { overlap: Overlap::QueueAll, ..fire("hourly", at) });
    let runs = fires.clone().map(|fire| fire.order.id);
    let claimed = exam.claim_for(fires.to_vec(), Some(tenant(9))).await;
    assert!(matches!(&claimed[0], Claimed::Leased(leased) if leased.lease.run == runs[0]));
    assert_eq!(claimed[1..], [queued(runs[1]), queued(runs[2])]);
}

pub async fn cancel_running_asks_what_goes_on_and_begins_when_it_has_stopped(exam: &Exam) {
    let running = exam.running(due(Overlap::CancelRunning, -2)).await.lease;
    let (new, claimed) = exam.one(due(Overlap::CancelRunning, -1)).await;
    assert_eq!(claimed, Claimed::Queued { run: new, cancel: vec![running.run] });
    let pulse = exam.ledger.heartbeat(tenant(1), vec![running]).await.expect("beats");
    assert_eq!(pulse.cancel, [running.run]);
    assert_eq!(exam.run(running.run).await.state, RunState::Running);
    assert_eq!(exam.lease(9).await, []);
    exam.settle(running, over(RunState::Cancelled), report(noontide_domain::Outcome::Cancelled)).await;
    assert_eq!(exam.lease(9).await[0].lease.run, new);
}

pub async fn cancel_running_asks_all_that_go_on(exam: &Exam) {
    let running =
        [exam.running(due(Overlap::Allow, -3)).await.lease, exam.running(due(Overlap::Allow, -2)).await.lease];
    let (new, claimed) = exam.one(due(Overlap::CancelRunning, -1)).await;
    assert_eq!(claimed, Claimed::Queued { run: new, cancel: running.map(|lease| lease.run).to_vec() });
    exam.succeed(running[0]).await;
    assert_eq!(exam.lease(9).await, []);
    exam.succeed(running[1]).await;
    assert_eq!(exam.lease(9).await[0].lease.run, new);
}

pub async fn cancel_running_replaces_what_has_not_begun(exam: &Exam) {
    let (old, _) = exam.one(due(Overlap::CancelRunning, -2)).await;
    let (other, _) = exam.one(fire("other", -2)).await;
    let new = due(Overlap::CancelRunning, -1);
    let run = new.order.id;
    let claimed = exam.claim_for(vec![new], Some(tenant(1))).await;
    assert!(matches!(&claimed[0], Claimed::Leased(leased) if leased.lease.run == run), "{claimed:?}");
    let record = exam.run(old).await;
    assert_eq!((record.state, record.finished_at), (RunState::Cancelled, Some(second(0))));
    assert_eq!((record.reason, record.attempt, record.outcome), (replaced(run), 0, None));
    assert_eq!(exam.run(other).await.state, RunState::Ready);
    assert_eq!(exam.claim(vec![due(Overlap::CancelRunning, -2)]).await, [Claimed::Duplicate(old)]);
}

pub async fn cancel_running_replaces_the_queued_ones_too(exam: &Exam) {
    let running = exam.running(due(Overlap::QueueAll, -9)).await.lease;
    let (first, _) = exam.one(due(Overlap::QueueAll, -8)).await;
    let (second_run, _) = exam.one(due(Overlap::CancelRunning, -7)).await;
    let (third, claimed) = exam.one(due(Overlap::CancelRunning, -6)).await;
    assert_eq!(claimed, Claimed::Queued { run: third, cancel: vec![running.run] });
    assert_eq!(exam.run(first).await.reason, replaced(second_run));
    assert_eq!(exam.run(second_run).await.reason, replaced(third));
    exam.succeed(running).await;
    let leased = exam.lease(9).await;
    assert_eq!(leased.iter().map(|one| one.lease.run).collect::<Vec<_>>(), [third]);
}

pub async fn cancel_running_ends_what_waits_for_a_retry(exam: &Exam) {
    let failed = exam.running(due(Overlap::CancelRunning, -2)).await.lease;
    exam.settle(failed, again(3_600, true), failure()).await;
    let (new, claimed) = exam.one(due(Overlap::CancelRunning, -1)).await;
    assert_eq!(claimed, Claimed::Ready(new));
    let record = exam.run(failed.run).await;
    assert_eq!((record.state, record.attempt), (RunState::Cancelled, 1));
    assert_eq!((record.reason, record.outcome), (replaced(new), Some(failure().outcome)));
    exam.clock.advance(std::time::Duration::from_secs(3_600));
    assert_eq!(exam.lease(9).await[0].lease.run, new);
}

pub async fn of_several_fires_of_one_claim_that_cancel_only_the_last_begins(exam: &Exam) {
    let fires = [-3, -2, -1].map(|at| due(Overlap::CancelRunning, at));
    let runs = fires.clone().map(|fire| fire.order.id);
    let claimed = exam.claim_for(fires.to_vec(), Some(tenant(9))).await;
    assert_eq!(claimed[..2], [Claimed::Overlapped(runs[1]), Claimed::Overlapped(runs[2])]);
    assert!(matches!(&claimed[2], Claimed::Leased(leased) if leased.lease.run == runs[2]));
    for (run, by) in [(runs[0], runs[1]), (runs[1], runs[2])] {
        let record = exam.run(run).await;
        assert_eq!((record.state, record.reason), (RunState::Cancelled, replaced(by)));
        assert_eq!((record.attempt, record.finished_at), (0, Some(second(0))));
    }
}

pub async fn what_waits_for_a_later_time_is_not_cancelled(exam: &Exam) {
    let (delayed, _) = exam.one(due(Overlap::CancelRunning, 3_600)).await;
    assert_eq!(exam.one(due(Overlap::CancelRunning, 0)).await.1, Claimed::Ready(exam.all().await[0].id));
    assert_eq!(exam.run(delayed).await.state, RunState::Ready);
}

pub async fn a_queued_run_that_is_cancelled_lets_the_next_one_go(exam: &Exam) {
    let running = exam.running(due(Overlap::QueueAll, -9)).await.lease;
    let (first, _) = exam.one(due(Overlap::QueueAll, -8)).await;
    let (next, _) = exam.one(due(Overlap::QueueAll, -7)).await;
    assert_eq!(exam.ledger.cancel(first, second(0)).await.expect("cancels"), CancelAnswer::Cancelled);
    exam.settle(running, over(RunState::Failed), failure()).await;
    assert_eq!(exam.lease(9).await[0].lease.run, next);
}

pub async fn a_queued_run_given_back_is_the_first_again(exam: &Exam) {
    let running = exam.running(due(Overlap::QueueAll, -9)).await.lease;
    let (first, _) = exam.one(due(Overlap::QueueAll, -7)).await;
    exam.one(due(Overlap::QueueAll, -8)).await;
    exam.succeed(running).await;
    let given = exam.lease(9).await.remove(0).lease;
    assert_eq!(given.run, first);
    exam.ledger.release(vec![given]).await.expect("releases");
    let leased = exam.lease(9).await;
    assert_eq!(leased.iter().map(|one| one.lease.run).collect::<Vec<_>>(), [first]);
}

pub async fn a_delayed_run_waits_its_turn_when_its_time_comes(exam: &Exam) {
    for (overlap, schedule) in [Overlap::Skip, Overlap::Queue, Overlap::CancelRunning].into_iter().zip(["a", "b", "c"])
    {
        let delayed = Fire { overlap, not_before: second(30), ..fire(schedule, -1) };
        let waiting = delayed.order.id;
        assert_eq!(exam.claim(vec![delayed]).await, [Claimed::Ready(waiting)]);
        let by_hand = Fire { overlap, ..fire(schedule, 0) };
        exam.running(by_hand).await;
    }
    exam.clock.advance(std::time::Duration::from_secs(30));
    assert_eq!(exam.lease(9).await, [], "at its time another run was under way");
    for lapsed in exam.lapsed().await {
        exam.settle(lapsed.lease, over(RunState::Succeeded), success()).await;
    }
    assert_eq!(exam.lease(9).await.len(), 3);
}

pub async fn what_is_ready_now_is_in_the_way_of_an_older_instant(exam: &Exam) {
    let (ready, _) = exam.one(due(Overlap::Skip, -10)).await;
    assert_eq!(exam.one(due(Overlap::Skip, -60)).await.1, Claimed::Overlapped(ready));
}

pub async fn of_many_who_lease_from_a_queue_one_at_a_time_runs(exam: &Exam) {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    const RUNS: usize = 40;
    exam.claim((0..RUNS as i64).map(|i| due(Overlap::QueueAll, i - 100)).collect()).await;
    let (running, done) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let hosts = (0..4).map(|_| {
        let (ledger, running, done) = (Arc::clone(&exam.ledger), Arc::clone(&running), Arc::clone(&done));
        let tenant = noontide_domain::ports::Tenant { host: noontide_domain::HostId::new(), ..tenant(7) };
        tokio::spawn(async move {
            while done.load(SeqCst) < RUNS {
                // A ledger that never waits would keep the thread from whoever holds the lease.
                tokio::task::yield_now().await;
                for leased in ledger.lease(tenant.clone(), second(0)).await.expect("leases") {
                    assert_eq!(running.fetch_add(1, SeqCst), 0, "another one is under way");
                    tokio::task::yield_now().await;
                    running.fetch_sub(1, SeqCst);
                    done.fetch_add(1, SeqCst);
                    let settlement =
                        noontide_domain::ports::Settlement::new(leased.lease, over(RunState::Succeeded), success());
                    ledger.settle(vec![settlement]).await.expect("settles");
                }
            }
        })
    });
    for host in hosts.collect::<Vec<_>>() {
        host.await.expect("ends");
    }
    assert!(exam.all().await.iter().all(|run| run.state == RunState::Succeeded));
}
