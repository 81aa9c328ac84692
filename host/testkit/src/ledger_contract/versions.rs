//! The versions of plugins: bytes, decisions, records.

use std::sync::Arc;

use noontide_domain::plugin::upgrade::{Approval, Arrival, Change, Decision, KnownVersion, Use, User, VersionStanding};
use noontide_domain::ports::VersionContent;
use noontide_domain::{HandlerInfo, Outcome, Owner, PluginInfo, PluginVersion, Report, RunState, Schedule, Wants};
use serde_json::json;

use super::schedules::every_minute;
use super::*;

fn version(digit: char) -> PluginVersion {
    let sha256 = std::iter::repeat_n(digit, 64).collect();
    PluginVersion { name: "mail".parse().expect("a name"), version: format!("{digit}.0"), sha256 }
}

fn arrival(digit: char, content: &[u8]) -> Arrival {
    let send = HandlerInfo {
        name: "send".to_owned(),
        summary: "Sends.".to_owned(),
        input_schema: Some(json!({ "type": "object" })),
        example_input: None,
        timeout: None,
    };
    let wants = Wants { secrets: vec!["KEY".to_owned()], ..Wants::default() };
    Arrival {
        version: version(digit),
        info: PluginInfo { summary: "Mail.".to_owned(), handlers: vec![send], wants },
        imports: vec!["noontide:plugin/run@0.1.0".to_owned()],
        file: "mail.wasm".to_owned(),
        content: Arc::from(content),
        signature: (digit == 'a').then(|| "signed".to_owned()),
    }
}

async fn seen(exam: &Exam) -> i64 {
    exam.versions.marks().await.expect("reads").decisions
}

async fn decision(exam: &Exam, arrival: Option<Arrival>, changes: Vec<Change>, at: i64) -> Decision {
    let plugin = version('a').name;
    Decision { plugin, seen: seen(exam).await, arrival, changes, keep: 2, at: second(at) }
}

async fn decide(exam: &Exam, arrival: Option<Arrival>, changes: Vec<Change>, at: i64) {
    let decision = decision(exam, arrival, changes, at).await;
    assert!(exam.versions.decide(decision).await.expect("decides"));
}

fn to(digit: char, standing: VersionStanding) -> Change {
    Change::to(&version(digit).sha256, standing, None)
}

/// It comes and is taken.
async fn taken(exam: &Exam, digit: char, at: i64) {
    let known = all(exam).await;
    let active = known.iter().find(|one| one.standing == VersionStanding::Active);
    let before = active.map(|one| one.version.sha256.clone());
    let mut changes: Vec<_> =
        before.iter().map(|sha256| Change::to(sha256, VersionStanding::Superseded, None)).collect();
    changes.push(Change { replaces: before, ..to(digit, VersionStanding::Active) });
    decide(exam, Some(arrival(digit, &[digit as u8; 100])), changes, at).await;
}

async fn all(exam: &Exam) -> Vec<KnownVersion> {
    exam.versions.versions(None).await.expect("reads")
}

async fn standings(exam: &Exam) -> Vec<(String, VersionStanding)> {
    all(exam).await.into_iter().map(|one| (one.version.version, one.standing)).collect()
}

fn on(digit: char, report: Report) -> Report {
    Report { plugin: Some(version(digit)), ..report }
}

pub async fn bytes_come_back_as_they_were_and_are_kept_once(exam: &Exam) {
    let content: Vec<u8> = (0..200_000_u32).map(|i| (i % 251) as u8).collect();
    let change =
        Change { approved: Some(Approval { by: "ops".to_owned(), at: second(1) }), ..to('a', VersionStanding::Held) };
    let change = Change { why: Some("it wants more".to_owned()), replaces: Some("f".repeat(64)), ..change };
    decide(exam, Some(arrival('a', &content)), vec![change], 1).await;
    let kept = VersionContent { bytes: content.clone(), signature: Some("signed".to_owned()) };
    assert_eq!(exam.versions.content(&version('a').sha256).await.expect("reads"), Some(kept));
    assert_eq!(exam.versions.content("b").await.expect("reads"), None);
    decide(exam, Some(Arrival { signature: None, ..arrival('a', &content) }), Vec::new(), 2).await;
    let signature = |kept: Option<VersionContent>| kept.and_then(|kept| kept.signature);
    let still = exam.versions.content(&version('a').sha256).await.expect("reads");
    assert_eq!(signature(still).as_deref(), Some("signed"), "without a new one the old one stays");
    let anew = Arrival { signature: Some("anew".to_owned()), ..arrival('a', &content) };
    decide(exam, Some(anew), Vec::new(), 2).await;
    assert_eq!(signature(exam.versions.content(&version('a').sha256).await.expect("reads")).as_deref(), Some("anew"));
    let Arrival { version, info, imports, file, .. } = arrival('a', b"");
    let expected = KnownVersion {
        version,
        info,
        imports,
        file: Some(file),
        size: 200_000,
        first_seen: second(1),
        last_loaded: second(2),
        standing: VersionStanding::Held,
        since: second(1),
        why: Some("it wants more".to_owned()),
        approved: Some(Approval { by: "ops".to_owned(), at: second(1) }),
        replaces: Some("f".repeat(64)),
        records: Default::default(),
    };
    assert_eq!(all(exam).await, [expected]);
    assert_eq!(exam.versions.versions(Some(&"other".parse().expect("a name"))).await.expect("reads"), []);
}

pub async fn a_decision_is_written_as_a_whole_and_only_if_nobody_decided_before(exam: &Exam) {
    taken(exam, 'a', 1).await;
    let late = decision(exam, Some(arrival('c', b"c")), vec![to('c', VersionStanding::Active)], 3).await;
    taken(exam, 'b', 2).await;
    assert!(!exam.versions.decide(late).await.expect("answers"));
    let expected = [("b.0".to_owned(), VersionStanding::Active), ("a.0".to_owned(), VersionStanding::Superseded)];
    assert_eq!(standings(exam).await, expected);
    assert_eq!(exam.versions.content(&version('c').sha256).await.expect("reads"), None);
    // In whatever order it is told: there is one active version.
    decide(exam, None, vec![to('a', VersionStanding::Active), to('b', VersionStanding::RolledBack)], 4).await;
    let expected = [("b.0".to_owned(), VersionStanding::RolledBack), ("a.0".to_owned(), VersionStanding::Active)];
    assert_eq!(standings(exam).await, expected);
}

pub async fn of_two_who_decide_at_once_one_looks_again(exam: &Exam) {
    taken(exam, 'a', 1).await;
    let one = decision(exam, None, vec![to('a', VersionStanding::RolledBack)], 2).await;
    let other = decision(exam, None, vec![to('a', VersionStanding::Held)], 2).await;
    let (one, other) = tokio::join!(exam.versions.decide(one), exam.versions.decide(other));
    assert_ne!(one.expect("answers"), other.expect("answers"));
}

pub async fn what_is_in_use_and_what_it_would_go_back_to_is_kept_however_old(exam: &Exam) {
    taken(exam, 'a', 1).await;
    taken(exam, 'b', 2).await;
    // Two are kept; of three held ones the oldest goes, the active one and its predecessor do not.
    for (digit, at) in [('c', 3), ('d', 4), ('e', 5)] {
        decide(exam, Some(arrival(digit, &[digit as u8])), vec![to(digit, VersionStanding::Held)], at).await;
    }
    let known: Vec<_> = standings(exam).await.into_iter().map(|(version, _)| version).collect();
    assert_eq!(known, ["e.0", "d.0", "b.0", "a.0"]);
    assert_eq!(exam.versions.content(&version('c').sha256).await.expect("reads"), None);
    assert!(exam.versions.content(&version('a').sha256).await.expect("reads").is_some());
}

pub async fn how_calls_end_is_on_record_with_their_version(exam: &Exam) {
    taken(exam, 'a', 1).await;
    let reports = [success(), failure(), report(Outcome::Cancelled), failure(), success(), failure()];
    for (due, report) in (0..).zip(reports) {
        let lease = exam.running(fire("nightly", due)).await.lease;
        exam.settle(lease, over(RunState::Failed), on('a', report)).await;
    }
    // Of a version that nobody keeps nothing is noted.
    let lease = exam.running(fire("nightly", 60)).await.lease;
    exam.settle(lease, over(RunState::Failed), on('b', failure())).await;
    let known = all(exam).await.remove(0);
    let record = &known.records["mail/send"];
    assert_eq!((record.good, record.bad, record.streak, record.recent), (2, 3, 1, 0b01101));
    assert_eq!(record.last_error.as_deref(), Some("failed: no"));
    assert_eq!((known.calls(), known.records.len()), ((2, 3), 1));
}

pub async fn what_begins_anew_has_no_record(exam: &Exam) {
    taken(exam, 'a', 1).await;
    let lease = exam.running(fire("nightly", 0)).await.lease;
    exam.settle(lease, over(RunState::Failed), on('a', failure())).await;
    decide(exam, None, vec![Change { anew: true, ..to('a', VersionStanding::Active) }], 2).await;
    assert!(all(exam).await[0].records.is_empty());
}

pub async fn what_ends_badly_or_on_trial_is_seen_in_the_marks(exam: &Exam) {
    taken(exam, 'a', 1).await;
    decide(exam, Some(arrival('b', b"b")), vec![to('b', VersionStanding::Candidate)], 2).await;
    let mut ends = Vec::new();
    for (due, report) in (0..).zip([on('a', success()), on('a', failure()), on('b', success())]) {
        let before = exam.versions.marks().await.expect("reads");
        let lease = exam.running(fire("nightly", due)).await.lease;
        exam.settle(lease, over(RunState::Succeeded), report).await;
        let after = exam.versions.marks().await.expect("reads");
        assert_eq!(after.decisions, before.decisions);
        ends.push(after.endings > before.endings);
    }
    assert_eq!(ends, [false, true, true]);
}

pub async fn what_calls_a_plugin_is_told_with_its_input(exam: &Exam) {
    let before = exam.versions.marks().await.expect("reads").schedules;
    let mine = Schedule { owner: Owner::Api, input: json!({ "to": "all" }), ..every_minute("daily") };
    let off = Schedule { enabled: false, ..Schedule { name: named("off"), ..mine.clone() } };
    let other = Schedule { handler: "mailer/send".parse().expect("a handler"), name: named("other"), ..mine.clone() };
    for schedule in [&mine, &off, &other] {
        exam.ledger.put(schedule.clone(), "ops", second(0)).await.expect("puts");
    }
    assert_ne!(exam.versions.marks().await.expect("reads").schedules, before);
    exam.claim(vec![fire("nightly", 0), fire("nightly", 60)]).await;
    let done = exam.running(fire("nightly", 120)).await.lease;
    exam.succeed(done).await;
    let found = exam.versions.uses(&version('a').name).await.expect("reads");
    let handler = || mine.handler.clone();
    let expected = [
        Use { by: User::Schedule(named("daily")), handler: handler(), input: json!({ "to": "all" }) },
        Use { by: User::Runs(2), handler: handler(), input: json!({ "to": "ops" }) },
    ];
    assert_eq!(found, expected);
}

pub async fn a_version_without_a_file_has_one_again_when_bytes_come(exam: &Exam) {
    taken(exam, 'a', 1).await;
    decide(exam, None, vec![Change { alone: true, ..to('a', VersionStanding::Active) }], 2).await;
    assert_eq!(all(exam).await[0].file, None);
    decide(exam, Some(arrival('b', b"b")), vec![to('b', VersionStanding::Held)], 3).await;
    let files: Vec<_> = all(exam).await.into_iter().map(|one| one.file).collect();
    assert_eq!(files, [Some("mail.wasm".to_owned()), Some("mail.wasm".to_owned())]);
}
