//! What a host that has not heard of everything cannot do.

use std::sync::Arc;

use noontide_domain::ports::{Claim, Claimed, LedgerError, Skip};
use noontide_domain::{Cause, Schedule, SkipReason};

use super::schedules::every_minute;
use super::{Exam, fire, named, second};

/// A pass over `a`: what it fires, and where it moves the cursor.
fn pass(due: &[i64], cursor: i64) -> Claim {
    Claim {
        fire: due.iter().map(|due| fire("a", *due)).collect(),
        cursors: vec![(named("a"), second(cursor))],
        ..Claim::default()
    }
}

fn missed(due: i64) -> Skip {
    Skip {
        schedule: named("a"),
        handler: "mail/send".parse().expect("a handler"),
        due_at: second(due),
        until: second(due),
        count: 1,
        reason: SkipReason::Missed,
    }
}

async fn stands(exam: &Exam, schedule: Schedule) {
    exam.ledger.declare(vec![schedule], second(0)).await.expect("declares");
}

async fn claim(exam: &Exam, claim: Claim) -> Vec<Claimed> {
    exam.ledger.claim(claim, None).await.expect("claims")
}

pub async fn what_another_host_has_decided_is_not_decided_again_even_if_its_row_is_gone(exam: &Exam) {
    stands(exam, every_minute("a")).await;
    let first = claim(exam, pass(&[60, 180], 180)).await;
    let late = Claim { skip: vec![missed(90), missed(240)], ..pass(&[60, 120, 180, 300], 300) };
    let answers = claim(exam, late).await;
    let run = |claimed: &Claimed| claimed.new_run().expect("a new run");
    let known = [run(&first[0]), run(&first[1])].map(Claimed::Duplicate);
    assert_eq!([&answers[0], &answers[2]], [&known[0], &known[1]]);
    assert_eq!(answers[1], Claimed::Passed);
    assert!(answers[3].new_run().is_some(), "{answers:?}");
    let mut due: Vec<_> = exam.all().await.iter().map(|row| row.due_at).collect();
    due.sort();
    assert_eq!(due, [60, 180, 240, 300].map(second));
    assert_eq!(exam.history.standings().await.expect("reads")[0].runs, 3);
}

pub async fn what_is_skipped_in_a_row_and_was_decided_in_part_is_planned_again_from_there(exam: &Exam) {
    stands(exam, every_minute("a")).await;
    claim(exam, pass(&[60, 120, 180], 180)).await;
    // This host was away since the first minute.
    let in_a_row = |from, count| Skip { until: second(600), count, ..missed(from) };
    let late = |skip| Claim { skip: vec![skip], ..pass(&[660], 660) };
    let answer = exam.ledger.claim(late(in_a_row(120, 9)), None).await;
    assert_eq!(answer, Err(LedgerError::Behind(vec![(named("a"), second(180))])));
    assert_eq!(exam.all().await.len(), 3, "nothing of it is written");
    assert_eq!(exam.history.standings().await.expect("reads")[0].cursor, second(180), "nor is the cursor moved");
    claim(exam, late(in_a_row(240, 7))).await;
    let rows = exam.all().await;
    assert!(rows.iter().any(|row| (row.due_at, row.span) == (second(240), Some((second(600), 7)))), "{rows:?}");
    // What lies before the cursor as a whole others have decided as a whole.
    claim(exam, Claim { skip: vec![in_a_row(120, 9)], ..pass(&[720], 720) }).await;
    assert_eq!(exam.all().await.len(), 6);
}

pub async fn what_does_not_move_the_cursor_may_lie_before_it(exam: &Exam) {
    stands(exam, every_minute("a")).await;
    claim(exam, pass(&[60], 180)).await;
    let mut by_hand = fire("a", 100);
    by_hand.order.cause = Cause::Manual;
    let answers = claim(exam, Claim { fire: vec![by_hand, fire("a", 120)], ..Claim::default() }).await;
    assert!(answers.iter().all(|claimed| claimed.new_run().is_some()), "{answers:?}");
}

pub async fn a_schedule_runs_no_more_often_than_it_may_whoever_claims(exam: &Exam) {
    stands(exam, Schedule { max_runs: Some(3), ..every_minute("a") }).await;
    let at_most = |claim| Claim { at_most: vec![(named("a"), 3)], ..claim };
    let first = claim(exam, at_most(pass(&[60, 120], 120))).await;
    assert!(first.iter().all(|claimed| claimed.new_run().is_some()), "{first:?}");
    // This one has heard of none of them.
    let second_host = claim(exam, at_most(pass(&[180, 240, 300], 300))).await;
    assert!(second_host[0].new_run().is_some(), "{second_host:?}");
    assert_eq!(second_host[1..], [Claimed::UsedUp, Claimed::UsedUp]);
    let standing = exam.history.standings().await.expect("reads").remove(0);
    assert_eq!(standing.runs, 3);
    assert!((second(180)..second(240)).contains(&standing.cursor), "what it has passed has run: {}", standing.cursor);
    assert_eq!(exam.all().await.len(), 3, "what is used up leaves no row");
    let mut after = fire("a", 360);
    after.order.cause = Cause::After;
    let follows = Claim { fire: vec![after], ..Claim::default() };
    assert_eq!(claim(exam, at_most(follows)).await, [Claimed::UsedUp]);
    let mut by_hand = fire("a", 400);
    by_hand.order.cause = Cause::Manual;
    let by_hand = Claim { fire: vec![by_hand], ..Claim::default() };
    assert!(claim(exam, at_most(by_hand)).await[0].new_run().is_some(), "a fire by hand is not counted");
}

pub async fn of_many_who_claim_different_instants_of_a_bounded_schedule_no_more_win_than_it_may_run(exam: &Exam) {
    stands(exam, Schedule { max_runs: Some(5), ..every_minute("a") }).await;
    let hosts: Vec<_> = (0..8)
        .map(|host| {
            let ledger = Arc::clone(&exam.ledger);
            tokio::spawn(async move {
                let mut won = 0;
                for round in 0..4 {
                    let due = 60 * (1 + host + 8 * round);
                    // Its clock is that of no other, so it does not move the cursor past what others have yet to claim.
                    let at_most = vec![(named("a"), 5)];
                    let claim = Claim { fire: vec![fire("a", due)], at_most, ..Claim::default() };
                    let answers = ledger.claim(claim, None).await.expect("claims");
                    won += usize::from(answers[0].new_run().is_some());
                }
                won
            })
        })
        .collect();
    let mut won = 0;
    for host in hosts {
        won += host.await.expect("ends");
    }
    assert_eq!((won, exam.all().await.len()), (5, 5));
    assert_eq!(exam.history.standings().await.expect("reads")[0].runs, 5);
}
