//! What is read. Readers see the last commit and never wait for the writer.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use noontide_domain::ports::{
    ArtifactRecord, AttemptLogs, AttemptRecord, History, ItemPage, ItemRecord, LedgerError, LedgerStatus, LinkPage,
    LinkRecord, MessageFilter, MessageRecord, QueueStatus, RunFilter, RunRecord,
};
use noontide_domain::{ArtifactName, Key, RunId, RunState, ScheduleName, Standing};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite, SqlitePool};

use super::lease::limit;
use super::{artifacts, chains, fault, items, outbox, rows, schedules};

const RUNS: &str = concat!("SELECT ", rows::record_columns!(), " FROM run");

const RUN: &str = concat!("SELECT ", rows::record_columns!(), " FROM run WHERE id = ?1");

/// What has the run's present fence is in its own row.
const ATTEMPTS: &str = "\
    SELECT attempt.* FROM attempt JOIN run ON run.id = attempt.run_id \
    WHERE run_id = ?1 AND attempt.fence < run.fence ORDER BY attempt.fence";

const LOGS: &str = "SELECT attempt, lines, dropped FROM log WHERE run_id = ?1 ORDER BY fence";

/// The keys find the occurrence and its backfill; what has another key has a small index of its own.
const OCCURRENCE: &str = concat!(
    "SELECT ",
    rows::record_columns!(),
    " FROM run WHERE id IN ( \
      SELECT id FROM run WHERE key_hash IN (?3, ?4) \
      UNION SELECT id FROM run WHERE due_count IS NOT NULL AND schedule = ?1 AND due_until >= ?2 AND due_at <= ?2 \
      UNION SELECT id FROM run WHERE items > 0 AND schedule = ?1 AND due_at = ?2 \
      UNION SELECT id FROM run WHERE cause = 1 AND schedule = ?1 AND due_at = ?2) \
      ORDER BY id DESC"
);

const LAST_RUNS: &str = concat!(
    "SELECT ",
    rows::record_columns!(),
    " FROM schedule CROSS JOIN run ON run.id = \
      (SELECT max(id) FROM run WHERE run.schedule = schedule.name AND started_at IS NOT NULL) \
      WHERE removed_at IS NULL ORDER BY name"
);

const STATUS: &str = "\
    SELECT queue, sum(ready) AS ready, sum(running) AS running, min(waiting) AS waiting FROM ( \
        SELECT queue, count(*) AS ready, 0 AS running, min(not_before) AS waiting FROM run WHERE state = 0 GROUP BY queue \
        UNION ALL \
        SELECT queue, 0, count(*), NULL FROM run INDEXED BY run_lapsing WHERE state = 1 GROUP BY queue) \
    GROUP BY queue ORDER BY queue";

pub(super) struct SqliteHistory {
    pub readers: SqlitePool,
    pub schema: i64,
}

#[async_trait]
impl History for SqliteHistory {
    async fn runs(&self, filter: RunFilter) -> Result<Vec<RunRecord>, LedgerError> {
        let found = listing(&filter).build().fetch_all(&self.readers).await;
        found.and_then(|found| found.iter().map(rows::record).collect()).map_err(fault::answer)
    }

    async fn run(&self, id: RunId) -> Result<Option<RunRecord>, LedgerError> {
        let found = sqlx::query(RUN).bind(id.0.as_bytes().as_slice()).fetch_optional(&self.readers).await;
        found.and_then(|found| found.as_ref().map(rows::record).transpose()).map_err(fault::answer)
    }

    async fn attempts(&self, id: RunId) -> Result<Vec<AttemptRecord>, LedgerError> {
        let found = sqlx::query(ATTEMPTS).bind(id.0.as_bytes().as_slice()).fetch_all(&self.readers).await;
        found.and_then(|found| found.iter().map(rows::attempt).collect()).map_err(fault::answer)
    }

    async fn logs(&self, id: RunId) -> Result<Vec<AttemptLogs>, LedgerError> {
        let found = sqlx::query(LOGS).bind(id.0.as_bytes().as_slice()).fetch_all(&self.readers).await;
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

    async fn occurrence(&self, schedule: &ScheduleName, at: DateTime<Utc>) -> Result<Vec<RunRecord>, LedgerError> {
        let keys = [Key::occurrence(schedule, at), Key::backfill(schedule, at)].map(|key| key.hash.to_vec());
        let mut query = sqlx::query(OCCURRENCE).bind(schedule.as_str()).bind(at.timestamp_millis());
        for key in keys {
            query = query.bind(key);
        }
        let found = query.fetch_all(&self.readers).await;
        found.and_then(|found| found.iter().map(rows::record).collect()).map_err(fault::answer)
    }

    async fn last_runs(&self) -> Result<Vec<RunRecord>, LedgerError> {
        let found = sqlx::query(LAST_RUNS).fetch_all(&self.readers).await;
        found.and_then(|found| found.iter().map(rows::record).collect()).map_err(fault::answer)
    }

    async fn status(&self) -> Result<LedgerStatus, LedgerError> {
        let found = sqlx::query(STATUS).fetch_all(&self.readers).await.map_err(fault::answer)?;
        let queues = found.iter().map(queue).collect::<Result<Vec<_>, _>>().map_err(fault::answer)?;
        Ok(LedgerStatus {
            kind: "sqlite".to_owned(),
            ready: queues.iter().map(|queue| queue.ready).sum(),
            running: queues.iter().map(|queue| queue.running).sum(),
            queues,
            schema: self.schema,
        })
    }
}

fn queue(row: &SqliteRow) -> Result<QueueStatus, sqlx::Error> {
    let count = |column| row.try_get::<i64, _>(column).map(i64::unsigned_abs);
    Ok(QueueStatus {
        queue: rows::required(row, "queue")?,
        ready: count("ready")?,
        running: count("running")?,
        waiting_since: rows::maybe_instant(row, "waiting")?,
    })
}

/// Only the conditions that are asked for, so that each listing finds its index.
fn listing(filter: &RunFilter) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new(RUNS);
    // What is not over is little beside the history. Unasked, SQLite would walk the history to have it in order.
    query.push(match (filter.state, &filter.schedule) {
        _ if filter.chain.is_some() => " INDEXED BY run_chain WHERE chain IS NOT NULL",
        (Some(RunState::Ready), _) => " INDEXED BY run_ready WHERE 1",
        (Some(RunState::Running), _) => " INDEXED BY run_lapsing WHERE 1",
        (Some(RunState::Failed), None) => " INDEXED BY run_failed WHERE 1",
        _ => " WHERE 1",
    });
    if let Some(schedule) = &filter.schedule {
        query.push(" AND schedule = ").push_bind(schedule.as_str().to_owned());
    }
    if let Some(handler) = &filter.handler {
        query.push(" AND handler = ").push_bind(handler.clone());
    }
    if let Some(chain) = filter.chain {
        query.push(" AND chain = ").push_bind(chain.0.as_bytes().to_vec());
    }
    if let Some(state) = filter.state {
        // Written out: a partial index is taken only for a constant.
        query.push(" AND state = ").push(rows::state_number(state));
    }
    if let Some(since) = filter.since {
        query.push(" AND due_at >= ").push_bind(since.timestamp_millis());
    }
    if let Some(until) = filter.until {
        query.push(" AND due_at < ").push_bind(until.timestamp_millis());
    }
    if let Some(after) = filter.after {
        query.push(" AND id < ").push_bind(after.0.as_bytes().to_vec());
    }
    query.push(" ORDER BY id DESC LIMIT ").push_bind(limit(filter.limit));
    query
}

fn logs(row: &SqliteRow) -> Result<AttemptLogs, sqlx::Error> {
    Ok(AttemptLogs {
        attempt: row.try_get("attempt")?,
        lines: rows::from_json("lines", row.try_get("lines")?)?,
        dropped: row.try_get::<i64, _>("dropped")?.unsigned_abs(),
    })
}

#[cfg(test)]
pub(super) fn statements() -> [&'static str; 5] {
    [RUN, ATTEMPTS, OCCURRENCE, LAST_RUNS, STATUS]
}

#[cfg(test)]
pub(super) fn listing_statement(filter: &RunFilter) -> String {
    listing(filter).sql().as_str().to_owned()
}
