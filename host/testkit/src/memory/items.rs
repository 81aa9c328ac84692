//! The items of timetables.

use std::sync::Arc;

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use noontide_domain::ports::{Claim, Claimed, Fire, ItemPage, ItemRecord, LedgerError, Submitted, Tenant};
use noontide_domain::{Bucket, Item, ItemCounts, ItemStatus, ItemsEnd, Report, RunId, Submission, Timetable};

use super::book::Book;

#[derive(Debug, Clone)]
pub(super) struct ItemRow {
    pub run: RunId,
    pub record: ItemRecord,
}

impl Book {
    pub fn submit(
        &mut self,
        submission: Submission,
        tenant: Option<Tenant>,
        now: DateTime<Utc>,
    ) -> Result<Submitted, LedgerError> {
        let fires = |buckets: &[Bucket]| buckets.iter().map(|bucket| bucket.fire.clone()).collect::<Vec<Fire>>();
        self.refuse_known_ids(&Claim { fire: fires(&submission.buckets), ..Claim::default() })?;
        if let Some((_, counts)) = self.submissions.get(&submission.id) {
            return Ok(Submitted { counts: *counts, claimed: Vec::new() });
        }
        let mut submitted = Submitted { counts: submission.counts, claimed: Vec::new() };
        let mut full = Vec::new();
        for mut bucket in submission.buckets {
            let all = bucket.items.len();
            bucket.items.retain(|item| !self.is_known(item, &submission.timetable));
            submitted.counts.accepted += bucket.items.len() as u64;
            submitted.counts.duplicate += (all - bucket.items.len()) as u64;
            let run = bucket.fire.order.id;
            bucket.items.iter().for_each(|item| self.hand_over(item, run, now));
            if !bucket.items.is_empty() {
                full.push(bucket);
            }
        }
        submitted.claimed = self.claim(Claim { fire: fires(&full), ..Claim::default() }, tenant, now)?;
        for (bucket, claimed) in full.into_iter().zip(&mut submitted.claimed) {
            // In the order in which they were handed over; a later call gets them in the order of their rows.
            if let Claimed::Leased(leased) = claimed {
                leased.items = bucket.items.clone().into();
            }
            if let Some(row) = self.rows.get_mut(&bucket.fire.order.id) {
                row.items = Some(ItemCounts { total: bucket.items.len() as u64, ..ItemCounts::default() });
            }
        }
        self.submissions.insert(submission.id, (millis(now), submitted.counts));
        Ok(submitted)
    }

    fn is_known(&self, item: &Item, timetable: &Timetable) -> bool {
        let Some(row) = self.items.get(&item.key.hash) else { return false };
        let comes_again = match row.record.status {
            ItemStatus::Waiting => true,
            ItemStatus::Succeeded => timetable.repeatable,
            ItemStatus::Failed => timetable.repeatable || timetable.retry_failed,
        };
        !comes_again || self.rows.get(&row.run).is_some_and(|run| run.is_live())
    }

    fn hand_over(&mut self, item: &Item, run: RunId, now: DateTime<Utc>) {
        let now = millis(now);
        let known = self.items.get(&item.key.hash).map(|row| &row.record);
        let record = ItemRecord {
            id: known.map_or_else(|| self.items.len() as u64 + 1, |known| known.id),
            key: item.key.clone(),
            payload: item.payload.clone(),
            status: ItemStatus::Waiting,
            error: None,
            runs: known.map_or(0, |known| known.runs) + 1,
            finished_at: None,
            created_at: known.map_or(now, |known| known.created_at),
            updated_at: now,
        };
        self.items.insert(item.key.hash, ItemRow { run, record });
    }

    /// What a call of the run is handed.
    pub fn items_left(&self, run: RunId) -> Arc<[Item]> {
        let left = self.items_of(run).into_iter().filter(|record| record.status != ItemStatus::Succeeded);
        left.map(|record| Item { key: record.key, payload: record.payload }).collect()
    }

    pub fn items_page(&self, page: ItemPage) -> Vec<ItemRecord> {
        let mut records = self.items_of(page.run);
        records.retain(|record| page.after.is_none_or(|after| record.id > after));
        records.truncate(page.limit);
        records
    }

    fn items_of(&self, run: RunId) -> Vec<ItemRecord> {
        let mut records: Vec<_> =
            self.items.values().filter(|row| row.run == run).map(|row| row.record.clone()).collect();
        records.sort_by_key(|record| record.id);
        records
    }

    /// The run has been settled with `report`.
    pub fn settle_items(&mut self, run: RunId, report: &Report, now: DateTime<Utc>) {
        let Some(row) = self.rows.get_mut(&run) else { return };
        let Some(counts) = &mut row.items else { return };
        let end = report.items_end(row.state.is_final());
        let finished = millis(report.finished_at);
        for item in self.items.values_mut().filter(|item| item.run == run) {
            let record = &mut item.record;
            let error = match &end {
                ItemsEnd::Untouched => continue,
                ItemsEnd::All(_) if record.status == ItemStatus::Succeeded => continue,
                ItemsEnd::All(error) => error.clone(),
                ItemsEnd::Each(all) => match all.iter().find(|one| one.key == record.key.hash) {
                    Some(one) => one.error.clone(),
                    None => continue,
                },
            };
            record.status = if error.is_some() { ItemStatus::Failed } else { ItemStatus::Succeeded };
            record.error = error;
            record.finished_at = Some(finished);
            record.updated_at = millis(now);
        }
        let count =
            |status| self.items.values().filter(|item| item.run == run && item.record.status == status).count() as u64;
        (counts.succeeded, counts.failed) = (count(ItemStatus::Succeeded), count(ItemStatus::Failed));
    }
}

/// The durable ledgers keep milliseconds.
fn millis(instant: DateTime<Utc>) -> DateTime<Utc> {
    instant.duration_trunc(TimeDelta::milliseconds(1)).unwrap_or(instant)
}
