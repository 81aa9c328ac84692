//! Metrics of what waits: runs by queue, messages; and of what goes on.

use std::sync::Arc;

use noontide_domain::HostState;
use noontide_domain::ports::{HostFilter, LedgerStatus, MessageCounts};
use noontide_engine::EngineHandle;

use super::in_time;
use super::page::{Metric, Page};
use crate::WebParts;

const RUNNING: Metric = Metric::gauge("noontide_running", "Handlers that run on this host.");
const PLACES: Metric = Metric::gauge("noontide_places", "Handlers that may run on this host at the same time.");
const HELD: Metric = Metric::gauge("noontide_leases_held", "Runs whose lease this host holds.");
const DEPTH: Metric =
    Metric::gauge("noontide_queue_depth", "Runs in the ledger that wait, for their time or for a place, by queue.");
const LEASED: Metric =
    Metric::gauge("noontide_queue_running", "Runs in the ledger under a lease of any host, by queue.");
const OLDEST: Metric = Metric::gauge(
    "noontide_queue_oldest_ready_seconds",
    "For how long the run that waits longest could have begun, by queue.",
);
const MESSAGES: Metric = Metric::gauge("noontide_outbox_messages", "Messages in the ledger's outbox, by state.");
const TRIES: Metric =
    Metric::counter("noontide_outbox_deliveries_total", "Tries of this host to send a message, by what came of it.");
const HOSTS: Metric = Metric::gauge("noontide_hosts", "Hosts that share the ledger, by state.");

/// Counted one by one at most.
const MOST_HOSTS: usize = 10_000;

/// What the ledger says, of all hosts.
pub(super) struct Heard {
    status: LedgerStatus,
    messages: MessageCounts,
    hosts: Vec<HostState>,
}

/// `None` if the ledger does not answer, or not in time.
pub(super) async fn ask(parts: &WebParts) -> Option<Heard> {
    let history = Arc::clone(&parts.history);
    in_time(async move {
        let all = HostFilter { state: None, after: None, limit: MOST_HOSTS };
        let hosts = history.hosts(all).await?.into_iter().map(|host| host.state).collect();
        Ok(Heard { status: history.status().await?, messages: history.message_counts().await?, hosts })
    })
    .await
}

pub(super) fn write(page: &mut Page, engine: &EngineHandle, heard: Option<&Heard>) {
    let status = engine.status();
    page.one(&RUNNING, status.places.saturating_sub(status.free_places) as f64);
    page.one(&PLACES, status.places as f64);
    page.one(&HELD, status.held as f64);
    let queues = heard.map_or(&[][..], |heard| &heard.status.queues);
    let mut depth = page.metric(&DEPTH);
    queues.iter().for_each(|one| depth.add(&[("queue", one.queue.as_str())], one.ready as f64));
    let mut leased = page.metric(&LEASED);
    queues.iter().for_each(|one| leased.add(&[("queue", one.queue.as_str())], one.running as f64));
    let mut oldest = page.metric(&OLDEST);
    for queue in queues {
        let waits = queue.waiting_since.map_or(0, |since| (status.now - since).num_milliseconds().max(0));
        oldest.add(&[("queue", queue.queue.as_str())], waits as f64 / 1_000.0);
    }
    outbox(page, engine, heard);
    let mut hosts = page.metric(&HOSTS);
    for state in HostState::ALL.into_iter().filter(|_| heard.is_some()) {
        let count = heard.map_or(0, |heard| heard.hosts.iter().filter(|host| **host == state).count());
        hosts.add(&[("state", state.as_str())], count as f64);
    }
}

fn outbox(page: &mut Page, engine: &EngineHandle, heard: Option<&Heard>) {
    let mut messages = page.metric(&MESSAGES);
    if let Some(MessageCounts { waiting, sending, dead }) = heard.map(|heard| heard.messages) {
        for (state, count) in [("waiting", waiting), ("sending", sending), ("dead", dead)] {
            messages.add(&[("state", state)], count as f64);
        }
    }
    let mut tries = page.metric(&TRIES);
    for (result, count) in engine.tally().messages.all() {
        tries.add(&[("result", &result)], count.read() as f64);
    }
}
