//! Who works on a run for now: taking, keeping, giving back, losing; and asking it to stop.

use std::collections::{BTreeSet, HashMap};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use noontide_domain::alert::noted;
use noontide_domain::ports::{CancelAnswer, Lapsed, Pulse, Tenant};
use noontide_domain::{HostId, Lease, Leased, RunId, RunState, SkipReason};
use serde_json::{Value, json};

use crate::connection::Readers;
use crate::query::query;
use crate::writer::{Desk, Request};
use crate::{items, links, notices, ready, rows};

statements!(lease: EXPIRING, EXPIRE, TAKE, KEEP, GIVE_BACK, LAPSED, STATE, CANCEL_READY, ASK);

/// Rows that one lease call writes off at most: the rest waits for the next call, so that no call takes long.
const EXPIRE_AT_ONCE: i64 = 1_000;

pub(crate) struct LeaseReady {
    pub tenant: Tenant,
    pub now: DateTime<Utc>,
    pub heeds: bool,
}

#[async_trait]
impl Request for LeaseReady {
    type Answer = Vec<Leased>;

    async fn write(&self, desk: &mut Desk<'_>) -> Result<Vec<Leased>, sqlx::Error> {
        desk.heeds = self.heeds;
        let host = self.tenant.host;
        let mut levels = ready::levels(&mut *desk, self.now).await?;
        if levels.iter().any(|level| level.expiring) {
            self.expire(desk).await?;
            // Something may have followed what expired.
            levels = ready::levels(&mut *desk, self.now).await?;
        }
        let chosen = ready::choose(&levels, &self.tenant, self.now, desk).await?;
        if chosen.is_empty() {
            return Ok(Vec::new());
        }
        let ids = chosen.iter().map(|id| Value::from(id.0.simple().to_string())).collect();
        let taken = query(TAKE)
            .bind(host)
            .bind((desk.now + self.tenant.lease).timestamp_millis())
            .bind(desk.now.timestamp_millis())
            .bind(Value::Array(ids).to_string())
            .all(&mut *desk)
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

    fn handed_over(answer: &Vec<Leased>) -> Vec<Lease> {
        answer.iter().map(|leased| leased.lease).collect()
    }
}

impl LeaseReady {
    async fn expire(&self, desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
        let expiring = query(EXPIRING).bind(self.now.timestamp_millis()).bind(EXPIRE_AT_ONCE);
        let (mut late, mut runs, mut missed) = (Vec::new(), Vec::new(), Vec::new());
        for row in expiring.all(&mut *desk).await? {
            let by = rows::instant(&row, "begins_by")?;
            let reason = SkipReason::Expired { by };
            let run = RunId(rows::uuid(&row, "id")?);
            late.push(json!([links::hex(run), rows::to_json("reason", &reason)?]));
            missed.push((run, noted::expiry(notices::of_run(run, &row)?, by, desk.now)));
            runs.push(run);
        }
        let query = query(EXPIRE).bind(Value::Array(late).to_string()).bind(desk.now.timestamp_millis());
        let written = query.all(&mut *desk).await?;
        let mut expired = BTreeSet::new();
        for row in &written {
            expired.insert(RunId(rows::uuid(row, "id")?));
        }
        missed.retain(|(run, _)| expired.contains(run));
        notices::write(&missed.into_iter().map(|(_, notice)| notice).collect::<Vec<_>>(), desk).await?;
        links::follow(&links::ends(&written, runs)?, desk).await
    }
}

pub(crate) struct Heartbeat {
    pub tenant: Tenant,
    pub held: Vec<Lease>,
}

#[async_trait]
impl Request for Heartbeat {
    type Answer = Pulse;

    async fn write(&self, desk: &mut Desk<'_>) -> Result<Pulse, sqlx::Error> {
        let until = (desk.now + self.tenant.lease).timestamp_millis();
        let kept = query(KEEP).bind(held(&self.held)).bind(until).all(&mut *desk).await?;
        let mut asked = HashMap::new();
        for row in &kept {
            asked.insert(RunId(rows::uuid(row, "id")?), row.try_get::<bool>("cancel_asked")?);
        }
        let runs = || self.held.iter().map(|lease| lease.run);
        Ok(Pulse {
            cancel: runs().filter(|run| asked.get(run) == Some(&true)).collect(),
            lost: runs().filter(|run| !asked.contains_key(run)).collect(),
        })
    }
}

pub(crate) struct Release {
    pub leases: Vec<Lease>,
}

#[async_trait]
impl Request for Release {
    type Answer = ();

    async fn write(&self, desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
        let now = desk.now.timestamp_millis();
        desk.nudge = true;
        let query = query(GIVE_BACK).bind(held(&self.leases)).bind(now);
        let written = query.all(&mut *desk).await?;
        let runs = self.leases.iter().map(|lease| lease.run).collect();
        links::follow(&links::ends(&written, runs)?, desk).await
    }
}

pub(crate) struct Cancel {
    pub run: RunId,
    pub now: DateTime<Utc>,
}

#[async_trait]
impl Request for Cancel {
    type Answer = CancelAnswer;

    async fn write(&self, desk: &mut Desk<'_>) -> Result<CancelAnswer, sqlx::Error> {
        let id = self.run;
        let Some(row) = query(STATE).bind(id).first(&mut *desk).await? else {
            return Ok(CancelAnswer::NotFound);
        };
        match rows::state(&row)? {
            RunState::Ready => {
                let now = self.now.timestamp_millis();
                query(CANCEL_READY).bind(id).bind(now).run(&mut *desk).await?;
                if rows::maybe_run(&row, "chain")?.is_some() {
                    links::follow(&[self.run], desk).await?;
                }
                Ok(CancelAnswer::Cancelled)
            }
            RunState::Running => {
                query(ASK).bind(id).run(&mut *desk).await?;
                Ok(CancelAnswer::Asked)
            }
            over => Ok(CancelAnswer::Over(over)),
        }
    }
}

pub(crate) async fn lapsed(readers: &Readers, most: usize, now: DateTime<Utc>) -> Result<Vec<Lapsed>, sqlx::Error> {
    let found = query(LAPSED).bind(now.timestamp_millis()).bind(limit(most)).all(readers).await?;
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
    let mut all: Vec<_> = leases.iter().collect();
    // In one order, so that two who hold the same ones never wait for each other.
    all.sort_by_key(|lease| lease.run);
    Value::Array(all.into_iter().map(compared).collect()).to_string()
}

pub(crate) fn limit(most: usize) -> i64 {
    i64::try_from(most).unwrap_or(i64::MAX)
}
