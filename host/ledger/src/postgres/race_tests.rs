//! Two hosts on one database, at once.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use noontide_domain::chain::{First, LinkState, lay_out};
use noontide_domain::plugin::upgrade::Decision;
use noontide_domain::ports::{
    Claim, Fire, LinkPage, Retention, RunFilter, RunRecord, Settled, Settlement, Submitted, Tenant,
};
use noontide_domain::{
    Bucket, Cause, Chain, Effects, Errand, HostId, Item, Key, KeyPart, Lease, Leased, Order, Outcome, Overlap,
    QueueRoom, Report, RunId, RunState, StateSize, Submission, SubmissionId, Timetable, Usage, Verdict,
};
use noontide_testkit::{ManualClock, servers};
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection as _};

use super::*;

/// How often each race is run.
const ROUNDS: usize = 12;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_782_892_800, 0).expect("an instant")
}

/// A ledger that two hosts have opened.
struct Two {
    hosts: [(Store, HostId); 2],
    url: String,
}

impl Two {
    async fn new() -> Self {
        let url = servers::postgres_database();
        let clock = ManualClock::at("2026-07-01T08:00:00Z");
        let host = || async { (open(&url, Time::Host(clock.clone())).await.expect("opens"), HostId::new()) };
        Self { hosts: [host().await, host().await], url: url.clone() }
    }

    fn first(&self) -> &Store {
        &self.hosts[0].0
    }

    async fn lease(&self, host: usize, places: usize) -> Vec<Leased> {
        let (store, host) = &self.hosts[host];
        let tenant = Tenant { host: *host, lease: Duration::from_secs(30), places, queues: QueueRoom::ALL };
        store.ledger.lease(tenant, now()).await.expect("leases")
    }

    async fn begin(&self, chain: Chain) -> RunId {
        let laid = lay_out(chain, now()).expect("a chain");
        let claim = Claim { fire: laid.fires, links: laid.links, ..Claim::default() };
        let id = claim.links[0].chain;
        self.first().ledger.claim(claim, None).await.expect("claims");
        id
    }

    async fn runs(&self) -> Vec<RunRecord> {
        let filter = RunFilter { limit: 100_000, ..RunFilter::default() };
        self.first().history.runs(filter).await.expect("reads")
    }

    /// Paths of the chain with the states of their links.
    async fn links(&self, chain: RunId) -> Vec<(String, LinkState)> {
        let page = LinkPage { chain, next_to: None, after: None, limit: 100_000 };
        let links = self.first().history.links(page).await.expect("reads");
        links.into_iter().map(|one| (one.link.path, one.link.state)).collect()
    }

    async fn number(&self, query: &str) -> i64 {
        let mut sql = PgConnection::connect(&self.url).await.expect("connects");
        sqlx::query_scalar(AssertSqlSafe(query.to_owned())).fetch_one(&mut sql).await.expect(query)
    }
}

fn call(name: &str) -> Chain {
    Errand::new("mail/send".parse().expect("a handler"), json!(name)).into()
}

fn group(members: Vec<Chain>) -> Chain {
    Chain { first: First::Group { key: None, members }, then: Vec::new(), on_failure: Vec::new() }
}

fn report(outcome: Outcome) -> Report {
    Report {
        outcome,
        plugin: None,
        started_at: now(),
        finished_at: now(),
        usage: Usage::default(),
        logs: Vec::new(),
        logs_dropped: 0,
        items: Vec::new(),
        state: Vec::new(),
        state_allows: StateSize::ENDLESS,
        messages: Vec::new(),
        artifacts: Vec::new(),
        effects: Effects::default(),
        terms: None,
    }
}

async fn settle(store: &Store, lease: Lease, state: RunState) {
    let outcome = match state {
        RunState::Succeeded => Outcome::Succeeded { result: None },
        _ => Outcome::Failed { message: "no".to_owned(), retryable: false, after: None },
    };
    let settlement = Settlement::new(lease, Verdict::Final { state, reason: None }, report(outcome));
    assert_eq!(store.ledger.settle(vec![settlement]).await.expect("settles"), [Settled::Recorded]);
}

/// Each host settles what it has, one after the other.
async fn settle_all(two: &Two, left: Vec<Leased>, right: Vec<Leased>, state: RunState) {
    let each = |host: usize, all: Vec<Leased>| async move {
        for one in all {
            settle(&two.hosts[host].0, one.lease, state).await;
        }
    };
    tokio::join!(each(0, left), each(1, right));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_whose_members_end_on_two_hosts_is_over_once() {
    let two = Two::new().await;
    for round in 0..ROUNDS {
        let members = (0..8).map(|i| call(&i.to_string())).collect();
        let next = |name| vec![call(name)];
        let chain = two.begin(Chain { then: next("then"), on_failure: next("else"), ..group(members) }).await;
        let (left, right) = (two.lease(0, 4).await, two.lease(1, 4).await);
        let (state, follows) =
            if round % 2 == 0 { (RunState::Succeeded, "then[0]") } else { (RunState::Failed, "on-failure[0]") };
        settle_all(&two, left, right, state).await;
        let links = two.links(chain).await;
        let made: Vec<_> =
            links.iter().filter(|(_, state)| *state == LinkState::Made).map(|(path, _)| path.as_str()).collect();
        assert_eq!((made.len(), made.last()), (9, Some(&follows)), "{links:?}");
        for one in two.lease(0, 9).await {
            settle(two.first(), one.lease, RunState::Succeeded).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chain_that_is_taken_back_while_it_goes_on_ends_one_way_or_the_other() {
    let two = Two::new().await;
    for _ in 0..ROUNDS {
        let chain = two.begin(Chain { then: vec![call("b")], ..call("a") }).await;
        let a = two.lease(0, 1).await.remove(0);
        let (_, cancelled) = tokio::join!(
            settle(two.first(), a.lease, RunState::Succeeded),
            two.hosts[1].0.ledger.cancel_chain(chain, now())
        );
        let cancelled = cancelled.expect("cancels").expect("there is one");
        let links = two.links(chain).await;
        let b = links.iter().find(|(path, _)| path == "then[0]").expect("b").1;
        let run = two.runs().await.into_iter().find(|run| run.chain == Some(chain) && run.id != a.lease.run);
        match b {
            LinkState::Unreached => assert!(run.is_none() && cancelled.unreached == 1, "{cancelled:?}"),
            _ => assert_eq!((run.expect("b").state, cancelled.cancelled), (RunState::Cancelled, 1)),
        }
        assert_eq!(two.lease(0, 9).await.len(), 0, "nothing of it goes on");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_taken_back_while_the_end_before_it_is_written_is_not_made() {
    let two = Two::new().await;
    let chain = two.begin(Chain { then: vec![call("b")], ..call("a") }).await;
    let a = two.lease(0, 1).await.remove(0);
    let mut sql = PgConnection::connect(&two.url).await.expect("connects");
    let taken_back = "BEGIN; UPDATE link SET state = 2, why = 'cancelled' WHERE path = 'then[0]'";
    sqlx::raw_sql(taken_back).execute(&mut sql).await.expect("takes back");
    let ledger = Arc::clone(&two.first().ledger);
    let end = Verdict::Final { state: RunState::Succeeded, reason: None };
    let settlement = Settlement::new(a.lease, end, report(Outcome::Succeeded { result: None }));
    let settle = tokio::spawn(async move { ledger.settle(vec![settlement]).await });
    until_somebody_waits(&mut PgConnection::connect(&two.url).await.expect("connects")).await;
    sqlx::raw_sql("COMMIT").execute(&mut sql).await.expect("commits");
    assert_eq!(settle.await.expect("no panic").expect("settles"), [Settled::Recorded]);
    assert_eq!(two.links(chain).await[1], ("then[0]".to_owned(), LinkState::Unreached));
    assert_eq!(two.runs().await.len(), 1, "a, and nothing after it");
}

/// Until a transaction waits for another in this database. Asked outside of one: inside it the server would repeat itself.
pub(super) async fn until_somebody_waits(sql: &mut PgConnection) {
    let waiting = "SELECT count(*) > 0 FROM pg_stat_activity \
                   WHERE datname = current_database() AND wait_event_type = 'Lock'";
    for _ in 0..10_000 {
        if sqlx::query_scalar(waiting).fetch_one(&mut *sql).await.expect(waiting) {
            return;
        }
    }
    panic!("nobody waits");
}

fn submission(schedule: &str, items: impl Iterator<Item = usize>) -> Submission {
    let schedule = schedule.parse().expect("a name");
    let item = |i: usize| Item { key: Key::of("item", &[KeyPart::Integer(i as i64)]), payload: i.to_string() };
    let id = RunId::new();
    let handler = "mail/send".parse().expect("a handler");
    let order = Order::new(id, Key::bucket(&schedule, now(), id), handler, now(), Cause::Schedule);
    let order = Order { schedule: Some(schedule.clone()), ..order };
    let fire = Fire { order, overlap: Overlap::Allow, not_before: now(), fills: None };
    let buckets = vec![Bucket { fire, items: items.map(item).collect() }];
    let timetable = Timetable { repeatable: true, ..Timetable::default() };
    Submission { id: SubmissionId::new(), schedule, buckets, timetable, counts: Default::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_who_submit_the_same_items_to_two_schedules_one_hands_over_each() {
    const ITEMS: usize = 40;
    let two = Two::new().await;
    // At first nobody knows the items; then they have been executed, and may be again. In turn both begin with the same one,
    // and each at its end.
    for round in 0..ROUNDS {
        let there = submission("one", 0..ITEMS);
        let back = match round % 2 {
            0 => submission("other", (0..ITEMS).rev()),
            _ => submission("other", 0..ITEMS),
        };
        let submit = |host: usize, submission| {
            let ledger = Arc::clone(&two.hosts[host].0.ledger);
            tokio::spawn(async move { ledger.submit(submission, None).await.expect("submits") })
        };
        let (one, other) = (submit(0, there), submit(1, back));
        let (one, other): (Submitted, Submitted) = (one.await.expect("no panic"), other.await.expect("no panic"));
        let sum = |count: fn(&Submitted) -> u64| (count(&one) + count(&other)) as usize;
        assert_eq!((sum(|s| s.counts.accepted), sum(|s| s.counts.duplicate)), (ITEMS, ITEMS));
        let taken = [two.lease(0, 9).await, two.lease(1, 9).await].concat();
        assert_eq!(taken.iter().map(|leased| leased.items.len()).sum::<usize>(), ITEMS);
        for one in taken {
            settle(two.first(), one.lease, RunState::Succeeded).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_who_decide_about_a_plugin_at_once_one_does() {
    let two = Two::new().await;
    for round in 0..ROUNDS {
        let decide = |host: usize| {
            let plugin = "mail".parse().expect("a name");
            let decision =
                Decision { plugin, seen: round as i64, arrival: None, changes: Vec::new(), keep: 2, at: now() };
            let versions = Arc::clone(&two.hosts[host].0.versions);
            tokio::spawn(async move { versions.decide(decision).await.expect("decides") })
        };
        let (one, other) = (decide(0), decide(1));
        assert_ne!(one.await.expect("no panic"), other.await.expect("no panic"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_couriers_never_take_the_same_message() {
    let two = Two::new().await;
    let mut sql = PgConnection::connect(&two.url).await.expect("connects");
    let written = "INSERT INTO message (id, run_id, plugin, trace_id, not_before, give_up_at, created_at, method, destination, \
                   bytes, url, headers, body) SELECT repeat('0', 31) || '0-' || i, gen_random_uuid(), 'mail', 't', 0, 0, 0, \
                   'GET', 'd', 0, 'https://d', '[]', '' FROM generate_series(1, 60) AS i";
    sqlx::raw_sql(written).execute(&mut sql).await.expect("writes");
    let take = |host: usize| {
        let (ledger, host) = (Arc::clone(&two.hosts[host].0.ledger), two.hosts[host].1);
        tokio::spawn(async move {
            let mut taken = Vec::new();
            loop {
                let some = ledger.lease_messages(host, Duration::from_secs(30), 3).await.expect("leases");
                if some.is_empty() {
                    return taken;
                }
                taken.extend(some.into_iter().map(|posted| posted.lease.id.to_string()));
            }
        })
    };
    let (one, other) = (take(0), take(1));
    let mut taken = [one.await.expect("no panic"), other.await.expect("no panic")].concat();
    taken.sort();
    taken.dedup();
    let attempts = two.number("SELECT sum(attempts)::bigint FROM message").await;
    assert_eq!((taken.len(), attempts), (60, 60));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_who_prune_one_chain_leave_no_link_behind() {
    let two = Two::new().await;
    for _ in 0..ROUNDS {
        two.begin(group(vec![call("a"), call("b")])).await;
        for one in two.lease(0, 2).await {
            settle(two.first(), one.lease, RunState::Succeeded).await;
        }
        let prune = |host: usize| {
            let ledger = Arc::clone(&two.hosts[host].0.ledger);
            let retention = Retention { before: now() + Duration::from_secs(1), batch: 1 };
            tokio::spawn(async move { ledger.prune(retention).await.expect("prunes") })
        };
        let (one, other) = (prune(0), prune(1));
        let gone = one.await.expect("no panic") + other.await.expect("no panic");
        if gone < 2 {
            prune(0).await.expect("no panic");
        }
        let left = (two.number("SELECT count(*) FROM run").await, two.number("SELECT count(*) FROM link").await);
        assert_eq!(left, (0, 0), "{gone} went at once");
    }
}
