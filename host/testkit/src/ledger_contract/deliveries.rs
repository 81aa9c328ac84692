//! Messages about incidents: each sink is sent each of them, by one host at a time, in an order that makes sense.

use std::time::Duration;

use noontide_domain::RunId;
use noontide_domain::alert::{AlertKind, ping, ping_sink};
use noontide_domain::outbox::{Fate, MessageState};
use noontide_domain::ports::{AlertRecord, Judged, SinkRoom};

use super::alerts::{fail, judged, listed, room, settle, succeed, taken};
use super::{Exam, LEASE, named, second, tenant};

pub async fn each_sink_is_sent_each_message_by_one_host_at_a_time(exam: &Exam) {
    exam.ledger.heed(true);
    fail(exam, "nightly", 0).await;
    judged(exam, 1).await;
    assert_eq!(exam.ledger.next_alert().await.expect("reads"), Some(second(0)));
    let posted = taken(exam, &["ops"]).await;
    assert_eq!(posted.iter().map(|one| (one.sink.as_str(), one.attempt)).collect::<Vec<_>>(), [("ops", 1)]);
    assert_eq!(posted[0].alert.kind, AlertKind::Opened);
    assert_eq!(taken(exam, &["ops"]).await, []);
    assert!(settle(exam, &posted[0], Fate::Again { not_before: second(10) }, 503).await);
    assert!(!settle(exam, &posted[0], Fate::Sent, 200).await, "its lease is over");
    assert_eq!(taken(exam, &["ops"]).await, []);
    exam.clock.advance(Duration::from_secs(10));
    let again = taken(exam, &["ops", "chat"]).await;
    assert_eq!(again.len(), 2);
    assert!(again.iter().any(|one| one.attempt == 2));
    exam.clock.advance(LEASE);
    let rescued = taken(exam, &["ops", "chat"]).await;
    assert_eq!(rescued.len(), 2, "of a host that went away");
    assert!(!settle(exam, &again[0], Fate::Sent, 200).await);
    for one in &rescued {
        assert!(settle(exam, one, Fate::Sent, 200).await);
    }
    assert_eq!(exam.ledger.next_alert().await.expect("reads"), None);
    let states: Vec<_> = listed(exam).await.iter().map(|one| (one.state, one.status)).collect();
    assert_eq!(states, [(MessageState::Sent, Some(200)); 2]);
}

pub async fn that_it_is_over_follows_what_was_told_and_is_dropped_where_nobody_was(exam: &Exam) {
    exam.ledger.heed(true);
    fail(exam, "nightly", 0).await;
    succeed(exam, "nightly", 1).await;
    judged(exam, 2).await;
    let first = taken(exam, &["ops", "chat"]).await;
    assert_eq!(
        first.iter().map(|one| one.alert.kind).collect::<Vec<_>>(),
        [AlertKind::Opened; 2],
        "one after the other"
    );
    let (ops, chat) = match first[0].sink.as_str() {
        "ops" => (&first[0], &first[1]),
        _ => (&first[1], &first[0]),
    };
    settle(exam, ops, Fate::Sent, 200).await;
    settle(exam, chat, Fate::Dead, 404).await;
    let second = taken(exam, &["ops", "chat"]).await;
    let told: Vec<_> = second.iter().map(|one| (one.sink.as_str(), one.alert.kind)).collect();
    assert_eq!(told, [("ops", AlertKind::Recovered)]);
    let dropped = listed(exam).await.into_iter().find(|one| one.state == MessageState::Dropped).expect("one");
    assert_eq!((dropped.sink.as_str(), dropped.kind), ("chat", AlertKind::Recovered));
}

pub async fn a_sink_gets_no_more_in_a_minute_than_it_takes(exam: &Exam) {
    exam.ledger.heed(true);
    for number in 0..5 {
        fail(exam, &format!("s{number}"), 0).await;
    }
    judged(exam, 1).await;
    let few = || vec![SinkRoom { a_minute: 2, ..room("ops") }];
    let lease = async || exam.ledger.lease_alerts(tenant(1).host, LEASE, 100, few()).await.expect("leases");
    let first = lease().await;
    assert_eq!(first.len(), 2);
    assert_eq!(lease().await.len(), 0);
    for one in &first {
        settle(exam, one, Fate::Sent, 200).await;
    }
    assert_eq!(lease().await.len(), 0);
    exam.clock.advance(Duration::from_secs(61));
    assert_eq!(lease().await.len(), 2);
}

pub async fn a_sink_that_is_gone_for_good_gets_nothing_until_its_settings_change(exam: &Exam) {
    exam.ledger.heed(true);
    for schedule in ["a", "b", "c"] {
        fail(exam, schedule, 0).await;
    }
    judged(exam, 1).await;
    let few = vec![SinkRoom { a_minute: 1, ..room("ops") }];
    let posted = exam.ledger.lease_alerts(tenant(1).host, LEASE, 100, few).await.expect("leases");
    settle(exam, &posted[0], Fate::Dead, 410).await;
    let dead = |records: Vec<AlertRecord>| {
        records.into_iter().filter(|one| one.sink == "ops" && one.state == MessageState::Dead).collect::<Vec<_>>()
    };
    let stranded = dead(listed(exam).await);
    assert_eq!(stranded.len(), 3);
    fail(exam, "d", 0).await;
    judged(exam, 2).await;
    assert_eq!(taken(exam, &["ops"]).await, []);
    assert_eq!(dead(listed(exam).await).len(), 4);
    fail(exam, "e", 0).await;
    judged(exam, 3).await;
    let other = vec![SinkRoom { marks: "2".to_owned(), ..room("ops") }];
    let posted = exam.ledger.lease_alerts(tenant(1).host, LEASE, 100, other).await.expect("leases");
    assert_eq!(posted.len(), 1, "after an edit");
    let number = stranded[0].number;
    assert_eq!(exam.ledger.retry_alert(number, second(9)).await.expect("answers"), Some(MessageState::Dead));
    assert_eq!(exam.ledger.retry_alert(999_999, second(9)).await.expect("answers"), None);
    assert_eq!(taken(exam, &["ops"]).await.len(), 0, "not before its time");
    exam.clock.advance(Duration::from_secs(10));
    assert_eq!(taken(exam, &["ops"]).await.iter().map(|one| one.lease.number).collect::<Vec<_>>(), [number]);
}

pub async fn of_pings_only_the_newest_goes_out_and_none_before_the_one_on_its_way(exam: &Exam) {
    let (schedule, handler) = (named("nightly"), "mail/send".parse().expect("a handler"));
    let post = async |kind| {
        let ping = ping(kind, &schedule, &handler, RunId::new(), "", second(0));
        exam.ledger.post(vec![ping]).await.expect("posts");
    };
    post(AlertKind::Started).await;
    post(AlertKind::Succeeded).await;
    let sink = ping_sink(&schedule);
    let first = taken(exam, &[&sink]).await;
    assert_eq!(first.iter().map(|one| one.alert.kind).collect::<Vec<_>>(), [AlertKind::Succeeded]);
    post(AlertKind::Failed).await;
    assert_eq!(taken(exam, &[&sink]).await, [], "the first is on its way");
    assert!(settle(exam, &first[0], Fate::Sent, 200).await);
    assert_eq!(taken(exam, &[&sink]).await[0].alert.kind, AlertKind::Failed);
    let states: Vec<_> = listed(exam).await.into_iter().map(|one| one.state).collect();
    assert_eq!(states, [MessageState::Sending, MessageState::Sent, MessageState::Dropped]);
    assert_eq!(judged(exam, 9).await, Judged::default(), "a ping is no incident");
}
