//! `/audit`: who did what, and what was refused.

use askama::Template;
use axum::extract::State;
use axum::routing::{Router, get};
use chrono_tz::Tz;
use noontide_domain::AuditId;
use noontide_domain::ports::{AuditEntry, AuditFilter};
use serde::Deserialize;

use super::moment::Moment;
use super::page::{Asked, Page, Shown};
use super::visit::Visit;
use crate::WebParts;
use crate::problem::{Answer, Problem};

/// Rows of a page.
const ROWS: usize = 100;

pub(crate) fn routes() -> Router<WebParts> {
    Router::new().route("/audit", get(audit))
}

/// What stands in the address of the page.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Filter {
    who: String,
    action: String,
    thing: String,
    /// `done` or `refused`; both where it is empty.
    outcome: String,
    after: String,
}

#[derive(Template)]
#[template(path = "audit.html")]
struct Audit {
    visit: Visit,
    filter: Filter,
    rows: Vec<Row>,
    /// The address of the next page, below the base.
    next: Option<String>,
}

struct Row {
    at: Moment,
    entry: AuditEntry,
}

async fn audit(visit: Visit, State(parts): State<WebParts>, Asked(filter): Asked<Filter>) -> Shown<Audit> {
    let wanted = filter.wanted().map_err(visit.problem())?;
    parts.register.settled().await;
    let mut found = parts.register.ledger.audit(wanted).await.map_err(visit.problem())?;
    let more = found.len() > ROWS;
    found.truncate(ROWS);
    let next = found.last().filter(|_| more).map(|last| filter.after(last.id));
    let rows = found.into_iter().map(|entry| Row { at: visit.moment(entry.at, Tz::UTC), entry }).collect();
    Ok(Page(Audit { visit, filter, rows, next }))
}

impl Filter {
    fn wanted(&self) -> Answer<AuditFilter> {
        let given = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        let done = match self.outcome.as_str() {
            "" => None,
            "done" => Some(true),
            "refused" => Some(false),
            word => return Err(Problem::bad_request(format!("`outcome` is `{word}`; done or refused is expected"))),
        };
        let refused = |_| Problem::bad_request(format!("`after`: `{}` is no entry's id", self.after));
        let after = given(&self.after).map(|id| id.parse().map_err(refused)).transpose()?;
        let (who, action, thing) = (given(&self.who), given(&self.action), given(&self.thing));
        Ok(AuditFilter { who, action, thing, done, since: None, until: None, after, limit: ROWS + 1 })
    }

    fn after(&self, last: AuditId) -> String {
        let last = last.to_string();
        let pairs = [
            ("who", &self.who),
            ("action", &self.action),
            ("thing", &self.thing),
            ("outcome", &self.outcome),
            ("after", &last),
        ];
        let given: Vec<_> = pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        format!("/audit?{}", serde_urlencoded::to_string(given).unwrap_or_default())
    }
}
