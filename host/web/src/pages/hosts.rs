//! `/hosts`: those that share the ledger, its queues, and the ledger itself.

use std::time::Instant;

use askama::Template;
use axum::extract::State;
use axum::routing::{Router, get};
use chrono_tz::Tz;
use noontide_domain::HostState;
use noontide_domain::ports::{HostFilter, HostNews, HostRecord, LedgerStatus};

use super::length::length;
use super::moment::Moment;
use super::page::{Page, Shown};
use super::visit::Visit;
use crate::WebParts;

/// Hosts that are shown.
const HOSTS: usize = 200;

pub(crate) fn routes() -> Router<WebParts> {
    Router::new().route("/hosts", get(hosts))
}

#[derive(Template)]
#[template(path = "hosts.html")]
struct Hosts {
    visit: Visit,
    rows: Vec<Row>,
    queues: Vec<Queue>,
    ledger: LedgerStatus,
    /// A question and its answer, over all connections of this host.
    latency: String,
    /// Why the ledger cannot be written, and since when.
    trouble: Option<(String, Moment)>,
    problems: Vec<String>,
    places: (usize, usize),
}

struct Row {
    name: String,
    id: String,
    state: &'static str,
    mark: &'static str,
    is_this: bool,
    seen: String,
    version: String,
    up: Moment,
    roles: String,
    labels: String,
    queues: Option<String>,
    skew: Option<String>,
    is_skewed: bool,
    plugins: Vec<(String, String)>,
}

struct Queue {
    name: String,
    ready: u64,
    running: u64,
    waits: Option<String>,
    /// On this host.
    limit: Option<usize>,
    is_taken: bool,
}

async fn hosts(visit: Visit, State(parts): State<WebParts>) -> Shown<Hosts> {
    let asked = Instant::now();
    let ledger = parts.history.status().await.map_err(visit.problem())?;
    let latency = format!("{:.1} ms", asked.elapsed().as_secs_f64() * 1_000.0);
    let wanted = HostFilter { state: None, after: None, limit: HOSTS };
    let found = parts.history.hosts(wanted).await.map_err(visit.problem())?;
    let engine = parts.engine.status();
    let this = engine.host;
    Ok(Page(Hosts {
        rows: found.iter().map(|host| row(&visit, host, host.news.host == this)).collect(),
        queues: queues(&visit, &parts, &ledger),
        trouble: engine.trouble.map(|(reason, since)| (reason, visit.moment(since, Tz::UTC))),
        problems: parts.host.problems(),
        places: (engine.places - engine.free_places.min(engine.places), engine.places),
        ledger,
        latency,
        visit,
    }))
}

fn row(visit: &Visit, host: &HostRecord, is_this: bool) -> Row {
    let news = &host.news;
    let list = |all: Vec<String>| all.join(", ");
    Row {
        name: news.name.clone(),
        id: news.host.to_string(),
        state: host.state.as_str(),
        mark: mark(host.state),
        is_this,
        seen: length(visit.now - host.seen_at),
        version: news.version.clone(),
        up: visit.moment(news.started_at, Tz::UTC),
        roles: list(news.roles.0.iter().map(ToString::to_string).collect()),
        labels: list(news.labels.0.iter().map(|(name, value)| format!("{name}={value}")).collect()),
        queues: news.queues.as_ref().map(|queues| list(queues.iter().map(ToString::to_string).collect())),
        skew: news.skew.map(|skew| format!("{} ms", skew.num_milliseconds())),
        is_skewed: news.skew.is_some_and(|skew| skew.abs() > HostNews::SKEWED),
        plugins: news.plugins.iter().map(|(name, digest)| (name.to_string(), digest.clone())).collect(),
    }
}

fn mark(state: HostState) -> &'static str {
    match state {
        HostState::Live => "alive",
        HostState::Draining => "warn",
        HostState::Silent => "gone",
        HostState::Ended => "skipped",
    }
}

/// Those with anything in them, and those that this host knows.
fn queues(visit: &Visit, parts: &WebParts, ledger: &LedgerStatus) -> Vec<Queue> {
    let known = parts.engine.queues();
    let empty = known.named.keys().filter(|name| !ledger.queues.iter().any(|one| one.queue == **name));
    let empty = empty.map(|name| (name, 0, 0, None));
    let all = ledger.queues.iter().map(|one| (&one.queue, one.ready, one.running, one.waiting_since)).chain(empty);
    let mut all: Vec<_> = all
        .map(|(name, ready, running, since)| Queue {
            name: name.to_string(),
            ready,
            running,
            waits: since.filter(|since| *since < visit.now).map(|since| length(visit.now - since)),
            limit: known.limit(name),
            is_taken: known.taken.as_ref().is_none_or(|taken| taken.contains(name)),
        })
        .collect();
    all.sort_by(|one, other| one.name.cmp(&other.name));
    all
}
