//! Writing one pass of the scheduler: rows for what fires and what does not, and the cursors. Whole batches are one
//! statement, given as a JSON array: each statement is a hop to the connection's thread.

use std::collections::BTreeSet;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use noontide_domain::ports::{Claim, Claimed, Fire, Skip, Tenant};
use noontide_domain::{Cause, Key, Lease, Leased, Order, RunId, RunState, ScheduleName, SkipReason};
use serde_json::{Value, json};
use sqlx::Row;

use super::judge::{Fate, Known, Live};
use super::rows;
use super::writer::{Desk, Request};

const KEYS: &str = "SELECT key_hash, id FROM run WHERE key_hash IN (SELECT unhex(value) FROM json_each(?1))";

/// Of the live runs, the one that is in the way first: one that has begun is in everybody's way, one that waits for its
/// time only from then on.
const SCHEDULES: &str = "\
    SELECT wanted.value AS name, first.id AS live, \
           CASE WHEN first.state = 1 OR first.fence > 0 THEN NULL ELSE first.not_before END AS live_from, \
           (SELECT last_success_due FROM schedule WHERE name = wanted.value) AS last_success_due \
    FROM json_each(?1) AS wanted \
    LEFT JOIN run AS first ON first.id = \
        (SELECT id FROM run WHERE state < 2 AND schedule = wanted.value \
         ORDER BY CASE WHEN state = 1 OR fence > 0 THEN 0 ELSE not_before END, id LIMIT 1)";

/// Materialized, or each column would have the whole row written as JSON anew.
const INSERT: &str = "\
    WITH new AS MATERIALIZED (SELECT value FROM json_each(?1)) \
    INSERT INTO run (id, key_hash, key_text, schedule, handler, due_at, due_until, due_count, cause, late, input, \
                     window_from, window_to, timezone, max_attempts, backoff_ms, backoff_cap_ms, timeout_ms, trace_id, \
                     state, not_before, host, fence, attempt, lease_until, started_at, finished_at, reason, created_at) \
    SELECT unhex(value ->> 0), unhex(value ->> 1), value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, \
           value ->> 7, value ->> 8, value ->> 9, value ->> 10, value ->> 11, value ->> 12, value ->> 13, value ->> 14, \
           value ->> 15, value ->> 16, value ->> 17, value ->> 18, value ->> 19, value ->> 20, unhex(value ->> 21), \
           value ->> 22, value ->> 23, value ->> 24, value ->> 25, value ->> 26, value ->> 27, ?2 \
    FROM new";

/// Never back: a slower host may come with an older pass.
const CURSORS: &str = "\
    UPDATE schedule SET cursor = max(schedule.cursor, moved.cursor) \
    FROM (SELECT value ->> 0 AS name, max(value ->> 1) AS cursor FROM json_each(?1) GROUP BY 1) AS moved \
    WHERE schedule.name = moved.name";

pub(super) struct ClaimFires {
    pub claim: Claim,
    pub tenant: Option<Tenant>,
}

#[async_trait]
impl Request for ClaimFires {
    type Answer = Vec<Claimed>;

    async fn write(&self, desk: &mut Desk<'_>) -> Result<Vec<Claimed>, sqlx::Error> {
        let mut known = self.known(desk).await?;
        let mut places = self.tenant.map_or(0, |tenant| tenant.places);
        let fires = &self.claim.fire;
        let fates: Vec<_> = fires.iter().map(|fire| known.judge(fire, &mut places, desk.now)).collect();
        let mut new = Vec::new();
        for (fire, fate) in fires.iter().zip(&fates) {
            new.extend(self.fire_row(fire, *fate, desk.now)?);
        }
        for skip in &self.claim.skip {
            new.extend(skip_row(skip, &mut known, desk.now)?);
        }
        if !new.is_empty() {
            let rows = Value::Array(new).to_string();
            sqlx::query(INSERT).bind(rows).bind(desk.now.timestamp_millis()).execute(&mut *desk.connection).await?;
        }
        self.move_cursors(desk).await?;
        Ok(fires.iter().zip(fates).map(|(fire, fate)| self.answer(fire, fate, &known)).collect())
    }
}

impl ClaimFires {
    async fn known(&self, desk: &mut Desk<'_>) -> Result<Known, sqlx::Error> {
        let mut known = Known::default();
        let fired = self.claim.fire.iter().map(|fire| fire.order.key.hex());
        let skipped = self.claim.skip.iter().map(|skip| Key::occurrence(&skip.schedule, skip.due_at).hex());
        let keys: Vec<_> = fired.chain(skipped).collect();
        if !keys.is_empty() {
            for row in sqlx::query(KEYS).bind(json!(keys).to_string()).fetch_all(&mut *desk.connection).await? {
                known.keys.insert(rows::key_hash(&row)?, RunId(rows::uuid(&row, "id")?));
            }
        }
        let schedules: BTreeSet<_> = self.claim.fire.iter().filter_map(|fire| fire.order.schedule.as_ref()).collect();
        if schedules.is_empty() {
            return Ok(known);
        }
        let schedules = json!(schedules).to_string();
        for row in sqlx::query(SCHEDULES).bind(schedules).fetch_all(&mut *desk.connection).await? {
            let name: ScheduleName =
                row.try_get::<String, _>("name")?.parse().map_err(|problem| super::fault::shape("name", problem))?;
            if row.try_get::<Option<&[u8]>, _>("live")?.is_some() {
                let live =
                    Live { run: RunId(rows::uuid(&row, "live")?), from: rows::maybe_instant(&row, "live_from")? };
                known.live.insert(name.clone(), live);
            }
            if let Some(due) = rows::maybe_instant(&row, "last_success_due")? {
                known.successes.insert(name, due);
            }
        }
        Ok(known)
    }

    async fn move_cursors(&self, desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
        if self.claim.cursors.is_empty() {
            return Ok(());
        }
        let cursors: Vec<_> =
            self.claim.cursors.iter().map(|(name, at)| json!([name, at.timestamp_millis()])).collect();
        sqlx::query(CURSORS).bind(Value::Array(cursors).to_string()).execute(&mut *desk.connection).await?;
        Ok(())
    }

    fn fire_row(&self, fire: &Fire, fate: Fate, now: DateTime<Utc>) -> Result<Option<Value>, sqlx::Error> {
        let row = match (fate, self.tenant) {
            (Fate::Duplicate(_), _) => return Ok(None),
            (Fate::Overlapped(blocking), _) => NewRow::over(&fire.order, SkipReason::Overlap { blocking }, now),
            (Fate::Leased, Some(tenant)) => NewRow { lease: Some(tenant), now, ..NewRow::ready(fire, now) },
            (Fate::Ready | Fate::Leased, _) => NewRow::ready(fire, now),
        };
        row.columns().map(Some)
    }

    fn answer(&self, fire: &Fire, fate: Fate, known: &Known) -> Claimed {
        let order = &fire.order;
        match (fate, self.tenant) {
            (Fate::Duplicate(run), _) => Claimed::Duplicate(run),
            (Fate::Overlapped(blocking), _) => Claimed::Overlapped(blocking),
            (Fate::Leased, Some(tenant)) => Claimed::Leased(Box::new(Leased {
                order: order.clone(),
                lease: Lease { run: order.id, host: tenant.host, fence: 1, attempt: 1 },
                previous_success: order.schedule.as_ref().and_then(|name| known.successes.get(name)).copied(),
            })),
            (Fate::Ready | Fate::Leased, _) => Claimed::Ready(order.id),
        }
    }
}

/// `None` where the first instant has a row already.
fn skip_row(skip: &Skip, known: &mut Known, now: DateTime<Utc>) -> Result<Option<Value>, sqlx::Error> {
    let id = RunId::new();
    let key = Key::occurrence(&skip.schedule, skip.due_at);
    if known.keys.contains_key(&key.hash) {
        return Ok(None);
    }
    known.keys.insert(key.hash, id);
    let order = Order {
        schedule: Some(skip.schedule.clone()),
        ..Order::new(id, key, skip.handler.clone(), skip.due_at, Cause::Schedule)
    };
    let span = (skip.until != skip.due_at).then_some((skip.until, skip.count));
    NewRow { span, ..NewRow::over(&order, skip.reason.clone(), now) }.columns().map(Some)
}

/// A row to be inserted.
struct NewRow<'a> {
    order: &'a Order,
    span: Option<(DateTime<Utc>, u64)>,
    not_before: DateTime<Utc>,
    lease: Option<Tenant>,
    reason: Option<SkipReason>,
    now: DateTime<Utc>,
}

impl<'a> NewRow<'a> {
    fn ready(fire: &'a Fire, now: DateTime<Utc>) -> Self {
        Self { order: &fire.order, span: None, not_before: fire.not_before, lease: None, reason: None, now }
    }

    /// Over the moment it is written: so that it is pruned like any other.
    fn over(order: &'a Order, reason: SkipReason, now: DateTime<Utc>) -> Self {
        Self { order, span: None, not_before: order.due_at, lease: None, reason: Some(reason), now }
    }

    /// In the order of [`INSERT`].
    fn columns(&self) -> Result<Value, sqlx::Error> {
        let order = self.order;
        let state = match (self.lease, &self.reason) {
            (Some(_), _) => RunState::Running,
            (None, Some(_)) => RunState::Skipped,
            (None, None) => RunState::Ready,
        };
        let now = self.now.timestamp_millis();
        let attempt = i64::from(self.lease.is_some());
        Ok(json!([
            order.id.0.simple().to_string(),
            order.key.hex(),
            order.key.text,
            order.schedule,
            order.handler,
            order.due_at.timestamp_millis(),
            self.span.map(|(until, _)| until.timestamp_millis()),
            self.span.map(|(_, count)| rows::signed(count)),
            rows::cause_number(order.cause),
            i64::from(order.late),
            rows::to_json("input", &order.input)?,
            order.window.map(|window| window.from.timestamp_millis()),
            order.window.map(|window| window.to.timestamp_millis()),
            order.timezone.name(),
            order.retry.attempts,
            rows::millis(order.retry.backoff),
            rows::millis(order.retry.cap),
            order.timeout.map(rows::millis),
            order.trace_id,
            rows::state_number(state),
            self.not_before.timestamp_millis(),
            self.lease.map(|tenant| tenant.host.0.simple().to_string()),
            attempt,
            attempt,
            self.lease.map(|tenant| (self.now + tenant.lease).timestamp_millis()),
            self.lease.map(|_| now),
            self.reason.as_ref().map(|_| now),
            self.reason.as_ref().map(|reason| rows::to_json("reason", reason)).transpose()?,
        ]))
    }
}

#[cfg(test)]
pub(super) fn statements() -> [&'static str; 2] {
    [KEYS, SCHEDULES]
}
