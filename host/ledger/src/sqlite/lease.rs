//! Who works on a run for now: taking, keeping, giving back, losing; and asking it to stop.

use std::collections::HashMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use noontide_domain::ports::{CancelAnswer, Lapsed, Pulse, Tenant};
use noontide_domain::{HostId, Lease, Leased, RunId, RunState, SkipReason};
use serde_json::{Value, json};
use sqlx::{Row, SqlitePool};

use super::writer::{Desk, Request};
use super::{items, links, ready, rows};

/// Rows that one lease call writes off at most: the rest waits for the next call, so that no call takes long.
const EXPIRE_AT_ONCE: i64 = 1_000;

const EXPIRING: &str =
    "SELECT id, begins_by FROM run WHERE state = 0 AND begins_by < ?1 ORDER BY begins_by, id LIMIT ?2";
const EXPIRE: &str = "\
    UPDATE run SET state = 6, finished_at = ?2, reason = late.reason \
    FROM (SELECT unhex(value ->> 0) AS id, value ->> 1 AS reason FROM json_each(?1)) AS late \
    WHERE run.id = late.id AND run.state = 0 RETURNING id, state, chain";

/// Whoever was leased once is not queued any more: it has begun, and stands before all that has not.
const TAKE: &str = concat!(
    "UPDATE run SET state = 1, host = ?1, fence = fence + 1, attempt = attempt + 1, lease_until = ?2, \
     started_at = ?3, finished_at = NULL, plugin_name = NULL, plugin_version = NULL, plugin_sha256 = NULL, \
     wall_ms = 0, cpu_ms = 0, peak_memory_bytes = 0, provenance = NULL, queued = 0 \
     WHERE id IN (SELECT unhex(value) FROM json_each(?4)) AND state = 0 \
     RETURNING fence, attempt, items, messages, \
     (SELECT last_success_due FROM schedule WHERE name = run.schedule) AS last_success_due, ",
    rows::order_columns!()
);

const KEEP: &str = "\
    UPDATE run SET lease_until = ?2 \
    FROM (SELECT unhex(value ->> 0) AS id, unhex(value ->> 1) AS host, value ->> 2 AS fence FROM json_each(?1)) AS held \
    WHERE run.id = held.id AND run.state = 1 AND run.host = held.host AND run.fence = held.fence \
    RETURNING id, cancel_asked";

/// What was asked to stop does not become ready again.
const GIVE_BACK: &str = "\
    UPDATE run SET state = CASE WHEN cancel_asked THEN 4 ELSE 0 END, attempt = attempt - 1, host = NULL, \
                   lease_until = NULL, started_at = NULL, finished_at = CASE WHEN cancel_asked THEN ?2 END \
    FROM (SELECT unhex(value ->> 0) AS id, unhex(value ->> 1) AS host, value ->> 2 AS fence FROM json_each(?1)) AS held \
    WHERE run.id = held.id AND run.state = 1 AND run.host = held.host AND run.fence = held.fence \
    RETURNING id, state, chain";

const LAPSED: &str = concat!(
    "SELECT host, fence, attempt, ",
    rows::order_columns!(),
    " FROM run WHERE state = 1 AND lease_until <= ?1 ORDER BY lease_until, id LIMIT ?2"
);

const STATE: &str = "SELECT state, chain FROM run WHERE id = ?1";
const CANCEL_READY: &str = "UPDATE run SET state = 4, finished_at = ?2 WHERE id = ?1 AND state = 0";
const ASK: &str = "UPDATE run SET cancel_asked = 1 WHERE id = ?1 AND state = 1";

pub(super) struct LeaseReady {
    pub tenant: Tenant,
    pub now: DateTime<Utc>,
}

#[async_trait]
impl Request for LeaseReady {
    type Answer = Vec<Leased>;

    async fn write(&self, desk: &mut Desk<'_>) -> Result<Vec<Leased>, sqlx::Error> {
        let host = self.tenant.host;
        let mut levels = ready::levels(&mut *desk.connection, self.now).await?;
        if levels.iter().any(|level| level.expiring) {
            self.expire(desk).await?;
            // Something may have followed what expired.
            levels = ready::levels(&mut *desk.connection, self.now).await?;
        }
        let chosen = ready::choose(&levels, &self.tenant, self.now, desk).await?;
        if chosen.is_empty() {
            return Ok(Vec::new());
        }
        let ids = chosen.iter().map(|id| Value::from(id.0.simple().to_string())).collect();
        let taken = sqlx::query(TAKE)
            .bind(host.0.as_bytes().as_slice())
            .bind((desk.now + self.tenant.lease).timestamp_millis())
            .bind(desk.now.timestamp_millis())
            .bind(Value::Array(ids).to_string())
            .fetch_all(&mut *desk.connection)
            .await?;
        let mut items = items::left(&taken, desk).await?;
        let mut leased = HashMap::with_capacity(taken.len());
        for row in &taken {
            let order = rows::order(row)?;
            let previous_success = rows::maybe_instant(row, "last_success_due")?;
            let items = items.remove(&order.id).unwrap_or_default().into();
            let (lease, messages) = (rows::lease(row, host)?, row.try_get("messages")?);
            leased.insert(order.id, Leased { lease, order, previous_success, items, messages });
        }
        // RETURNING promises no order.
        Ok(chosen.iter().filter_map(|id| leased.remove(id)).collect())
    }
}

impl LeaseReady {
    async fn expire(&self, desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
        let query = sqlx::query(EXPIRING).bind(self.now.timestamp_millis()).bind(EXPIRE_AT_ONCE);
        let (mut late, mut runs) = (Vec::new(), Vec::new());
        for row in query.fetch_all(&mut *desk.connection).await? {
            let reason = SkipReason::Expired { by: rows::instant(&row, "begins_by")? };
            let run = RunId(rows::uuid(&row, "id")?);
            late.push(json!([links::hex(run), rows::to_json("reason", &reason)?]));
            runs.push(run);
        }
        let query = sqlx::query(EXPIRE).bind(Value::Array(late).to_string()).bind(desk.now.timestamp_millis());
        let written = query.fetch_all(&mut *desk.connection).await?;
        links::follow(&links::ends(&written, runs)?, desk).await
    }
}

pub(super) struct Heartbeat {
    pub tenant: Tenant,
    pub held: Vec<Lease>,
}

#[async_trait]
impl Request for Heartbeat {
    type Answer = Pulse;

    async fn write(&self, desk: &mut Desk<'_>) -> Result<Pulse, sqlx::Error> {
        let until = (desk.now + self.tenant.lease).timestamp_millis();
        let kept = sqlx::query(KEEP).bind(held(&self.held)).bind(until).fetch_all(&mut *desk.connection).await?;
        let mut asked = HashMap::new();
        for row in &kept {
            asked.insert(RunId(rows::uuid(row, "id")?), row.try_get::<bool, _>("cancel_asked")?);
        }
        let runs = || self.held.iter().map(|lease| lease.run);
        Ok(Pulse {
            cancel: runs().filter(|run| asked.get(run) == Some(&true)).collect(),
            lost: runs().filter(|run| !asked.contains_key(run)).collect(),
        })
    }
}

pub(super) struct Release {
    pub leases: Vec<Lease>,
}

#[async_trait]
impl Request for Release {
    type Answer = ();

    async fn write(&self, desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
        let now = desk.now.timestamp_millis();
        let query = sqlx::query(GIVE_BACK).bind(held(&self.leases)).bind(now);
        let written = query.fetch_all(&mut *desk.connection).await?;
        let runs = self.leases.iter().map(|lease| lease.run).collect();
        links::follow(&links::ends(&written, runs)?, desk).await
    }
}

pub(super) struct Cancel {
    pub run: RunId,
    pub now: DateTime<Utc>,
}

#[async_trait]
impl Request for Cancel {
    type Answer = CancelAnswer;

    async fn write(&self, desk: &mut Desk<'_>) -> Result<CancelAnswer, sqlx::Error> {
        let id = self.run.0.as_bytes().as_slice();
        let Some(row) = sqlx::query(STATE).bind(id).fetch_optional(&mut *desk.connection).await? else {
            return Ok(CancelAnswer::NotFound);
        };
        match rows::state(&row)? {
            RunState::Ready => {
                let now = self.now.timestamp_millis();
                sqlx::query(CANCEL_READY).bind(id).bind(now).execute(&mut *desk.connection).await?;
                if rows::maybe_run(&row, "chain")?.is_some() {
                    links::follow(&[self.run], desk).await?;
                }
                Ok(CancelAnswer::Cancelled)
            }
            RunState::Running => {
                sqlx::query(ASK).bind(id).execute(&mut *desk.connection).await?;
                Ok(CancelAnswer::Asked)
            }
            over => Ok(CancelAnswer::Over(over)),
        }
    }
}

pub(super) async fn lapsed(readers: &SqlitePool, most: usize, now: DateTime<Utc>) -> Result<Vec<Lapsed>, sqlx::Error> {
    let found = sqlx::query(LAPSED).bind(now.timestamp_millis()).bind(limit(most)).fetch_all(readers).await?;
    let lapse = |row| {
        let host = HostId(rows::uuid(row, "host")?);
        Ok(Lapsed { order: rows::order(row)?, lease: rows::lease(row, host)? })
    };
    found.iter().map(lapse).collect()
}

/// A lease as it is compared with the row: id, host, fence.
fn held(leases: &[Lease]) -> String {
    let compared =
        |lease: &Lease| json!([lease.run.0.simple().to_string(), lease.host.0.simple().to_string(), lease.fence]);
    Value::Array(leases.iter().map(compared).collect()).to_string()
}

pub(super) fn limit(most: usize) -> i64 {
    i64::try_from(most).unwrap_or(i64::MAX)
}

#[cfg(test)]
pub(super) fn statements() -> [&'static str; 9] {
    [EXPIRING, EXPIRE, TAKE, KEEP, GIVE_BACK, LAPSED, STATE, CANCEL_READY, ASK]
}
