//! The items of timetables.

use std::time::Duration;

use noontide_domain::ports::{Claimed, ItemPage, ItemRecord, Retention, Settled, Submitted};
use noontide_domain::submission::Counts;
use noontide_domain::{
    Bucket, Item, ItemCounts, ItemOutcome, ItemStatus, Key, KeyPart, Lease, Leased, Outcome, Report, RunId, RunState,
    Submission, SubmissionId, Timetable,
};

use super::*;

/// The key of a payload due so many seconds after the exam began.
fn key(due: i64, payload: &str) -> Key {
    Key { text: payload.to_owned(), ..Key::of("item", &[KeyPart::Integer(due), KeyPart::Text(payload)]) }
}

fn bucket(due: i64, payloads: &[&str]) -> Bucket {
    let items = payloads.iter().map(|payload| Item { key: key(due, payload), payload: format!("\"{payload}\"") });
    let mut fire = fire("live", due);
    fire.order.key = Key::bucket(&named("live"), second(due), fire.order.id);
    Bucket { fire, items: items.collect() }
}

fn submission(buckets: Vec<Bucket>) -> Submission {
    Submission {
        id: SubmissionId::new(),
        schedule: named("live"),
        buckets,
        timetable: Timetable::default(),
        counts: Default::default(),
    }
}

async fn submit(exam: &Exam, buckets: Vec<Bucket>) -> Submitted {
    exam.ledger.submit(submission(buckets), None).await.expect("submits")
}

/// Submits one bucket due at once under `timetable`; how many were accepted and known.
async fn again_under(exam: &Exam, timetable: Timetable, payloads: &[&str]) -> (u64, u64) {
    let submission = Submission { timetable, ..submission(vec![bucket(0, payloads)]) };
    let submitted = exam.ledger.submit(submission, None).await.expect("submits");
    (submitted.counts.accepted, submitted.counts.duplicate)
}

/// Submits one bucket due at once, and leases its run.
async fn handed(exam: &Exam, payloads: &[&str]) -> Leased {
    submit(exam, vec![bucket(0, payloads)]).await;
    exam.lease(1).await.remove(0)
}

fn payloads(leased: &Leased) -> Vec<String> {
    leased.items.iter().map(|item| item.payload.clone()).collect()
}

async fn items(exam: &Exam, run: RunId) -> Vec<ItemRecord> {
    exam.history.items(ItemPage { run, after: None, limit: 1_000 }).await.expect("reads")
}

async fn statuses(exam: &Exam, run: RunId) -> Vec<ItemStatus> {
    items(exam, run).await.into_iter().map(|item| item.status).collect()
}

fn said(payload: &str, error: Option<&str>) -> ItemOutcome {
    ItemOutcome { key: key(0, payload).hash, error: error.map(str::to_owned) }
}

pub async fn each_instant_becomes_one_run_with_its_items(exam: &Exam) {
    let submitted = submit(exam, vec![bucket(-60, &["a", "b"]), bucket(0, &["c"])]).await;
    assert_eq!((submitted.counts.accepted, submitted.counts.duplicate, submitted.claimed.len()), (3, 0, 2));
    let leased = exam.lease(9).await;
    let handed: Vec<_> = leased.iter().map(|one| (one.order.due_at, payloads(one))).collect();
    let text = |payload: &str| format!("\"{payload}\"");
    assert_eq!(handed, [(second(-60), vec![text("a"), text("b")]), (second(0), vec![text("c")])]);
    let counts = ItemCounts { total: 2, ..ItemCounts::default() };
    assert_eq!(exam.run(leased[0].lease.run).await.items, Some(counts));
}

pub async fn an_instant_is_found_with_the_runs_of_its_submissions(exam: &Exam) {
    submit(exam, vec![bucket(0, &["a"]), bucket(60, &["b"])]).await;
    submit(exam, vec![bucket(0, &["c"])]).await;
    let found = exam.history.occurrence(&named("live"), second(0)).await.expect("reads");
    assert_eq!(found.iter().map(|run| run.items.map(|items| items.total)).collect::<Vec<_>>(), [Some(1), Some(1)]);
}

pub async fn what_is_due_is_handed_over_with_the_lease_of_the_submission(exam: &Exam) {
    let submitted = exam.ledger.submit(submission(vec![bucket(0, &["a"])]), Some(tenant(1))).await.expect("submits");
    let Claimed::Leased(leased) = &submitted.claimed[0] else { panic!("{submitted:?}") };
    assert_eq!(payloads(leased), ["\"a\""]);
}

pub async fn what_is_due_later_is_held(exam: &Exam) {
    let submitted = exam.ledger.submit(submission(vec![bucket(60, &["a"])]), Some(tenant(1))).await.expect("submits");
    assert!(matches!(submitted.claimed[0], Claimed::Ready(_)));
    assert!(exam.lease(1).await.is_empty());
    assert_eq!(exam.next_ready().await, Some(second(60)));
    exam.clock.advance(Duration::from_secs(60));
    assert_eq!(payloads(&exam.lease(1).await[0]), ["\"a\""]);
}

pub async fn known_items_are_left_out_and_without_others_there_is_no_run(exam: &Exam) {
    let run = handed(exam, &["a", "b"]).await.lease.run;
    let submitted = submit(exam, vec![bucket(0, &["b", "c"]), bucket(60, &["a"])]).await;
    assert_eq!((submitted.counts.accepted, submitted.counts.duplicate, submitted.claimed.len()), (2, 1, 2));
    let none = submit(exam, vec![bucket(0, &["a", "b", "c"])]).await;
    assert_eq!((none.counts.accepted, none.counts.duplicate, none.claimed.len()), (0, 3, 0));
    assert_eq!(exam.all().await.len(), 3);
    assert_eq!(items(exam, run).await.len(), 2);
}

pub async fn items_share_the_success_of_their_run(exam: &Exam) {
    let lease = handed(exam, &["a", "b"]).await.lease;
    assert_eq!(statuses(exam, lease.run).await, [ItemStatus::Waiting; 2]);
    exam.clock.advance(Duration::from_secs(5));
    exam.succeed(lease).await;
    let items = items(exam, lease.run).await;
    assert!(items.iter().all(|item| item.status == ItemStatus::Succeeded && item.finished_at == Some(second(2))));
    assert_eq!((items[0].created_at, items[0].updated_at, items[0].runs), (second(0), second(5), 1));
    let counts = ItemCounts { total: 2, succeeded: 2, failed: 0 };
    assert_eq!(exam.run(lease.run).await.items, Some(counts));
}

pub async fn what_was_executed_comes_again_only_if_it_is_repeatable(exam: &Exam) {
    let lease = handed(exam, &["a"]).await.lease;
    let repeatable = Timetable { repeatable: true, ..Timetable::default() };
    assert_eq!(again_under(exam, repeatable.clone(), &["a"]).await, (0, 1), "it goes on");
    exam.succeed(lease).await;
    let after_failures = Timetable { retry_failed: true, ..Timetable::default() };
    assert_eq!(again_under(exam, after_failures, &["a"]).await, (0, 1));
    assert_eq!(again_under(exam, repeatable, &["a"]).await, (1, 0));
    let second = exam.lease(1).await.remove(0);
    let item = items(exam, second.lease.run).await.remove(0);
    assert_eq!((item.runs, item.status, item.finished_at), (2, ItemStatus::Waiting, None));
    assert_eq!(items(exam, lease.run).await, [], "one row for each key");
}

pub async fn what_failed_comes_again_only_if_failures_do(exam: &Exam) {
    let lease = handed(exam, &["a"]).await.lease;
    exam.settle(lease, over(RunState::Failed), failure()).await;
    let item = items(exam, lease.run).await.remove(0);
    assert_eq!((item.status, item.error.as_deref()), (ItemStatus::Failed, Some("no")));
    assert_eq!(again_under(exam, Timetable::default(), &["a"]).await, (0, 1));
    assert_eq!(again_under(exam, Timetable { retry_failed: true, ..Timetable::default() }, &["a"]).await, (1, 0));
}

pub async fn what_never_began_comes_again(exam: &Exam) {
    let mut expiring = bucket(0, &["a"]);
    expiring.fire.order.expires_at = Some(second(30));
    let run = expiring.fire.order.id;
    submit(exam, vec![expiring]).await;
    exam.clock.advance(Duration::from_secs(31));
    assert!(exam.lease(1).await.is_empty());
    assert_eq!(exam.run(run).await.state, RunState::Expired);
    assert_eq!(statuses(exam, run).await, [ItemStatus::Waiting]);
    assert_eq!(again_under(exam, Timetable::default(), &["a"]).await, (1, 0));
}

pub async fn only_what_did_not_succeed_is_handed_to_the_next_attempt(exam: &Exam) {
    let lease = handed(exam, &["a", "b", "c"]).await.lease;
    let items = vec![said("a", None), said("b", Some("no such channel"))];
    assert_eq!(exam.settle(lease, again(0, true), Report { items, ..failure() }).await, Settled::Recorded);
    let expected = [ItemStatus::Succeeded, ItemStatus::Failed, ItemStatus::Waiting];
    assert_eq!(statuses(exam, lease.run).await, expected);
    assert_eq!(again_under(exam, Timetable { repeatable: true, ..Timetable::default() }, &["a"]).await, (0, 1));
    let next = exam.lease(1).await.remove(0);
    assert_eq!(payloads(&next), ["\"b\"", "\"c\""]);
    exam.succeed(next.lease).await;
    let counts = ItemCounts { total: 3, succeeded: 3, failed: 0 };
    assert_eq!(exam.run(lease.run).await.items, Some(counts));
}

pub async fn what_a_call_with_a_failed_item_remembers_is_kept(exam: &Exam) {
    let lease = handed(exam, &["a", "b"]).await.lease;
    let items = vec![said("a", None), said("b", Some("no"))];
    let report = Report { items, state: vec![write("sent", "1", 0)], ..failure() };
    assert_eq!(exam.settle(lease, again(0, true), report).await, Settled::Recorded);
    let state = exam.ledger.state("schedule:live", "sent").await.expect("reads");
    assert_eq!(state, Some((b"1".to_vec(), 1)));
}

pub async fn an_item_is_settled_only_by_the_run_that_has_it(exam: &Exam) {
    let lease = handed(exam, &["a"]).await.lease;
    submit(exam, vec![bucket(0, &["b"])]).await;
    let other = exam.lease(1).await.remove(0);
    let items = vec![said("a", None), said("b", None), said("z", None)];
    exam.settle(lease, over(RunState::Succeeded), Report { items, ..success() }).await;
    assert_eq!(statuses(exam, other.lease.run).await, [ItemStatus::Waiting]);
    assert_eq!(statuses(exam, lease.run).await, [ItemStatus::Succeeded]);
}

pub async fn an_abandoned_attempt_says_nothing_of_its_items_while_another_follows(exam: &Exam) {
    let lease = handed(exam, &["a"]).await.lease;
    exam.settle(lease, again(0, true), report(Outcome::Abandoned)).await;
    assert_eq!(statuses(exam, lease.run).await, [ItemStatus::Waiting]);
    let next = exam.lease(1).await.remove(0).lease;
    exam.settle(next, over(RunState::Failed), report(Outcome::Abandoned)).await;
    assert_eq!(statuses(exam, lease.run).await, [ItemStatus::Failed]);
}

pub async fn without_a_lease_no_item_is_settled(exam: &Exam) {
    let lease = handed(exam, &["a"]).await.lease;
    let stale = Lease { fence: lease.fence + 1, ..lease };
    assert_eq!(exam.settle(stale, over(RunState::Succeeded), success()).await, Settled::LeaseLost);
    assert_eq!(statuses(exam, lease.run).await, [ItemStatus::Waiting]);
}

pub async fn of_many_who_submit_the_same_each_item_is_accepted_once(exam: &Exam) {
    let names: Vec<_> = (0..40).map(|i| i.to_string()).collect();
    let payloads: Vec<_> = names.iter().map(String::as_str).collect();
    let callers: Vec<_> = (0..8)
        .map(|_| {
            let (ledger, submission) = (exam.ledger.clone(), submission(vec![bucket(0, &payloads)]));
            tokio::spawn(async move { ledger.submit(submission, None).await.expect("submits") })
        })
        .collect();
    let (mut accepted, mut duplicate) = (0, 0);
    for caller in callers {
        let submitted = caller.await.expect("ends");
        accepted += submitted.counts.accepted;
        duplicate += submitted.counts.duplicate;
    }
    assert_eq!((accepted, duplicate), (40, 280));
}

pub async fn items_are_read_page_by_page(exam: &Exam) {
    let run = handed(exam, &["a", "b", "c"]).await.lease.run;
    let page = |after| exam.history.items(ItemPage { run, after, limit: 2 });
    let first = page(None).await.expect("reads");
    assert_eq!(first.iter().map(|item| item.key.clone()).collect::<Vec<_>>(), [key(0, "a"), key(0, "b")]);
    let second = page(Some(first[1].id)).await.expect("reads");
    assert_eq!(second.iter().map(|item| item.payload.as_str()).collect::<Vec<_>>(), ["\"c\""]);
}

pub async fn items_go_with_their_run(exam: &Exam) {
    let lease = handed(exam, &["a"]).await.lease;
    exam.succeed(lease).await;
    let retention = Retention { before: second(60), batch: 10 };
    assert_eq!(exam.ledger.prune(retention).await.expect("prunes"), 1);
    assert_eq!(items(exam, lease.run).await, []);
    assert_eq!(again_under(exam, Timetable::default(), &["a"]).await, (1, 0));
}

pub async fn a_submission_taken_before_is_answered_as_then_and_not_taken_again(exam: &Exam) {
    let timetable = Timetable { repeatable: true, retry_failed: true, ..Timetable::default() };
    let counts = Counts { out_of_window: 2, ..Counts::default() };
    let first = Submission { timetable, counts, ..submission(vec![bucket(0, &["a"])]) };
    let submit = async |submission| exam.ledger.submit(submission, None).await.expect("submits");
    let told = submit(first.clone()).await.counts;
    assert_eq!(told, Counts { accepted: 1, ..counts });
    exam.succeed(exam.lease(1).await[0].lease).await;
    let again = Submission { buckets: vec![bucket(0, &["a", "b"])], counts: Counts::default(), ..first.clone() };
    let again = submit(again).await;
    assert_eq!((again.counts, again.claimed.len()), (told, 0), "as it was told the first time");
    assert_eq!(exam.all().await.len(), 1);
    let other = Submission { id: SubmissionId::new(), buckets: vec![bucket(0, &["a"])], ..first };
    assert_eq!(submit(other).await.counts.accepted, 1, "under another id it is another one");
}

pub async fn a_submission_without_a_new_item_is_known_too(exam: &Exam) {
    let nothing = submission(Vec::new());
    for _ in 0..2 {
        assert_eq!(exam.ledger.submit(nothing.clone(), None).await.expect("submits"), Submitted::default());
    }
    let later = Submission { buckets: vec![bucket(0, &["a"])], ..nothing };
    assert_eq!(exam.ledger.submit(later, None).await.expect("submits"), Submitted::default());
}

pub async fn a_submission_is_forgotten_with_what_is_as_old(exam: &Exam) {
    let nothing = submission(Vec::new());
    exam.ledger.submit(nothing.clone(), None).await.expect("submits");
    let filled = Submission { buckets: vec![bucket(0, &["a"])], ..nothing };
    exam.ledger.prune(Retention { before: second(0), batch: 10 }).await.expect("prunes");
    assert_eq!(exam.ledger.submit(filled.clone(), None).await.expect("submits").counts.accepted, 0, "not old yet");
    exam.ledger.prune(Retention { before: second(60), batch: 10 }).await.expect("prunes");
    assert_eq!(exam.ledger.submit(filled, None).await.expect("submits").counts.accepted, 1);
}
