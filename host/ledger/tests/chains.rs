//! Whatever becomes of the runs of a chain, both ledgers say the same of what follows, and nothing is left hanging.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use noontide_domain::chain::{Branch, First, LinkState, Linked, lay_out};
use noontide_domain::errand::Moment;
use noontide_domain::ports::{
    Claim, Clock, History, Ledger, LinkPage, LinkRecord, RunFilter, RunRecord, Settlement, Tenant,
};
use noontide_domain::{
    Chain, Errand, HostId, Lease, Outcome, QueueRoom, Report, RetryPolicy, RunId, RunState, Verdict, run,
};
use noontide_testkit::{ManualClock, MemoryLedger};
use proptest::prelude::*;
use serde_json::json;

const LEASE: Duration = Duration::from_secs(30);

/// What somebody does. Numbers choose among what is there.
#[derive(Debug, Clone)]
enum Step {
    Begin(Chain),
    Lease(usize),
    Settle(Vec<(usize, Outcome)>),
    Release(usize),
    Cancel(usize),
    CancelChain(usize),
    Pass(u64),
    Rescue,
}

fn chain() -> impl Strategy<Value = Chain> {
    let errand = (0..4_u32, prop::option::weighted(0.2, 1..40_u64)).prop_map(|(attempts, expires)| Errand {
        retry: RetryPolicy { attempts: attempts.max(1), backoff: Duration::ZERO, cap: Duration::ZERO },
        expires: expires.map(|seconds| Moment::After(Duration::from_secs(seconds))),
        ..Errand::new("mail/send".parse().expect("a handler"), json!(attempts))
    });
    let leaf = errand.clone().prop_map(Chain::from);
    leaf.prop_recursive(3, 14, 3, move |inner| {
        let list = |most| prop::collection::vec(inner.clone(), 0..most);
        let member = inner.clone().prop_filter("a group is no member", |one| matches!(one.first, First::Call(_)));
        let members = prop::collection::vec(member, 1..4).prop_map(|members| First::Group { key: None, members });
        let first = prop_oneof![errand.clone().prop_map(|errand| First::Call(Box::new(errand))), members];
        (first, list(3), list(2)).prop_map(|(first, then, on_failure)| Chain { first, then, on_failure })
    })
}

fn outcome() -> impl Strategy<Value = Outcome> {
    let failed = |retryable| Outcome::Failed { message: "no".to_owned(), retryable, after: None };
    prop_oneof![
        8 => (0..9_i64).prop_map(|n| Outcome::Succeeded { result: Some(json!(n)) }),
        1 => any::<bool>().prop_map(failed),
        1 => Just(Outcome::Cancelled),
        1 => Just(Outcome::Skipped { reason: "idle".to_owned() }),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => chain().prop_map(Step::Begin),
        6 => (1..9_usize).prop_map(Step::Lease),
        8 => prop::collection::vec((any::<usize>(), outcome()), 1..4).prop_map(Step::Settle),
        1 => any::<usize>().prop_map(Step::Release),
        1 => any::<usize>().prop_map(Step::Cancel),
        1 => any::<usize>().prop_map(Step::CancelChain),
        1 => (1..20_u64).prop_map(Step::Pass),
        1 => Just(Step::Rescue),
    ];
    prop::collection::vec(step, 1..60)
}

/// Both ledgers, and what their one host holds.
struct Pair {
    clock: Arc<ManualClock>,
    memory: Arc<MemoryLedger>,
    file: noontide_ledger::Opened,
    tenant: Tenant,
    held: Vec<(Lease, RetryPolicy)>,
    chains: Vec<RunId>,
    _folder: tempfile::TempDir,
}

/// Asks both, and gives back what both answered.
macro_rules! both {
    ($pair:expr, $door:ident.$call:ident($($argument:expr),*)) => {{
        let memory = $pair.memory.$call($($argument),*).await.expect("memory answers");
        let file = $pair.file.$door.$call($($argument),*).await.expect("the file answers");
        assert_eq!(memory, file, stringify!($call));
        memory
    }};
}

impl Pair {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let clock = ManualClock::at("2026-07-01T08:00:00Z");
        let url = format!("sqlite://{}", folder.path().join("noontide.db").display());
        let file = noontide_ledger::open(&url, clock.clone()).await.expect("opens");
        let tenant = Tenant { host: HostId::new(), lease: LEASE, places: 0, queues: QueueRoom::ALL };
        let memory = MemoryLedger::new(clock.clone());
        Self { clock, memory, file, tenant, held: Vec::new(), chains: Vec::new(), _folder: folder }
    }

    async fn step(&mut self, step: &Step) {
        match step {
            Step::Begin(chain) => {
                let laid = lay_out(chain.clone(), self.clock.now()).expect("a chain");
                self.chains.extend(laid.links.first().map(|link| link.chain));
                let claim = Claim { fire: laid.fires, links: laid.links, ..Claim::default() };
                both!(self, ledger.claim(claim.clone(), None));
            }
            Step::Lease(places) => {
                let tenant = Tenant { places: *places, ..self.tenant.clone() };
                let leased = both!(self, ledger.lease(tenant.clone(), self.clock.now()));
                self.held.extend(leased.iter().map(|one| (one.lease, one.order.retry)));
            }
            Step::Settle(ends) => {
                let held: Vec<_> = ends.iter().filter_map(|(i, end)| Some((self.held(*i)?, end.clone()))).collect();
                self.settle(held).await;
            }
            Step::Release(i) => {
                if let Some((lease, _)) = self.held(*i) {
                    both!(self, ledger.release(vec![lease]));
                }
            }
            Step::Cancel(i) => {
                let rows = self.memory.records();
                if let Some(row) = rows.get(i % rows.len().max(1)) {
                    both!(self, ledger.cancel(row.id, self.clock.now()));
                }
            }
            Step::CancelChain(i) => {
                let links = self.links().await;
                if let Some(one) = links.get(i % links.len().max(1)) {
                    both!(self, ledger.cancel_chain(one.link.id, self.clock.now()));
                }
            }
            Step::Pass(seconds) => self.clock.advance(Duration::from_secs(*seconds)),
            Step::Rescue => {
                let lapsed = both!(self, ledger.lapsed(9));
                self.held.retain(|(lease, _)| lapsed.iter().all(|one| one.lease != *lease));
                self.settle(lapsed.into_iter().map(|one| ((one.lease, one.order.retry), Outcome::Abandoned)).collect())
                    .await;
            }
        }
    }

    fn held(&mut self, i: usize) -> Option<(Lease, RetryPolicy)> {
        (!self.held.is_empty()).then(|| self.held.swap_remove(i % self.held.len()))
    }

    async fn settle(&mut self, ends: Vec<((Lease, RetryPolicy), Outcome)>) {
        let now = self.clock.now();
        let settlement = |((lease, retry), outcome): ((Lease, RetryPolicy), Outcome)| {
            let verdict: Verdict = run::settle(&outcome, lease.attempt, lease.run, &retry, now);
            Settlement::new(lease, verdict, Report::never_began(outcome, now))
        };
        let settlements: Vec<_> = ends.into_iter().map(settlement).collect();
        both!(self, ledger.settle(settlements.clone()));
    }

    async fn links(&self) -> Vec<LinkRecord> {
        let mut all = Vec::new();
        for chain in &self.chains {
            let page = LinkPage { chain: *chain, next_to: None, after: None, limit: 10_000 };
            all.extend(both!(self, history.links(page)));
        }
        all
    }

    async fn runs(&self) -> HashMap<RunId, RunRecord> {
        let all = RunFilter { limit: 10_000, ..RunFilter::default() };
        both!(self, history.runs(all.clone())).into_iter().map(|run| (run.id, run)).collect()
    }

    /// What is left comes to its end.
    async fn finish(&mut self) {
        loop {
            let held = std::mem::take(&mut self.held);
            let done = Outcome::Succeeded { result: None };
            self.settle(held.into_iter().map(|one| (one, done.clone())).collect()).await;
            self.step(&Step::Lease(100)).await;
            if self.held.is_empty() && both!(self, ledger.next_ready(&QueueRoom::ALL)).is_none() {
                return;
            }
        }
    }
}

/// What must be true at any moment, whatever the ledger did to get there.
fn holds(links: &[LinkRecord], runs: &HashMap<RunId, RunRecord>) {
    let by_id: HashMap<_, _> = links.iter().map(|one| (one.link.id, &one.link)).collect();
    for LinkRecord { link, run } in links {
        let is_call = matches!(link.what, Linked::Call { .. });
        assert_eq!(link.state == LinkState::Made, run.is_some(), "{link:?}");
        assert!(!is_call || !matches!(link.state, LinkState::Succeeded | LinkState::Failed), "{link:?}");
        let taken_back = link.why.as_deref() == Some("cancelled");
        // How what is before it stands: over in success, over otherwise, or not over.
        let before = link.after.map(|after| match by_id[&after].state {
            LinkState::Made => runs[&after].state.is_final().then(|| Branch::after(runs[&after].state)),
            LinkState::Succeeded => Some(Branch::Then),
            LinkState::Failed => Some(Branch::OnFailure),
            LinkState::Waiting | LinkState::Unreached => None,
        });
        let never = link.after.is_some_and(|after| by_id[&after].state == LinkState::Unreached);
        match (before, is_call) {
            _ if never => assert_eq!(link.state, LinkState::Unreached, "{link:?}"),
            (Some(Some(branch)), _) if branch != link.branch => {
                assert_eq!(link.state, LinkState::Unreached, "{link:?}")
            }
            (Some(Some(_)), true) => assert!(link.state == LinkState::Made || taken_back, "left hanging: {link:?}"),
            (Some(None), _) => assert!(link.state == LinkState::Waiting || link.why.is_some(), "too early: {link:?}"),
            _ => {}
        }
    }
    groups_hold(links, runs);
}

/// A group is over when all that it waits for has succeeded, or one has not; and only then.
fn groups_hold(links: &[LinkRecord], runs: &HashMap<RunId, RunRecord>) {
    for group in links.iter().map(|one| &one.link).filter(|link| matches!(link.what, Linked::Group { .. })) {
        let members: Vec<_> = links.iter().filter(|one| one.link.waiter == Some(group.id)).collect();
        let has_succeeded = |one: &&&LinkRecord| match one.link.state {
            LinkState::Made => runs[&one.link.id].state == RunState::Succeeded,
            state => state == LinkState::Succeeded,
        };
        let has_failed = |one: &&&LinkRecord| match one.link.state {
            LinkState::Made => runs[&one.link.id].state.is_final() && !has_succeeded(one),
            state => matches!(state, LinkState::Failed | LinkState::Unreached),
        };
        let done = members.iter().filter(has_succeeded).count();
        let failed = members.iter().filter(has_failed).count();
        match group.state {
            LinkState::Waiting => assert!(failed == 0 && done < members.len(), "{group:?}"),
            LinkState::Succeeded => assert_eq!(done, members.len(), "{group:?}"),
            LinkState::Failed => assert!(failed > 0, "{group:?}"),
            LinkState::Made | LinkState::Unreached => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_ledgers_make_the_same_of_every_chain_and_each_comes_to_its_end(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let mut pair = Pair::new().await;
            for step in &steps {
                pair.step(step).await;
                holds(&pair.links().await, &pair.runs().await);
            }
            pair.finish().await;
            let links = pair.links().await;
            holds(&links, &pair.runs().await);
            let hanging: Vec<_> = links.iter().filter(|one| one.link.state == LinkState::Waiting).collect();
            assert!(hanging.is_empty(), "{hanging:?}");
            pair.file.close().await;
        });
    }
}
