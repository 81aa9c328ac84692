//! What is read. Readers see the last commit and never wait for the writer.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use noontide_domain::change::ScheduleChange;
use noontide_domain::ports::{
    AlertFilter, AlertRecord, ArtifactRecord, AttemptLogs, AttemptRecord, History, HostFilter, HostRecord,
    IncidentFilter, ItemPage, ItemRecord, LedgerError, LedgerStatus, LinkPage, LinkRecord, MessageCounts,
    MessageFilter, MessageRecord, QueueStatus, RunFilter, RunRecord,
};
use noontide_domain::{ArtifactName, Incident, Key, RunId, RunState, ScheduleName, Standing};

use crate::connection::{Kind, Readers, Time};
use crate::lease::limit;
use crate::listing::Listing;
use crate::query::query;
use crate::row::Row;
use crate::{alerts, artifacts, chains, changes, fault, hosts, incidents, items, outbox, rows, schedules};

statements!(history: RUNS, RUN, ATTEMPTS, LOGS, OCCURRENCE, LAST_RUNS, STATUS, OF_A_CHAIN, READY, RUNNING, FAILED, ANY);

pub(crate) struct Reading {
    pub readers: Readers,
    pub time: Time,
    pub schema: i64,
}

#[async_trait]
impl History for Reading {
    async fn runs(&self, filter: RunFilter) -> Result<Vec<RunRecord>, LedgerError> {
        let found = listing(self.readers.kind(), &filter).query().all(&self.readers).await;
        found.and_then(|found| found.iter().map(rows::record).collect()).map_err(fault::answer)
    }

    async fn run(&self, id: RunId) -> Result<Option<RunRecord>, LedgerError> {
        let found = query(RUN).bind(id).first(&self.readers).await;
        found.and_then(|found| found.as_ref().map(rows::record).transpose()).map_err(fault::answer)
    }

    async fn attempts(&self, id: RunId) -> Result<Vec<AttemptRecord>, LedgerError> {
        let found = query(ATTEMPTS).bind(id).all(&self.readers).await;
        found.and_then(|found| found.iter().map(rows::attempt).collect()).map_err(fault::answer)
    }

    async fn logs(&self, id: RunId) -> Result<Vec<AttemptLogs>, LedgerError> {
        let found = query(LOGS).bind(id).all(&self.readers).await;
        found.and_then(|found| found.iter().map(logs).collect()).map_err(fault::answer)
    }

    async fn artifacts(&self, id: RunId) -> Result<Vec<ArtifactRecord>, LedgerError> {
        artifacts::list(&self.readers, id).await.map_err(fault::answer)
    }

    async fn artifact(
        &self,
        id: RunId,
        name: &ArtifactName,
    ) -> Result<Option<(ArtifactRecord, Arc<[u8]>)>, LedgerError> {
        artifacts::read(&self.readers, id, name).await.map_err(fault::answer)
    }

    async fn messages(&self, filter: MessageFilter) -> Result<Vec<MessageRecord>, LedgerError> {
        outbox::list(&self.readers, &filter).await.map_err(fault::answer)
    }

    async fn message_counts(&self) -> Result<MessageCounts, LedgerError> {
        outbox::counts(&self.readers).await.map_err(fault::answer)
    }

    async fn items(&self, page: ItemPage) -> Result<Vec<ItemRecord>, LedgerError> {
        items::page(&self.readers, page).await.map_err(fault::answer)
    }

    async fn link(&self, id: RunId) -> Result<Option<LinkRecord>, LedgerError> {
        chains::link(&self.readers, id).await.map_err(fault::answer)
    }

    async fn links(&self, page: LinkPage) -> Result<Vec<LinkRecord>, LedgerError> {
        chains::page(&self.readers, page).await.map_err(fault::answer)
    }

    async fn standings(&self) -> Result<Vec<Standing>, LedgerError> {
        schedules::standings(&self.readers).await.map_err(fault::answer)
    }

    async fn changes(&self, schedule: &ScheduleName) -> Result<Vec<ScheduleChange>, LedgerError> {
        changes::list(&self.readers, schedule).await.map_err(fault::answer)
    }

    async fn occurrence(&self, schedule: &ScheduleName, at: DateTime<Utc>) -> Result<Vec<RunRecord>, LedgerError> {
        let keys = [Key::occurrence(schedule, at), Key::backfill(schedule, at)].map(|key| key.hash.to_vec());
        let mut query = query(OCCURRENCE).bind(schedule.as_str()).bind(at.timestamp_millis());
        for key in keys {
            query = query.bind(key);
        }
        let found = query.all(&self.readers).await;
        found.and_then(|found| found.iter().map(rows::record).collect()).map_err(fault::answer)
    }

    async fn last_runs(&self) -> Result<Vec<RunRecord>, LedgerError> {
        let found = query(LAST_RUNS).all(&self.readers).await;
        found.and_then(|found| found.iter().map(rows::record).collect()).map_err(fault::answer)
    }

    async fn hosts(&self, filter: HostFilter) -> Result<Vec<HostRecord>, LedgerError> {
        let now = self.time.now(&self.readers).await.map_err(fault::answer)?;
        hosts::list(&self.readers, &filter, now).await.map_err(fault::answer)
    }

    async fn incidents(&self, filter: IncidentFilter) -> Result<Vec<Incident>, LedgerError> {
        incidents::list(&self.readers, &filter).await.map_err(fault::answer)
    }

    async fn alerts(&self, filter: AlertFilter) -> Result<Vec<AlertRecord>, LedgerError> {
        alerts::list(&self.readers, &filter).await.map_err(fault::answer)
    }

    async fn status(&self) -> Result<LedgerStatus, LedgerError> {
        let found = query(STATUS).all(&self.readers).await.map_err(fault::answer)?;
        let queues = found.iter().map(queue).collect::<Result<Vec<_>, _>>().map_err(fault::answer)?;
        Ok(LedgerStatus {
            kind: self.readers.kind().name().to_owned(),
            ready: queues.iter().map(|queue| queue.ready).sum(),
            running: queues.iter().map(|queue| queue.running).sum(),
            queues,
            schema: self.schema,
        })
    }
}

fn queue(row: &Row) -> Result<QueueStatus, sqlx::Error> {
    let count = |column| row.try_get::<i64>(column).map(i64::unsigned_abs);
    Ok(QueueStatus {
        queue: rows::required(row, "queue")?,
        ready: count("ready")?,
        running: count("running")?,
        waiting_since: rows::maybe_instant(row, "waiting")?,
    })
}

/// Only the conditions that are asked for, so that each listing finds its index.
fn listing(kind: Kind, filter: &RunFilter) -> Listing<'_> {
    let mut query = Listing::new(kind, RUNS.of(kind));
    // What is not over is little beside the history. Unasked, a database would walk the history to have it in order.
    let way = match (filter.state, &filter.schedule) {
        _ if filter.chain.is_some() => OF_A_CHAIN,
        (Some(RunState::Ready), _) => READY,
        (Some(RunState::Running), _) => RUNNING,
        (Some(RunState::Failed), None) => FAILED,
        _ => ANY,
    };
    query.push(way.of(kind));
    if let Some(schedule) = &filter.schedule {
        query.push(" AND schedule = ").push_bind(schedule.as_str());
    }
    if let Some(handler) = &filter.handler {
        query.push(" AND handler = ").push_bind(handler);
    }
    if let Some(chain) = filter.chain {
        query.push(" AND chain = ").push_bind(chain);
    }
    if let Some(state) = filter.state {
        // Written out: a partial index is taken only for a constant.
        query.push(" AND state = ").push(&rows::state_number(state).to_string());
    }
    if let Some(since) = filter.since {
        query.push(" AND due_at >= ").push_bind(since.timestamp_millis());
    }
    if let Some(until) = filter.until {
        query.push(" AND due_at < ").push_bind(until.timestamp_millis());
    }
    if let Some(after) = filter.after {
        query.push(" AND id < ").push_bind(after);
    }
    query.push(" ORDER BY id DESC LIMIT ").push_bind(limit(filter.limit));
    query
}

fn logs(row: &Row) -> Result<AttemptLogs, sqlx::Error> {
    Ok(AttemptLogs {
        attempt: row.try_get("attempt")?,
        lines: rows::from_json("lines", row.try_get("lines")?)?,
        dropped: row.try_get::<i64>("dropped")?.unsigned_abs(),
    })
}

#[cfg(test)]
pub(crate) fn listing_statement(kind: Kind, filter: &RunFilter) -> String {
    listing(kind, filter).text().to_owned()
}
