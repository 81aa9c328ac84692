//! Incidents: judging notices by the rules. One at a time: who has the lock reads, decides, writes, and what was read is gone.

use std::collections::BTreeSet;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use noontide_domain::alert::{Acknowledgement, AlertRule, Incident, IncidentId, IncidentState, Notice, judge};
use noontide_domain::ports::{IncidentFilter, IncidentWish, Judged};
use serde_json::json;

use crate::connection::{Kind, Readers};
use crate::lease::limit;
use crate::listing::Listing;
use crate::notices::{FORGET, READ};
use crate::query::query;
use crate::writer::{Desk, Request};
use crate::{alerts, rows};

statements!(incidents: LOCK, OF_SUBJECTS, DUE, WRITE, ONE, NEXT, LIST);

/// Until the transaction ends nobody else judges, or leases messages.
pub(crate) async fn lock(desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
    query(LOCK).one(&mut *desk).await.map(drop)
}

/// When there is something to judge.
pub(crate) async fn next(readers: &Readers, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, sqlx::Error> {
    let row = query(NEXT).one(readers).await?;
    match row.try_get::<Option<i64>>("waits")? {
        Some(_) => Ok(Some(now)),
        None => rows::maybe_instant(&row, "due"),
    }
}

pub(crate) struct Judge {
    pub rules: Vec<AlertRule>,
    pub limit: usize,
    pub now: DateTime<Utc>,
}

#[async_trait]
impl Request for Judge {
    type Answer = Judged;

    async fn write(&self, desk: &mut Desk<'_>) -> Result<Judged, sqlx::Error> {
        lock(desk).await?;
        let (mut numbers, mut notices) = (Vec::new(), Vec::new());
        for row in query(READ).bind(limit(self.limit)).all(&mut *desk).await? {
            numbers.push(row.try_get::<i64>("seq")?);
            notices.push(rows::from_json::<Notice>("notice", row.try_get("body")?)?);
        }
        let known = self.known(&notices, desk).await?;
        let judgement = judge(&self.rules, &notices, known.clone(), self.now);
        for incident in &judgement.incidents {
            let rule = self.rules.iter().find(|rule| rule.name == incident.rule);
            write(incident, incident.look_at(rule), desk).await?;
        }
        let changed: BTreeSet<_> = judgement.incidents.iter().map(|incident| incident.id).collect();
        // Looked at, and nothing to say yet: not looked at again before there may be.
        for incident in known.iter().filter(|incident| !changed.contains(&incident.id)) {
            let rule = self.rules.iter().find(|rule| rule.name == incident.rule);
            write(incident, incident.look_at(rule), desk).await?;
        }
        for alert in &judgement.alerts {
            alerts::write(alert, desk).await?;
        }
        if !numbers.is_empty() {
            query(FORGET).bind(json!(numbers).to_string()).run(&mut *desk).await?;
        }
        Ok(Judged { notices: notices.len(), incidents: judgement.incidents, alerts: judgement.alerts })
    }
}

impl Judge {
    /// What is not over of those that the notices are about, and what has to be said again.
    async fn known(&self, notices: &[Notice], desk: &mut Desk<'_>) -> Result<Vec<Incident>, sqlx::Error> {
        let mut found =
            query(DUE).bind(self.now.timestamp_millis()).bind(limit(self.limit)).texts("body", &mut *desk).await?;
        let subjects: BTreeSet<_> = notices.iter().map(|notice| notice.subject.to_string()).collect();
        if !subjects.is_empty() {
            found.extend(query(OF_SUBJECTS).bind(json!(subjects).to_string()).texts("body", &mut *desk).await?);
        }
        found.iter().map(|text| rows::from_json("incident", text)).collect()
    }
}

async fn write(incident: &Incident, look_at: Option<DateTime<Utc>>, desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
    let millis = |at: Option<DateTime<Utc>>| at.map(|at| at.timestamp_millis());
    query(WRITE)
        .bind(incident.id.0)
        .bind(incident.subject.to_string())
        .bind(number(incident.state))
        .bind(millis(look_at))
        .bind(millis(incident.ended_at))
        .bind(rows::to_json("incident", incident)?)
        .run(&mut *desk)
        .await
        .map(drop)
}

/// Its place in [`IncidentState::ALL`].
fn number(state: IncidentState) -> i64 {
    match state {
        IncidentState::Counting => 0,
        IncidentState::Open => 1,
        IncidentState::Closed => 2,
    }
}

pub(crate) struct ChangeIncident {
    pub id: IncidentId,
    pub wish: IncidentWish,
}

#[async_trait]
impl Request for ChangeIncident {
    type Answer = Option<Incident>;

    async fn write(&self, desk: &mut Desk<'_>) -> Result<Option<Incident>, sqlx::Error> {
        lock(desk).await?;
        let found = query(ONE).bind(self.id.0).texts("body", &mut *desk).await?;
        let Some(text) = found.first() else { return Ok(None) };
        let mut incident: Incident = rows::from_json("incident", text)?;
        if incident.state == IncidentState::Closed {
            return Ok(Some(incident));
        }
        let look_at = match &self.wish {
            IncidentWish::Acknowledge(known) => {
                incident.acknowledged = known.clone();
                // Looked at when it is loud again; the rule says then whether there is something to say.
                match known {
                    Some(Acknowledgement { until, .. }) => *until,
                    None => Some(desk.now),
                }
            }
            IncidentWish::Close { words, at } => {
                incident.state = IncidentState::Closed;
                incident.ended_at = Some(*at);
                incident.words.clone_from(words);
                None
            }
        };
        write(&incident, look_at, desk).await?;
        Ok(Some(incident))
    }
}

pub(crate) async fn list(readers: &Readers, filter: &IncidentFilter) -> Result<Vec<Incident>, sqlx::Error> {
    let found = listing(readers.kind(), filter).query().texts("body", readers).await?;
    found.iter().map(|text| rows::from_json("incident", text)).collect()
}

fn listing(kind: Kind, filter: &IncidentFilter) -> Listing<'_> {
    let mut query = Listing::new(kind, LIST.of(kind));
    match (filter.id, filter.state) {
        (Some(id), _) => query.push(" id = ").push_bind(id.0),
        // Written out: a partial index is taken only for a constant.
        (None, state) => query.push(" state = ").push(&number(state.unwrap_or(IncidentState::Open)).to_string()),
    };
    if let Some(subject) = &filter.subject {
        query.push(" AND subject = ").push_bind(subject.to_string());
    }
    if let Some(after) = filter.after {
        query.push(" AND id < ").push_bind(after.0);
    }
    query.push(" ORDER BY id DESC LIMIT ").push_bind(limit(filter.limit));
    query
}
