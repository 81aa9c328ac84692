//! What many ends come to.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use noontide_domain::ports::{Claim, Retention, Settlement, Skip};
use noontide_domain::rollup::{KEPT, Whose};
use noontide_domain::{Report, RunId, RunState, SkipReason, Usage};

use super::*;

const DAY: TimeDelta = TimeDelta::days(1);

/// How many ended how, whatever the hour, with what they took in all and at most.
async fn ends(exam: &Exam, whose: &Whose) -> Vec<(RunState, Option<String>, u64, u64, u64)> {
    let ends = exam.history.ends(whose, second(0) - DAY, second(0) + DAY).await.expect("reads");
    let count = |one: noontide_domain::rollup::Count| (one.state, one.reason, one.ends, one.wall_ms, one.wall_ms_max);
    ends.counts.into_iter().map(count).collect()
}

/// Ends at that second, after so many milliseconds of work.
async fn end(exam: &Exam, schedule: &str, at: i64, state: RunState, wall_ms: u64) -> RunId {
    let mut fire = fire(schedule, at);
    fire.overlap = noontide_domain::Overlap::Allow;
    let lease = exam.running(fire).await.lease;
    let usage = Usage { wall_ms, ..Usage::default() };
    let report = Report { started_at: second(at), finished_at: second(at), usage, ..success() };
    exam.ledger.settle(vec![Settlement::new(lease, over(state), report)]).await.expect("settles");
    lease.run
}

async fn roll_up(exam: &Exam) -> u64 {
    exam.ledger.roll_up(100).await.expect("counts")
}

fn of(schedule: &str) -> Whose {
    Whose::Schedule(named(schedule))
}

pub async fn ends_are_counted_alike_before_and_after_they_are_rolled_up(exam: &Exam) {
    let (good, bad) = (RunState::Succeeded, RunState::Failed);
    for (schedule, at, state, wall_ms) in
        [("a", -50, good, 10), ("a", -30, good, 30), ("a", -55, bad, 5), ("b", -53, bad, 7)]
    {
        end(exam, schedule, at, state, wall_ms).await;
    }
    let skip = Skip {
        schedule: named("b"),
        handler: "mail/send".parse().expect("a handler"),
        due_at: second(-600),
        until: second(-300),
        count: 6,
        reason: SkipReason::Missed,
    };
    exam.ledger.claim(Claim { skip: vec![skip], ..Claim::default() }, None).await.expect("claims");
    let missed = (RunState::Skipped, Some("missed".to_owned()), 6, 0, 0);
    let all = async || (ends(exam, &of("a")).await, ends(exam, &of("b")).await);
    let expected = (
        vec![(RunState::Succeeded, None, 2, 40, 30), (RunState::Failed, None, 1, 5, 5)],
        vec![(RunState::Failed, None, 1, 7, 7), missed.clone()],
    );
    let sorted = |(mut a, mut b): (Vec<_>, Vec<_>)| {
        a.sort();
        b.sort();
        (a, b)
    };
    assert_eq!(sorted(all().await), sorted(expected.clone()));
    assert_eq!(roll_up(exam).await, 0, "too soon");
    exam.clock.advance(Duration::from_secs(120));
    assert_eq!(roll_up(exam).await, 5);
    assert_eq!(sorted(all().await), sorted(expected));
    assert_eq!(roll_up(exam).await, 0, "nothing is counted twice");
    let sum: u64 = ends(exam, &Whose::All).await.iter().map(|(.., ends, _, _)| ends).sum();
    assert_eq!(sum, 10);
}

pub async fn calls_without_a_schedule_are_counted_with_their_handler(exam: &Exam) {
    let lease = exam.running(enqueued("k")).await.lease;
    exam.succeed(lease).await;
    let mail = Whose::Handler("mail/send".parse().expect("a handler"));
    assert_eq!(ends(exam, &mail).await, [(RunState::Succeeded, None, 1, 0, 0)]);
    exam.clock.advance(Duration::from_secs(120));
    roll_up(exam).await;
    assert_eq!(ends(exam, &mail).await, [(RunState::Succeeded, None, 1, 0, 0)]);
}

pub async fn an_end_that_is_written_late_is_counted_once(exam: &Exam) {
    end(exam, "a", 0, RunState::Succeeded, 1).await;
    let late = exam.running(fire("a", -30)).await.lease;
    exam.clock.advance(Duration::from_secs(20));
    exam.ledger.heartbeat(tenant(1), vec![late]).await.expect("holds");
    exam.clock.advance(Duration::from_secs(20));
    exam.ledger.heartbeat(tenant(1), vec![late]).await.expect("holds");
    exam.clock.advance(Duration::from_secs(25));
    assert_eq!(roll_up(exam).await, 1, "the mark has passed");
    let report = Report { finished_at: second(-10), ..success() };
    exam.settle(late, over(RunState::Failed), report).await;
    end(exam, "a", 5, RunState::Succeeded, 1).await;
    let both = |found: Vec<_>| found.iter().map(|(_, _, ends, _, _): &(_, _, u64, _, _)| *ends).sum::<u64>();
    for _ in 0..3 {
        exam.clock.advance(Duration::from_secs(120));
        roll_up(exam).await;
        assert_eq!(both(ends(exam, &of("a")).await), 3);
        assert_eq!(both(ends(exam, &Whose::All).await), 3);
    }
}

pub async fn of_many_who_count_at_once_each_end_is_counted_once(exam: &Exam) {
    for i in 0..40 {
        end(exam, &format!("s{}", i % 4), i - 40, RunState::Succeeded, 1).await;
    }
    exam.clock.advance(Duration::from_secs(120));
    let counting = (0..4).map(|_| {
        let ledger = Arc::clone(&exam.ledger);
        tokio::spawn(async move { while ledger.roll_up(3).await.expect("counts") >= 3 {} })
    });
    for one in counting.collect::<Vec<_>>() {
        one.await.expect("ends");
    }
    while roll_up(exam).await >= 100 {}
    for schedule in ["s0", "s1", "s2", "s3"] {
        assert_eq!(ends(exam, &of(schedule)).await, [(RunState::Succeeded, None, 10, 10, 1)]);
    }
}

pub async fn counts_stay_when_their_runs_go_and_go_long_after_them(exam: &Exam) {
    end(exam, "a", -60, RunState::Succeeded, 9).await;
    exam.clock.advance(Duration::from_secs(120));
    roll_up(exam).await;
    let prune = async |before: DateTime<Utc>| {
        exam.ledger.prune(Retention { before, batch: 100 }).await.expect("prunes");
    };
    prune(second(60)).await;
    assert!(exam.all().await.is_empty());
    assert_eq!(ends(exam, &of("a")).await, [(RunState::Succeeded, None, 1, 9, 9)]);
    prune(second(7_200) + KEPT).await;
    assert_eq!(ends(exam, &of("a")).await, []);
}

pub async fn the_newest_ends_of_schedules_are_found_for_each(exam: &Exam) {
    let mut ids = Vec::new();
    for i in 0..5 {
        ids.push(end(exam, "a", i, RunState::Succeeded, 1).await);
    }
    let other = end(exam, "b", 5, RunState::Failed, 1).await;
    exam.running(fire("b", 6)).await;
    let newest = exam.history.newest(&[named("a"), named("b"), named("c")], 3).await.expect("reads");
    let of = |name: &str| newest.get(&named(name)).map(|runs| runs.iter().map(|run| run.id).collect::<Vec<_>>());
    assert_eq!(of("a"), Some(vec![ids[4], ids[3], ids[2]]));
    assert_eq!(of("b"), Some(vec![other]), "what goes on is not over");
    assert_eq!(of("c"), None);
    let latest = exam.history.latest(second(3), 2).await.expect("reads");
    assert_eq!(latest.iter().map(|run| run.id).collect::<Vec<_>>(), [other, ids[4]]);
    assert_eq!(exam.history.latest(second(6), 2).await.expect("reads"), []);
}
