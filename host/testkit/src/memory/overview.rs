//! What many ends come to.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use noontide_domain::ScheduleName;
use noontide_domain::ports::{LedgerError, Overview, RunBrief};
use noontide_domain::rollup::{Ended, Ends, KEPT, LAG, Whose, joined, roll_up};

use super::MemoryLedger;
use super::book::Book;
use super::row::Row;

impl Book {
    /// Counts the earliest ends that nobody has counted.
    pub fn roll_up(&mut self, batch: usize, now: DateTime<Utc>) -> u64 {
        let mut ended: Vec<_> = self.uncounted().into_iter().filter(|one| one.at <= now - LAG).collect();
        ended.sort_by_key(|one| (one.at, one.run));
        ended.truncate(batch);
        self.counted.extend(ended.iter().map(|one| one.run));
        self.counts = joined(std::mem::take(&mut self.counts), roll_up(&ended));
        ended.len() as u64
    }

    pub fn forget_counts(&mut self, before: DateTime<Utc>) {
        self.counts.retain(|count| count.from >= before - KEPT);
        self.counted.retain(|run| self.rows.contains_key(run));
    }

    fn uncounted(&self) -> Vec<Ended> {
        let rows = self.rows.values().filter(|row| !self.counted.contains(&row.order.id));
        rows.filter_map(Row::ended).collect()
    }

    fn briefs(&self) -> impl Iterator<Item = RunBrief> {
        self.rows.values().rev().filter_map(Row::brief)
    }
}

impl Row {
    fn ended(&self) -> Option<Ended> {
        let brief = self.brief()?;
        let kind = |reason| serde_json::to_value(reason).ok()?.get("kind")?.as_str().map(str::to_owned);
        Some(Ended {
            run: brief.id,
            schedule: brief.schedule,
            handler: brief.handler,
            at: brief.finished_at,
            state: brief.state,
            reason: self.reason.as_ref().and_then(kind),
            wall_ms: brief.wall_ms,
            times: self.span.map_or(1, |(_, times)| times),
        })
    }

    fn brief(&self) -> Option<RunBrief> {
        Some(RunBrief {
            id: self.order.id,
            schedule: self.order.schedule.clone(),
            handler: self.order.handler.clone(),
            due_at: self.order.due_at,
            cause: self.order.cause,
            state: self.state,
            attempt: self.attempt,
            started_at: self.started_at,
            finished_at: self.finished_at.filter(|_| !self.is_live())?,
            wall_ms: self.usage.wall_ms,
        })
    }
}

#[async_trait]
impl Overview for MemoryLedger {
    async fn ends(&self, whose: &Whose, from: DateTime<Utc>, until: DateTime<Utc>) -> Result<Ends, LedgerError> {
        let book = self.book();
        let mut counts = joined(book.counts.clone(), roll_up(&book.uncounted()));
        counts.retain(|count| count.whose == *whose && count.from >= whose.begin(from) && count.from < until);
        Ok(Ends { counts, until: self.clock.now() })
    }

    async fn newest(
        &self,
        schedules: &[ScheduleName],
        each: usize,
    ) -> Result<BTreeMap<ScheduleName, Vec<RunBrief>>, LedgerError> {
        let mut newest: BTreeMap<ScheduleName, Vec<_>> = BTreeMap::new();
        for run in self.book().briefs() {
            let Some(schedule) = run.schedule.clone().filter(|name| schedules.contains(name)) else { continue };
            newest.entry(schedule).or_default().push(run);
        }
        newest.values_mut().for_each(|runs| runs.truncate(each));
        Ok(newest)
    }

    async fn latest(&self, since: DateTime<Utc>, limit: usize) -> Result<Vec<RunBrief>, LedgerError> {
        let mut latest: Vec<_> = self.book().briefs().filter(|run| run.finished_at >= since).collect();
        latest.sort_by_key(|run| std::cmp::Reverse((run.finished_at, run.id)));
        latest.truncate(limit);
        Ok(latest)
    }
}
