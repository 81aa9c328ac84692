//! `/alerts/{id}`: one incident, who was told of it and how that went, and what can be done about it.

use askama::Template;
use axum::extract::{Path, State};
use axum::routing::{Router, get};
use noontide_domain::Scope;
use noontide_domain::alert::{Incident, IncidentId};
use noontide_domain::ports::{AlertFilter, IncidentFilter};

use super::alerts::{Message, Trouble};
use super::page::{Page, Shown};
use super::visit::Visit;
use crate::WebParts;
use crate::problem::{Answer, Problem};

/// Messages that are shown: more than an incident of a day with reminders has.
const MESSAGES: usize = 200;

pub(crate) fn routes() -> Router<WebParts> {
    Router::new().route("/alerts/{id}", get(incident))
}

#[derive(Template)]
#[template(path = "incident.html")]
struct IncidentPage {
    visit: Visit,
    may_operate: bool,
    trouble: Trouble,
    messages: Vec<Message>,
}

async fn incident(visit: Visit, State(parts): State<WebParts>, Path(id): Path<String>) -> Shown<IncidentPage> {
    let found = found(&parts, &id).await.map_err(visit.problem())?;
    let filter = AlertFilter { incident: Some(found.id), limit: MESSAGES, ..AlertFilter::default() };
    let messages = parts.history.alerts(filter).await.map_err(visit.problem())?;
    Ok(Page(IncidentPage {
        may_operate: visit.visitor.may(Scope::Operate),
        trouble: Trouble::new(&visit, &parts, &found),
        messages: messages.iter().map(|one| Message::new(&visit, one)).collect(),
        visit,
    }))
}

async fn found(parts: &WebParts, text: &str) -> Answer<Incident> {
    let id: IncidentId = text.parse().map_err(Problem::not_found)?;
    let filter = IncidentFilter { id: Some(id), limit: 1, ..IncidentFilter::default() };
    let gone = || Problem::not_found(format!("no incident {id}; it may be past the retention"));
    parts.history.incidents(filter).await?.pop().ok_or_else(gone)
}
