//! `/alerts`: what is wrong and who was told, what is over, and the rules and sinks of this host.

mod message;
mod trouble;

use std::collections::HashMap;

use askama::Template;
use axum::extract::State;
use axum::routing::{Router, get};
use noontide_domain::alert::{AlertRule, Incident, IncidentId, IncidentState, NamePattern};
use noontide_domain::ports::{AlertFilter, AlertRecord, IncidentFilter, LedgerError, SinkFacts};
use noontide_domain::{Scope, duration};
use serde::Deserialize;

pub(super) use self::message::Message;
pub(super) use self::trouble::Trouble;
use super::page::{Asked, Page, Shown};
use super::visit::Visit;
use crate::WebParts;
use crate::problem::Problem;

/// Incidents of each list.
const ROWS: usize = 25;

/// Messages that are looked through for what became of the incidents shown.
const LOOKED_AT: usize = 250;

/// Messages that are listed.
const MESSAGES: usize = 15;

pub(crate) fn routes() -> Router<WebParts> {
    Router::new().route("/alerts", get(alerts))
}

/// What stands in the address of the page.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Filter {
    /// Of those that are over, older than this one.
    after: String,
}

#[derive(Template)]
#[template(path = "alerts.html")]
struct Alerts {
    visit: Visit,
    may_operate: bool,
    /// Told and going on, and those that no rule has told of yet.
    open: Vec<Row>,
    has_more_open: bool,
    over: Vec<Row>,
    /// The address of the older ones, below the base.
    next: Option<String>,
    messages: Vec<Message>,
    rules: Vec<Rule>,
    sinks: Vec<Sink>,
}

/// An incident, and what became of the newest message about it at each sink.
struct Row {
    trouble: Trouble,
    /// Sink, mark, state.
    told: Vec<(String, &'static str, &'static str)>,
}

struct Rule {
    name: String,
    on: String,
    /// Of what it is; of all, if it does not say.
    only: Option<String>,
    when: String,
    sinks: String,
}

struct Sink {
    facts: SinkFacts,
    /// The newest message to it.
    newest: Option<Message>,
}

async fn alerts(visit: Visit, State(parts): State<WebParts>, Asked(filter): Asked<Filter>) -> Shown<Alerts> {
    let after = Some(filter.after.as_str()).filter(|after| !after.is_empty());
    let after = after.map(str::parse).transpose().map_err(Problem::bad_request).map_err(visit.problem())?;
    let Found { mut open, mut over, messages } =
        found(&parts, after).await.map_err(|problem| visit.problem()(Problem::from(problem)))?;
    let (has_more_open, has_more_over) = (open.len() > ROWS, over.len() > ROWS);
    open.truncate(ROWS);
    over.truncate(ROWS);
    let next = over.last().filter(|_| has_more_over).map(|last| format!("/alerts?after={}", last.id));
    let newest = newest(&messages);
    let row = |incident: &Incident| Row {
        trouble: Trouble::new(&visit, &parts, incident),
        told: told(&messages, incident.id),
    };
    Ok(Page(Alerts {
        may_operate: visit.visitor.may(Scope::Operate),
        open: open.iter().map(row).collect(),
        has_more_open,
        over: over.iter().map(row).collect(),
        next,
        messages: messages.iter().take(MESSAGES).map(|one| Message::new(&visit, one)).collect(),
        rules: parts.engine.alert_rules().iter().map(rule).collect(),
        sinks: parts.engine.alert_sinks().into_iter().map(|facts| sink(&visit, &newest, facts)).collect(),
        visit,
    }))
}

/// What the ledger knows, newest first; of incidents one more than is shown.
struct Found {
    open: Vec<Incident>,
    over: Vec<Incident>,
    messages: Vec<AlertRecord>,
}

async fn found(parts: &WebParts, after: Option<IncidentId>) -> Result<Found, LedgerError> {
    let of = |state, after| IncidentFilter { state: Some(state), after, limit: ROWS + 1, ..IncidentFilter::default() };
    let mut open = parts.history.incidents(of(IncidentState::Open, None)).await?;
    open.extend(parts.history.incidents(of(IncidentState::Counting, None)).await?);
    let over = parts.history.incidents(of(IncidentState::Closed, after)).await?;
    let messages = parts.history.alerts(AlertFilter { limit: LOOKED_AT, ..AlertFilter::default() }).await?;
    Ok(Found { open, over, messages })
}

/// Of each sink.
fn newest(messages: &[AlertRecord]) -> HashMap<&str, &AlertRecord> {
    messages.iter().rev().map(|one| (one.sink.as_str(), one)).collect()
}

fn told(messages: &[AlertRecord], incident: IncidentId) -> Vec<(String, &'static str, &'static str)> {
    let mut told: Vec<(String, &str, &str)> = Vec::new();
    for one in messages.iter().filter(|one| one.incident == incident) {
        if told.iter().all(|(sink, ..)| *sink != one.sink) {
            told.push((one.sink.clone(), message::mark(one.state), one.state.as_str()));
        }
    }
    told.sort();
    told
}

fn rule(rule: &AlertRule) -> Rule {
    let listed = |patterns: &[NamePattern]| patterns.iter().map(|one| one.0.clone()).collect::<Vec<_>>().join(", ");
    let only = [("schedules", listed(&rule.schedules)), ("handlers", listed(&rule.handlers))];
    let only: Vec<_> =
        only.into_iter().filter(|(_, names)| !names.is_empty()).map(|(of, names)| format!("{of} {names}")).collect();
    let first = match rule.after {
        0 | 1 => "at once".to_owned(),
        times => format!("after {times} failures in a row"),
    };
    let again = rule.remind.map(|remind| format!("again every {}", duration::words(remind)));
    let recovery = rule.recovery.then(|| "and when it is over".to_owned());
    Rule {
        name: rule.name.clone(),
        on: rule.on.iter().map(|condition| condition.as_str()).collect::<Vec<_>>().join(", "),
        only: Some(only.join("; ")).filter(|only| !only.is_empty()),
        when: [Some(first), again, recovery].into_iter().flatten().collect::<Vec<_>>().join(", "),
        sinks: rule.sinks.join(", "),
    }
}

fn sink(visit: &Visit, newest: &HashMap<&str, &AlertRecord>, facts: SinkFacts) -> Sink {
    Sink { newest: newest.get(facts.name.as_str()).map(|one| Message::new(visit, one)), facts }
}
