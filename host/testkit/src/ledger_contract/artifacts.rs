//! Artifacts: the files of a run, written with the end of the attempt that attached them, or not at all.

use noontide_domain::ports::{Retention, Settled, Settlement};
use noontide_domain::{Artifact, Outcome, Report, RunId, RunState};

use super::{Exam, again, failure, fire, over, report, second, success};

fn file(name: &str, content: &str) -> Artifact {
    let media_type = "text/html; charset=utf-8".parse().expect("a media type");
    Artifact::new(name.parse().expect("a name"), media_type, content.as_bytes())
}

fn attaching(report: Report, files: &[(&str, &str)]) -> Report {
    Report { artifacts: files.iter().map(|(name, content)| file(name, content)).collect(), ..report }
}

/// Name, content and attempt of each file, as they are listed and read.
async fn files(exam: &Exam, run: RunId) -> Vec<(String, String, u32)> {
    let mut found = Vec::new();
    for record in exam.history.artifacts(run).await.expect("reads") {
        let (same, content) = exam.history.artifact(run, &record.name).await.expect("reads").expect("it is listed");
        assert_eq!((&same, content.len() as u64), (&record, record.bytes));
        let content = String::from_utf8(content.to_vec()).expect("text");
        assert_eq!(record.sha256, file("x", &content).sha256);
        found.push((record.name.to_string(), content, record.attempt));
    }
    found
}

fn seen(name: &str, content: &str, attempt: u32) -> (String, String, u32) {
    (name.to_owned(), content.to_owned(), attempt)
}

pub async fn what_a_handler_attached_is_there_when_its_run_is_settled(exam: &Exam) {
    let lease = exam.running(fire("nightly", 0)).await.lease;
    assert_eq!(exam.history.artifacts(lease.run).await.expect("reads"), []);
    let report = attaching(success(), &[("report.html", "<p>well</p>"), ("巡检.csv", ""), ("Report.html", "R")]);
    assert_eq!(exam.settle(lease, over(RunState::Succeeded), report).await, Settled::Recorded);
    let wanted = [seen("Report.html", "R", 1), seen("report.html", "<p>well</p>", 1), seen("巡检.csv", "", 1)];
    assert_eq!(files(exam, lease.run).await, wanted);
    let listed = exam.history.artifacts(lease.run).await.expect("reads");
    assert_eq!(listed[0].media_type.as_str(), "text/html; charset=utf-8");
    let missing = "report.htm".parse().expect("a name");
    assert_eq!(exam.history.artifact(lease.run, &missing).await.expect("reads"), None);
    assert_eq!(exam.history.artifact(RunId::new(), &listed[0].name).await.expect("reads"), None);
}

pub async fn what_a_failed_attempt_attached_is_kept(exam: &Exam) {
    let lease = exam.running(fire("nightly", 0)).await.lease;
    exam.settle(lease, over(RunState::Failed), attaching(failure(), &[("why.txt", "disk full")])).await;
    assert_eq!(files(exam, lease.run).await, [seen("why.txt", "disk full", 1)]);
}

pub async fn what_the_host_broke_off_leaves_no_files(exam: &Exam) {
    let broken = [
        Outcome::Trapped { message: "unreachable".to_owned(), backtrace: Vec::new() },
        Outcome::TimedOut { after: std::time::Duration::from_secs(1) },
        Outcome::OutOfMemory { limit: 1 },
        Outcome::Cancelled,
        Outcome::Abandoned,
    ];
    for (due, outcome) in (0..).zip(broken) {
        let lease = exam.running(fire("nightly", due)).await.lease;
        exam.settle(lease, over(RunState::Failed), attaching(report(outcome), &[("half.html", "<p")])).await;
        assert_eq!(files(exam, lease.run).await, []);
    }
}

pub async fn the_files_of_a_later_attempt_take_the_place_of_all_before(exam: &Exam) {
    let first = exam.running(fire("nightly", 0)).await.lease;
    exam.settle(first, again(0, true), attaching(failure(), &[("report.html", "1"), ("core.txt", "1")])).await;
    let later = exam.lease(1).await.remove(0).lease;
    assert_eq!(files(exam, first.run).await, [seen("core.txt", "1", 1), seen("report.html", "1", 1)]);
    exam.settle(later, over(RunState::Succeeded), attaching(success(), &[("report.html", "2")])).await;
    assert_eq!(files(exam, first.run).await, [seen("report.html", "2", 2)]);
}

pub async fn an_attempt_without_files_leaves_those_of_the_one_before(exam: &Exam) {
    let first = exam.running(fire("nightly", 0)).await.lease;
    exam.settle(first, again(0, true), attaching(failure(), &[("report.html", "1")])).await;
    let later = exam.lease(1).await.remove(0).lease;
    exam.succeed(later).await;
    assert_eq!(files(exam, first.run).await, [seen("report.html", "1", 1)]);
}

pub async fn without_a_lease_no_file_is_written(exam: &Exam) {
    let old = exam.running(fire("nightly", 0)).await.lease;
    exam.settle(old, again(0, true), failure()).await;
    let new = exam.lease(1).await.remove(0).lease;
    let late = attaching(success(), &[("report.html", "late")]);
    assert_eq!(exam.settle(old, over(RunState::Succeeded), late).await, Settled::LeaseLost);
    assert_eq!(files(exam, old.run).await, []);
    exam.succeed(new).await;
}

pub async fn files_of_runs_settled_together_do_not_mix(exam: &Exam) {
    let one = exam.running(fire("nightly", 0)).await.lease;
    let two = exam.running(fire("nightly", 1)).await.lease;
    let end = |lease, content| {
        Settlement::new(lease, over(RunState::Succeeded), attaching(success(), &[("report.html", content)]))
    };
    exam.ledger.settle(vec![end(one, "one"), end(two, "two"), end(one, "again")]).await.expect("settles");
    assert_eq!(files(exam, one.run).await, [seen("report.html", "one", 1)]);
    assert_eq!(files(exam, two.run).await, [seen("report.html", "two", 1)]);
}

pub async fn files_go_with_their_run(exam: &Exam) {
    let lease = exam.running(fire("nightly", 0)).await.lease;
    exam.settle(lease, over(RunState::Succeeded), attaching(success(), &[("report.html", "x")])).await;
    assert_eq!(exam.ledger.prune(Retention { before: second(60), batch: 10 }).await.expect("prunes"), 1);
    assert_eq!(files(exam, lease.run).await, []);
}
