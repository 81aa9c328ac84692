//! Settling: the end of an attempt with all that belongs to it, only while the lease holds.

use noontide_domain::ports::{AttemptRecord, Settled, Settlement};
use noontide_domain::{
    Effects, Limits, LogLine, Outcome, PluginVersion, Report, RunState, SkipReason, StateWrite, Terms, Usage, Verdict,
};

use super::{Exam, again, enqueued, failure, fire, over, report, second, success, write};
use crate::ledger_contract::schedules::every_minute;

/// A report in which nothing is left out.
fn full(outcome: Outcome) -> Report {
    let line = |message: &str, fields| LogLine {
        at: second(1),
        level: "info".to_owned(),
        source: "log".to_owned(),
        message: message.to_owned(),
        fields,
    };
    Report {
        plugin: Some(PluginVersion {
            name: "mail".parse().expect("a name"),
            version: "1.2.3".to_owned(),
            sha256: "ab".repeat(32),
        }),
        usage: Usage { wall_ms: 1_000, cpu_ms: 20, peak_memory_bytes: 5 << 30 },
        logs: vec![line("one", vec![]), line("zwei\n\"", vec![("to".to_owned(), "ops".to_owned())])],
        logs_dropped: 3,
        effects: effects(),
        terms: Some(Terms {
            contract: "noontide:plugin@0.1.0".to_owned(),
            limits: Limits { memory: 5 << 30, ..Limits::default() },
            grant: Some("0f".repeat(16)),
        }),
        ..report(outcome)
    }
}

fn effects() -> Effects {
    let mut effects = Effects::default();
    effects.secret("PASSWORD");
    effects.statements("shop", 3);
    effects.host("https://a.example:443").sent = 5 << 30;
    effects.wrote("a \"key\"\n");
    effects
}

pub async fn the_end_of_an_attempt_is_recorded_with_all_it_said(exam: &Exam) {
    let lease = exam.running(fire("nightly", 0)).await.lease;
    let report = full(Outcome::Succeeded { result: Some(serde_json::json!({ "sent": [1, 0.5] })) });
    assert_eq!(exam.settle(lease, over(RunState::Succeeded), report.clone()).await, Settled::Recorded);
    let record = exam.run(lease.run).await;
    assert_eq!((record.state, record.attempt, record.max_attempts), (RunState::Succeeded, 1, 3));
    assert_eq!((record.started_at, record.finished_at), (Some(second(1)), Some(second(2))));
    let provenance = report.provenance();
    assert!(provenance.as_ref().is_some_and(|kept| kept.effects == effects()), "{provenance:?}");
    assert_eq!(record.provenance, provenance);
    assert_eq!((record.outcome, record.plugin, record.usage), (Some(report.outcome), report.plugin, report.usage));
    let logs = exam.history.logs(lease.run).await.expect("reads");
    assert_eq!(logs.len(), 1);
    assert_eq!((logs[0].attempt, &logs[0].lines, logs[0].dropped), (1, &report.logs, 3));
    assert_eq!(exam.history.attempts(lease.run).await.expect("reads"), []);
}

pub async fn of_an_attempt_that_never_began_there_is_no_provenance(exam: &Exam) {
    let lease = exam.running(fire("nightly", 0)).await.lease;
    let missing = Outcome::Unavailable { message: "no plugin `mail` is loaded".to_owned() };
    exam.settle(lease, again(0, true), report(missing)).await;
    assert_eq!(exam.run(lease.run).await.provenance, None);
    let next = exam.lease(1).await.remove(0).lease;
    exam.settle(next, over(RunState::Succeeded), full(Outcome::Succeeded { result: None })).await;
    assert!(exam.run(lease.run).await.provenance.is_some());
    assert_eq!(exam.history.attempts(lease.run).await.expect("reads")[0].provenance, None);
}

pub async fn an_old_fence_writes_nothing(exam: &Exam) {
    let old = exam.running(fire("nightly", 0)).await.lease;
    exam.settle(old, again(0, true), failure()).await;
    let new = exam.lease(1).await.remove(0).lease;
    let before = exam.run(old.run).await;
    let late = Report { state: vec![write("k", "late", 0)], ..full(Outcome::Succeeded { result: None }) };
    assert_eq!(exam.settle(old, over(RunState::Succeeded), late).await, Settled::LeaseLost);
    assert_eq!(exam.run(old.run).await, before);
    assert_eq!(exam.ledger.state("schedule:nightly", "k").await.expect("reads"), None);
    assert_eq!(exam.history.logs(old.run).await.expect("reads"), []);
    exam.succeed(new).await;
}

pub async fn nothing_is_settled_twice(exam: &Exam) {
    let lease = exam.running(fire("nightly", 0)).await.lease;
    let other = exam.running(fire("nightly", 1)).await.lease;
    let settle = |lease, state| Settlement::new(lease, over(state), success());
    let batch =
        vec![settle(lease, RunState::Succeeded), settle(other, RunState::Succeeded), settle(lease, RunState::Failed)];
    let settled = exam.ledger.settle(batch).await.expect("settles");
    assert_eq!(settled, [Settled::Recorded, Settled::Recorded, Settled::LeaseLost]);
    assert_eq!(exam.run(lease.run).await.state, RunState::Succeeded);
    assert_eq!(exam.settle(lease, over(RunState::Failed), failure()).await, Settled::LeaseLost);
}

pub async fn a_failure_that_runs_again_is_archived(exam: &Exam) {
    let first = exam.running(fire("nightly", 0)).await.lease;
    let report = full(Outcome::Failed { message: "no".to_owned(), retryable: true, after: None });
    assert_eq!(exam.settle(first, again(60, true), report.clone()).await, Settled::Recorded);
    let waiting = exam.run(first.run).await;
    assert_eq!((waiting.state, waiting.attempt, waiting.not_before), (RunState::Ready, 1, Some(second(60))));
    assert_eq!(waiting.outcome, Some(report.outcome.clone()));
    assert_eq!(exam.history.attempts(first.run).await.expect("reads"), [], "the newest is in the run's own record");

    exam.clock.advance(std::time::Duration::from_secs(60));
    let next = exam.lease(1).await.remove(0).lease;
    let running = exam.run(first.run).await;
    assert_eq!((running.attempt, running.started_at, running.finished_at), (2, Some(second(60)), None));
    assert_eq!((running.plugin, running.usage, running.provenance), (None, Usage::default(), None));
    let earlier = AttemptRecord {
        attempt: 1,
        provenance: report.provenance(),
        outcome: report.outcome,
        plugin: report.plugin,
        host: Some(first.host),
        started_at: second(1),
        finished_at: second(2),
        usage: report.usage,
    };
    assert_eq!(exam.history.attempts(first.run).await.expect("reads"), std::slice::from_ref(&earlier));

    exam.settle(next, over(RunState::Succeeded), full(Outcome::Succeeded { result: None })).await;
    assert_eq!(exam.history.attempts(first.run).await.expect("reads"), [earlier]);
    let logs = exam.history.logs(first.run).await.expect("reads");
    assert_eq!(logs.iter().map(|log| log.attempt).collect::<Vec<_>>(), [1, 2]);
}

pub async fn an_attempt_that_does_not_count_keeps_its_number(exam: &Exam) {
    let first = exam.running(fire("nightly", 0)).await.lease;
    let page = report(Outcome::RunAgain { after: std::time::Duration::ZERO });
    exam.settle(first, again(0, false), page.clone()).await;
    let second_lease = exam.lease(1).await.remove(0).lease;
    assert_eq!(second_lease.attempt, 1);
    exam.settle(second_lease, again(0, false), page).await;
    let third = exam.lease(1).await.remove(0).lease;
    assert_eq!(third.attempt, 1);
    let attempts = exam.history.attempts(first.run).await.expect("reads");
    assert_eq!(attempts.iter().map(|one| one.attempt).collect::<Vec<_>>(), [1, 1]);
    exam.succeed(third).await;
}

pub async fn a_run_asked_to_stop_is_not_tried_again(exam: &Exam) {
    let lease = exam.running(fire("nightly", 0)).await.lease;
    exam.ledger.cancel(lease.run, second(1)).await.expect("cancels");
    assert_eq!(exam.settle(lease, again(0, false), failure()).await, Settled::Recorded);
    let record = exam.run(lease.run).await;
    assert_eq!((record.state, record.attempt), (RunState::Cancelled, 1));
    assert_eq!(record.outcome, Some(failure().outcome));
}

fn remembering(state: Vec<StateWrite>) -> Report {
    Report { state, ..success() }
}

async fn entry(exam: &Exam, key: &str) -> Option<(String, u64)> {
    let found = exam.ledger.state("schedule:nightly", key).await.expect("reads");
    found.map(|(value, revision)| (String::from_utf8(value).expect("text"), revision))
}

pub async fn state_is_written_with_success(exam: &Exam) {
    let lease = exam.running(fire("nightly", 0)).await.lease;
    let writes = vec![write("page", "7", 0), write("Page", "", 0)];
    assert_eq!(exam.settle(lease, over(RunState::Succeeded), remembering(writes)).await, Settled::Recorded);
    assert_eq!(entry(exam, "page").await, Some(("7".to_owned(), 1)));
    assert_eq!(entry(exam, "Page").await, Some((String::new(), 1)));
    assert_eq!(exam.ledger.state("schedule:other", "page").await.expect("reads"), None);
    let lease = exam.running(fire("nightly", 1)).await.lease;
    // Written three times in one run.
    let thrice = StateWrite { revision: 4, ..write("page", "10", 1) };
    exam.settle(lease, over(RunState::Succeeded), remembering(vec![thrice])).await;
    assert_eq!(entry(exam, "page").await, Some(("10".to_owned(), 4)));
}

pub async fn state_of_a_call_that_asks_to_run_again_is_kept(exam: &Exam) {
    let lease = exam.running(fire("nightly", 0)).await.lease;
    let page =
        Report { state: vec![write("page", "1", 0)], ..report(Outcome::RunAgain { after: std::time::Duration::ZERO }) };
    exam.settle(lease, again(0, false), page).await;
    assert_eq!(entry(exam, "page").await, Some(("1".to_owned(), 1)));
}

pub async fn state_of_a_failure_is_dropped(exam: &Exam) {
    let lease = exam.running(fire("nightly", 0)).await.lease;
    let failed = Report { state: vec![write("page", "7", 0)], ..failure() };
    assert_eq!(exam.settle(lease, again(0, true), failed.clone()).await, Settled::Recorded);
    let lease = exam.lease(1).await.remove(0).lease;
    assert_eq!(exam.settle(lease, over(RunState::Failed), failed).await, Settled::Recorded);
    assert_eq!(entry(exam, "page").await, None);
}

pub async fn state_that_another_run_changed_is_a_conflict_and_nothing_is_written(exam: &Exam) {
    let lease = exam.running(fire("nightly", 0)).await.lease;
    let meanwhile = exam.running(fire("nightly", 1)).await.lease;
    exam.settle(meanwhile, over(RunState::Succeeded), remembering(vec![write("page", "1", 0)])).await;
    let writes = vec![write("other", "x", 0), write("page", "2", 0)];
    let settled = exam.settle(lease, over(RunState::Succeeded), remembering(writes)).await;
    assert_eq!(settled, Settled::StateConflict { key: "page".to_owned() });
    assert_eq!(exam.run(lease.run).await.state, RunState::Running);
    assert_eq!(entry(exam, "other").await, None);
    assert_eq!(entry(exam, "page").await, Some(("1".to_owned(), 1)));
    assert_eq!(
        exam.settle(lease, over(RunState::Failed), failure()).await,
        Settled::Recorded,
        "it still holds the lease"
    );
}

pub async fn of_two_who_write_the_same_entry_at_once_one_conflicts(exam: &Exam) {
    let mut batch = Vec::new();
    for i in 0..4 {
        let lease = exam.running(fire("nightly", i)).await.lease;
        let state = if i == 3 { vec![] } else { vec![write("page", &i.to_string(), 0)] };
        batch.push(Settlement::new(lease, over(RunState::Succeeded), remembering(state)));
    }
    let settled = exam.ledger.settle(batch).await.expect("settles");
    let conflict = Settled::StateConflict { key: "page".to_owned() };
    assert_eq!(settled, [Settled::Recorded, conflict.clone(), conflict, Settled::Recorded]);
    assert_eq!(entry(exam, "page").await, Some(("0".to_owned(), 1)));
}

pub async fn an_entry_can_be_removed_and_written_anew(exam: &Exam) {
    let removal = StateWrite { value: None, ..write("page", "", 1) };
    for (i, change) in [write("page", "1", 0), removal, write("page", "2", 0)].into_iter().enumerate() {
        let lease = exam.running(fire("nightly", i as i64 - 9)).await.lease;
        let settled = exam.settle(lease, over(RunState::Succeeded), remembering(vec![change])).await;
        assert_eq!(settled, Settled::Recorded);
        assert_eq!(entry(exam, "page").await.is_some(), i != 1);
    }
}

pub async fn enqueued_runs_of_a_handler_share_their_state(exam: &Exam) {
    let lease = exam.running(enqueued("a")).await.lease;
    exam.settle(lease, over(RunState::Succeeded), remembering(vec![write("page", "1", 0)])).await;
    let found = exam.ledger.state("handler:mail/send", "page").await.expect("reads");
    assert_eq!(found, Some((b"1".to_vec(), 1)));
}

pub async fn the_next_lease_knows_the_last_success(exam: &Exam) {
    exam.ledger.declare(vec![every_minute("nightly")], second(-100)).await.expect("declares");
    let (newer, older) = (exam.running(fire("nightly", -10)).await, exam.running(fire("nightly", -20)).await);
    assert_eq!(newer.previous_success, None);
    let failed = exam.running(fire("nightly", -5)).await.lease;
    exam.succeed(newer.lease).await;
    exam.succeed(older.lease).await;
    exam.settle(failed, over(RunState::Failed), failure()).await;
    let claimed = exam.running(fire("nightly", 0)).await;
    assert_eq!(claimed.previous_success, Some(second(-10)));
    exam.claim(vec![fire("nightly", -1)]).await;
    assert_eq!(exam.lease(1).await.remove(0).previous_success, Some(second(-10)));
}

pub async fn a_skip_by_the_handler_has_its_reason(exam: &Exam) {
    let lease = exam.running(fire("nightly", 0)).await.lease;
    let reason = Some(SkipReason::NothingToDo { message: "no new files".to_owned() });
    let verdict = Verdict::Final { state: RunState::Skipped, reason: reason.clone() };
    exam.settle(lease, verdict, report(Outcome::Skipped { reason: "no new files".to_owned() })).await;
    let record = exam.run(lease.run).await;
    assert_eq!((record.state, record.reason, record.attempt), (RunState::Skipped, reason, 1));
}
