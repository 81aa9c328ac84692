//! Counting ends: what nobody has counted yet, in the order in which it ended, up to a mark that moves with the counts.
//!
//! What ends now is written now, as a rule, and the mark stays [`LAG`] behind. Whoever writes an end [late](WRITTEN_LATE) notes
//! it in the same transaction, and it is counted by its note, once the mark has passed it. So each end is counted once, whoever
//! counts, and nothing of it costs the one that records ends.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use noontide_domain::ports::{LedgerError, Overview, Retention, RunBrief};
use noontide_domain::rollup::{Count, Ended, Ends, KEPT, LAG, WRITTEN_LATE, Whose, joined, roll_up};
use noontide_domain::{RunId, ScheduleName};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::connection::{Kind, Readers};
use crate::history::Reading;
use crate::lease::limit;
use crate::listing::Listing;
use crate::query::query;
use crate::row::Row;
use crate::writer::{Desk, Request};
use crate::{fault, links, rows};

statements!(
    rollups: MARK, NEXT, LATE, NOTE, FORGET, MOVE, ADD, COUNTS, REST, REST_OF_ONE, LATEST, NEWEST, NEWEST_FIRST, PRUNE
);

/// How many ends are counted as they are read. A busy host has so many in some seconds.
const REST_AT_MOST: usize = 10_000;

/// And of one schedule, of how many of its newest rows.
const REST_OF_ONE_AT_MOST: usize = 1_000;

/// How often a question is asked during which the mark moved.
const TRIES: usize = 5;

/// Schedules in one statement; SQLite joins 500 questions at most.
const AT_ONCE: usize = 100;

/// Up to where ends are counted.
#[derive(Debug, Clone, Copy)]
struct Mark {
    at: DateTime<Utc>,
    run: Uuid,
    revision: i64,
}

async fn mark(readers: &Readers) -> Result<Mark, sqlx::Error> {
    let row = query(MARK).one(readers).await?;
    Ok(Mark {
        at: rows::instant(&row, "finished_at")?,
        run: rows::uuid(&row, "run_id")?,
        revision: row.try_get("revision")?,
    })
}

/// The next ends, counted, and where the mark moves with that. Written only if nobody has moved it.
pub(crate) struct Counted {
    pub ends: u64,
    counts: Vec<Count>,
    /// Of those that had one.
    notes: Vec<RunId>,
    from: Mark,
    to: (DateTime<Utc>, Uuid),
}

/// `None` if there is nothing to count.
pub(crate) async fn next(readers: &Readers, now: DateTime<Utc>, batch: usize) -> Result<Option<Counted>, sqlx::Error> {
    let (from, horizon) = (mark(readers).await?, now - LAG);
    let next = query(NEXT).bind(from.at.timestamp_millis()).bind(from.run);
    let mut counted = ended(next.bind(horizon.timestamp_millis()).bind(limit(batch)).all(readers).await?)?;
    let to = match counted.last() {
        Some(last) if counted.len() >= batch => (last.at, last.run.0),
        _ if horizon >= from.at => (horizon, Uuid::max()),
        // The clock was set back: nothing was read.
        _ => (from.at, from.run),
    };
    let late = ended(query(LATE).bind(to.0.timestamp_millis()).bind(limit(batch)).all(readers).await?)?;
    let (ends, notes) = ((counted.len() + late.len()) as u64, late.iter().map(|one| one.run).collect());
    counted.extend(late);
    Ok((ends > 0).then(|| Counted { ends, counts: roll_up(&counted), notes, from, to }))
}

#[async_trait]
impl Request for Counted {
    /// Whether nobody was faster.
    type Answer = bool;

    async fn write(&self, desk: &mut Desk<'_>) -> Result<bool, sqlx::Error> {
        let (at, run) = self.to;
        let moved = query(MOVE).bind(at.timestamp_millis()).bind(run).bind(self.from.revision);
        if moved.run(&mut *desk).await? == 0 {
            return Ok(false);
        }
        query(ADD).bind(Value::Array(self.counts.iter().map(columns).collect()).to_string()).run(&mut *desk).await?;
        if !self.notes.is_empty() {
            query(FORGET).bind(ids(self.notes.iter().copied())).run(&mut *desk).await?;
        }
        Ok(true)
    }
}

/// In the order of [`ADD`].
fn columns(count: &Count) -> Value {
    let (schedule, handler) = place(&count.whose);
    json!([
        schedule,
        handler,
        count.from.timestamp_millis(),
        rows::state_number(count.state),
        count.reason.as_deref().unwrap_or_default(),
        count.ends,
        count.wall_ms,
        count.wall_ms_max,
    ])
}

fn place(whose: &Whose) -> (String, String) {
    match whose {
        Whose::All => Default::default(),
        Whose::Schedule(name) => (name.to_string(), String::new()),
        Whose::Handler(handler) => (String::new(), handler.to_string()),
    }
}

/// Notes those of the ends written now that were long ago.
pub(crate) async fn note_late(
    over: impl Iterator<Item = (RunId, DateTime<Utc>)>,
    desk: &mut Desk<'_>,
) -> Result<(), sqlx::Error> {
    let now = desk.now;
    let late: Vec<_> = over.filter(|(_, at)| now - at > late()).map(|(run, _)| run).collect();
    if late.is_empty() {
        return Ok(());
    }
    query(NOTE).bind(ids(late.into_iter())).run(&mut *desk).await.map(drop)
}

fn late() -> chrono::TimeDelta {
    chrono::TimeDelta::from_std(WRITTEN_LATE).unwrap_or_default()
}

fn ids(runs: impl Iterator<Item = RunId>) -> String {
    json!(runs.map(links::hex).collect::<Vec<_>>()).to_string()
}

/// Counts go long after what was counted.
pub(crate) async fn forget(retention: Retention, desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
    let before = (retention.before - KEPT).timestamp_millis();
    query(PRUNE).bind(before).bind(limit(retention.batch)).run(&mut *desk).await.map(drop)
}

#[async_trait]
impl Overview for Reading {
    async fn ends(&self, whose: &Whose, from: DateTime<Utc>, until: DateTime<Utc>) -> Result<Ends, LedgerError> {
        let now = self.time.now(&self.readers).await.map_err(fault::answer)?;
        let range = (whose.begin(from), until);
        for _ in 0..TRIES {
            if let Some(ends) = ends(&self.readers, whose, range, now).await.map_err(fault::answer)? {
                return Ok(ends);
            }
        }
        Err(LedgerError::Unavailable("ends are being counted; ask again".to_owned()))
    }

    async fn newest(
        &self,
        schedules: &[ScheduleName],
        each: usize,
    ) -> Result<BTreeMap<ScheduleName, Vec<RunBrief>>, LedgerError> {
        let mut newest: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for some in schedules.chunks(AT_ONCE) {
            let found = newest_of(self.readers.kind(), some, each).query().all(&self.readers).await;
            let found = found.and_then(|found| found.iter().map(brief).collect::<Result<Vec<_>, _>>());
            for run in found.map_err(fault::answer)? {
                let Some(schedule) = run.schedule.clone() else { continue };
                newest.entry(schedule).or_default().push(run);
            }
        }
        newest.values_mut().for_each(|runs| runs.sort_by_key(|run| std::cmp::Reverse(run.id)));
        Ok(newest)
    }

    async fn latest(&self, since: DateTime<Utc>, most: usize) -> Result<Vec<RunBrief>, LedgerError> {
        let found = query(LATEST).bind(since.timestamp_millis()).bind(limit(most)).all(&self.readers).await;
        found.and_then(|found| found.iter().map(brief).collect()).map_err(fault::answer)
    }
}

/// `None` if the mark moved meanwhile: some ends were read twice then.
async fn ends(
    readers: &Readers,
    whose: &Whose,
    (from, until): (DateTime<Utc>, DateTime<Utc>),
    now: DateTime<Utc>,
) -> Result<Option<Ends>, sqlx::Error> {
    let mark = self::mark(readers).await?;
    let (schedule, handler) = place(whose);
    let counts = query(COUNTS).bind(&schedule).bind(&handler).bind(from.timestamp_millis());
    let counts = counts.bind(until.timestamp_millis()).all(readers).await?;
    let counts = counts.iter().map(|row| count(row, whose)).collect::<Result<Vec<_>, _>>()?;
    let after = |statement| query(statement).bind(mark.at.timestamp_millis()).bind(mark.run);
    let (rest, until_now) = match whose {
        Whose::Schedule(_) => {
            let rest = after(REST_OF_ONE).bind(limit(REST_OF_ONE_AT_MOST)).bind(&schedule);
            (ended(rest.all(readers).await?)?, now)
        }
        _ => {
            let rest = ended(after(REST).bind(limit(REST_AT_MOST)).all(readers).await?)?;
            let last = rest.last().filter(|_| rest.len() >= REST_AT_MOST).map(|last| last.at);
            (rest, last.unwrap_or(now))
        }
    };
    if self::mark(readers).await?.revision != mark.revision {
        return Ok(None);
    }
    let is_asked_for = |count: &Count| count.whose == *whose && count.from >= from && count.from < until;
    let rest = roll_up(&rest).into_iter().filter(is_asked_for).collect();
    Ok(Some(Ends { counts: joined(counts, rest), until: until_now }))
}

/// A question for each schedule, joined to one.
fn newest_of(kind: Kind, schedules: &[ScheduleName], each: usize) -> Listing<'_> {
    let mut listing = Listing::new(kind, "");
    for (i, schedule) in schedules.iter().enumerate() {
        listing.push(if i == 0 { "SELECT * FROM (" } else { " UNION ALL SELECT * FROM (" });
        listing.push(NEWEST.of(kind)).push_bind(schedule.as_str());
        listing.push(NEWEST_FIRST.of(kind)).push(&limit(each).to_string()).push(&format!(") AS s{i}"));
    }
    listing
}

#[derive(Deserialize)]
struct Kinded {
    kind: String,
}

fn ended(found: Vec<Row>) -> Result<Vec<Ended>, sqlx::Error> {
    let ended = |row: &Row| {
        let reason = row.try_get::<Option<&str>>("reason")?;
        Ok(Ended {
            run: RunId(rows::uuid(row, "id")?),
            schedule: rows::parsed(row, "schedule")?,
            handler: rows::required(row, "handler")?,
            at: rows::instant(row, "finished_at")?,
            state: rows::state(row)?,
            reason: reason.map(|text| rows::from_json::<Kinded>("reason", text)).transpose()?.map(|reason| reason.kind),
            wall_ms: row.try_get::<i64>("wall_ms")?.unsigned_abs(),
            times: row.try_get::<i64>("times")?.unsigned_abs(),
        })
    };
    found.iter().map(ended).collect()
}

fn count(row: &Row, whose: &Whose) -> Result<Count, sqlx::Error> {
    let number = |column| row.try_get::<i64>(column).map(i64::unsigned_abs);
    let reason: &str = row.try_get("reason")?;
    Ok(Count {
        whose: whose.clone(),
        from: rows::instant(row, "since")?,
        state: rows::state(row)?,
        reason: (!reason.is_empty()).then(|| reason.to_owned()),
        ends: number("ends")?,
        wall_ms: number("wall_ms")?,
        wall_ms_max: number("wall_ms_max")?,
    })
}

fn brief(row: &Row) -> Result<RunBrief, sqlx::Error> {
    Ok(RunBrief {
        id: RunId(rows::uuid(row, "id")?),
        schedule: rows::parsed(row, "schedule")?,
        handler: rows::required(row, "handler")?,
        due_at: rows::instant(row, "due_at")?,
        cause: rows::cause(row)?,
        state: rows::state(row)?,
        attempt: row.try_get("attempt")?,
        started_at: rows::maybe_instant(row, "started_at")?,
        finished_at: rows::instant(row, "finished_at")?,
        wall_ms: row.try_get::<i64>("wall_ms")?.unsigned_abs(),
    })
}

#[cfg(test)]
pub(crate) fn newest_statement(kind: Kind) -> String {
    let schedules = ["a", "b"].map(|name| name.parse().unwrap());
    newest_of(kind, &schedules, 30).text().to_owned()
}
