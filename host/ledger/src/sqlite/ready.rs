//! Which ready runs are next: higher priority first, then the older.
//!
//! Ready runs stand in levels, one for each queue and priority. The index knows the oldest run of each level, so a level
//! whose runs all wait for a later time costs one look, however many they are, and nothing is read that is not next.

use std::cmp::Reverse;

use chrono::{DateTime, Utc};
use noontide_domain::ports::Tenant;
use noontide_domain::{Priority, QueueName, QueueRoom, RunId};
use serde_json::json;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteExecutor, SqlitePool};

use super::lease::limit;
use super::rows;
use super::writer::Desk;

/// From the oldest of each level to the oldest of the next one, a seek each.
const LEVELS: &str = "\
    WITH RECURSIVE level (queued, queue, priority, not_before) AS ( \
        SELECT * FROM (SELECT queued, queue, priority, not_before FROM run INDEXED BY run_ready WHERE state = 0 \
                       ORDER BY queued, queue, priority, not_before LIMIT 1) \
        UNION ALL \
        SELECT run.queued, run.queue, run.priority, run.not_before FROM level CROSS JOIN run ON run.id = ( \
            SELECT id FROM run AS next INDEXED BY run_ready \
            WHERE state = 0 AND (queued, queue, priority) > (level.queued, level.queue, level.priority) \
            ORDER BY queued, queue, priority, not_before LIMIT 1)) \
    SELECT *, EXISTS (SELECT 1 FROM run WHERE state = 0 AND begins_by < ?1) AS expiring FROM level";

macro_rules! in_time {
    ($now:literal) => {
        concat!("not_before <= ", $now, " AND (begins_by IS NULL OR begins_by >= ", $now, ")")
    };
}

const OF_LEVEL: &str = concat!(
    "SELECT id, queue, priority, not_before FROM run INDEXED BY run_ready \
     WHERE state = 0 AND queued = 0 AND queue = ?1 AND priority = ?2 AND ",
    in_time!("?3"),
    " ORDER BY not_before, id LIMIT ?4"
);

/// Of the queued runs of each schedule, only the first can have its turn: if nothing has begun, and nothing is ready that
/// is not queued; what waits for a later instant is in nobody's way.
macro_rules! in_turn {
    ($columns:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM (SELECT min(id) AS first FROM run INDEXED BY run_queued WHERE state = 0 AND queued = 1 GROUP BY schedule) \
              CROSS JOIN run ON run.id = first \
              WHERE queue IN (SELECT value FROM json_each(?1)) \
                AND NOT EXISTS (SELECT 1 FROM run AS ahead \
                                WHERE ahead.state < 2 AND ahead.schedule = run.schedule AND ahead.queued = 0 \
                                  AND (ahead.state = 1 OR ahead.fence > 0 OR ahead.not_before <= ?2))"
        )
    };
}

/// Of each queue no more than there are places.
const IN_TURN: &str = concat!(
    "SELECT id, queue, priority, not_before FROM ( \
     SELECT *, row_number() OVER (PARTITION BY queue ORDER BY priority DESC, not_before, id) AS number FROM (",
    in_turn!("id, queue, priority, not_before"),
    " AND ",
    in_time!("?3"),
    ")) WHERE number <= ?4"
);

const NEXT_IN_TURN: &str = in_turn!("min(not_before)");

/// The ready runs of one queue and priority: those that are queued behind others of their schedule, or those that are not.
pub(super) struct Level {
    queued: bool,
    queue: QueueName,
    priority: Priority,
    oldest: DateTime<Utc>,
    /// Something in the ledger can no longer begin in time.
    pub expiring: bool,
}

/// All levels that have a run.
pub(super) async fn levels(connection: impl SqliteExecutor<'_>, now: DateTime<Utc>) -> Result<Vec<Level>, sqlx::Error> {
    let found = sqlx::query(LEVELS).bind(now.timestamp_millis()).fetch_all(connection).await?;
    let level = |row| {
        Ok(Level {
            queued: Row::try_get(row, "queued")?,
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
}

impl Next {
    fn read(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            priority: Reverse(rows::priority(row)?),
            not_before: rows::instant(row, "not_before")?,
            id: RunId(rows::uuid(row, "id")?),
            queue: rows::required(row, "queue")?,
        })
    }
}

/// The runs that `tenant` shall have, in their order.
pub(super) async fn choose(
    levels: &[Level],
    tenant: &Tenant,
    now: DateTime<Utc>,
    desk: &mut Desk<'_>,
) -> Result<Vec<RunId>, sqlx::Error> {
    let mut queues = tenant.queues.clone();
    let mut left = tenant.places;
    let mut chosen = Vec::new();
    let mut open: Vec<_> = levels.iter().filter(|level| level.oldest <= now && queues.of(&level.queue) > 0).collect();
    open.sort_by_key(|level| Reverse(level.priority));
    let mut turns = match open.iter().any(|level| level.queued) {
        true => in_turn(&open, left, now, desk).await?,
        false => Vec::new(),
    };
    for equals in open.chunk_by(|one, other| one.priority == other.priority) {
        let mut next: Vec<_> = turns.extract_if(.., |one| one.priority.0 == equals[0].priority).collect();
        for level in equals.iter().filter(|level| !level.queued) {
            next.extend(of_level(level, left.min(queues.of(&level.queue)), now, desk).await?);
        }
        next.sort();
        let taken = next.into_iter().filter(|one| queues.take(&one.queue)).take(left).map(|one| one.id);
        chosen.extend(taken);
        left = tenant.places - chosen.len();
        if left == 0 {
            break;
        }
    }
    Ok(chosen)
}

async fn of_level(
    level: &Level,
    most: usize,
    now: DateTime<Utc>,
    desk: &mut Desk<'_>,
) -> Result<Vec<Next>, sqlx::Error> {
    let query = sqlx::query(OF_LEVEL)
        .bind(level.queue.as_str())
        .bind(i64::from(level.priority.0))
        .bind(now.timestamp_millis())
        .bind(limit(most));
    query.fetch_all(&mut *desk.connection).await?.iter().map(Next::read).collect()
}

/// Of the queued runs, those whose turn it is.
async fn in_turn(
    open: &[&Level],
    most: usize,
    now: DateTime<Utc>,
    desk: &mut Desk<'_>,
) -> Result<Vec<Next>, sqlx::Error> {
    let query = sqlx::query(IN_TURN)
        .bind(queued(open.iter().copied(), &QueueRoom::ALL))
        // A claim that read the clock later may have found the way clear already.
        .bind(now.max(desk.now).timestamp_millis())
        .bind(now.timestamp_millis())
        .bind(limit(most));
    query.fetch_all(&mut *desk.connection).await?.iter().map(Next::read).collect()
}

/// The queues with room in which something is queued, as JSON.
fn queued<'a>(levels: impl Iterator<Item = &'a Level>, room: &QueueRoom) -> String {
    let queues = levels.filter(|level| level.queued && room.of(&level.queue) > 0).map(|level| &level.queue);
    json!(queues.collect::<Vec<_>>()).to_string()
}

/// When the next run could be leased by whoever has that room.
pub(super) async fn next(
    readers: &SqlitePool,
    queues: &QueueRoom,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, sqlx::Error> {
    let levels = levels(readers, now).await?;
    let open = || levels.iter().filter(|level| queues.of(&level.queue) > 0);
    let oldest = open().filter(|level| !level.queued).map(|level| level.oldest).min();
    if open().all(|level| !level.queued) {
        return Ok(oldest);
    }
    let query = sqlx::query_scalar(NEXT_IN_TURN).bind(queued(open(), queues)).bind(now.timestamp_millis());
    let turn: Option<i64> = query.fetch_one(readers).await?;
    let turn = turn.map(|millis| rows::from_millis("not_before", millis)).transpose()?;
    Ok(oldest.into_iter().chain(turn).min())
}

#[cfg(test)]
pub(super) fn statements() -> [&'static str; 4] {
    [LEVELS, OF_LEVEL, IN_TURN, NEXT_IN_TURN]
}
