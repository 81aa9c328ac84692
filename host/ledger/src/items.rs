//! The items of timetables: what a submission brings, what a call is handed, what became of each. A submission may hold a
//! hundred thousand, so whatever is done is done to all of them in one statement.

use std::collections::HashMap;
use std::fmt::Write as _;

use async_trait::async_trait;
use noontide_domain::ports::{Claim, Claimed, Fire, ItemPage, ItemRecord, Submitted, Tenant};
use noontide_domain::{Bucket, Item, ItemStatus, ItemsEnd, Lease, Report, RunId, Submission, key};
use serde_json::{Value, json};

use crate::connection::Readers;
use crate::fault::shape;
use crate::lease::limit;
use crate::query::query;
use crate::row::Row;
use crate::writer::{Desk, Request};
use crate::{claim, rows, submissions};

statements!(items: LOCK, KNOWN, HAND_OVER, COUNT, LEFT, END_ALL, END_EACH, RECOUNT, PAGE);

/// MariaDB takes 16 MiB at once, unless it is told otherwise; what is bound grows a little on its way.
const PORTION: usize = 4 << 20;

pub(crate) struct Submit {
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

    fn handed_over(answer: &Submitted) -> Vec<Lease> {
        claim::leases(&answer.claimed)
    }
}

impl Submit {
    async fn hand_over(&self, desk: &mut Desk<'_>) -> Result<Submitted, sqlx::Error> {
        // First, so that who submits to the same schedule does not come upon half of the keys.
        let schedule = json!([self.submission.schedule]).to_string();
        query(claim::LOCK).bind(schedule).run(&mut *desk).await?;
        let known = known(&self.submission, desk).await?;
        let mut submitted = Submitted { counts: self.submission.counts, claimed: Vec::new() };
        let mut full = Vec::new();
        for Bucket { fire, items } in &self.submission.buckets {
            let left: Vec<_> = items.iter().filter(|item| known.get(&item.key.hash) != Some(&Known::Taken)).collect();
            submitted.counts.accepted += left.len() as u64;
            submitted.counts.duplicate += (items.len() - left.len()) as u64;
            if !left.is_empty() {
                full.push((fire, left));
            }
        }
        let Some((first, _)) = full.first() else { return Ok(submitted) };
        let flag = &self.submission.timetable.flag;
        for portion in portions(handed_over(&full, &known)) {
            query(HAND_OVER)
                .bind(portion)
                .bind(self.submission.schedule.as_str())
                .bind(first.order.handler.to_string())
                .bind(flag)
                .bind(desk.now.timestamp_millis())
                .run(&mut *desk)
                .await?;
        }
        let claim = Claim { fire: full.iter().map(|(fire, _)| (*fire).clone()).collect(), ..Claim::default() };
        submitted.claimed = claim::write(&claim, self.tenant.as_ref(), desk).await?;
        let counts = full.iter().map(|(fire, items)| json!([fire.order.id.0.simple().to_string(), items.len()]));
        let counts = Value::Array(counts.collect()).to_string();
        query(COUNT).bind(counts).run(&mut *desk).await?;
        for (claimed, (_, items)) in submitted.claimed.iter_mut().zip(full) {
            if let Claimed::Leased(leased) = claimed {
                leased.items = items.into_iter().cloned().collect();
            }
        }
        Ok(submitted)
    }
}

/// What a key that has a row already can have come to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    /// It is handed over again.
    Free,
    /// Its run goes on, or it was executed and does not come again.
    Taken,
}

/// They are ours until the end of the transaction: nobody else hands them over.
async fn known(submission: &Submission, desk: &mut Desk<'_>) -> Result<HashMap<[u8; 16], Known>, sqlx::Error> {
    let mut keys = String::from("[");
    for item in submission.buckets.iter().flat_map(|bucket| &bucket.items) {
        // Writing to a text cannot fail.
        let _ = write!(keys, "{}\"{}\"", if keys.len() > 1 { "," } else { "" }, item.key.hex());
    }
    keys.push(']');
    let timetable = &submission.timetable;
    // Apart from the question, because that sees what was committed before it began.
    query(LOCK).bind(&keys).run(&mut *desk).await?;
    let query =
        query(KNOWN).bind(&keys).bind(timetable.repeatable).bind(timetable.repeatable || timetable.retry_failed);
    let rows = query.all(&mut *desk).await?;
    let known = |row: &Row| Ok((rows::key_hash(row)?, if row.try_get("free")? { Known::Free } else { Known::Taken }));
    rows.iter().map(known).collect()
}

/// In the order of [`HAND_OVER`]; last, whether the key had a row before.
fn handed_over<'a>(
    full: &'a [(&Fire, Vec<&Item>)],
    known: &'a HashMap<[u8; 16], Known>,
) -> impl Iterator<Item = Value> + 'a {
    full.iter().flat_map(move |(fire, items)| {
        let (run, due_at) = (fire.order.id.0.simple().to_string(), fire.order.due_at.timestamp_millis());
        items.iter().map(move |item| {
            let was_known = i64::from(known.contains_key(&item.key.hash));
            json!([item.key.hex(), item.key.text, due_at, item.payload, run, was_known])
        })
    })
}

/// JSON arrays of the rows, each short enough for one statement.
fn portions(rows: impl Iterator<Item = Value>) -> Vec<String> {
    let (mut portions, mut portion) = (Vec::new(), String::new());
    for row in rows {
        let row = row.to_string();
        if !portion.is_empty() && portion.len() + row.len() > PORTION {
            portions.push(std::mem::take(&mut portion) + "]");
        }
        portion.push(if portion.is_empty() { '[' } else { ',' });
        portion.push_str(&row);
    }
    if !portion.is_empty() {
        portions.push(portion + "]");
    }
    portions
}

/// What the calls of the runs just leased are handed. Most runs have no items, and asking costs them nothing.
pub(crate) async fn left(taken: &[Row], desk: &mut Desk<'_>) -> Result<HashMap<RunId, Vec<Item>>, sqlx::Error> {
    let mut runs = Vec::new();
    for row in taken {
        if row.try_get::<i64>("items")? > 0 {
            runs.push(rows::uuid(row, "id")?.simple().to_string());
        }
    }
    let mut left: HashMap<_, Vec<_>> = HashMap::new();
    if runs.is_empty() {
        return Ok(left);
    }
    for row in query(LEFT).bind(json!(runs).to_string()).all(&mut *desk).await? {
        let item = Item { key: rows::key(&row)?, payload: row.try_get("payload")? };
        left.entry(RunId(rows::uuid(&row, "run_id")?)).or_default().push(item);
    }
    Ok(left)
}

/// What the end of an attempt means for the items of its run.
pub(crate) async fn settle(run: RunId, report: &Report, is_over: bool, desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
    let (finished, now) = (report.finished_at.timestamp_millis(), desk.now.timestamp_millis());
    match report.items_end(is_over) {
        ItemsEnd::Untouched => return Ok(()),
        ItemsEnd::All(error) => {
            let status = if error.is_some() { ItemStatus::Failed } else { ItemStatus::Succeeded };
            let query = query(END_ALL).bind(run).bind(number(status)).bind(error).bind(finished).bind(now);
            query.run(&mut *desk).await?;
        }
        ItemsEnd::Each(all) => {
            for told in portions(all.iter().map(|one| json!([key::hex(&one.key), one.error]))) {
                let query = query(END_EACH).bind(run).bind(told).bind(finished).bind(now);
                query.run(&mut *desk).await?;
            }
        }
    }
    query(RECOUNT).bind(run).run(&mut *desk).await?;
    Ok(())
}

pub(crate) async fn page(readers: &Readers, page: ItemPage) -> Result<Vec<ItemRecord>, sqlx::Error> {
    let after = page.after.map_or(0, rows::signed);
    let query = query(PAGE).bind(page.run).bind(after).bind(limit(page.limit));
    query.all(readers).await?.iter().map(record).collect()
}

fn record(row: &Row) -> Result<ItemRecord, sqlx::Error> {
    Ok(ItemRecord {
        id: row.try_get::<i64>("id")?.unsigned_abs(),
        key: rows::key(row)?,
        payload: row.try_get("payload")?,
        status: status(row)?,
        error: row.try_get("error")?,
        runs: row.try_get::<i64>("runs")?.unsigned_abs(),
        finished_at: rows::maybe_instant(row, "finished_at")?,
        created_at: rows::instant(row, "created_at")?,
        updated_at: rows::instant(row, "updated_at")?,
    })
}

fn status(row: &Row) -> Result<ItemStatus, sqlx::Error> {
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
