//! Two hosts at one database, at the same moments: whatever both want, one has.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use noontide_domain::chain::{First, LinkState, lay_out};
use noontide_domain::plugin::upgrade::{Arrival, Change, Decision, VersionStanding};
use noontide_domain::ports::{
    Claim, Fire, LinkPage, LinkRecord, Retention, RunFilter, RunRecord, Settled, Settlement, Submitted, Tenant,
};
use noontide_domain::{
    Bucket, Cause, Chain, Errand, HostId, Item, ItemCounts, ItemOutcome, Key, KeyPart, Lease, Leased, Order, Outcome,
    Overlap, PluginInfo, PluginVersion, QueueRoom, Report, RunId, RunState, StateSize, Submission, SubmissionId,
    Timetable, Usage, Verdict, Wants, Webhook,
};
use noontide_ledger::{Opened, open_by_clock};
use noontide_testkit::ManualClock;

const START: &str = "2026-07-01T08:00:00Z";

/// Two hosts, each with a ledger of its own.
struct Two {
    hosts: [Arc<Opened>; 2],
}

fn at(second: i64) -> DateTime<Utc> {
    START.parse::<DateTime<Utc>>().expect("an instant") + TimeDelta::seconds(second)
}

fn tenant(host: usize, places: usize) -> Tenant {
    let host = HostId(format!("b7c1f1de-5c50-4f0e-9d0f-3d0b7a3c5a1{host}").parse().expect("a uuid"));
    Tenant { host, lease: Duration::from_secs(30), places, queues: QueueRoom::ALL }
}

fn call(name: &str) -> Chain {
    Errand::new("mail/send".parse().expect("a handler"), name.into()).into()
}

fn group(members: usize) -> Chain {
    let members = (0..members).map(|i| call(&i.to_string())).collect();
    Chain { first: First::Group { key: None, members }, then: Vec::new(), on_failure: Vec::new() }
}

fn then(mut chain: Chain, next: Chain) -> Chain {
    chain.then.push(next);
    chain
}

fn report(outcome: Outcome) -> Report {
    Report {
        outcome,
        plugin: None,
        started_at: at(1),
        finished_at: at(2),
        usage: Usage::default(),
        logs: Vec::new(),
        logs_dropped: 0,
        items: Vec::new(),
        state: Vec::new(),
        state_allows: StateSize::ENDLESS,
        messages: Vec::new(),
        artifacts: Vec::new(),
        effects: noontide_domain::Effects::default(),
        terms: None,
    }
}

fn success() -> Report {
    report(Outcome::Succeeded { result: None })
}

fn failure() -> Report {
    report(Outcome::Failed { message: "no".to_owned(), retryable: false, after: None })
}

impl Two {
    async fn at(url: &str) -> Self {
        let clock = ManualClock::at(START);
        let one = open_by_clock(url, clock.clone()).await.expect("opens");
        let other = open_by_clock(url, clock).await.expect("opens");
        Self { hosts: [Arc::new(one), Arc::new(other)] }
    }

    /// Claims the calls that begin; gives back the chain's id.
    async fn begin(&self, chain: Chain) -> RunId {
        let laid = lay_out(chain, at(0)).expect("a chain");
        let claim = Claim { fire: laid.fires, links: laid.links, ..Claim::default() };
        let id = claim.links[0].chain;
        self.hosts[0].ledger.claim(claim, None).await.expect("claims");
        id
    }

    async fn lease(&self, host: usize, places: usize) -> Vec<Leased> {
        self.hosts[host].ledger.lease(tenant(host, places), at(10)).await.expect("leases")
    }

    async fn settle(&self, host: usize, lease: Lease, state: RunState, report: Report) -> Settled {
        let settlement = Settlement::new(lease, Verdict::Final { state, reason: None }, report);
        let settled = self.hosts[host].ledger.settle(vec![settlement]).await.expect("settles");
        settled.into_iter().next().expect("an answer")
    }

    async fn links(&self, chain: RunId) -> Vec<LinkRecord> {
        let page = LinkPage { chain, next_to: None, after: None, limit: 1_000 };
        self.hosts[0].history.links(page).await.expect("reads")
    }

    async fn all(&self) -> Vec<RunRecord> {
        let filter = RunFilter { limit: 10_000, ..RunFilter::default() };
        self.hosts[0].history.runs(filter).await.expect("reads")
    }

    async fn submit(&self, host: usize, submission: Submission) -> Submitted {
        self.hosts[host].ledger.submit(submission, None).await.expect("submits")
    }
}

async fn of_a_group_whose_members_end_on_both_one_makes_what_follows(two: Two) {
    for _ in 0..3 {
        two.begin(then(group(40), call("last"))).await;
        let members = two.lease(0, 1_000).await;
        let ends = members.iter().enumerate().map(|(i, one)| two.hosts[i % 2].ledger.settle(vec![settled(one)]));
        for answer in all_of(ends).await {
            assert_eq!(answer.expect("settles"), [Settled::Recorded]);
        }
        let next = two.lease(1, 1_000).await;
        assert_eq!(next.iter().map(|one| one.order.input.clone()).collect::<Vec<_>>(), ["last"]);
        two.settle(0, next[0].lease, RunState::Succeeded, success()).await;
    }
}

fn settled(one: &Leased) -> Settlement {
    Settlement::new(one.lease, Verdict::Final { state: RunState::Succeeded, reason: None }, success())
}

/// All at once: none waits for another to begin.
async fn all_of<T: Send + 'static>(calls: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut calls: Vec<_> = calls.map(Box::pin).map(Some).collect();
    let mut answers: Vec<Option<T>> = calls.iter().map(|_| None).collect();
    std::future::poll_fn(move |context| {
        for (call, answer) in calls.iter_mut().zip(&mut answers) {
            if let Some(future) = call
                && let std::task::Poll::Ready(done) = future.as_mut().poll(context)
            {
                *answer = Some(done);
                *call = None;
            }
        }
        match answers.iter().all(Option::is_some) {
            true => std::task::Poll::Ready(answers.iter_mut().filter_map(Option::take).collect()),
            false => std::task::Poll::Pending,
        }
    })
    .await
}

async fn a_chain_that_one_takes_back_while_the_other_goes_on_with_it_stands_still_afterwards(two: Two) {
    for _ in 0..15 {
        let chain = two.begin(then(then(call("a"), call("b")), call("c"))).await;
        let first = two.lease(0, 1).await.remove(0);
        let cancel = two.hosts[1].ledger.cancel_chain(chain, at(11));
        let (settled, cancelled) = tokio::join!(two.settle(0, first.lease, RunState::Succeeded, success()), cancel);
        assert_eq!(settled, Settled::Recorded);
        cancelled.expect("answers").expect("there is such a chain");
        assert!(two.lease(0, 9).await.is_empty(), "something went on");
        let waiting: Vec<_> =
            two.links(chain).await.into_iter().filter(|one| one.link.state == LinkState::Waiting).collect();
        assert!(waiting.is_empty(), "{waiting:?}");
    }
}

fn key(payload: usize) -> Key {
    let text = payload.to_string();
    Key { text: text.clone(), ..Key::of("item", &[KeyPart::Text(&text)]) }
}

fn submission(schedule: &str, payloads: impl Iterator<Item = usize>, timetable: Timetable) -> Submission {
    let id = RunId::new();
    let schedule: noontide_domain::ScheduleName = schedule.parse().expect("a name");
    let order = Order {
        schedule: Some(schedule.clone()),
        ..Order::new(
            id,
            Key::bucket(&schedule, at(0), id),
            "live/push".parse().expect("a handler"),
            at(0),
            Cause::Schedule,
        )
    };
    let items = payloads.map(|payload| Item { key: key(payload), payload: payload.to_string() }).collect();
    let fire = Fire { order, overlap: Overlap::Allow, not_before: at(0), fills: None };
    let buckets = vec![Bucket { fire, items }];
    Submission { id: SubmissionId::new(), schedule, buckets, timetable, counts: Default::default() }
}

async fn of_items_that_both_submit_to_different_schedules_each_is_handed_over_once(two: Two) {
    const ITEMS: u64 = 60;
    let again = Timetable { retry_failed: true, ..Timetable::default() };
    for round in 0..6 {
        // What failed comes again: those rows are there already, and both want them.
        let (one, other) = tokio::join!(
            two.submit(0, submission("a", 0..60, again.clone())),
            two.submit(1, submission("b", (0..60).rev(), again.clone())),
        );
        assert_eq!(one.counts.accepted + other.counts.accepted, ITEMS, "round {round}");
        let runs = two.lease(0, 9).await;
        let handed: Vec<_> = runs.iter().flat_map(|run| run.items.iter().map(|item| item.payload.clone())).collect();
        assert_eq!((handed.len(), handed.iter().collect::<BTreeSet<_>>().len()), (60, 60), "round {round}");
        for run in runs {
            two.settle(0, run.lease, RunState::Failed, failure()).await;
        }
    }
}

async fn a_submission_that_both_bring_is_taken_once(two: Two) {
    let repeatable = Timetable { repeatable: true, ..Timetable::default() };
    let submission = submission("a", 0..20, repeatable);
    let (one, other) = tokio::join!(two.submit(0, submission.clone()), two.submit(1, submission));
    assert_eq!((one.counts, one.counts.accepted), (other.counts, 20));
    assert_eq!(two.all().await.len(), 1);
}

/// Each is one call: nothing of it holds unless all does.
async fn a_submission_that_is_longer_than_what_a_server_takes_at_once_is_taken(two: Two) {
    const ITEMS: usize = 3_000;
    let mut submission = submission("a", 0..ITEMS, Timetable::default());
    let padding = "x".repeat(8 * 1_024);
    for bucket in &mut submission.buckets {
        bucket.items.iter_mut().for_each(|item| item.payload = format!("\"{}{padding}\"", item.payload));
    }
    let payloads: Vec<_> = submission.buckets[0].items.iter().map(|item| item.payload.clone()).collect();
    assert_eq!(two.submit(0, submission).await.counts.accepted, ITEMS as u64);
    let run = two.lease(1, 1).await.remove(0);
    assert!(run.items.iter().map(|item| &item.payload).eq(&payloads), "other payloads, or in another order");
    let said = run.items.iter().map(|item| ItemOutcome { key: item.key.hash, error: Some(padding.clone()) });
    let report = Report { items: said.collect(), ..success() };
    assert_eq!(two.settle(1, run.lease, RunState::Failed, report).await, Settled::Recorded);
    assert_eq!(two.all().await[0].items, Some(ItemCounts { total: 3_000, succeeded: 0, failed: 3_000 }));
}

async fn a_message_is_sent_by_one_of_them(two: Two) {
    let webhook = Webhook {
        url: "https://hooks.example.com/".to_owned(),
        method: "POST".to_owned(),
        headers: Vec::new(),
        body: b"x".as_slice().into(),
    };
    for _ in 0..3 {
        two.begin(group(1)).await;
        let run = two.lease(0, 1).await.remove(0);
        let report = Report { messages: vec![webhook.clone(); 60], ..success() };
        two.settle(0, run.lease, RunState::Succeeded, report).await;
        let takes = (0..12).map(|i| {
            let tenant = tenant(i % 2, 1);
            two.hosts[i % 2].ledger.lease_messages(tenant.host, tenant.lease, 8)
        });
        let mut taken = Vec::new();
        for posted in all_of(takes).await {
            taken.extend(posted.expect("leases").into_iter().map(|one| one.lease.id.to_string()));
        }
        let rest = two.hosts[0].ledger.lease_messages(tenant(0, 1).host, Duration::from_secs(30), 1_000).await;
        taken.extend(rest.expect("leases").into_iter().map(|one| one.lease.id.to_string()));
        assert_eq!((taken.len(), taken.iter().collect::<BTreeSet<_>>().len()), (60, 60));
    }
}

async fn what_both_prune_is_gone_with_the_links_of_its_chains(two: Two) {
    let mut chains = Vec::new();
    for _ in 0..20 {
        chains.push(two.begin(group(2)).await);
    }
    for run in two.lease(0, 1_000).await {
        two.settle(0, run.lease, RunState::Succeeded, success()).await;
    }
    let retention = Retention { before: at(1_000), batch: 3 };
    let mut forgotten = 0;
    while !two.all().await.is_empty() {
        let prunes = (0..4).map(|i| two.hosts[i % 2].ledger.prune(retention));
        for pruned in all_of(prunes).await {
            forgotten += pruned.expect("prunes");
        }
    }
    assert_eq!(forgotten, 40);
    for chain in chains {
        assert_eq!(two.links(chain).await, []);
    }
}

async fn of_two_decisions_about_a_plugin_one_stands(two: Two) {
    for round in 0..8_u8 {
        let decision = |digit: u8| {
            let version = PluginVersion {
                name: "mail".parse().expect("a name"),
                version: digit.to_string(),
                sha256: format!("{digit:064}"),
            };
            let info = PluginInfo { summary: String::new(), handlers: Vec::new(), wants: Wants::default() };
            let changes = vec![Change::to(&version.sha256, VersionStanding::Held, None)];
            let arrival = Arrival {
                version,
                info,
                imports: Vec::new(),
                file: "mail.wasm".to_owned(),
                content: Arc::from([digit].as_slice()),
                signature: None,
            };
            let plugin = arrival.version.name.clone();
            Decision { plugin, seen: round.into(), arrival: Some(arrival), changes, keep: 100, at: at(round.into()) }
        };
        let [one, other] = &two.hosts;
        let (one, other) =
            tokio::join!(one.versions.decide(decision(2 * round)), other.versions.decide(decision(2 * round + 1)));
        assert_ne!(one.expect("answers"), other.expect("answers"), "round {round}");
    }
    assert_eq!(two.hosts[0].versions.versions(None).await.expect("reads").len(), 8);
}

macro_rules! races {
    ($($race:ident),+ $(,)?) => {
        races!(@ postgres postgres_database $($race)+);
        races!(@ mariadb mariadb_database $($race)+);
    };
    (@ $module:ident $database:ident $($race:ident)+) => {
        mod $module {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $race() {
                    super::$race(super::Two::at(&noontide_testkit::servers::$database()).await).await;
                }
            )+
        }
    };
}
races!(
    of_a_group_whose_members_end_on_both_one_makes_what_follows,
    a_chain_that_one_takes_back_while_the_other_goes_on_with_it_stands_still_afterwards,
    of_items_that_both_submit_to_different_schedules_each_is_handed_over_once,
    a_submission_that_both_bring_is_taken_once,
    a_submission_that_is_longer_than_what_a_server_takes_at_once_is_taken,
    a_message_is_sent_by_one_of_them,
    what_both_prune_is_gone_with_the_links_of_its_chains,
    of_two_decisions_about_a_plugin_one_stands,
);
