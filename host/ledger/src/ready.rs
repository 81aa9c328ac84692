//! Which ready runs are next: higher priority first, then the older.
//!
//! Ready runs stand in levels, one for each queue, priority and gate. The index knows the oldest run of each level, so a level
//! whose runs all wait for a later time, or for a host with other labels, or until fewer of their schedule go on, costs one
//! look, however many they are, and nothing is read that is not next.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use noontide_domain::ports::Tenant;
use noontide_domain::{Gate, HandlerRef, PluginName, Priority, QueueName, QueueRoom, RunId, ScheduleName};
use serde_json::json;

use crate::connection::Readers;
use crate::gates;
use crate::lease::limit;
use crate::query::{Place, query};
use crate::row::Row;
use crate::rows;
use crate::writer::Desk;

statements!(ready: LEVELS, OF_LEVEL, OF_LEVEL_BESIDES, NEXT_BESIDES, IN_TURN, NEXT_IN_TURN);

/// The ready runs of one queue, priority and gate: those that are queued behind others of their schedule, or those that are not.
pub(crate) struct Level {
    queued: bool,
    pub queue: QueueName,
    priority: Priority,
    pub gate: Gate,
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
            gate: rows::gate(row)?,
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
    /// It bounds how many of its runs go on.
    schedule: Option<ScheduleName>,
}

impl Next {
    fn read(row: &Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            priority: Reverse(rows::priority(row)?),
            not_before: rows::instant(row, "not_before")?,
            id: RunId(rows::uuid(row, "id")?),
            queue: rows::required(row, "queue")?,
            plugin: rows::required::<HandlerRef>(row, "handler")?.plugin,
            schedule: rows::gate(row)?.schedule,
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
    let (mut open, mut bounds) =
        gates::pass(levels.iter().filter(|level| level.oldest <= now), &mut room, desk).await?;
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
                let most = left.min(room.of(&level.queue)).min(bounds.of(level.gate.schedule.as_ref()));
                let most = most + chosen.len() - before;
                next.extend(of_level(level, most, &full, now, desk).await?);
            }
            next.retain(|one| !chosen[before..].contains(&one.id));
            next.sort();
            let mut may = |one: &Next| {
                let schedule = one.schedule.as_ref();
                let takes = bounds.of(schedule) > 0 && room.take(&one.queue, &one.plugin);
                takes.then(|| bounds.take(schedule)).is_some()
            };
            chosen.extend(next.into_iter().filter(|one| may(one)).take(left).map(|one| one.id));
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
        .bind(limit(most))
        .bind(level.gate.to_string());
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
        .bind(queues(open))
        // A claim that read the clock later may have found the way clear already.
        .bind(now.max(desk.now).timestamp_millis())
        .bind(now.timestamp_millis())
        .bind(limit(most))
        .bind(full(room))
        .bind(gates_of(open));
    query.all(&mut *desk).await?.iter().map(Next::read).collect()
}

/// The queues in which something is queued, as JSON.
fn queues(open: &[&Level]) -> String {
    let queues: BTreeSet<_> = open.iter().filter(|level| level.queued).map(|level| &level.queue).collect();
    json!(queues).to_string()
}

/// The gates behind which something is queued, as JSON. A gate that is open is so in every queue.
fn gates_of(open: &[&Level]) -> String {
    let gates: BTreeSet<_> = open.iter().filter(|level| level.queued).map(|level| level.gate.to_string()).collect();
    json!(gates).to_string()
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
    let mut room = queues.clone();
    let open = gates::look(levels.iter(), &mut room, readers).await?;
    let mut oldest = None;
    for level in open.iter().filter(|level| !level.queued) {
        let next = match queues.full().next() {
            None => Some(level.oldest),
            Some(_) => next_besides(readers, level, queues).await?,
        };
        oldest = oldest.into_iter().chain(next).min();
    }
    if open.iter().all(|level| !level.queued) {
        return Ok(oldest);
    }
    let query = query(NEXT_IN_TURN).bind(self::queues(&open)).bind(now.timestamp_millis());
    let query = query.bind(None::<i64>).bind(None::<i64>).bind(full(queues)).bind(gates_of(&open));
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
    let oldest = query.bind(full(room)).bind(1_i64).bind(level.gate.to_string()).first(readers).await?;
    oldest.map(|row| rows::instant(&row, "not_before")).transpose()
}
