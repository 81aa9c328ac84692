//! What a level has to pass besides the room of its queue on this host: what is asked of the host, and what is counted over
//! all hosts, a schedule's runs or a queue's.
//!
//! It is counted first without a lock: what is full is left alone, and nobody waits for it. Of what has a place left, the
//! row of the schedule or of the queue is locked and the count is taken again, so that of two hosts that see the last place
//! one has it. What is not bounded costs neither.

use std::collections::{BTreeMap, BTreeSet};

use noontide_domain::{QueueName, QueueRoom, Schedule, ScheduleName};
use serde_json::json;

use crate::claim;
use crate::connection::Readers;
use crate::query::query;
use crate::ready::Level;
use crate::row::Row;
use crate::rows;
use crate::writer::Desk;

statements!(gates: BOUND, REGATE, SCHEDULES, QUEUES, LOCK, ADD);

/// How many more runs may be under lease, of the schedules that are bounded. A queue's number is part of the room.
#[derive(Debug, Default)]
pub(crate) struct Left(BTreeMap<ScheduleName, usize>);

impl Left {
    /// Of a run whose gate names that schedule.
    pub fn of(&self, schedule: Option<&ScheduleName>) -> usize {
        // A bound that was taken away is none.
        schedule.and_then(|name| self.0.get(name)).copied().unwrap_or(usize::MAX)
    }

    pub fn take(&mut self, schedule: Option<&ScheduleName>) {
        if let Some(left) = schedule.and_then(|name| self.0.get_mut(name)) {
            *left -= 1;
        }
    }
}

/// What the levels name that is counted over all hosts.
struct Counted {
    schedules: BTreeSet<ScheduleName>,
    queues: BTreeSet<QueueName>,
}

impl Counted {
    fn of(levels: &[&Level], room: &QueueRoom) -> Self {
        let queues = levels.iter().map(|level| &level.queue).filter(|queue| room.totals.contains_key(*queue));
        Self {
            schedules: levels.iter().filter_map(|level| level.gate.schedule.clone()).collect(),
            queues: queues.cloned().collect(),
        }
    }

    fn is_empty(&self) -> bool {
        self.schedules.is_empty() && self.queues.is_empty()
    }
}

/// Closes the levels whose gate lets nothing through to whoever has that room, and counts what the others have left. The
/// room of a queue becomes what is left of its total.
pub(crate) async fn look<'l>(
    levels: impl Iterator<Item = &'l Level>,
    room: &mut QueueRoom,
    readers: &Readers,
) -> Result<Vec<&'l Level>, sqlx::Error> {
    let mut open = at_hand(levels, room);
    let counted = Counted::of(&open, room);
    let schedules = match counted.schedules.is_empty() {
        true => Vec::new(),
        false => query(SCHEDULES).bind(json!(counted.schedules).to_string()).all(readers).await?,
    };
    let queues = match counted.queues.is_empty() {
        true => Vec::new(),
        false => query(QUEUES).bind(json!(counted.queues).to_string()).all(readers).await?,
    };
    close(&mut open, room, &counted, &schedules, &queues)?;
    Ok(open)
}

/// The same for a lease: from here on no other host takes what is left.
pub(crate) async fn pass<'l>(
    levels: impl Iterator<Item = &'l Level>,
    room: &mut QueueRoom,
    desk: &mut Desk<'_>,
) -> Result<(Vec<&'l Level>, Left), sqlx::Error> {
    let mut open = at_hand(levels, room);
    let mut left = Left::default();
    for locks in [false, true] {
        let counted = Counted::of(&open, room);
        if counted.is_empty() {
            break;
        }
        if locks {
            lock(&counted, desk).await?;
        }
        let (schedules, queues) = count(&counted, desk).await?;
        left = close(&mut open, room, &counted, &schedules, &queues)?;
    }
    Ok((open, left))
}

/// Those of queues with room for which this host is what they ask for.
fn at_hand<'l>(levels: impl Iterator<Item = &'l Level>, room: &QueueRoom) -> Vec<&'l Level> {
    levels.filter(|level| room.of(&level.queue) > 0 && room.meets(&level.gate.runs_on)).collect()
}

/// Always schedules first and each in the order of their names, so that two who want the same ones never wait for each other.
async fn lock(counted: &Counted, desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
    if !counted.schedules.is_empty() {
        query(claim::LOCK).bind(json!(counted.schedules).to_string()).run(&mut *desk).await?;
    }
    if counted.queues.is_empty() {
        return Ok(());
    }
    let queues = json!(counted.queues).to_string();
    if query(LOCK).bind(queues.clone()).all(&mut *desk).await?.len() < counted.queues.len() {
        query(ADD).bind(queues.clone()).run(&mut *desk).await?;
        query(LOCK).bind(queues).all(&mut *desk).await?;
    }
    Ok(())
}

async fn count(counted: &Counted, desk: &mut Desk<'_>) -> Result<(Vec<Row>, Vec<Row>), sqlx::Error> {
    let (mut schedules, mut queues) = (Vec::new(), Vec::new());
    if !counted.schedules.is_empty() {
        schedules = query(SCHEDULES).bind(json!(counted.schedules).to_string()).all(&mut *desk).await?;
    }
    if !counted.queues.is_empty() {
        queues = query(QUEUES).bind(json!(counted.queues).to_string()).all(&mut *desk).await?;
    }
    Ok((schedules, queues))
}

fn close(
    open: &mut Vec<&Level>,
    room: &mut QueueRoom,
    counted: &Counted,
    schedules: &[Row],
    queues: &[Row],
) -> Result<Left, sqlx::Error> {
    let running = |row: &Row| Ok::<_, sqlx::Error>(usize::try_from(row.try_get::<i64>("running")?).unwrap_or_default());
    let mut left = Left::default();
    for row in schedules {
        let most: u32 = row.try_get("concurrency")?;
        left.0.insert(rows::required(row, "name")?, (most as usize).saturating_sub(running(row)?));
    }
    let mut held = BTreeMap::new();
    for row in queues {
        held.insert(rows::required::<QueueName>(row, "queue")?, running(row)?);
    }
    for queue in &counted.queues {
        let total = room.totals.get(queue).copied().unwrap_or(usize::MAX);
        room.narrow(queue, total.saturating_sub(held.get(queue).copied().unwrap_or_default()));
    }
    open.retain(|level| room.of(&level.queue) > 0 && left.of(level.gate.schedule.as_ref()) > 0);
    Ok(left)
}

/// Writes how many runs of the schedule may go on at the same time. Whatever waits or goes on already has its gate from now
/// on. `before` is what was written so far, if that is known.
pub(crate) async fn bound(
    desk: &mut Desk<'_>,
    schedule: &Schedule,
    before: Option<Option<u32>>,
) -> Result<(), sqlx::Error> {
    let (name, most) = (schedule.name.as_str(), schedule.concurrency);
    if before == Some(most) {
        return Ok(());
    }
    if query(BOUND).bind(name).bind(most).run(&mut *desk).await? > 0 {
        query(REGATE).bind(name).bind(most.is_some()).run(&mut *desk).await?;
    }
    Ok(())
}
