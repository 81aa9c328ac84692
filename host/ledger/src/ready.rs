//! Which ready runs are next: higher priority first, then the older.
//!
//! Ready runs stand in levels, one for each queue and priority. The index knows the oldest run of each level, so a level
//! whose runs all wait for a later time costs one look, however many they are, and nothing is read that is not next.

use std::cmp::Reverse;

use chrono::{DateTime, Utc};
use noontide_domain::ports::Tenant;
use noontide_domain::{HandlerRef, PluginName, Priority, QueueName, QueueRoom, RunId};
use serde_json::json;

use crate::connection::Readers;
use crate::lease::limit;
use crate::query::{Place, query};
use crate::row::Row;
use crate::rows;
use crate::writer::Desk;

statements!(ready: LEVELS, OF_LEVEL, OF_LEVEL_BESIDES, NEXT_BESIDES, IN_TURN, NEXT_IN_TURN);

/// The ready runs of one queue and priority: those that are queued behind others of their schedule, or those that are not.
pub(crate) struct Level {
    queued: bool,
    queue: QueueName,
    priority: Priority,
    oldest: DateTime<Utc>,
    /// Something in the ledger can no longer begin in time.
    pub expiring: bool,
}

/// All levels that have a run.
pub(crate) async fn levels(place: impl Place, now: DateTime<Utc>) -> Result<Vec<Level>, sqlx::Error> {
    let found = query(LEVELS).bind(now.timestamp_millis()).all(place).await?;
    let level = |row: &Row| {
        Ok(Level {
            queued: row.try_get("queued")?,
            queue: rows::required(row, "queue")?,
            priority: rows::priority(row)?,
            oldest: rows::instant(row, "not_before")?,
            expiring: row.try_get("expiring")?,
        })
    };
    found.iter().map(level).collect()
}

/// A run that could be leased. Their order is that in which they are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Next {
    priority: Reverse<Priority>,
    not_before: DateTime<Utc>,
    id: RunId,
    queue: QueueName,
    plugin: PluginName,
}

impl Next {
    fn read(row: &Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            priority: Reverse(rows::priority(row)?),
            not_before: rows::instant(row, "not_before")?,
            id: RunId(rows::uuid(row, "id")?),
            queue: rows::required(row, "queue")?,
            plugin: rows::required::<HandlerRef>(row, "handler")?.plugin,
        })
    }
}

/// The runs that `tenant` shall have, in their order.
pub(crate) async fn choose(
    levels: &[Level],
    tenant: &Tenant,
    now: DateTime<Utc>,
    desk: &mut Desk<'_>,
) -> Result<Vec<RunId>, sqlx::Error> {
    let mut room = tenant.queues.clone();
    let mut left = tenant.places;
    let mut chosen = Vec::new();
    let mut open: Vec<_> = levels.iter().filter(|level| level.oldest <= now && room.of(&level.queue) > 0).collect();
    open.sort_by_key(|level| Reverse(level.priority));
    let mut turns = match open.iter().any(|level| level.queued) {
        true => in_turn(&open, left, &room, now, desk).await?,
        false => Vec::new(),
    };
    for equals in open.chunk_by(|one, other| one.priority == other.priority) {
        let before = chosen.len();
        loop {
            let full: Vec<_> = room.full().cloned().collect();
            let mut next: Vec<_> = turns.iter().filter(|one| one.priority.0 == equals[0].priority).cloned().collect();
            for level in equals.iter().filter(|level| !level.queued) {
                let most = left.min(room.of(&level.queue)) + chosen.len() - before;
                next.extend(of_level(level, most, &full, now, desk).await?);
            }
            next.retain(|one| !chosen[before..].contains(&one.id));
            next.sort();
            let taken = next.into_iter().filter(|one| room.take(&one.queue, &one.plugin)).take(left).map(|one| one.id);
            chosen.extend(taken);
            left = tenant.places - chosen.len();
            if left == 0 || room.full().count() == full.len() {
                break;
            }
            // A plugin is full now, and what stands behind its runs has not been looked at.
            if !turns.is_empty() {
                turns = in_turn(&open, tenant.places, &room, now, desk).await?;
            }
        }
        if left == 0 {
            break;
        }
    }
    Ok(chosen)
}

async fn of_level(
    level: &Level,
    most: usize,
    full: &[PluginName],
    now: DateTime<Utc>,
    desk: &mut Desk<'_>,
) -> Result<Vec<Next>, sqlx::Error> {
    let statement = if full.is_empty() { OF_LEVEL } else { OF_LEVEL_BESIDES };
    let mut query = query(statement)
        .bind(level.queue.as_str())
        .bind(i64::from(level.priority.0))
        .bind(now.timestamp_millis())
        .bind(limit(most));
    if !full.is_empty() {
        query = query.bind(json!(full).to_string());
    }
    query.all(&mut *desk).await?.iter().map(Next::read).collect()
}

/// Of the queued runs, those whose turn it is.
async fn in_turn(
    open: &[&Level],
    most: usize,
    room: &QueueRoom,
    now: DateTime<Utc>,
    desk: &mut Desk<'_>,
) -> Result<Vec<Next>, sqlx::Error> {
    let query = query(IN_TURN)
        .bind(queued(open.iter().copied(), &QueueRoom::ALL))
        // A claim that read the clock later may have found the way clear already.
        .bind(now.max(desk.now).timestamp_millis())
        .bind(now.timestamp_millis())
        .bind(limit(most))
        .bind(full(room));
    query.all(&mut *desk).await?.iter().map(Next::read).collect()
}

/// The queues with room in which something is queued, as JSON.
fn queued<'a>(levels: impl Iterator<Item = &'a Level>, room: &QueueRoom) -> String {
    let queues = levels.filter(|level| level.queued && room.of(&level.queue) > 0).map(|level| &level.queue);
    json!(queues.collect::<Vec<_>>()).to_string()
}

/// The plugins without room, as JSON.
fn full(room: &QueueRoom) -> String {
    json!(room.full().collect::<Vec<_>>()).to_string()
}

/// When the next run could be leased by whoever has that room.
pub(crate) async fn next(
    readers: &Readers,
    queues: &QueueRoom,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, sqlx::Error> {
    let levels = levels(readers, now).await?;
    let open = || levels.iter().filter(|level| queues.of(&level.queue) > 0);
    let mut oldest = None;
    for level in open().filter(|level| !level.queued) {
        let next = match queues.full().next() {
            None => Some(level.oldest),
            Some(_) => next_besides(readers, level, queues).await?,
        };
        oldest = oldest.into_iter().chain(next).min();
    }
    if open().all(|level| !level.queued) {
        return Ok(oldest);
    }
    let query = query(NEXT_IN_TURN).bind(queued(open(), queues)).bind(now.timestamp_millis());
    let query = query.bind(None::<i64>).bind(None::<i64>).bind(full(queues));
    let turn = rows::maybe_instant(&query.one(readers).await?, "next")?;
    Ok(oldest.into_iter().chain(turn).min())
}

/// The oldest of the level whose plugin has room.
async fn next_besides(
    readers: &Readers,
    level: &Level,
    room: &QueueRoom,
) -> Result<Option<DateTime<Utc>>, sqlx::Error> {
    let query = query(NEXT_BESIDES).bind(level.queue.as_str()).bind(i64::from(level.priority.0));
    let oldest = query.bind(full(room)).bind(1_i64).first(readers).await?;
    oldest.map(|row| rows::instant(&row, "not_before")).transpose()
}
