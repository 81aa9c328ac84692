//! Alerts: nothing that goes wrong is lost on its way to a message, and nobody is told twice.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use noontide_domain::alert::{
    Acknowledgement, AlertKind, AlertRule, Condition, Incident, IncidentState, Notice, Subject,
};
use noontide_domain::outbox::{Fate, Reply};
use noontide_domain::ports::{
    AlertDelivery, AlertFilter, AlertRecord, Claim, HostNews, IncidentFilter, IncidentWish, Judged, Overdue,
    PostedAlert, Retention, SinkRoom, Skip,
};
use noontide_domain::{HostId, Labels, Roles, RunState, SkipReason};

use super::{Exam, LEASE, enqueued, failure, fire, named, over, second, success, tenant};

fn rule() -> AlertRule {
    AlertRule { sinks: vec!["ops".to_owned(), "chat".to_owned()], ..AlertRule::new("all", Condition::ALL) }
}

pub(super) fn room(sink: &str) -> SinkRoom {
    SinkRoom { sink: sink.to_owned(), marks: "1".to_owned(), a_minute: 60 }
}

pub(super) async fn judged(exam: &Exam, now: i64) -> Judged {
    judged_by(exam, rule(), now).await
}

async fn judged_by(exam: &Exam, rule: AlertRule, now: i64) -> Judged {
    exam.ledger.judge(vec![rule], 500, second(now)).await.expect("judges")
}

fn kinds(judged: &Judged) -> Vec<AlertKind> {
    judged.alerts.iter().map(|alert| alert.kind).collect()
}

pub(super) async fn fail(exam: &Exam, schedule: &str, due: i64) {
    let lease = exam.running(fire(schedule, due)).await.lease;
    exam.settle(lease, over(RunState::Failed), failure()).await;
}

pub(super) async fn succeed(exam: &Exam, schedule: &str, due: i64) {
    let lease = exam.running(fire(schedule, due)).await.lease;
    exam.succeed(lease).await;
}

async fn incidents(exam: &Exam, state: IncidentState) -> Vec<Incident> {
    let filter = IncidentFilter { state: Some(state), limit: 100, ..IncidentFilter::default() };
    exam.history.incidents(filter).await.expect("reads")
}

pub(super) async fn listed(exam: &Exam) -> Vec<AlertRecord> {
    exam.history.alerts(AlertFilter { limit: 1_000, ..AlertFilter::default() }).await.expect("reads")
}

pub(super) async fn taken(exam: &Exam, sinks: &[&str]) -> Vec<PostedAlert> {
    let sinks = sinks.iter().map(|sink| room(sink)).collect();
    exam.ledger.lease_alerts(tenant(1).host, LEASE, 100, sinks).await.expect("leases")
}

fn skip(schedule: &str, due: i64, reason: SkipReason) -> Skip {
    let handler = "mail/send".parse().expect("a handler");
    Skip { schedule: named(schedule), handler, due_at: second(due), until: second(due), count: 1, reason }
}

pub async fn a_failure_and_its_message_are_recorded_together_and_told_once(exam: &Exam) {
    exam.ledger.heed(true);
    assert_eq!(exam.ledger.next_judgement().await.expect("reads"), None);
    fail(exam, "nightly", 0).await;
    assert!(exam.ledger.next_judgement().await.expect("reads").is_some_and(|at| at <= second(0)));
    let first = judged(exam, 1).await;
    assert_eq!((first.notices, kinds(&first)), (1, vec![AlertKind::Opened]));
    let incident = &first.incidents[0];
    assert_eq!((incident.subject.to_string(), incident.words.as_str()), ("schedule/nightly".to_owned(), "no"));
    assert_eq!((incident.facts.due_at, incident.facts.attempt), (Some(second(0)), Some(1)));
    assert_eq!(judged(exam, 2).await, Judged::default(), "what was read is gone");
    assert_eq!(exam.ledger.next_judgement().await.expect("reads"), None);
    assert_eq!(incidents(exam, IncidentState::Open).await, std::slice::from_ref(incident));
    let sinks: Vec<_> = listed(exam).await.into_iter().map(|one| (one.sink, one.id)).collect();
    let id = first.alerts[0].id();
    assert_eq!(sinks, [("chat".to_owned(), id.clone()), ("ops".to_owned(), id)]);
}

pub async fn without_rules_nothing_is_noted(exam: &Exam) {
    fail(exam, "nightly", 0).await;
    exam.ledger.heed(true);
    assert_eq!(judged(exam, 1).await.notices, 0);
}

pub async fn a_success_is_noted_only_where_something_is_not_over(exam: &Exam) {
    exam.ledger.heed(true);
    succeed(exam, "nightly", 0).await;
    assert_eq!(judged(exam, 1).await.notices, 0);
    fail(exam, "nightly", 1).await;
    succeed(exam, "nightly", 2).await;
    succeed(exam, "other", 2).await;
    assert_eq!(kinds(&judged(exam, 3).await), [AlertKind::Opened, AlertKind::Recovered], "before anybody judged");
    fail(exam, "nightly", 4).await;
    judged(exam, 5).await;
    succeed(exam, "nightly", 5).await;
    assert_eq!(kinds(&judged(exam, 6).await), [AlertKind::Recovered]);
    succeed(exam, "nightly", 6).await;
    assert_eq!(judged(exam, 7).await.notices, 0);
    assert_eq!(incidents(exam, IncidentState::Closed).await.len(), 2);
}

pub async fn a_failure_and_a_success_settled_together_keep_their_order(exam: &Exam) {
    exam.ledger.heed(true);
    let (bad, good) = (exam.running(fire("nightly", 0)).await.lease, exam.running(fire("nightly", 1)).await.lease);
    let ends = [(bad, RunState::Failed, failure()), (good, RunState::Succeeded, success())];
    let ends = ends.map(|(lease, state, report)| noontide_domain::ports::Settlement::new(lease, over(state), report));
    exam.ledger.settle(ends.to_vec()).await.expect("settles");
    let found = judged(exam, 3).await;
    // Whichever is written first: a failure is told, and that it is over is told after it or not at all.
    assert_eq!(kinds(&found)[0], AlertKind::Opened);
}

pub async fn a_call_without_a_schedule_is_known_by_its_handler(exam: &Exam) {
    exam.ledger.heed(true);
    for key in ["a", "b"] {
        let lease = exam.running(enqueued(key)).await.lease;
        exam.settle(lease, over(RunState::Failed), failure()).await;
    }
    let found = judged(exam, 1).await;
    assert_eq!((found.notices, kinds(&found)), (2, vec![AlertKind::Opened]));
    assert_eq!(found.incidents[0].subject.to_string(), "handler/mail/send");
    assert_eq!(found.incidents[0].count, 2);
}

pub async fn what_did_not_run_is_noted_unless_somebody_wanted_it_so(exam: &Exam) {
    exam.ledger.heed(true);
    let paused = SkipReason::Paused { by: "ana".to_owned(), reason: None };
    let missing = SkipReason::HandlerMissing { message: "no plugin `mail`".to_owned() };
    let skips = vec![skip("a", 0, SkipReason::Missed), skip("b", 0, paused), skip("c", 0, missing)];
    let claim = Claim { skip: skips.clone(), ..Claim::default() };
    exam.ledger.claim(claim.clone(), None).await.expect("claims");
    exam.ledger.claim(claim, None).await.expect("a row that is there already says nothing new");
    let found = judged(exam, 1).await;
    let told: Vec<_> =
        found.alerts.iter().map(|one| (one.incident.subject.to_string(), one.incident.condition)).collect();
    assert_eq!(told, [("schedule/a".to_owned(), Condition::Missed), ("schedule/c".to_owned(), Condition::Missed)]);
}

pub async fn an_overdue_schedule_is_noted_once(exam: &Exam) {
    exam.ledger.heed(true);
    let schedule = noontide_domain::Schedule {
        owner: noontide_domain::Owner::Api,
        ..noontide_domain::Schedule::new(
            named("nightly"),
            noontide_domain::Trigger::Manual,
            "mail/send".parse().expect("a handler"),
        )
    };
    exam.ledger.put(schedule, "ops", second(0)).await.expect("put");
    let overdue = Overdue { schedule: named("nightly"), since: second(9), last_success: None };
    assert_eq!(exam.ledger.tell_overdue(vec![overdue.clone(), overdue]).await.expect("tells"), [true, false]);
    let found = judged(exam, 10).await;
    assert_eq!((found.notices, found.incidents[0].condition), (1, Condition::Overdue));
}

fn news(name: &str, ended: bool) -> HostNews {
    HostNews {
        host: HostId::new(),
        name: name.to_owned(),
        version: "1".to_owned(),
        started_at: second(0),
        skew: None,
        roles: Roles::default(),
        queues: None,
        labels: Labels::default(),
        plugins: Default::default(),
        lease: LEASE,
        draining: false,
        ended,
    }
}

pub async fn a_host_that_went_away_without_a_word_is_noted_once_and_when_it_is_back(exam: &Exam) {
    exam.ledger.heed(true);
    let (gone, ended, replaced, alive) =
        (news("gone", false), news("ended", true), news("replaced", false), news("alive", false));
    for one in [&gone, &ended, &replaced] {
        exam.ledger.announce(one.clone()).await.expect("announces");
    }
    exam.clock.advance(LEASE + Duration::from_secs(1));
    for one in [&alive, &news("replaced", false)] {
        exam.ledger.announce(one.clone()).await.expect("announces");
    }
    exam.ledger.note_hosts("alive").await.expect("looks");
    exam.ledger.note_hosts("alive").await.expect("looks");
    let found = judged(exam, 31).await;
    assert_eq!(found.alerts.len(), 1);
    assert_eq!(found.incidents[0].subject, Subject::Host("gone".to_owned()));
    exam.ledger.note_hosts("alive").await.expect("looks");
    assert_eq!(judged(exam, 32).await, Judged::default());
    exam.ledger.announce(gone).await.expect("announces");
    exam.ledger.note_hosts("alive").await.expect("looks");
    assert_eq!(kinds(&judged(exam, 33).await), [AlertKind::Recovered]);
}

pub async fn of_many_who_judge_at_once_one_tells(exam: &Exam) {
    exam.ledger.heed(true);
    for due in 0..20 {
        fail(exam, if due % 2 == 0 { "even" } else { "odd" }, due).await;
    }
    let judges = (0..8).map(|_| {
        let ledger = exam.ledger.clone();
        tokio::spawn(async move { ledger.judge(vec![rule()], 7, second(30)).await.expect("judges") })
    });
    let mut told = Vec::new();
    for judge in judges.collect::<Vec<_>>() {
        told.extend(kinds(&judge.await.expect("no panic")));
    }
    assert_eq!(told, [AlertKind::Opened, AlertKind::Opened]);
    let open = incidents(exam, IncidentState::Open).await;
    assert_eq!(open.iter().map(|incident| incident.count).collect::<Vec<_>>(), [10, 10]);
}

pub async fn a_reminder_is_due_at_its_time_and_quiet_while_somebody_knows(exam: &Exam) {
    exam.ledger.heed(true);
    let reminding = || AlertRule { remind: Some(Duration::from_secs(3_600)), ..rule() };
    fail(exam, "nightly", 0).await;
    let incident = judged_by(exam, reminding(), 0).await.incidents.remove(0);
    assert_eq!(exam.ledger.next_judgement().await.expect("reads"), Some(second(3_600)));
    assert_eq!(kinds(&judged_by(exam, reminding(), 3_600).await), [AlertKind::Reminder]);
    assert_eq!(exam.ledger.next_judgement().await.expect("reads"), Some(second(7_200)));
    let until = Some(second(9_000));
    let known =
        Acknowledgement { by: "ana".to_owned(), reason: Some("disk ordered".to_owned()), at: second(3_700), until };
    let changed = exam.ledger.change_incident(incident.id, IncidentWish::Acknowledge(Some(known.clone()))).await;
    assert_eq!(changed.expect("changes").expect("there").acknowledged, Some(known));
    assert_eq!(exam.ledger.next_judgement().await.expect("reads"), until);
    assert_eq!(kinds(&judged_by(exam, reminding(), 7_300).await), []);
    assert_eq!(kinds(&judged_by(exam, reminding(), 9_000).await), [AlertKind::Reminder]);
    assert_eq!(exam.ledger.next_judgement().await.expect("reads"), Some(second(12_600)));
}

pub async fn somebody_may_close_an_incident_and_nobody_is_told(exam: &Exam) {
    exam.ledger.heed(true);
    fail(exam, "nightly", 0).await;
    let id = judged(exam, 1).await.incidents[0].id;
    let close = IncidentWish::Close { words: "by ana".to_owned(), at: second(2) };
    let closed = exam.ledger.change_incident(id, close.clone()).await.expect("changes").expect("there");
    assert_eq!((closed.state, closed.ended_at), (IncidentState::Closed, Some(second(2))));
    assert_eq!(judged(exam, 3).await, Judged::default());
    let again = IncidentWish::Close { words: "by bob".to_owned(), at: second(9) };
    assert_eq!(exam.ledger.change_incident(id, again).await.expect("answers"), Some(closed));
    let unknown = noontide_domain::IncidentId::new();
    assert_eq!(exam.ledger.change_incident(unknown, close).await.expect("answers"), None);
}

pub async fn what_is_over_is_forgotten_as_runs_are_and_what_is_open_is_not(exam: &Exam) {
    exam.ledger.heed(true);
    for schedule in ["a", "b"] {
        fail(exam, schedule, 0).await;
    }
    judged(exam, 1).await;
    for posted in taken(exam, &["ops", "chat"]).await {
        settle(exam, &posted, Fate::Sent, 200).await;
    }
    succeed(exam, "a", 2).await;
    judged_by(exam, AlertRule { recovery: false, ..rule() }, 3).await;
    let prune =
        async |before: DateTime<Utc>| exam.ledger.prune(Retention { before, batch: 100 }).await.expect("prunes");
    prune(second(0)).await;
    assert_eq!(listed(exam).await.len(), 4);
    prune(second(0) + TimeDelta::days(1)).await;
    assert_eq!(listed(exam).await.len(), 0);
    assert_eq!(incidents(exam, IncidentState::Closed).await.len(), 0);
    assert_eq!(incidents(exam, IncidentState::Open).await.len(), 1);
}

pub async fn incidents_and_messages_are_read_page_by_page(exam: &Exam) {
    exam.ledger.heed(true);
    for number in 0..5 {
        fail(exam, &format!("s{number}"), 0).await;
    }
    judged(exam, 1).await;
    let open = incidents(exam, IncidentState::Open).await;
    assert_eq!(open.len(), 5);
    let filter = IncidentFilter { after: Some(open[1].id), limit: 2, ..IncidentFilter::default() };
    assert_eq!(exam.history.incidents(filter).await.expect("reads"), open[2..4]);
    let one = IncidentFilter { id: Some(open[3].id), limit: 1, ..IncidentFilter::default() };
    assert_eq!(exam.history.incidents(one).await.expect("reads"), open[3..4]);
    let about = IncidentFilter { subject: Some(open[2].subject.clone()), limit: 9, ..IncidentFilter::default() };
    assert_eq!(exam.history.incidents(about).await.expect("reads"), open[2..3]);
    let all = listed(exam).await;
    let of = AlertFilter { incident: Some(open[0].id), limit: 9, ..AlertFilter::default() };
    assert_eq!(exam.history.alerts(of).await.expect("reads").len(), 2);
    let page =
        AlertFilter { sink: Some("ops".to_owned()), after: Some(all[3].number), limit: 2, ..AlertFilter::default() };
    let page = exam.history.alerts(page).await.expect("reads");
    assert!(page.len() == 2 && page.iter().all(|one| one.sink == "ops" && one.number < all[3].number));
}

pub async fn what_a_host_notes_itself_is_judged_like_the_rest(exam: &Exam) {
    exam.ledger.heed(true);
    let plugin = Subject::Plugin("mail".to_owned());
    let bad = Notice::wrong(second(0), plugin.clone(), Condition::PluginRejected, "no WebAssembly");
    exam.ledger.note(vec![bad.clone()]).await.expect("notes");
    assert_eq!(kinds(&judged(exam, 1).await), [AlertKind::Opened]);
    exam.ledger.note(vec![bad, Notice::well(second(2), plugin, "loaded")]).await.expect("notes");
    assert_eq!(kinds(&judged(exam, 3).await), [AlertKind::Recovered]);
}

pub(super) async fn settle(exam: &Exam, posted: &PostedAlert, fate: Fate, status: u16) -> bool {
    let (lease, reply) = (posted.lease.clone(), Reply::Answered { status, after: None });
    let delivery = AlertDelivery { lease, sink: room(&posted.sink), fate, reply, at: second(5) };
    exam.ledger.settle_alerts(vec![delivery]).await.expect("settles")[0]
}
