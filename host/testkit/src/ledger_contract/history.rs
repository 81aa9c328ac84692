//! What is read, and what is forgotten.

use noontide_domain::ports::{Claim, Claimed, Retention, RunFilter, RunRecord, Skip};
use noontide_domain::{Cause, Headers, Key, Priority, RunId, RunState, SkipReason, Usage, Window};

use super::{Exam, again, enqueued, exclusive, failure, fire, included, named, over, second, success};
use crate::ledger_contract::schedules::every_minute;

/// Every check of listings looks at all pages of `size`.
async fn pages(exam: &Exam, size: usize, filter: RunFilter) -> Vec<Vec<RunId>> {
    let mut pages = Vec::new();
    let mut after = None;
    loop {
        let filter = RunFilter { after, limit: size, ..filter.clone() };
        let page: Vec<_> = exam.history.runs(filter).await.expect("reads").iter().map(|run| run.id).collect();
        let Some(last) = page.last() else { return pages };
        after = Some(*last);
        pages.push(page);
    }
}

pub async fn runs_are_listed_newest_first_and_by_page(exam: &Exam) {
    let fires: Vec<_> = (0..7).map(|i| fire("nightly", -i)).collect();
    let mut ids: Vec<_> = fires.iter().map(|fire| fire.order.id).collect();
    ids.reverse();
    exam.claim(fires).await;
    let pages = pages(exam, 3, RunFilter::default()).await;
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [3, 3, 1]);
    assert_eq!(pages.concat(), ids);
}

pub async fn a_listing_holds_only_what_was_asked_for(exam: &Exam) {
    let mut fires = [fire("nightly", 0), fire("nightly", 60), fire("weekly", 120), enqueued("k")];
    fires[1].order.handler = "mail/other".parse().expect("a handler");
    let ids = fires.clone().map(|fire| fire.order.id);
    exam.claim(fires.to_vec()).await;
    for i in [0, 2] {
        exam.ledger.cancel(ids[i], second(0)).await.expect("cancels");
    }
    let leased = exam.lease(1).await.remove(0).lease;
    exam.settle(leased, over(RunState::Failed), failure()).await;
    assert_eq!(leased.run, ids[3]);
    let found = async |filter: RunFilter| {
        let mut found = pages(exam, 1, filter).await.concat();
        found.reverse();
        found
    };
    let any = RunFilter::default;
    assert_eq!(found(RunFilter { schedule: Some(named("nightly")), ..any() }).await, ids[..2]);
    assert_eq!(found(RunFilter { handler: Some("mail/send".to_owned()), ..any() }).await, [ids[0], ids[2], ids[3]]);
    for (state, expected) in [
        (RunState::Cancelled, vec![ids[0], ids[2]]),
        (RunState::Ready, vec![ids[1]]),
        (RunState::Failed, vec![ids[3]]),
        (RunState::Running, vec![]),
    ] {
        assert_eq!(found(RunFilter { state: Some(state), ..any() }).await, expected, "{state:?}");
    }
    let between = RunFilter { since: Some(second(60)), until: Some(second(120)), ..any() };
    assert_eq!(found(between).await, [ids[1]]);
    let both = RunFilter { schedule: Some(named("nightly")), state: Some(RunState::Cancelled), ..any() };
    assert_eq!(found(both).await, [ids[0]]);
}

pub async fn a_run_reads_as_it_was_ordered(exam: &Exam) {
    let mut fire = fire("nightly", -60);
    fire.order.late = true;
    fire.order.cause = Cause::Manual;
    fire.order.priority = Priority(7);
    fire.order.queue = "mail".parse().expect("a name");
    fire.order.runs_on = [("gpu".to_owned(), "true".to_owned())].into_iter().collect();
    fire.order.headers = Headers::new([("tenant".to_owned(), "ana".to_owned())].into()).expect("headers");
    fire.order.window = Some(Window { from: second(-120), to: second(-60) });
    fire.order.includes = vec![included("daily", serde_json::json!({ "steps": ["state"] }))];
    fire.order.chain = Some(fire.order.id);
    let order = fire.order.clone();
    exam.claim(vec![fire]).await;
    let expected = RunRecord {
        id: order.id,
        key: order.key,
        schedule: order.schedule,
        handler: order.handler,
        due_at: second(-60),
        span: None,
        state: RunState::Ready,
        reason: None,
        cause: Cause::Manual,
        late: true,
        attempt: 0,
        max_attempts: 3,
        not_before: Some(second(-60)),
        started_at: None,
        finished_at: None,
        outcome: None,
        plugin: None,
        usage: Usage::default(),
        provenance: None,
        host: None,
        input: order.input,
        priority: order.priority,
        queue: order.queue,
        runs_on: order.runs_on,
        headers: order.headers,
        window: order.window,
        includes: order.includes,
        items: None,
        trace_id: order.trace_id,
        chain: order.chain,
        origin: order.origin,
        created_at: second(0),
    };
    assert_eq!(exam.run(order.id).await, expected);
}

pub async fn the_last_run_of_each_schedule_is_the_newest_that_began(exam: &Exam) {
    let schedules = ["a", "b", "c"].map(every_minute).to_vec();
    exam.ledger.declare(schedules, second(0)).await.expect("declares");
    let old = exam.running(fire("a", -60)).await.lease;
    exam.succeed(old).await;
    let newest = exam.running(exclusive("a", 0)).await.lease.run;
    let skipped = exam.claim(vec![exclusive("a", 60)]).await;
    assert_eq!(skipped, [Claimed::Overlapped(newest)]);
    exam.claim(vec![fire("a", 120), fire("b", 0)]).await;
    let failed = exam.running(fire("c", 0)).await.lease;
    exam.settle(failed, again(60, true), failure()).await;
    exam.running(enqueued("k")).await;
    let last: Vec<_> = exam.history.last_runs().await.expect("reads").iter().map(|run| run.id).collect();
    assert_eq!(last, [newest, failed.run]);
}

pub async fn the_status_counts_what_is_not_over(exam: &Exam) {
    exam.running(fire("nightly", 0)).await;
    exam.claim(vec![fire("nightly", 1), fire("nightly", 2)]).await;
    let done = exam.running(fire("nightly", -1)).await.lease;
    exam.succeed(done).await;
    let status = exam.history.status().await.expect("reads");
    assert_eq!((status.ready, status.running), (2, 1));
    assert!(!status.kind.is_empty());
}

pub async fn old_runs_go_by_age_in_bounded_batches_and_live_ones_never(exam: &Exam) {
    for i in 0..5 {
        let lease = exam.running(fire("nightly", -i)).await.lease;
        let report = noontide_domain::Report { finished_at: second(i), ..success() };
        exam.settle(lease, over(RunState::Succeeded), report).await;
    }
    let live = exam.running(fire("nightly", -100)).await.lease.run;
    exam.claim(vec![fire("nightly", -200)]).await;
    let prune =
        async |before, batch| exam.ledger.prune(Retention { before: second(before), batch }).await.expect("prunes");
    assert_eq!(prune(0, 10).await, 0);
    assert_eq!(prune(3, 2).await, 2);
    assert_eq!(prune(3, 2).await, 1);
    assert_eq!(prune(3, 2).await, 0);
    let mut left: Vec<_> = exam.all().await.iter().filter_map(|run| run.finished_at).collect();
    left.sort();
    assert_eq!(left, [second(3), second(4)]);
    assert_eq!(prune(1_000_000, 10).await, 2);
    assert_eq!(exam.all().await.len(), 2);
    assert_eq!(exam.run(live).await.state, RunState::Running);
    assert!(matches!(exam.claim(vec![fire("nightly", 0)]).await[0], Claimed::Ready(_)), "a forgotten key is free");
}

pub async fn what_a_run_said_goes_with_it(exam: &Exam) {
    let lease = exam.running(fire("nightly", 0)).await.lease;
    let said = || noontide_domain::Report { logs_dropped: 1, ..failure() };
    exam.settle(lease, again(0, true), said()).await;
    let lease = exam.lease(1).await.remove(0).lease;
    exam.settle(lease, over(RunState::Failed), said()).await;
    assert_eq!(exam.history.logs(lease.run).await.expect("reads").len(), 2);
    assert_eq!(exam.history.attempts(lease.run).await.expect("reads").len(), 1);
    exam.ledger.prune(Retention { before: second(1_000), batch: 9 }).await.expect("prunes");
    no_run_no_answer_for(exam, lease.run).await;
}

pub async fn no_run_no_answer(exam: &Exam) {
    no_run_no_answer_for(exam, RunId::new()).await;
}

async fn no_run_no_answer_for(exam: &Exam, id: RunId) {
    assert_eq!(exam.history.run(id).await.expect("reads"), None);
    assert_eq!(exam.history.logs(id).await.expect("reads"), []);
    assert_eq!(exam.history.attempts(id).await.expect("reads"), []);
}

pub async fn an_instant_is_found_with_all_its_rows(exam: &Exam) {
    let name = named("nightly");
    let mut backfill = fire("nightly", -60);
    backfill.order.key = Key::backfill(&name, second(-60));
    backfill.order.cause = Cause::Backfill;
    let by_hand = |due, schedule: &str| {
        let mut fire = fire(schedule, due);
        fire.order.key = Key::manual(fire.order.id);
        fire.order.cause = Cause::Manual;
        fire
    };
    let of_it = [fire("nightly", -60), backfill, by_hand(-60, "nightly"), by_hand(-60, "nightly")];
    let mut ids: Vec<_> = of_it.iter().map(|fire| fire.order.id).collect();
    ids.sort();
    ids.reverse();
    exam.claim(of_it.to_vec()).await;
    exam.claim(vec![fire("nightly", -61), fire("nightly", -59), fire("weekly", -60), by_hand(-60, "weekly")]).await;
    exam.claim(vec![by_hand(-59, "nightly"), enqueued("k")]).await;
    let found = exam.history.occurrence(&name, second(-60)).await.expect("reads");
    assert_eq!(found.iter().map(|run| run.id).collect::<Vec<_>>(), ids);
    assert_eq!(found[0], exam.run(ids[0]).await);
    assert_eq!(exam.history.occurrence(&name, second(-30)).await.expect("reads"), []);
}

pub async fn a_row_for_many_instants_is_found_by_each_of_them(exam: &Exam) {
    let span = |schedule: &str, first, last| Skip {
        schedule: named(schedule),
        handler: "mail/send".parse().expect("a handler"),
        due_at: second(first),
        until: second(last),
        count: 9,
        reason: SkipReason::Missed,
    };
    let skip = vec![span("nightly", 0, 540), span("nightly", 600, 900), span("weekly", 0, 900)];
    exam.ledger.claim(Claim { skip, ..Claim::default() }, None).await.expect("claims");
    for (at, first) in [(0, 0), (60, 0), (540, 0), (600, 600), (899, 600), (900, 600)] {
        let found = exam.history.occurrence(&named("nightly"), second(at)).await.expect("reads");
        assert_eq!(found.iter().map(|run| run.due_at).collect::<Vec<_>>(), [second(first)], "at {at}");
    }
    for at in [-1, 570, 901] {
        assert_eq!(exam.history.occurrence(&named("nightly"), second(at)).await.expect("reads"), [], "at {at}");
    }
}
