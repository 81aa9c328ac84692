//! Whatever is asked of them, the ledger in a file and the one in memory give the same answers and hold the same rows.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use noontide_domain::ports::{
    Claim, Claimed, Clock, Fire, History, Ledger, RunFilter, RunRecord, Settled, Settlement, Skip, Tenant,
};
use noontide_domain::{
    Cause, HostId, Key, Labels, Lease, Order, Outcome, Overlap, Priority, QueueName, QueueRoom, Report, RunId,
    RunState, Schedule, ScheduleName, SkipReason, Submission, Trigger, Verdict,
};
use noontide_testkit::{ManualClock, MemoryLedger};
use proptest::prelude::*;

/// Asks both, and gives back what both answered.
macro_rules! both {
    ($pair:expr, $door:ident.$call:ident($($argument:expr),*)) => {{
        let memory = $pair.memory.$call($($argument),*).await.expect("memory answers");
        let file = $pair.file.$door.$call($($argument),*).await.expect("the file answers");
        assert_eq!(memory, file, stringify!($call));
        memory
    }};
}

mod draw;
mod submissions;

use draw::{any_overlap, steps};
use submissions::Batch;

const START: &str = "2026-07-01T08:00:00Z";
const LEASE: Duration = Duration::from_secs(30);

/// A fire as it is drawn; instants are seconds after the claim.
#[derive(Debug, Clone)]
struct Draft {
    schedule: usize,
    overlap: Overlap,
    /// Few, so that keys meet.
    due: i64,
    not_before: i64,
    cause: Cause,
    start_by: Option<i64>,
    expires_at: Option<i64>,
    priority: u8,
    queue: usize,
    /// Asks for a host with a GPU.
    gpu: bool,
}

/// What somebody does. Numbers choose among what is there.
#[derive(Debug, Clone)]
enum Step {
    Pass(u64),
    Claim {
        fires: Vec<Draft>,
        skip: Option<i64>,
        places: Option<usize>,
        scope: Scope,
    },
    /// So many places, and room in each queue.
    Lease(usize, [usize; 2], Option<usize>, Scope),
    Submit(Batch),
    Settle {
        held: Vec<usize>,
        verdict: Verdict,
        then: Vec<Draft>,
        failing: Option<usize>,
    },
    Release(usize),
    Cancel(usize),
    Beat,
    Rescue,
    Remove(bool),
    /// How many runs of each schedule go on at the same time.
    Bound([Option<u32>; 2]),
}

/// What a lease is allowed beyond its host.
#[derive(Debug, Clone, Copy)]
struct Scope {
    /// The host has a GPU; not known, if not given.
    gpu: Option<bool>,
    /// Of the queue `mail`, on all hosts.
    total: Option<usize>,
}

impl Scope {
    fn narrow(self, room: QueueRoom) -> QueueRoom {
        let gpu = |has| if has { gpu() } else { Labels::default() };
        QueueRoom {
            labels: self.gpu.map(gpu),
            totals: self.total.map(|total| (queue(1), total)).into_iter().collect(),
            ..room
        }
    }
}

fn gpu() -> Labels {
    [("gpu".to_owned(), "true".to_owned())].into_iter().collect()
}

fn second(seconds: i64) -> DateTime<Utc> {
    START.parse::<DateTime<Utc>>().expect("an instant") + TimeDelta::seconds(seconds)
}

fn name(schedule: usize) -> ScheduleName {
    ["nightly", "weekly"][schedule].parse().expect("a name")
}

fn queue(number: usize) -> QueueName {
    ["default", "mail"][number].parse().expect("a name")
}

fn schedules() -> Vec<Schedule> {
    let owner = noontide_domain::Owner::File { path: "jobs.toml".to_owned(), line: 1 };
    let schedule = |i| Schedule {
        owner: owner.clone(),
        ..Schedule::new(name(i), Trigger::Manual, "mail/send".parse().expect("a handler"))
    };
    [0, 1].map(schedule).to_vec()
}

/// Both ledgers, and what their one host holds.
struct Pair {
    clock: Arc<ManualClock>,
    memory: Arc<MemoryLedger>,
    file: noontide_ledger::Opened,
    tenant: Tenant,
    held: Vec<Lease>,
    /// Keys that must have a row.
    keys: HashSet<Key>,
    /// Ids that we chose.
    offered: HashSet<RunId>,
    /// What was handed over last.
    last: Option<Submission>,
    bounds: [Option<u32>; 2],
    _folder: tempfile::TempDir,
}

impl Pair {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let clock = ManualClock::at(START);
        let url = format!("sqlite://{}", folder.path().join("noontide.db").display());
        let file = noontide_ledger::open(&url, clock.clone()).await.expect("opens");
        let tenant = Tenant { host: HostId::new(), lease: LEASE, places: 0, queues: QueueRoom::ALL };
        let memory = MemoryLedger::new(clock.clone());
        let pair = Self {
            clock,
            memory,
            file,
            tenant,
            held: Vec::new(),
            keys: HashSet::new(),
            offered: HashSet::new(),
            last: None,
            bounds: [None; 2],
            _folder: folder,
        };
        both!(pair, ledger.declare(schedules(), pair.clock.now()));
        pair
    }

    fn fires(&self, drafts: &[Draft]) -> Vec<Fire> {
        drafts.iter().map(|draft| self.fire(draft)).collect()
    }

    fn fire(&self, draft: &Draft) -> Fire {
        let (id, due_at, now) = (RunId::new(), second(draft.due), self.clock.now());
        let name = name(draft.schedule);
        let key = match draft.cause {
            Cause::Schedule | Cause::After => Key::occurrence(&name, due_at),
            Cause::Manual => Key::manual(id),
            Cause::Enqueued => Key::chosen("mail/send", &draft.due.to_string()),
            Cause::Backfill => Key::backfill(&name, due_at),
        };
        let after = |seconds| now + TimeDelta::seconds(seconds);
        let order = Order {
            schedule: (draft.cause != Cause::Enqueued).then(|| name.clone()),
            start_by: draft.start_by.map(after),
            expires_at: draft.expires_at.map(after),
            priority: Priority(draft.priority),
            queue: queue(draft.queue),
            runs_on: if draft.gpu { gpu() } else { Labels::default() },
            ..Order::new(
                id,
                key,
                ["mail/send", "post"][draft.schedule].parse().expect("a handler"),
                due_at,
                draft.cause,
            )
        };
        let fills = (draft.cause == Cause::Backfill).then(|| Key::occurrence(&name, due_at));
        Fire { order, overlap: draft.overlap, not_before: after(draft.not_before), fills }
    }

    fn held(&mut self, i: usize) -> Option<Lease> {
        (!self.held.is_empty()).then(|| self.held.swap_remove(i % self.held.len()))
    }

    async fn step(&mut self, step: &Step) {
        match step {
            Step::Pass(seconds) => self.clock.advance(Duration::from_secs(*seconds)),
            Step::Claim { fires, skip, places, scope } => self.claim(self.fires(fires), *skip, *places, *scope).await,
            Step::Lease(places, rooms, of_plugin, scope) => {
                let named = [0, 1].map(|i| (queue(i), rooms[i])).into();
                let plugins = of_plugin.iter().map(|room| ("mail".parse().expect("a name"), *room)).collect();
                let queues = scope.narrow(QueueRoom { named, others: false, plugins, ..QueueRoom::ALL });
                both!(self, ledger.next_ready(&queues));
                let tenant = Tenant { places: *places, queues, ..self.tenant.clone() };
                let leased = both!(self, ledger.lease(tenant.clone(), self.clock.now()));
                self.held.extend(leased.iter().map(|one| one.lease));
            }
            Step::Submit(batch) => self.submit(batch).await,
            Step::Settle { held, verdict, then, failing } => {
                let leases: Vec<_> = held.iter().filter_map(|i| self.held(*i)).collect();
                let report = Report::never_began(Outcome::Succeeded { result: None }, self.clock.now());
                let mut reports = Vec::new();
                for lease in &leases {
                    reports.push(Report { items: self.told(lease.run, *failing).await, ..report.clone() });
                }
                self.settle(leases.into_iter().zip(reports).collect(), verdict, then).await;
            }
            Step::Release(i) => {
                if let Some(lease) = self.held(*i) {
                    both!(self, ledger.release(vec![lease]));
                }
            }
            Step::Cancel(i) => {
                let rows = self.memory.records();
                if let Some(row) = rows.get(i % rows.len().max(1)).filter(|row| self.is_known(row)) {
                    both!(self, ledger.cancel(row.id, self.clock.now()));
                }
            }
            Step::Beat => {
                both!(self, ledger.heartbeat(self.tenant.clone(), self.held.clone()));
            }
            Step::Rescue => {
                let lapsed = both!(self, ledger.lapsed(9));
                let again = Verdict::Again { not_before: self.clock.now(), counted: true };
                let report = Report::never_began(Outcome::Abandoned, self.clock.now());
                let ends: Vec<_> = lapsed.iter().map(|one| (one.lease, report.clone())).collect();
                self.held.retain(|lease| ends.iter().all(|(lapsed, _)| lapsed != lease));
                self.settle(ends, &again, &[]).await;
            }
            Step::Remove(is_back) => {
                let left = self.schedules().split_off(usize::from(!is_back));
                both!(self, ledger.declare(left.clone(), self.clock.now()));
            }
            Step::Bound(bounds) => {
                self.bounds = *bounds;
                both!(self, ledger.declare(self.schedules(), self.clock.now()));
            }
        }
    }

    fn schedules(&self) -> Vec<Schedule> {
        let bounded = schedules().into_iter().zip(self.bounds);
        bounded.map(|(schedule, concurrency)| Schedule { concurrency, ..schedule }).collect()
    }

    async fn claim(&mut self, fire: Vec<Fire>, skip: Option<i64>, places: Option<usize>, scope: Scope) {
        let skip = skip.map(|due| Skip {
            schedule: name(0),
            handler: "mail/send".parse().expect("a handler"),
            due_at: second(due),
            until: second(due),
            count: 1,
            reason: SkipReason::Missed,
        });
        let skipped = skip.as_ref().map(|skip| Key::occurrence(&skip.schedule, skip.due_at));
        let claim = Claim {
            fire,
            skip: skip.into_iter().collect(),
            cursors: vec![(name(1), self.clock.now())],
            ..Claim::default()
        };
        let tenant =
            places.map(|places| Tenant { places, queues: scope.narrow(QueueRoom::ALL), ..self.tenant.clone() });
        self.offered.extend(claim.fire.iter().map(|fire| fire.order.id));
        let memory = self.memory.claim(claim.clone(), tenant.clone()).await.expect("memory answers");
        let file = self.file.ledger.claim(claim.clone(), tenant).await.expect("the file answers");
        let [claimed, file] = [memory, file].map(|claimed| self.without_chosen_ids(claimed));
        assert_eq!(claimed, file);
        for (fire, claimed) in claim.fire.iter().zip(claimed) {
            if !matches!(claimed, Claimed::Duplicate(_) | Claimed::Passed | Claimed::UsedUp) {
                assert!(self.keys.insert(fire.order.key.clone()), "{} was there already", fire.order.key);
            }
            if let Claimed::Leased(leased) = claimed {
                self.held.push(leased.lease);
            }
        }
        // What a cursor has passed has no row.
        let rows = self.rows().await;
        self.keys.extend(skipped.filter(|key| rows.iter().any(|row| row.key == *key)));
    }

    /// Rows for what did not run have an id that the ledger chose.
    fn without_chosen_ids(&self, claimed: Vec<Claimed>) -> Vec<Claimed> {
        let compared = |one| match one {
            Claimed::Duplicate(run) if !self.offered.contains(&run) => Claimed::Duplicate(RunId(uuid::Uuid::nil())),
            other => other,
        };
        claimed.into_iter().map(compared).collect()
    }

    async fn settle(&mut self, ends: Vec<(Lease, Report)>, verdict: &Verdict, then: &[Draft]) {
        let settlement = |(lease, report)| Settlement {
            then: Claim { fire: self.fires(then), ..Claim::default() },
            ..Settlement::new(lease, verdict.clone(), report)
        };
        let settlements: Vec<_> = ends.into_iter().map(settlement).collect();
        let settled = both!(self, ledger.settle(settlements.clone()));
        for (settlement, settled) in settlements.iter().zip(settled) {
            if settled == Settled::Recorded {
                // Whether it was a duplicate nobody tells; then the key is on the list or its occurrence has a row.
                let rows = self.memory.records();
                let keys = settlement.then.fire.iter().map(|fire| fire.order.key.clone());
                self.keys.extend(keys.filter(|key| rows.iter().any(|row| row.key == *key)));
            }
        }
    }

    fn is_known(&self, row: &RunRecord) -> bool {
        row.reason != Some(SkipReason::Missed)
    }

    /// All rows, the same in both.
    async fn rows(&self) -> Vec<RunRecord> {
        let all = RunFilter { limit: 10_000, ..RunFilter::default() };
        let rows = async |history: &dyn History| {
            let mut rows: Vec<_> = history.runs(all.clone()).await.expect("reads");
            for row in rows.iter_mut().filter(|row| !self.is_known(row)) {
                row.id = RunId(uuid::Uuid::nil());
                row.trace_id.clear();
            }
            rows.sort_by(|a, b| (a.id, &a.key.text).cmp(&(b.id, &b.key.text)));
            rows
        };
        let (memory, file) = (rows(self.memory.as_ref()).await, rows(self.file.history.as_ref()).await);
        assert_eq!(memory, file);
        both!(self, ledger.next_ready(&QueueRoom::ALL));
        both!(self, history.standings());
        for row in memory.iter().filter(|row| row.items.is_some()) {
            self.items(row.id).await;
        }
        memory
    }
}

/// Takes the steps with both; after each, what `holds` says must hold.
fn walk(steps: Vec<Step>, holds: impl Fn(&[RunRecord])) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut pair = Pair::new().await;
        for step in &steps {
            pair.step(step).await;
            let rows = pair.rows().await;
            let keys: HashSet<_> = rows.iter().map(|row| row.key.clone()).collect();
            assert_eq!(keys.len(), rows.len(), "each key has one row");
            assert_eq!(keys, pair.keys, "and none is missing");
            holds(&rows);
        }
        pair.file.close().await;
    });
}

fn one_at_a_time(rows: &[RunRecord]) {
    let mut running = HashMap::new();
    for row in rows.iter().filter(|row| row.state == RunState::Running) {
        if let Some(schedule) = &row.schedule
            && let Some(other) = running.insert(schedule, row.id)
        {
            panic!("{other} and {} of {schedule} go on at once", row.id);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_ledgers_give_the_same_answers(steps in steps(any_overlap())) {
        walk(steps, |_| {});
    }

    #[test]
    fn unless_it_is_allowed_no_two_runs_of_a_schedule_go_on_at_once(
        steps in any_overlap().prop_filter("allows", |overlap| *overlap != Overlap::Allow)
            .prop_flat_map(|overlap| steps(Just(overlap)))
    ) {
        walk(steps, one_at_a_time);
    }
}
