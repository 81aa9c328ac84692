//! The items of timetables: what a submission brings, what a call is handed, what became of each. A submission may hold a
//! hundred thousand, so whatever is done is done to all of them in one statement.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use async_trait::async_trait;
use noontide_domain::ports::{Claim, Claimed, ItemPage, ItemRecord, Submitted, Tenant};
use noontide_domain::{Bucket, Item, ItemStatus, ItemsEnd, Report, RunId, Submission, key};
use serde_json::{Value, json};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqlitePool};

use super::fault::shape;
use super::lease::limit;
use super::writer::{Desk, Request};
use super::{claim, rows, submissions};

/// Keys that are not handed over: their run goes on, or they were executed and do not come again.
const KNOWN: &str = "\
    SELECT key_hash FROM item WHERE key_hash IN (SELECT unhex(value) FROM json_each(?1)) AND ( \
        (status = 1 AND NOT ?2) OR (status = 2 AND NOT ?3) \
        OR (SELECT state FROM run WHERE run.id = item.run_id) < 2)";

/// What a row keeps when it is handed over again: its id, its key, and when it was first seen.
const HAND_OVER: &str = "\
    WITH new AS MATERIALIZED (SELECT value FROM json_each(?1)) \
    INSERT INTO item (key_hash, key_text, schedule, handler, flag, due_at, payload, status, run_id, runs, created_at, \
                      updated_at) \
    SELECT unhex(value ->> 0), value ->> 1, ?2, ?3, ?4, value ->> 2, value ->> 3, 0, unhex(value ->> 4), 1, ?5, ?5 \
    FROM new WHERE 1 \
    ON CONFLICT (key_hash) DO UPDATE SET schedule = excluded.schedule, payload = excluded.payload, status = 0, \
        run_id = excluded.run_id, runs = runs + 1, error = NULL, finished_at = NULL, updated_at = excluded.updated_at";

const COUNT: &str = "\
    UPDATE run SET items = handed.items \
    FROM (SELECT unhex(value ->> 0) AS id, value ->> 1 AS items FROM json_each(?1)) AS handed WHERE run.id = handed.id";

const LEFT: &str = "\
    SELECT run_id, key_hash, key_text, payload FROM item \
    WHERE run_id IN (SELECT unhex(value) FROM json_each(?1)) AND status <> 1 ORDER BY id";

const END_ALL: &str = "\
    UPDATE item SET status = ?2, error = ?3, finished_at = ?4, updated_at = ?5 WHERE run_id = ?1 AND status <> 1";

const END_EACH: &str = "\
    WITH told AS MATERIALIZED (SELECT unhex(value ->> 0) AS key_hash, value ->> 1 AS error FROM json_each(?2)) \
    UPDATE item SET status = CASE WHEN told.error IS NULL THEN 1 ELSE 2 END, error = told.error, finished_at = ?3, \
                    updated_at = ?4 \
    FROM told WHERE item.key_hash = told.key_hash AND item.run_id = ?1";

const RECOUNT: &str = "\
    UPDATE run SET items_succeeded = (SELECT count(*) FROM item WHERE run_id = run.id AND status = 1), \
                   items_failed = (SELECT count(*) FROM item WHERE run_id = run.id AND status = 2) \
    WHERE id = ?1";

const PAGE: &str = "\
    SELECT id, key_hash, key_text, payload, status, error, runs, finished_at, created_at, updated_at FROM item \
    WHERE run_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3";

pub(super) struct Submit {
    pub submission: Submission,
    pub tenant: Option<Tenant>,
}

#[async_trait]
impl Request for Submit {
    type Answer = Submitted;

    async fn write(&self, desk: &mut Desk<'_>) -> Result<Submitted, sqlx::Error> {
        if let Some(counts) = submissions::before(self.submission.id, desk).await? {
            return Ok(Submitted { counts, claimed: Vec::new() });
        }
        let submitted = self.hand_over(desk).await?;
        submissions::note(&self.submission, submitted.counts, desk).await?;
        Ok(submitted)
    }
}

impl Submit {
    async fn hand_over(&self, desk: &mut Desk<'_>) -> Result<Submitted, sqlx::Error> {
        let known = known(&self.submission, desk).await?;
        let mut submitted = Submitted { counts: self.submission.counts, claimed: Vec::new() };
        let mut full = Vec::new();
        for Bucket { fire, items } in &self.submission.buckets {
            let left: Vec<_> = items.iter().filter(|item| !known.contains(&item.key.hash)).collect();
            submitted.counts.accepted += left.len() as u64;
            submitted.counts.duplicate += (items.len() - left.len()) as u64;
            if !left.is_empty() {
                full.push((fire, left));
            }
        }
        let Some((first, _)) = full.first() else { return Ok(submitted) };
        let flag = &self.submission.timetable.flag;
        sqlx::query(HAND_OVER)
            .bind(handed_over(&full))
            .bind(self.submission.schedule.as_str())
            .bind(first.order.handler.to_string())
            .bind(flag)
            .bind(desk.now.timestamp_millis())
            .execute(&mut *desk.connection)
            .await?;
        let claim = Claim { fire: full.iter().map(|(fire, _)| (*fire).clone()).collect(), ..Claim::default() };
        submitted.claimed = claim::write(&claim, self.tenant.as_ref(), desk).await?;
        let counts = full.iter().map(|(fire, items)| json!([fire.order.id.0.simple().to_string(), items.len()]));
        let counts = Value::Array(counts.collect()).to_string();
        sqlx::query(COUNT).bind(counts).execute(&mut *desk.connection).await?;
        for (claimed, (_, items)) in submitted.claimed.iter_mut().zip(full) {
            if let Claimed::Leased(leased) = claimed {
                leased.items = items.into_iter().cloned().collect();
            }
        }
        Ok(submitted)
    }
}

async fn known(submission: &Submission, desk: &mut Desk<'_>) -> Result<HashSet<[u8; 16]>, sqlx::Error> {
    let mut keys = String::from("[");
    for item in submission.buckets.iter().flat_map(|bucket| &bucket.items) {
        // Writing to a text cannot fail.
        let _ = write!(keys, "{}\"{}\"", if keys.len() > 1 { "," } else { "" }, item.key.hex());
    }
    keys.push(']');
    let timetable = &submission.timetable;
    let query =
        sqlx::query(KNOWN).bind(keys).bind(timetable.repeatable).bind(timetable.repeatable || timetable.retry_failed);
    query.fetch_all(&mut *desk.connection).await?.iter().map(rows::key_hash).collect()
}

/// In the order of [`HAND_OVER`].
fn handed_over(full: &[(&noontide_domain::ports::Fire, Vec<&Item>)]) -> String {
    let mut all = Vec::new();
    for (fire, items) in full {
        let (run, due_at) = (fire.order.id.0.simple().to_string(), fire.order.due_at.timestamp_millis());
        all.extend(items.iter().map(|item| json!([item.key.hex(), item.key.text, due_at, item.payload, run])));
    }
    Value::Array(all).to_string()
}

/// What the calls of the runs just leased are handed. Most runs have no items, and asking costs them nothing.
pub(super) async fn left(taken: &[SqliteRow], desk: &mut Desk<'_>) -> Result<HashMap<RunId, Vec<Item>>, sqlx::Error> {
    let mut runs = Vec::new();
    for row in taken {
        if row.try_get::<i64, _>("items")? > 0 {
            runs.push(rows::uuid(row, "id")?.simple().to_string());
        }
    }
    let mut left: HashMap<_, Vec<_>> = HashMap::new();
    if runs.is_empty() {
        return Ok(left);
    }
    for row in sqlx::query(LEFT).bind(json!(runs).to_string()).fetch_all(&mut *desk.connection).await? {
        let item = Item { key: rows::key(&row)?, payload: row.try_get("payload")? };
        left.entry(RunId(rows::uuid(&row, "run_id")?)).or_default().push(item);
    }
    Ok(left)
}

/// What the end of an attempt means for the items of its run.
pub(super) async fn settle(run: RunId, report: &Report, is_over: bool, desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
    let id = run.0.as_bytes().as_slice();
    let (finished, now) = (report.finished_at.timestamp_millis(), desk.now.timestamp_millis());
    match report.items_end(is_over) {
        ItemsEnd::Untouched => return Ok(()),
        ItemsEnd::All(error) => {
            let status = if error.is_some() { ItemStatus::Failed } else { ItemStatus::Succeeded };
            let query = sqlx::query(END_ALL).bind(id).bind(number(status)).bind(error).bind(finished).bind(now);
            query.execute(&mut *desk.connection).await?;
        }
        ItemsEnd::Each(all) => {
            let told = all.iter().map(|one| json!([key::hex(&one.key), one.error]));
            let told = Value::Array(told.collect()).to_string();
            let query = sqlx::query(END_EACH).bind(id).bind(told).bind(finished).bind(now);
            query.execute(&mut *desk.connection).await?;
        }
    }
    sqlx::query(RECOUNT).bind(id).execute(&mut *desk.connection).await?;
    Ok(())
}

pub(super) async fn page(readers: &SqlitePool, page: ItemPage) -> Result<Vec<ItemRecord>, sqlx::Error> {
    let after = page.after.map_or(0, rows::signed);
    let query = sqlx::query(PAGE).bind(page.run.0.as_bytes().as_slice()).bind(after).bind(limit(page.limit));
    query.fetch_all(readers).await?.iter().map(record).collect()
}

fn record(row: &SqliteRow) -> Result<ItemRecord, sqlx::Error> {
    Ok(ItemRecord {
        id: row.try_get::<i64, _>("id")?.unsigned_abs(),
        key: rows::key(row)?,
        payload: row.try_get("payload")?,
        status: status(row)?,
        error: row.try_get("error")?,
        runs: row.try_get::<i64, _>("runs")?.unsigned_abs(),
        finished_at: rows::maybe_instant(row, "finished_at")?,
        created_at: rows::instant(row, "created_at")?,
        updated_at: rows::instant(row, "updated_at")?,
    })
}

fn status(row: &SqliteRow) -> Result<ItemStatus, sqlx::Error> {
    let number: i64 = row.try_get("status")?;
    let position = usize::try_from(number).ok();
    position.and_then(|i| ItemStatus::ALL.get(i)).copied().ok_or_else(|| shape("status", number))
}

/// The number of a status on disk: its place in [`ItemStatus::ALL`].
fn number(status: ItemStatus) -> i64 {
    match status {
        ItemStatus::Waiting => 0,
        ItemStatus::Succeeded => 1,
        ItemStatus::Failed => 2,
    }
}

#[cfg(test)]
pub(super) fn statements() -> [&'static str; 8] {
    [KNOWN, HAND_OVER, COUNT, LEFT, END_ALL, END_EACH, RECOUNT, PAGE]
}
