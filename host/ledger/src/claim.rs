//! Writing one pass of the scheduler: rows for what fires and what does not, and the cursors. Whole batches are one
//! statement, given as a JSON array: each statement is a hop to the connection's thread.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use noontide_domain::alert::noted;
use noontide_domain::ports::{Claim, Claimed, Fire, Skip, Tenant};
use noontide_domain::{Cause, Key, Lease, Leased, Order, Overlap, RunId, RunState, ScheduleName, SkipReason};
use serde_json::{Value, json};

use crate::batch::Batch;
use crate::insert::{self, NewRow};
use crate::judge::{Fate, Holder, Known, Live, Stage};
use crate::query::query;
use crate::row::Row;
use crate::writer::{Desk, Request};
use crate::{again, judge, links, notices, rows};

statements!(claim: LOCK, KEYS, SCHEDULES, LIVE, REPLACE, ASK, ADVANCE);

pub(crate) struct ClaimFires {
    pub claim: Claim,
    pub tenant: Option<Tenant>,
    pub heeds: bool,
}

#[async_trait]
impl Request for ClaimFires {
    type Answer = Result<Vec<Claimed>, Behind>;

    async fn write(&self, desk: &mut Desk<'_>) -> Result<Self::Answer, sqlx::Error> {
        desk.heeds = self.heeds;
        let known = known(&self.claim, desk).await?;
        match known.behind(&self.claim.skip) {
            behind if behind.is_empty() => carry_out(&self.claim, self.tenant.as_ref(), known, desk).await.map(Ok),
            behind => Ok(Err(behind)),
        }
    }

    fn handed_over(answer: &Self::Answer) -> Vec<Lease> {
        answer.as_deref().map(leases).unwrap_or_default()
    }
}

/// Schedules of which a claim skips what was decided in part, and how far it was.
pub(crate) type Behind = Vec<(ScheduleName, DateTime<Utc>)>;

pub(crate) fn leases(claimed: &[Claimed]) -> Vec<Lease> {
    let leased = |claimed: &Claimed| if let Claimed::Leased(leased) = claimed { Some(leased.lease) } else { None };
    claimed.iter().filter_map(leased).collect()
}

/// Judges and writes a claim that skips nothing, inside whatever transaction the desk stands in.
pub(crate) async fn write(
    claim: &Claim,
    tenant: Option<&Tenant>,
    desk: &mut Desk<'_>,
) -> Result<Vec<Claimed>, sqlx::Error> {
    let known = known(claim, desk).await?;
    carry_out(claim, tenant, known, desk).await
}

async fn carry_out(
    claim: &Claim,
    tenant: Option<&Tenant>,
    mut known: Known,
    desk: &mut Desk<'_>,
) -> Result<Vec<Claimed>, sqlx::Error> {
    if let Some(answers) = again::claimed(claim, tenant, &known, desk).await? {
        return Ok(answers);
    }
    let fates = known.judge(&claim.fire, tenant, desk.now);
    clear_the_way(&known, desk).await?;
    let mut new = Batch::parted();
    for (fire, fate) in claim.fire.iter().zip(&fates) {
        if let Some(row) = fire_row(fire, fate, tenant, &known, desk.now) {
            row.put(&mut new)?;
        }
    }
    let mut missed = Vec::new();
    for skip in &claim.skip {
        if put_skip(skip, &mut known, desk.now, &mut new)? {
            missed.extend(noted::skip(skip, desk.now));
        }
    }
    let is_left = |(fire, fate): (&Fire, &Fate)| matches!(fate, Fate::Ready { .. }) && fire.not_before <= desk.now;
    desk.nudge |= claim.fire.iter().zip(&fates).any(is_left);
    insert::insert(new, desk.now, desk).await?;
    notices::write(&missed, desk).await?;
    let links: Vec<_> = claim.links.iter().filter(|link| !known.chains.contains_key(&link.chain)).collect();
    links::write(&links, desk).await?;
    advance(claim, &fates, desk).await?;
    Ok(claim.fire.iter().zip(fates).map(|(fire, fate)| answer(fire, fate, tenant, &known)).collect())
}

/// From here on no other host judges fires of these schedules, or moves their cursors. Always in the order of their names, so
/// that two who want the same ones never wait for each other.
async fn lock(claim: &Claim, desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
    let fired = claim.fire.iter().filter_map(|fire| fire.order.schedule.as_ref());
    let others = claim.skip.iter().map(|skip| &skip.schedule).chain(claim.cursors.iter().map(|(name, _)| name));
    let names: BTreeSet<_> = fired.chain(others).collect();
    if !names.is_empty() {
        query(LOCK).bind(json!(names).to_string()).run(&mut *desk).await?;
    }
    Ok(())
}

/// Under the lock.
async fn known(claim: &Claim, desk: &mut Desk<'_>) -> Result<Known, sqlx::Error> {
    lock(claim, desk).await?;
    let mut known = Known::default();
    let fired = claim.fire.iter().flat_map(|fire| [Some(fire.order.key.hex()), fire.fills.as_ref().map(Key::hex)]);
    let skipped = claim.skip.iter().map(|skip| Some(Key::occurrence(&skip.schedule, skip.due_at).hex()));
    let keys: Vec<_> = fired.chain(skipped).flatten().collect();
    if !keys.is_empty() {
        for row in query(KEYS).bind(json!(keys).to_string()).all(&mut *desk).await? {
            let state = rows::state(&row)?;
            let is_filled = !state.is_final() || state == RunState::Succeeded;
            known.keys.insert(rows::key_hash(&row)?, Holder { run: RunId(rows::uuid(&row, "id")?), is_filled });
        }
    }
    let named = |wanted: fn(Overlap) -> bool| -> BTreeSet<_> {
        let fires = claim.fire.iter().filter(|fire| wanted(fire.overlap));
        fires.filter_map(|fire| fire.order.schedule.as_ref()).collect()
    };
    let counting = named(|overlap| matches!(overlap, Overlap::Queue | Overlap::CancelRunning));
    let moved: BTreeSet<_> = claim.cursors.iter().map(|(name, _)| name).collect();
    let most: BTreeMap<_, _> = claim.at_most.iter().map(|(name, most)| (name, most)).collect();
    let schedules: BTreeSet<_> = named(|_| true).union(&moved).copied().collect();
    if !schedules.is_empty() {
        for row in query(SCHEDULES).bind(json!(schedules).to_string()).all(&mut *desk).await? {
            let name = rows::required::<ScheduleName>(&row, "name")?;
            if let Some(due) = rows::maybe_instant(&row, "last_success_due")? {
                known.successes.insert(name.clone(), due);
            }
            if let Some(cursor) = rows::maybe_instant(&row, "cursor")?.filter(|_| moved.contains(&name)) {
                known.cursors.insert(name.clone(), cursor);
            }
            if let Some((runs, most)) = row.try_get::<Option<u64>>("runs")?.zip(most.get(&name)) {
                known.left.insert(name.clone(), most.saturating_sub(runs));
            }
            if row.try_get::<Option<i64>>("concurrency")?.is_some() {
                known.bounded.insert(name.clone());
            }
            if rows::maybe_run(&row, "id")?.is_some() && !counting.contains(&name) {
                known.live.entry(name).or_default().push(live(&row)?);
            }
        }
    }
    if !counting.is_empty() {
        for row in query(LIVE).bind(json!(counting).to_string()).all(&mut *desk).await? {
            known.live.entry(rows::required(&row, "name")?).or_default().push(live(&row)?);
        }
    }
    Ok(known)
}

fn live(row: &Row) -> Result<Live, sqlx::Error> {
    let stage = match rows::state(row)? {
        RunState::Running => Stage::Running,
        _ if row.try_get::<i64>("fence")? > 0 => Stage::Again,
        _ if row.try_get("queued")? => Stage::Queued,
        _ => Stage::Waiting,
    };
    Ok(Live { stage, from: rows::instant(row, "not_before")?, run: RunId(rows::uuid(row, "id")?) })
}

/// Those that are replaced are over before the new rows come; the others of this claim are not there yet.
async fn clear_the_way(known: &Known, desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
    if !known.replaced.is_empty() {
        let mut gone = Vec::with_capacity(known.replaced.len());
        for (run, by) in &known.replaced {
            let reason = rows::to_json("reason", &SkipReason::Replaced { by: *by })?;
            gone.push(json!([run.0.simple().to_string(), reason]));
        }
        let query = query(REPLACE).bind(Value::Array(gone).to_string()).bind(desk.now.timestamp_millis());
        query.run(&mut *desk).await?;
    }
    if !known.asked.is_empty() {
        let asked: Vec<_> = known.asked.iter().map(|run| run.0.simple().to_string()).collect();
        query(ASK).bind(json!(asked).to_string()).run(&mut *desk).await?;
    }
    Ok(())
}

/// Moves the cursors and counts the runs.
async fn advance(claim: &Claim, fates: &[Fate], desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
    let mut moved: BTreeMap<&ScheduleName, (Option<i64>, u64)> = BTreeMap::new();
    for (name, at) in &claim.cursors {
        let cursor = &mut moved.entry(name).or_default().0;
        *cursor = (*cursor).max(Some(at.timestamp_millis()));
    }
    for (fire, fate) in claim.fire.iter().zip(fates) {
        let Some(schedule) = judge::counted(&fire.order) else { continue };
        if fate.is_live() {
            moved.entry(schedule).or_default().1 += 1;
        } else if let (Fate::UsedUp, Some((cursor, _))) = (fate, moved.get_mut(schedule)) {
            // What a cursor of a schedule that is used up has passed has run.
            *cursor = (*cursor).min(Some(fire.order.due_at.timestamp_millis() - 1));
        }
    }
    if !moved.is_empty() {
        let moved: Vec<_> = moved.iter().map(|(name, (cursor, runs))| json!([name, cursor, runs])).collect();
        query(ADVANCE).bind(Value::Array(moved).to_string()).run(&mut *desk).await?;
    }
    Ok(())
}

fn fire_row<'a>(
    fire: &'a Fire,
    fate: &Fate,
    tenant: Option<&'a Tenant>,
    known: &Known,
    now: DateTime<Utc>,
) -> Option<NewRow<'a>> {
    let bounded = fire.order.schedule.as_ref().is_some_and(|name| known.bounded.contains(name));
    let ready = NewRow { bounded, ..NewRow::ready(fire, now) };
    let over = |reason| NewRow::over(&fire.order, reason, now);
    Some(match fate {
        Fate::Duplicate(_) | Fate::Passed | Fate::UsedUp => return None,
        Fate::Overlapped(blocking) => over(SkipReason::Overlap { blocking: *blocking }),
        Fate::Replaced(by) => over(SkipReason::Replaced { by: *by }),
        Fate::Leased => NewRow { lease: tenant, ..ready },
        Fate::Ready { in_turn } => NewRow { queued: *in_turn, ..ready },
        Fate::Queued(_) => NewRow { queued: true, ..ready },
    })
}

fn answer(fire: &Fire, fate: Fate, tenant: Option<&Tenant>, known: &Known) -> Claimed {
    let order = &fire.order;
    match (fate, tenant) {
        (Fate::Duplicate(run), _) => Claimed::Duplicate(run),
        (Fate::Passed, _) => Claimed::Passed,
        (Fate::UsedUp, _) => Claimed::UsedUp,
        (Fate::Overlapped(run) | Fate::Replaced(run), _) => Claimed::Overlapped(run),
        (Fate::Queued(cancel), _) => Claimed::Queued { run: order.id, cancel },
        (Fate::Leased, Some(tenant)) => Claimed::Leased(Box::new(Leased {
            order: order.clone(),
            lease: Lease { run: order.id, host: tenant.host, fence: 1, attempt: 1 },
            previous_success: order.schedule.as_ref().and_then(|name| known.successes.get(name)).copied(),
            items: Arc::default(),
            messages: 0,
        })),
        (Fate::Ready { .. } | Fate::Leased, _) => Claimed::Ready(order.id),
    }
}

/// `false` where the first instant has a row already.
fn put_skip(skip: &Skip, known: &mut Known, now: DateTime<Utc>, new: &mut Batch) -> Result<bool, sqlx::Error> {
    let id = RunId::new();
    let key = Key::occurrence(&skip.schedule, skip.due_at);
    if known.keys.contains_key(&key.hash) || known.passed(&skip.schedule, skip.due_at) {
        return Ok(false);
    }
    known.keys.insert(key.hash, Holder { run: id, is_filled: false });
    let order = Order {
        schedule: Some(skip.schedule.clone()),
        ..Order::new(id, key, skip.handler.clone(), skip.due_at, Cause::Schedule)
    };
    let span = (skip.until != skip.due_at).then_some((skip.until, skip.count));
    NewRow { span, ..NewRow::over(&order, skip.reason.clone(), now) }.put(new)?;
    Ok(true)
}
