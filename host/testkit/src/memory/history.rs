//! What is read.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use noontide_domain::change::ScheduleChange;
use noontide_domain::ports::{
    AlertFilter, AlertRecord, ArtifactRecord, AttemptLogs, AttemptRecord, History, HostFilter, HostRecord,
    IncidentFilter, ItemPage, ItemRecord, LedgerError, LedgerStatus, LinkPage, LinkRecord, MessageCounts,
    MessageFilter, MessageRecord, QueueStatus, RunFilter, RunRecord,
};
use noontide_domain::{
    Artifact, ArtifactName, Incident, MessageState, QueueName, RunId, RunState, ScheduleName, Standing,
};

use super::MemoryLedger;
use super::row::Row;

#[async_trait]
impl History for MemoryLedger {
    async fn runs(&self, filter: RunFilter) -> Result<Vec<RunRecord>, LedgerError> {
        let book = self.book();
        Ok(book.rows.values().rev().filter(|row| fits(row, &filter)).take(filter.limit).map(Row::record).collect())
    }

    async fn run(&self, id: RunId) -> Result<Option<RunRecord>, LedgerError> {
        Ok(self.book().rows.get(&id).map(Row::record))
    }

    async fn attempts(&self, id: RunId) -> Result<Vec<AttemptRecord>, LedgerError> {
        let book = self.book();
        let Some(row) = book.rows.get(&id) else { return Ok(Vec::new()) };
        // What has the run's present fence is in its own record.
        Ok(row.archive.iter().filter(|(fence, _)| *fence < row.fence).map(|(_, record)| record.clone()).collect())
    }

    async fn logs(&self, id: RunId) -> Result<Vec<AttemptLogs>, LedgerError> {
        Ok(self.book().rows.get(&id).map(|row| row.logs.clone()).unwrap_or_default())
    }

    async fn artifacts(&self, id: RunId) -> Result<Vec<ArtifactRecord>, LedgerError> {
        let book = self.book();
        let files = book.rows.get(&id).into_iter().flat_map(|row| row.artifacts.values());
        Ok(files.map(|(attempt, file)| artifact(*attempt, file)).collect())
    }

    async fn artifact(
        &self,
        id: RunId,
        name: &ArtifactName,
    ) -> Result<Option<(ArtifactRecord, Arc<[u8]>)>, LedgerError> {
        let book = self.book();
        let found = book.rows.get(&id).and_then(|row| row.artifacts.get(name));
        Ok(found.map(|(attempt, file)| (artifact(*attempt, file), Arc::clone(&file.content))))
    }

    async fn messages(&self, filter: MessageFilter) -> Result<Vec<MessageRecord>, LedgerError> {
        Ok(self.book().messages(&filter))
    }

    async fn message_counts(&self) -> Result<MessageCounts, LedgerError> {
        let all = self.book().messages(&MessageFilter { limit: usize::MAX, ..MessageFilter::default() });
        let count = |state| all.iter().filter(|message| message.state == state).count() as u64;
        Ok(MessageCounts {
            waiting: count(MessageState::Waiting),
            sending: count(MessageState::Sending),
            dead: count(MessageState::Dead),
        })
    }

    async fn items(&self, page: ItemPage) -> Result<Vec<ItemRecord>, LedgerError> {
        Ok(self.book().items_page(page))
    }

    async fn link(&self, id: RunId) -> Result<Option<LinkRecord>, LedgerError> {
        Ok(self.book().link(id))
    }

    async fn links(&self, page: LinkPage) -> Result<Vec<LinkRecord>, LedgerError> {
        Ok(self.book().links_page(page))
    }

    async fn standings(&self) -> Result<Vec<Standing>, LedgerError> {
        Ok(self.book().standings())
    }

    async fn changes(&self, schedule: &ScheduleName) -> Result<Vec<ScheduleChange>, LedgerError> {
        Ok(self.book().changes.get(schedule).into_iter().flatten().rev().cloned().collect())
    }

    async fn occurrence(&self, schedule: &ScheduleName, at: DateTime<Utc>) -> Result<Vec<RunRecord>, LedgerError> {
        let covers = |row: &&Row| {
            let until = row.span.map_or(row.order.due_at, |(until, _)| until);
            row.order.schedule.as_ref() == Some(schedule) && row.order.due_at <= at && at <= until
        };
        Ok(self.book().rows.values().rev().filter(covers).map(Row::record).collect())
    }

    async fn last_runs(&self) -> Result<Vec<RunRecord>, LedgerError> {
        let book = self.book();
        let mut last = BTreeMap::new();
        for row in book.rows.values().filter(|row| row.started_at.is_some()) {
            let schedule = row.order.schedule.as_ref();
            if let Some(schedule) = schedule.filter(|name| book.schedules.get(name).is_some_and(|entry| !entry.removed))
            {
                last.insert(schedule.clone(), row.record());
            }
        }
        Ok(last.into_values().collect())
    }

    async fn hosts(&self, filter: HostFilter) -> Result<Vec<HostRecord>, LedgerError> {
        Ok(self.book().hosts(&filter, self.clock.now()))
    }

    async fn incidents(&self, filter: IncidentFilter) -> Result<Vec<Incident>, LedgerError> {
        Ok(self.book().alarms.incidents(&filter))
    }

    async fn alerts(&self, filter: AlertFilter) -> Result<Vec<AlertRecord>, LedgerError> {
        Ok(self.book().alarms.list(&filter))
    }

    async fn status(&self) -> Result<LedgerStatus, LedgerError> {
        let book = self.book();
        let mut queues: BTreeMap<QueueName, QueueStatus> = BTreeMap::new();
        for row in book.rows.values().filter(|row| row.is_live()) {
            let queue = row.order.queue.clone();
            let new = || QueueStatus { queue: queue.clone(), ready: 0, running: 0, waiting_since: None };
            let status = queues.entry(queue.clone()).or_insert_with(new);
            if row.state == RunState::Running {
                status.running += 1;
                continue;
            }
            status.ready += 1;
            status.waiting_since = status.waiting_since.into_iter().chain([row.not_before]).min();
        }
        let queues: Vec<_> = queues.into_values().collect();
        let (ready, running) = (queues.iter().map(|one| one.ready).sum(), queues.iter().map(|one| one.running).sum());
        Ok(LedgerStatus { kind: "memory".to_owned(), ready, running, queues, schema: 0 })
    }
}

fn artifact(attempt: u32, file: &Artifact) -> ArtifactRecord {
    let (name, media_type) = (file.name.clone(), file.media_type.clone());
    ArtifactRecord { name, media_type, bytes: file.content.len() as u64, sha256: file.sha256.clone(), attempt }
}

fn fits(row: &Row, filter: &RunFilter) -> bool {
    let order = &row.order;
    filter.schedule.as_ref().is_none_or(|schedule| order.schedule.as_ref() == Some(schedule))
        && filter.handler.as_ref().is_none_or(|handler| order.handler.to_string() == *handler)
        && filter.chain.is_none_or(|chain| order.chain == Some(chain))
        && filter.state.is_none_or(|state| row.state == state)
        && filter.since.is_none_or(|since| order.due_at >= since)
        && filter.until.is_none_or(|until| order.due_at < until)
        && filter.after.is_none_or(|after| order.id < after)
}
