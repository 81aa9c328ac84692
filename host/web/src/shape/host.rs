//! Hosts, queues, and the status of this host.

use std::collections::{BTreeMap, BTreeSet};

use noontide_domain::ports::{HostNews, HostRecord, LedgerStatus, QueueStatus};
use noontide_domain::{Labels, PluginName, QueueName, Queues, Roles};
use noontide_engine::EngineStatus;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{Time, words};

/// A host of the ledger.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Host {
    /// New with every start of the process.
    pub(crate) id: String,
    name: String,
    #[schema(value_type = words::HostState)]
    state: &'static str,
    /// Of the program.
    version: String,
    started_at: Time,
    /// When it was last heard of.
    seen_at: Time,
    ended_at: Option<Time>,
    /// How far its clock is ahead of the ledger's, in milliseconds.
    clock_skew_ms: Option<i64>,
    /// Whether that is too much.
    clock_skewed: bool,
    #[schema(value_type = Vec<words::Role>)]
    roles: Roles,
    /// Whose runs it takes; all if `null`.
    #[schema(value_type = Option<Vec<String>>)]
    queues: Option<BTreeSet<QueueName>>,
    #[schema(value_type = BTreeMap<String, String>)]
    labels: Labels,
    /// The digest of each plugin it has loaded.
    #[schema(value_type = BTreeMap<String, String>)]
    plugins: BTreeMap<PluginName, String>,
}

impl From<&HostRecord> for Host {
    fn from(host: &HostRecord) -> Self {
        let news = &host.news;
        Self {
            id: news.host.to_string(),
            name: news.name.clone(),
            state: host.state.as_str(),
            version: news.version.clone(),
            started_at: Time(news.started_at),
            seen_at: Time(host.seen_at),
            ended_at: host.ended_at.map(Time),
            clock_skew_ms: news.skew.map(|skew| skew.num_milliseconds()),
            clock_skewed: news.skew.is_some_and(|skew| skew.abs() > HostNews::SKEWED),
            roles: news.roles.clone(),
            queues: news.queues.clone(),
            labels: news.labels.clone(),
            plugins: news.plugins.clone(),
        }
    }
}

/// How this host stands. What the process around it adds (folders, versions, addresses) stands beside these.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Status {
    /// This process.
    host: String,
    started_at: Time,
    now: Time,
    name: String,
    #[schema(value_type = Vec<words::Role>)]
    roles: Roles,
    /// How far its clock is ahead of the ledger's, in milliseconds.
    clock_skew_ms: Option<i64>,
    clock_skewed: bool,
    /// Why the ledger cannot be written, and since when.
    ledger_trouble: Option<Trouble>,
    /// When its scheduler last looked.
    last_tick: Option<Time>,
    next_due: Option<Time>,
    schedules: usize,
    places: Places,
    /// Whether it is draining.
    stopping: bool,
    ledger: Ledger,
    queues: Vec<Queue>,
    /// What is wrong with the configuration, a line each.
    problems: Vec<String>,
    hosts: HostCounts,
    #[serde(flatten)]
    #[schema(value_type = Object)]
    facts: Map<String, Value>,
}

impl Status {
    pub(crate) fn of(engine: &EngineStatus, ledger: &LedgerStatus, known: &Queues, hosts: HostCounts) -> Self {
        let trouble = engine.trouble.clone();
        Self {
            host: engine.host.to_string(),
            started_at: Time(engine.started_at),
            now: Time(engine.now),
            name: engine.name.clone(),
            roles: engine.roles.clone(),
            clock_skew_ms: engine.skew.map(|skew| skew.num_milliseconds()),
            clock_skewed: engine.skewed,
            ledger_trouble: trouble.map(|(reason, since)| Trouble { reason, since: Time(since) }),
            last_tick: engine.last_tick.map(Time),
            next_due: engine.next_due.map(Time),
            schedules: engine.schedules,
            places: Places { all: engine.places, free: engine.free_places, held_runs: engine.held },
            stopping: engine.stopping,
            ledger: ledger.into(),
            queues: queues(ledger, known),
            problems: Vec::new(),
            hosts,
            facts: Map::new(),
        }
    }

    /// With what the process around the engine knows. A fact has the last word over a field of its name.
    pub(crate) fn with(self, problems: Vec<String>, facts: Value) -> Self {
        let facts = if let Value::Object(facts) = facts { facts } else { Map::new() };
        Self { problems, facts, ..self }
    }
}

/// Why the ledger cannot be written, and since when.
#[derive(Debug, Serialize, ToSchema)]
struct Trouble {
    reason: String,
    since: Time,
}

/// How many handlers may run at the same time.
#[derive(Debug, Serialize, ToSchema)]
struct Places {
    all: usize,
    free: usize,
    /// Runs whose lease this host holds.
    held_runs: usize,
}

/// The durable record.
#[derive(Debug, Serialize, ToSchema)]
struct Ledger {
    #[schema(example = "sqlite")]
    kind: String,
    /// Version of its schema.
    schema: i64,
    /// Runs that wait.
    ready: u64,
    /// Runs under lease.
    running: u64,
}

impl From<&LedgerStatus> for Ledger {
    fn from(ledger: &LedgerStatus) -> Self {
        Self { kind: ledger.kind.clone(), schema: ledger.schema, ready: ledger.ready, running: ledger.running }
    }
}

/// How many hosts share the ledger, by how they stand.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct HostCounts {
    pub(crate) live: usize,
    pub(crate) draining: usize,
    pub(crate) silent: usize,
}

/// How a queue stands.
#[derive(Debug, Serialize, ToSchema)]
struct Queue {
    #[schema(value_type = String)]
    queue: QueueName,
    ready: u64,
    running: u64,
    /// The earliest instant at which one that is waiting could have begun.
    waiting_since: Option<Time>,
    /// Of its runs, how many go on at a time on this host.
    concurrency: Option<usize>,
    /// Of its runs, how many go on at a time on all hosts together.
    total: Option<usize>,
    /// Whether this host takes its runs.
    taken_here: bool,
}

/// Queues that have something in them, and those that this host knows.
fn queues(ledger: &LedgerStatus, known: &Queues) -> Vec<Queue> {
    let empty = |queue: &QueueName| QueueStatus { queue: queue.clone(), ready: 0, running: 0, waiting_since: None };
    let mut all: BTreeMap<_, _> = known.named.keys().map(|name| (name, empty(name))).collect();
    all.extend(ledger.queues.iter().map(|one| (&one.queue, one.clone())));
    let shown = all.into_values().map(|one| Queue {
        ready: one.ready,
        running: one.running,
        waiting_since: one.waiting_since.map(Time),
        concurrency: known.limit(&one.queue),
        total: known.totals.get(&one.queue).copied(),
        taken_here: known.taken.as_ref().is_none_or(|taken| taken.contains(&one.queue)),
        queue: one.queue,
    });
    shown.collect()
}
