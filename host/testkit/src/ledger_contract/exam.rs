//! The room an exam is taken in, and words to write checks with.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use noontide_domain::ports::{
    AccessLedger, Claim, Claimed, Fire, History, Lapsed, Ledger, RunFilter, RunRecord, Settled, Settlement, Tenant,
    Versions,
};
use noontide_domain::{
    Cause, HostId, Included, Key, Lease, Leased, Order, Outcome, Overlap, QueueRoom, Report, RetryPolicy, RunId,
    RunState, ScheduleName, StateScope, StateSize, StateWrite, Usage, Verdict,
};

use super::{Candidate, Examined};
use crate::ManualClock;

/// A candidate's ledger, a clock, and words to write checks with.
pub struct Exam {
    pub ledger: Arc<dyn Ledger>,
    pub history: Arc<dyn History>,
    pub versions: Arc<dyn Versions>,
    pub access: Arc<dyn AccessLedger>,
    pub clock: Arc<ManualClock>,
    _keep: Box<dyn Any + Send + Sync>,
}

/// When every exam begins.
pub const START: &str = "2026-07-01T08:00:00Z";

/// How long the examined leases hold.
pub const LEASE: Duration = Duration::from_secs(30);

impl Exam {
    pub async fn of(candidate: &impl Candidate) -> Self {
        let clock = ManualClock::at(START);
        let Examined { ledger, history, versions, access, keep } = candidate.fresh(clock.clone()).await;
        Self { ledger, history, versions, access, clock, _keep: keep }
    }

    pub(super) async fn claim(&self, fire: Vec<Fire>) -> Vec<Claimed> {
        self.claim_for(fire, None).await
    }

    pub(super) async fn claim_for(&self, fire: Vec<Fire>, tenant: Option<Tenant>) -> Vec<Claimed> {
        let claim = Claim { fire, ..Claim::default() };
        self.ledger.claim(claim, tenant).await.expect("claims")
    }

    /// Claims and leases one fire, even if it comes due later.
    pub(super) async fn running(&self, mut fire: Fire) -> Leased {
        fire.not_before = fire.not_before.min(second(0));
        match self.claim_for(vec![fire], Some(tenant(1))).await.remove(0) {
            Claimed::Leased(leased) => *leased,
            other => panic!("not leased: {other:?}"),
        }
    }

    pub(super) async fn lease(&self, places: usize) -> Vec<Leased> {
        use noontide_domain::ports::Clock;
        self.ledger.lease(tenant(places), self.clock.now()).await.expect("leases")
    }

    pub(super) async fn next_ready(&self) -> Option<DateTime<Utc>> {
        self.ledger.next_ready(&QueueRoom::ALL).await.expect("reads")
    }

    pub(super) async fn settle(&self, lease: Lease, verdict: Verdict, report: Report) -> Settled {
        let settled = self.ledger.settle(vec![Settlement::new(lease, verdict, report)]).await.expect("settles");
        assert_eq!(settled.len(), 1);
        settled.into_iter().next().expect("one answer")
    }

    /// Settles as succeeded.
    pub(super) async fn succeed(&self, lease: Lease) {
        let settled = self.settle(lease, over(RunState::Succeeded), success()).await;
        assert_eq!(settled, Settled::Recorded);
    }

    pub(super) async fn lapsed(&self) -> Vec<Lapsed> {
        self.ledger.lapsed(1_000).await.expect("reads")
    }

    pub(super) async fn run(&self, id: RunId) -> RunRecord {
        self.history.run(id).await.expect("reads").expect("there is such a run")
    }

    pub(super) async fn all(&self) -> Vec<RunRecord> {
        self.history.runs(RunFilter { limit: 100_000, ..RunFilter::default() }).await.expect("reads")
    }
}

/// So many seconds after the exam began.
pub(super) fn second(seconds: i64) -> DateTime<Utc> {
    START.parse::<DateTime<Utc>>().expect("an instant") + TimeDelta::seconds(seconds)
}

/// The same host in a check, however often it is asked for.
pub(super) fn tenant(places: usize) -> Tenant {
    let host = HostId("b7c1f1de-5c50-4f0e-9d0f-3d0b7a3c5a11".parse().expect("a uuid"));
    Tenant { host, lease: LEASE, places, queues: QueueRoom::ALL }
}

pub(super) fn named(schedule: &str) -> ScheduleName {
    schedule.parse().expect("a name")
}

/// An occurrence of `schedule`, due so many seconds after the exam began.
pub(super) fn fire(schedule: &str, due: i64) -> Fire {
    let id = RunId::new();
    let name = named(schedule);
    let key = Key::occurrence(&name, second(due));
    let handler = "mail/send".parse().expect("a handler");
    let order = Order {
        schedule: Some(name),
        input: serde_json::json!({ "to": "ops" }),
        retry: RetryPolicy { attempts: 3, ..RetryPolicy::default() },
        ..Order::new(id, key, handler, second(due), Cause::Schedule)
    };
    Fire { order, overlap: Overlap::Allow, not_before: second(due), fills: None }
}

/// The same, with overlap `skip`.
pub(super) fn exclusive(schedule: &str, due: i64) -> Fire {
    Fire { overlap: Overlap::Skip, ..fire(schedule, due) }
}

/// A call without a schedule, under a key of the client's.
pub(super) fn enqueued(key: &str) -> Fire {
    let mut fire = fire("none", 0);
    fire.order.schedule = None;
    fire.order.cause = Cause::Enqueued;
    fire.order.key = Key::chosen("mail/send", key);
    fire
}

pub(super) fn included(schedule: &str, input: serde_json::Value) -> Included {
    Included { schedule: named(schedule), input }
}

pub(super) fn over(state: RunState) -> Verdict {
    Verdict::Final { state, reason: None }
}

pub(super) fn again(seconds: i64, counted: bool) -> Verdict {
    Verdict::Again { not_before: second(seconds), counted }
}

pub(super) fn report(outcome: Outcome) -> Report {
    Report {
        outcome,
        plugin: None,
        started_at: second(1),
        finished_at: second(2),
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

pub(super) fn success() -> Report {
    report(Outcome::Succeeded { result: None })
}

pub(super) fn failure() -> Report {
    report(Outcome::Failed { message: "no".to_owned(), retryable: true, after: None })
}

pub(super) fn write(key: &str, value: &str, base: u64) -> StateWrite {
    StateWrite {
        scope: StateScope::Schedule,
        key: key.to_owned(),
        value: Some(value.as_bytes().to_vec()),
        base,
        revision: base + 1,
    }
}
