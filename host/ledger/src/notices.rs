//! Notices: written with what they are about, in its transaction, so that no trouble is recorded of which nobody is told.
//!
//! A host without rules writes none ([`Desk::heeds`]). What went well is noted only of what is not over.

use std::collections::BTreeSet;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use noontide_domain::alert::noted::{self, OfRun};
use noontide_domain::alert::{Incident, Notice, Subject};
use noontide_domain::{MessageId, RunId};
use serde_json::{Value, json};

use crate::connection::Readers;
use crate::query::query;
use crate::row::Row;
use crate::rows;
use crate::writer::{Desk, Request};

statements!(notices: WRITE, READ, FORGET, LOST, PRESENT, ANY_LOST, KNOWN_LOST, SENDER);

/// Of hosts that went away longer ago nobody is told: who switches alerts on hears nothing of last month.
const LATELY: TimeDelta = TimeDelta::days(1);

/// Writes them in their order, if somebody reads them.
pub(crate) async fn write(notices: &[Notice], desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
    if notices.is_empty() || !desk.heeds {
        return Ok(());
    }
    let mut wrong = BTreeSet::new();
    let mut told = Vec::with_capacity(notices.len());
    for notice in notices {
        let is_wrong = notice.condition.is_some();
        // What went wrong a moment before in the same statement is not seen by it.
        let maybe = i64::from(!is_wrong && !wrong.contains(&notice.subject));
        if is_wrong {
            wrong.insert(&notice.subject);
        }
        let body = rows::to_json("notice", notice)?;
        told.push(json!([notice.at.timestamp_millis(), notice.subject.to_string(), body, maybe]));
    }
    query(WRITE).bind(Value::Array(told).to_string()).run(&mut *desk).await.map(drop)
}

/// A run, from a row that has its schedule, its handler and its due instant.
pub(crate) fn of_run(run: RunId, row: &Row) -> Result<OfRun, sqlx::Error> {
    let schedule = match row.try_get::<Option<&str>>("schedule")? {
        Some(_) => Some(rows::required(row, "schedule")?),
        None => None,
    };
    Ok(OfRun { run, schedule, handler: rows::required(row, "handler")?, due_at: rows::instant(row, "due_at")? })
}

/// What became of a message, for whoever handed it over; `None` if it is gone.
pub(crate) async fn of_message(
    id: MessageId,
    gave_up: Option<&str>,
    desk: &mut Desk<'_>,
) -> Result<Option<Notice>, sqlx::Error> {
    let Some(row) = query(SENDER).bind(id.to_string()).first(&mut *desk).await? else { return Ok(None) };
    let (plugin, destination) = (rows::required(&row, "plugin")?, row.try_get("destination")?);
    Ok(Some(noted::message(id, plugin, destination, gave_up, desk.now)))
}

/// Notices of what the ledger does not see itself.
pub(crate) struct Note {
    pub notices: Vec<Notice>,
}

#[async_trait]
impl Request for Note {
    type Answer = ();

    async fn write(&self, desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
        desk.heeds = true;
        write(&self.notices, desk).await
    }
}

/// Whether a host went away of which nobody was told, or one may be back.
pub(crate) async fn misses_hosts(readers: &Readers, now: DateTime<Utc>) -> Result<bool, sqlx::Error> {
    let since = (now - LATELY).timestamp_millis();
    let row = query(ANY_LOST).bind(now.timestamp_millis()).bind(since).one(readers).await?;
    Ok(row.try_get::<i64>("lost")? > 0 || row.try_get::<i64>("known")? > 0)
}

pub(crate) struct NoteHosts {
    pub own: String,
}

#[async_trait]
impl Request for NoteHosts {
    type Answer = ();

    async fn write(&self, desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
        desk.heeds = true;
        let (now, since) = (desk.now.timestamp_millis(), (desk.now - LATELY).timestamp_millis());
        let lost = query(LOST).bind(now).bind(since).all(&mut *desk).await?;
        let mut present = query(PRESENT).bind(now).texts("name", &mut *desk).await?;
        present.push(self.own.clone());
        let mut notices = Vec::new();
        for row in &lost {
            let name: String = row.try_get("name")?;
            // Whoever took its place has its name.
            if !present.contains(&name) {
                notices.push(noted::lost(&name, rows::instant(row, "seen_at")?, desk.now));
            }
        }
        for text in query(KNOWN_LOST).texts("body", &mut *desk).await? {
            let incident: Incident = rows::from_json("incident", &text)?;
            if let Subject::Host(name) = &incident.subject
                && present.contains(name)
            {
                notices.push(noted::back(name, desk.now));
            }
        }
        write(&notices, desk).await
    }
}
