//! Claiming: one row for each identity, all of a claim or nothing.

use std::sync::Arc;

use noontide_domain::chain::Origin;
use noontide_domain::ports::{Claim, Claimed, LedgerError, Skip};
use noontide_domain::{Cause, Conditions, GuestClock, Headers, Key, Narrowing, Priority, RunState, SkipReason, Window};

use super::{Exam, again, exclusive, failure, fire, included, named, over, second, success, tenant};
use crate::ledger_contract::schedules::every_minute;

pub async fn a_new_key_is_inserted_once_and_a_duplicate_names_the_run_that_has_it(exam: &Exam) {
    let first = fire("nightly", 0);
    let run = first.order.id;
    assert_eq!(exam.claim(vec![first]).await, [Claimed::Ready(run)]);
    let again = exam.claim(vec![fire("nightly", 0), fire("nightly", 60)]).await;
    assert_eq!(again[0], Claimed::Duplicate(run));
    assert!(matches!(again[1], Claimed::Ready(_)));
    assert_eq!(exam.all().await.len(), 2);
}

pub async fn a_key_that_is_done_stays_taken(exam: &Exam) {
    let leased = exam.running(fire("nightly", 0)).await;
    exam.succeed(leased.lease).await;
    let twice = exam.claim(vec![fire("nightly", 0), fire("nightly", 0)]).await;
    assert_eq!(twice, vec![Claimed::Duplicate(leased.lease.run); 2]);
    let new = fire("nightly", 60);
    let run = new.order.id;
    let within_a_claim = exam.claim(vec![new, fire("nightly", 60)]).await;
    assert_eq!(within_a_claim, [Claimed::Ready(run), Claimed::Duplicate(run)]);
}

pub async fn of_many_claimers_of_the_same_occurrences_exactly_one_wins_each(exam: &Exam) {
    const KEYS: i64 = 500;
    let claimers = (0..8).map(|claimer: i64| {
        let ledger = Arc::clone(&exam.ledger);
        tokio::spawn(async move {
            let mut won = 0;
            // Everybody starts somewhere else, so that they meet in the middle.
            for part in 0..10 {
                let from = (part + claimer) % 10 * (KEYS / 10);
                let fire = (from..from + KEYS / 10).map(|due| fire("nightly", due)).collect();
                let claimed = ledger.claim(Claim { fire, ..Claim::default() }, None).await.expect("claims");
                won += claimed.iter().filter(|one| matches!(one, Claimed::Ready(_))).count();
            }
            won
        })
    });
    let mut won = 0;
    for claimer in claimers.collect::<Vec<_>>() {
        won += claimer.await.expect("ends");
    }
    assert_eq!(won as i64, KEYS);
    assert_eq!(exam.all().await.len() as i64, KEYS);
}

pub async fn the_cursor_never_moves_back(exam: &Exam) {
    exam.ledger.declare(vec![every_minute("nightly")], second(0)).await.expect("declares");
    for (to, then) in [(60, 60), (30, 60), (90, 90)] {
        let claim = Claim { cursors: vec![(named("nightly"), second(to))], ..Claim::default() };
        exam.ledger.claim(claim, None).await.expect("claims");
        assert_eq!(exam.history.standings().await.expect("reads")[0].cursor, second(then));
    }
}

pub async fn a_claim_that_fails_inside_writes_nothing(exam: &Exam) {
    exam.ledger.declare(vec![every_minute("nightly")], second(0)).await.expect("declares");
    let mut same_id = fire("nightly", 60);
    let first = fire("nightly", 30);
    same_id.order.id = first.order.id;
    let claim = Claim {
        fire: vec![first, same_id],
        skip: vec![skip(120, 120, 1)],
        cursors: vec![(named("nightly"), second(120))],
        ..Claim::default()
    };
    let error = exam.ledger.claim(claim, Some(tenant(9))).await.expect_err("two runs cannot share an id");
    assert!(matches!(error, LedgerError::Broken(_)), "{error}");
    assert_eq!(exam.all().await, []);
    assert_eq!(exam.history.standings().await.expect("reads")[0].cursor, second(0));
}

pub async fn a_live_run_of_the_schedule_makes_the_next_one_a_row_that_names_it(exam: &Exam) {
    let running = exam.running(exclusive("nightly", 0)).await.lease;
    let second_fire = exclusive("nightly", 60);
    let row = second_fire.order.id;
    let claimed = exam.claim(vec![second_fire, exclusive("other", 60)]).await;
    assert_eq!(claimed[0], Claimed::Overlapped(running.run));
    assert!(matches!(claimed[1], Claimed::Ready(_)), "another schedule is not in the way");
    let record = exam.run(row).await;
    assert_eq!(record.state, RunState::Skipped);
    assert_eq!(record.reason, Some(SkipReason::Overlap { blocking: running.run }));
    assert_eq!(exam.claim(vec![exclusive("nightly", 60)]).await, [Claimed::Duplicate(row)]);

    exam.settle(running, over(RunState::Failed), success()).await;
    let third = exclusive("nightly", 120);
    let waiting = third.order.id;
    assert_eq!(exam.claim(vec![third]).await, [Claimed::Ready(waiting)], "a failed run is not in the way");
    assert_eq!(exam.claim(vec![exclusive("nightly", 180)]).await, [Claimed::Overlapped(waiting)]);
}

pub async fn two_fires_of_one_claim_overlap_like_any_others(exam: &Exam) {
    let first = exclusive("nightly", 0);
    let run = first.order.id;
    let claimed = exam.claim(vec![first, exclusive("nightly", 60)]).await;
    assert_eq!(claimed, [Claimed::Ready(run), Claimed::Overlapped(run)]);
}

pub async fn a_run_that_waits_for_its_time_is_in_nobodys_way_before(exam: &Exam) {
    let delayed = exclusive("nightly", 3_600);
    let waiting = delayed.order.id;
    assert_eq!(exam.claim(vec![delayed]).await, [Claimed::Ready(waiting)]);
    assert!(matches!(exam.claim(vec![exclusive("nightly", 60)]).await[..], [Claimed::Ready(_)]));
    assert!(matches!(exam.claim(vec![exclusive("nightly", 7_200)]).await[..], [Claimed::Overlapped(_)]));
}

pub async fn a_retry_that_waits_for_its_time_is_in_the_way(exam: &Exam) {
    let failed = exam.running(exclusive("nightly", 0)).await.lease;
    exam.settle(failed, again(3_600, true), failure()).await;
    assert_eq!(exam.claim(vec![exclusive("nightly", 60)]).await, [Claimed::Overlapped(failed.run)]);
}

pub async fn with_overlap_allowed_both_run(exam: &Exam) {
    exam.running(fire("nightly", 0)).await;
    assert!(matches!(exam.claim(vec![fire("nightly", 60)]).await[0], Claimed::Ready(_)));
}

pub async fn what_is_due_is_leased_in_the_claim_up_to_the_places(exam: &Exam) {
    let claimed = exam.claim_for((0..3).map(|i| fire("nightly", -i)).collect(), Some(tenant(2))).await;
    for one in &claimed[..2] {
        let Claimed::Leased(leased) = one else { panic!("not leased: {one:?}") };
        assert_eq!((leased.lease.host, leased.lease.attempt), (tenant(2).host, 1));
        assert_eq!(leased.previous_success, None);
        let record = exam.run(leased.lease.run).await;
        assert_eq!((record.state, record.attempt, record.started_at), (RunState::Running, 1, Some(second(0))));
    }
    let Claimed::Ready(waiting) = claimed[2] else { panic!("leased: {:?}", claimed[2]) };
    let record = exam.run(waiting).await;
    assert_eq!((record.state, record.attempt, record.not_before), (RunState::Ready, 0, Some(second(-2))));
}

pub async fn what_is_not_due_yet_waits(exam: &Exam) {
    let claimed = exam.claim_for(vec![fire("nightly", 1), fire("nightly", 0)], Some(tenant(2))).await;
    assert!(matches!(claimed[0], Claimed::Ready(_)));
    assert!(matches!(claimed[1], Claimed::Leased(_)));
}

pub async fn without_a_tenant_nothing_is_leased(exam: &Exam) {
    assert!(matches!(exam.claim(vec![fire("nightly", 0)]).await[0], Claimed::Ready(_)));
}

/// Of the schedule `nightly`.
fn skip(first: i64, last: i64, count: u64) -> Skip {
    Skip {
        schedule: named("nightly"),
        handler: "mail/send".parse().expect("a handler"),
        due_at: second(first),
        until: second(last),
        count,
        reason: SkipReason::Paused { by: "ops".to_owned(), reason: Some("Wartung – 保守".to_owned()) },
    }
}

pub async fn a_span_that_did_not_run_is_one_row_with_its_count(exam: &Exam) {
    let skip_only = |skip| Claim { skip, ..Claim::default() };
    let (span, single) = (skip(0, 540, 10), skip(600, 600, 1));
    exam.ledger.claim(skip_only(vec![span.clone(), single]), None).await.expect("claims");
    // Another host that saw the same.
    exam.ledger.claim(skip_only(vec![span.clone(), span.clone()]), None).await.expect("claims");
    let mut rows = exam.all().await;
    rows.sort_by_key(|row| row.due_at);
    assert_eq!(rows.len(), 2);
    assert_eq!((rows[0].due_at, rows[0].span), (second(0), Some((second(540), 10))));
    assert_eq!((rows[1].due_at, rows[1].span), (second(600), None));
    for row in rows {
        assert_eq!(row.key, Key::occurrence(&named("nightly"), row.due_at));
        assert_eq!((row.state, row.reason, row.cause), (RunState::Skipped, Some(span.reason.clone()), Cause::Schedule));
        assert_eq!((row.attempt, row.started_at, row.outcome), (0, None, None));
        assert_eq!(row.finished_at, Some(second(0)), "it was over the moment it was written");
    }
}

pub async fn an_instant_has_one_row_whether_it_ran_or_not(exam: &Exam) {
    let ran = fire("nightly", 0);
    let run = ran.order.id;
    let claim = Claim { fire: vec![ran], skip: vec![skip(0, 0, 1), skip(60, 60, 1)], ..Claim::default() };
    exam.ledger.claim(claim, None).await.expect("claims");
    assert_eq!(exam.all().await.len(), 2);
    assert_eq!(exam.run(run).await.state, RunState::Ready);
    assert!(matches!(exam.claim(vec![fire("nightly", 60)]).await[0], Claimed::Duplicate(_)));
}

pub async fn everything_in_an_order_comes_back_from_a_lease(exam: &Exam) {
    let mut full = fire("nightly", 0);
    full.order.late = true;
    full.order.cause = Cause::Manual;
    full.order.key = Key::manual(full.order.id);
    full.order.handler = "mail".parse().expect("a handler");
    full.order.input = serde_json::json!({ "text": "a\u{0}b\n\"ü\"", "n": 0.1, "big": u64::MAX, "none": null });
    full.order.priority = Priority(255);
    full.order.queue = "Mail.2".parse().expect("a name");
    full.order.runs_on = [("a\u{0}".to_owned(), "\"ü/".to_owned())].into_iter().collect();
    full.order.headers = Headers::new([("x".to_owned(), "a\u{0}\"ü\"".to_owned())].into()).expect("headers");
    full.order.window = Some(Window { from: second(-3_600), to: second(0) });
    full.order.includes =
        vec![included("weekly", serde_json::json!("i\"")), included("daily", serde_json::json!(null))];
    full.order.timezone = "Europe/Berlin".parse().expect("a zone");
    full.order.retry.cap = std::time::Duration::from_millis(1_500);
    full.order.timeout = Some(std::time::Duration::from_millis(250));
    let grant = Narrowing { env: Some(Default::default()), ..Narrowing::default() };
    full.order.terms = Conditions { grant, clock: Some(GuestClock::Due) }.boxed();
    let mut enqueued = super::enqueued("a\u{0}b");
    enqueued.order.chain = Some(full.order.id);
    let origin = Origin::Success { run: full.order.id, result: Some(serde_json::json!(["\u{0}", 0.1, u64::MAX])) };
    enqueued.order.origin = Some(Box::new(origin));
    enqueued.order.priority = Priority::CALL;
    let orders = [full.order.clone(), enqueued.order.clone()];
    exam.claim(vec![full, enqueued]).await;
    let leased = exam.lease(9).await;
    assert_eq!(leased.into_iter().map(|leased| leased.order).collect::<Vec<_>>(), orders);
}
