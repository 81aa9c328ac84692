//! Metrics of the ledger and of other databases.

use noontide_engine::Tally;

use super::figures::Figures;
use super::page::{Metric, Page};

const UP: Metric =
    Metric::gauge("noontide_ledger_up", "Is 1 if the ledger has answered the questions of this page in time.");
const REQUESTS: Metric = Metric::histogram(
    "noontide_ledger_request_duration_seconds",
    "From a request to the ledger to its answer, waiting and commit included, by kind of request.",
);
const ERRORS: Metric = Metric::counter(
    "noontide_ledger_errors_total",
    "Requests that the ledger could not carry out, by kind of request.",
);
const COMMITS: Metric = Metric::histogram(
    "noontide_ledger_commit_duration_seconds",
    "Transactions of the ledger from their begin to the end of the commit.",
);
const ROLLED_BACK: Metric =
    Metric::counter("noontide_ledger_rollbacks_total", "Transactions of the ledger that were not committed.");
const READERS: Metric =
    Metric::gauge("noontide_ledger_connections", "Connections that read the ledger, by what they do.");
const CONNECTIONS: Metric =
    Metric::gauge("noontide_connections_in_use", "Connections that statements of handlers use, by database.");
const MOST: Metric =
    Metric::gauge("noontide_connections_max", "Connections that statements of handlers may use, by database.");
const SKIPPED_EVENTS: Metric = Metric::counter(
    "noontide_events_dropped_total",
    "Events that the API's event stream was too slow for; the ledger has what they told of.",
);

pub(super) fn write(page: &mut Page, tally: &Tally, figures: &Figures, is_up: bool) {
    let ledger = &figures.ledger;
    page.one(&UP, f64::from(is_up));
    let mut requests = page.metric(&REQUESTS);
    ledger.requests.iter().for_each(|(kind, spread, _)| requests.spread(&[("request", kind)], spread));
    let mut errors = page.metric(&ERRORS);
    ledger.requests.iter().for_each(|(kind, _, failed)| errors.add(&[("request", kind)], *failed as f64));
    page.metric(&COMMITS).spread(&[], &ledger.transactions);
    page.one(&ROLLED_BACK, ledger.rolled_back as f64);
    let (open, idle) = ledger.readers;
    let mut readers = page.metric(&READERS);
    readers.add(&[("state", "idle")], f64::from(idle));
    readers.add(&[("state", "reading")], f64::from(open.saturating_sub(idle)));
    let mut in_use = page.metric(&CONNECTIONS);
    figures.connections.iter().for_each(|(name, used, _)| in_use.add(&[("connection", name)], f64::from(*used)));
    let mut most = page.metric(&MOST);
    figures.connections.iter().for_each(|(name, _, all)| most.add(&[("connection", name)], f64::from(*all)));
    page.one(&SKIPPED_EVENTS, tally.events_dropped.read() as f64);
}
