//! Which ready runs are next: higher priority first, then the older.
//!
//! Ready runs stand in levels, one for each queue and priority. The index knows the oldest run of each level, so a level
//! whose runs all wait for a later time costs one look, however many they are, and nothing is read that is not next.

use std::cmp::Reverse;

use chrono::{DateTime, Utc};
use noontide_domain::ports::Tenant;
use noontide_domain::{HandlerRef, PluginName, Priority, QueueName, QueueRoom, RunId};
use serde_json::json;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteExecutor, SqlitePool};

use super::lease::limit;
use super::rows;
use super::writer::Desk;

/// The oldest of the first level that `$beyond` holds.
macro_rules! oldest_of {
    ($beyond:literal, $order:literal) => {
        concat!(
            "(SELECT id FROM run AS next INDEXED BY run_ready WHERE state = 0 AND ",
            $beyond,
            " ORDER BY ",
            $order,
            " LIMIT 1)"
        )
    };
}

/// From the oldest of each level to the oldest of the next one, a seek each: compared as one row, the columns would be
/// looked up by the first alone.
const LEVELS: &str = concat!(
    "WITH RECURSIVE level (queued, queue, priority, not_before) AS ( \
        SELECT * FROM (SELECT queued, queue, priority, not_before FROM run INDEXED BY run_ready WHERE state = 0 \
                       ORDER BY queued, queue, priority, not_before LIMIT 1) \
        UNION ALL \
        SELECT run.queued, run.queue, run.priority, run.not_before FROM level CROSS JOIN run ON run.id = coalesce(",
    oldest_of!("queued = level.queued AND queue = level.queue AND priority > level.priority", "priority, not_before"),
    ", ",
    oldest_of!("queued = level.queued AND queue > level.queue", "queue, priority, not_before"),
    ", ",
    oldest_of!("queued > level.queued", "queued, queue, priority, not_before"),
    ")) SELECT *, EXISTS (SELECT 1 FROM run WHERE state = 0 AND begins_by < ?1) AS expiring FROM level"
);

macro_rules! in_time {
    ($now:literal) => {
        concat!("not_before <= ", $now, " AND (begins_by IS NULL OR begins_by >= ", $now, ")")
    };
}

/// Runs of plugins of which there is no room for another are passed over: whoever stands behind them is next.
macro_rules! besides {
    ($full:literal) => {
        concat!("substr(handler, 1, instr(handler || '/', '/') - 1) NOT IN (SELECT value FROM json_each(", $full, "))")
    };
}

macro_rules! of_level {
    ($columns:literal, $besides:expr) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM run INDEXED BY run_ready WHERE state = 0 AND queued = 0 AND queue = ?1 AND priority = ?2 AND ",
            $besides,
            " ORDER BY not_before, id LIMIT ?4"
        )
    };
}

const OF_LEVEL: &str = of_level!("id, queue, priority, not_before, handler", in_time!("?3"));
const OF_LEVEL_BESIDES: &str =
    of_level!("id, queue, priority, not_before, handler", concat!(in_time!("?3"), " AND ", besides!("?5")));
const NEXT_BESIDES: &str = of_level!("not_before", besides!("?3"));

/// Of the queued runs of each schedule, only the first can have its turn: if nothing has begun, and nothing is ready that
/// is not queued; what waits for a later instant is in nobody's way.
macro_rules! in_turn {
    ($columns:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM (SELECT min(id) AS first FROM run INDEXED BY run_queued WHERE state = 0 AND queued = 1 GROUP BY schedule) \
              CROSS JOIN run ON run.id = first \
              WHERE queue IN (SELECT value FROM json_each(?1)) AND ",
            besides!("?5"),
            " \
                AND NOT EXISTS (SELECT 1 FROM run AS ahead \
                                WHERE ahead.state < 2 AND ahead.schedule = run.schedule AND ahead.queued = 0 \
                                  AND (ahead.state = 1 OR ahead.fence > 0 OR ahead.not_before <= ?2))"
        )
    };
}

/// Of each queue no more than there are places.
const IN_TURN: &str = concat!(
    "SELECT id, queue, priority, not_before, handler FROM ( \
     SELECT *, row_number() OVER (PARTITION BY queue ORDER BY priority DESC, not_before, id) AS number FROM (",
    in_turn!("id, queue, priority, not_before, handler"),
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
    plugin: PluginName,
}

impl Next {
    fn read(row: &SqliteRow) -> Result<Self, sqlx::Error> {
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
pub(super) async fn choose(
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
    let mut query = sqlx::query(statement)
        .bind(level.queue.as_str())
        .bind(i64::from(level.priority.0))
        .bind(now.timestamp_millis())
        .bind(limit(most));
    if !full.is_empty() {
        query = query.bind(json!(full).to_string());
    }
    query.fetch_all(&mut *desk.connection).await?.iter().map(Next::read).collect()
}

/// Of the queued runs, those whose turn it is.
async fn in_turn(
    open: &[&Level],
    most: usize,
    room: &QueueRoom,
    now: DateTime<Utc>,
    desk: &mut Desk<'_>,
) -> Result<Vec<Next>, sqlx::Error> {
    let query = sqlx::query(IN_TURN)
        .bind(queued(open.iter().copied(), &QueueRoom::ALL))
        // A claim that read the clock later may have found the way clear already.
        .bind(now.max(desk.now).timestamp_millis())
        .bind(now.timestamp_millis())
        .bind(limit(most))
        .bind(full(room));
    query.fetch_all(&mut *desk.connection).await?.iter().map(Next::read).collect()
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
pub(super) async fn next(
    readers: &SqlitePool,
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
    let query = sqlx::query_scalar(NEXT_IN_TURN).bind(queued(open(), queues)).bind(now.timestamp_millis());
    let query = query.bind(None::<i64>).bind(None::<i64>).bind(full(queues));
    let turn: Option<i64> = query.fetch_one(readers).await?;
    let turn = turn.map(|millis| rows::from_millis("not_before", millis)).transpose()?;
    Ok(oldest.into_iter().chain(turn).min())
}

/// The oldest of the level whose plugin has room.
async fn next_besides(
    readers: &SqlitePool,
    level: &Level,
    room: &QueueRoom,
) -> Result<Option<DateTime<Utc>>, sqlx::Error> {
    let query = sqlx::query_scalar(NEXT_BESIDES).bind(level.queue.as_str()).bind(i64::from(level.priority.0));
    let oldest: Option<i64> = query.bind(full(room)).bind(1).fetch_optional(readers).await?;
    oldest.map(|millis| rows::from_millis("not_before", millis)).transpose()
}

#[cfg(test)]
pub(super) fn statements() -> [&'static str; 6] {
    [LEVELS, OF_LEVEL, OF_LEVEL_BESIDES, NEXT_BESIDES, IN_TURN, NEXT_IN_TURN]
}
