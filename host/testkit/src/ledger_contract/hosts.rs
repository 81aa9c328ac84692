//! The list of hosts.

use std::collections::BTreeSet;
use std::time::Duration;

use noontide_domain::ports::{Clock, HostFilter, HostNews, HostRecord, Retention};
use noontide_domain::{HostId, HostState, Role, Roles};

use super::{Exam, LEASE, second};

fn news(name: &str) -> HostNews {
    HostNews {
        host: HostId::new(),
        name: name.to_owned(),
        version: "1.2.3".to_owned(),
        started_at: second(-5),
        skew: None,
        roles: Roles::default(),
        queues: None,
        labels: Default::default(),
        plugins: Default::default(),
        lease: LEASE,
        draining: false,
        ended: false,
    }
}

async fn announce(exam: &Exam, news: &HostNews) {
    let told = exam.ledger.announce(news.clone()).await.expect("announces");
    assert_eq!(told, exam.clock.now(), "the ledger tells its own instant");
}

async fn hosts(exam: &Exam, state: Option<HostState>) -> Vec<HostRecord> {
    let filter = HostFilter { state, after: None, limit: 100 };
    exam.history.hosts(filter).await.expect("reads")
}

/// Of all that are listed without a wish.
async fn stand(exam: &Exam) -> Vec<HostState> {
    hosts(exam, None).await.into_iter().map(|host| host.state).collect()
}

pub async fn a_host_is_listed_with_all_it_said_last(exam: &Exam) {
    let first = news("a");
    announce(exam, &first).await;
    let said = HostNews {
        name: "Ä \"quoted\"".to_owned(),
        version: "1.2.4".to_owned(),
        skew: Some(chrono::TimeDelta::milliseconds(-2_500)),
        roles: [Role::Worker].into_iter().collect(),
        queues: Some(BTreeSet::from(["mail".parse().expect("a name")])),
        labels: [("gpu".to_owned(), "true".to_owned())].into_iter().collect(),
        plugins: [("mail".parse().expect("a name"), "ab".repeat(32))].into(),
        lease: LEASE * 2,
        ..first
    };
    exam.clock.advance(Duration::from_secs(3));
    announce(exam, &said).await;
    let expected = HostRecord { news: said, state: HostState::Live, seen_at: second(3), ended_at: None };
    assert_eq!(hosts(exam, None).await, [expected]);
}

pub async fn a_host_that_says_nothing_for_longer_than_its_lease_is_silent_until_it_is_heard_again(exam: &Exam) {
    let host = news("a");
    announce(exam, &host).await;
    exam.clock.advance(LEASE - Duration::from_millis(1));
    assert_eq!(stand(exam).await, [HostState::Live]);
    exam.clock.advance(Duration::from_millis(1));
    assert_eq!(stand(exam).await, [HostState::Silent]);
    announce(exam, &host).await;
    assert_eq!(stand(exam).await, [HostState::Live]);
}

pub async fn a_host_that_drains_is_told_from_others_and_one_that_ended_is_listed_only_if_asked_for(exam: &Exam) {
    let (stays, goes) = (news("stays"), news("goes"));
    announce(exam, &stays).await;
    announce(exam, &HostNews { draining: true, ..goes.clone() }).await;
    let drains = hosts(exam, Some(HostState::Draining)).await;
    assert_eq!(drains.iter().map(|host| host.news.host).collect::<Vec<_>>(), [goes.host]);
    exam.clock.advance(Duration::from_secs(2));
    announce(exam, &HostNews { draining: true, ended: true, ..goes.clone() }).await;
    // What is underway when it ends may arrive after it.
    exam.clock.advance(Duration::from_secs(1));
    announce(exam, &goes).await;
    assert_eq!(hosts(exam, None).await.iter().map(|host| host.news.host).collect::<Vec<_>>(), [stays.host]);
    let ended = hosts(exam, Some(HostState::Ended)).await;
    assert_eq!(
        ended.iter().map(|host| (host.news.host, host.ended_at)).collect::<Vec<_>>(),
        [(goes.host, Some(second(2)))]
    );
    let count = async |state| hosts(exam, Some(state)).await.len();
    assert_eq!((count(HostState::Live).await, count(HostState::Silent).await), (1, 0));
    exam.clock.advance(LEASE);
    assert_eq!((count(HostState::Live).await, count(HostState::Silent).await), (0, 1));
}

pub async fn hosts_are_listed_by_page(exam: &Exam) {
    for name in ["a", "b", "c", "d", "e"] {
        announce(exam, &news(name)).await;
    }
    let all: Vec<_> = hosts(exam, None).await.into_iter().map(|host| host.news.host).collect();
    let (mut paged, mut after) = (Vec::new(), None);
    loop {
        let page = exam.history.hosts(HostFilter { state: None, after, limit: 2 }).await.expect("reads");
        let Some(last) = page.last() else { break };
        assert!(page.len() <= 2);
        after = Some(last.news.host);
        paged.extend(page.into_iter().map(|host| host.news.host));
    }
    assert_eq!((paged.len(), &paged), (5, &all));
}

pub async fn hosts_that_are_long_gone_are_forgotten_and_living_ones_never(exam: &Exam) {
    let (crashed, ended, lives) = (news("crashed"), news("ended"), news("lives"));
    announce(exam, &crashed).await;
    announce(exam, &HostNews { ended: true, ..ended }).await;
    exam.clock.advance(LEASE + Duration::from_secs(100));
    announce(exam, &lives).await;
    let prune = async |seconds| {
        exam.ledger.prune(Retention { before: second(seconds), batch: 10 }).await.expect("prunes");
        (hosts(exam, None).await.len(), hosts(exam, Some(HostState::Ended)).await.len())
    };
    assert_eq!(prune(0).await, (2, 1));
    assert_eq!(prune(1).await, (2, 0), "one that ended goes by its end");
    assert_eq!(prune(30).await, (2, 0));
    assert_eq!(prune(31).await, (1, 0), "one that went silent by the end of its lease");
    assert_eq!(hosts(exam, None).await[0].news.host, lives.host);
}
