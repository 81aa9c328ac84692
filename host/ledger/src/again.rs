//! What was handed in before, by a caller who never heard the answer: it is known by what the caller made, and answered as it
//! was then, as far as that still holds. Nothing is written.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use noontide_domain::ports::{Claim, Claimed, Fire, Settlement, Tenant};
use noontide_domain::{HostId, Lease, Leased, Outcome, Overlap, RunId, RunState, SkipReason};
use serde_json::{Value, json};

use crate::judge::{Known, Stage};
use crate::query::query;
use crate::row::Row;
use crate::rows;
use crate::writer::Desk;

statements!(again: OWN, SETTLED);

/// What became of a run since it was claimed.
struct Own {
    state: RunState,
    /// Who leased it in the claim itself, and has it still.
    host: Option<HostId>,
    is_behind: bool,
    reason: Option<SkipReason>,
}

/// `None` unless rows have ids of the claim's own fires: then all of it was written, in one transaction.
pub(crate) async fn claimed(
    claim: &Claim,
    tenant: Option<&Tenant>,
    known: &Known,
    desk: &mut Desk<'_>,
) -> Result<Option<Vec<Claimed>>, sqlx::Error> {
    let has_row = |fire: &&Fire| known.keys.get(&fire.order.key.hash).is_some_and(|holder| holder.run == fire.order.id);
    let ids: Vec<_> = claim.fire.iter().filter(has_row).map(|fire| fire.order.id.0.simple().to_string()).collect();
    if ids.is_empty() {
        return Ok(None);
    }
    let mut own = HashMap::with_capacity(ids.len());
    for row in query(OWN).bind(json!(ids).to_string()).all(&mut *desk).await? {
        own.insert(RunId(rows::uuid(&row, "id")?), read(&row)?);
    }
    let answer = |fire| match own.get(&fire_id(fire)) {
        Some(one) => answer(fire, one, tenant, known),
        // Who kept it may be pruned by now.
        None => Claimed::Duplicate(known.keeper(fire, &claim.fire).unwrap_or(fire_id(fire))),
    };
    Ok(Some(claim.fire.iter().map(answer).collect()))
}

fn fire_id(fire: &Fire) -> RunId {
    fire.order.id
}

fn read(row: &Row) -> Result<Own, sqlx::Error> {
    let (state, created_at) = (rows::state(row)?, rows::instant(row, "created_at")?);
    let is_of_the_claim = state == RunState::Running && rows::maybe_instant(row, "started_at")? == Some(created_at);
    Ok(Own {
        state,
        host: rows::host(row)?.filter(|_| is_of_the_claim),
        is_behind: row.try_get("queued")? && rows::instant(row, "not_before")? <= created_at,
        reason: rows::maybe_json("reason", row)?,
    })
}

fn answer(fire: &Fire, own: &Own, tenant: Option<&Tenant>, known: &Known) -> Claimed {
    let order = &fire.order;
    match (&own.reason, tenant) {
        (Some(SkipReason::Overlap { blocking: run } | SkipReason::Replaced { by: run }), _) => {
            Claimed::Overlapped(*run)
        }
        (_, Some(tenant)) if own.host == Some(tenant.host) => Claimed::Leased(Box::new(Leased {
            order: order.clone(),
            lease: Lease { run: order.id, host: tenant.host, fence: 1, attempt: 1 },
            previous_success: order.schedule.as_ref().and_then(|name| known.successes.get(name)).copied(),
            items: Arc::default(),
            messages: 0,
        })),
        _ if own.state == RunState::Ready && own.is_behind => {
            Claimed::Queued { run: order.id, cancel: asked(fire, known) }
        }
        _ => Claimed::Ready(order.id),
    }
}

/// Those that were asked to stop for it and have not stopped yet.
fn asked(fire: &Fire, known: &Known) -> Vec<RunId> {
    let live = fire.order.schedule.as_ref().and_then(|name| known.live.get(name));
    let live =
        live.into_iter().flatten().filter(|one| fire.overlap == Overlap::CancelRunning && one.stage == Stage::Running);
    let mut asked: Vec<_> = live.map(|one| one.run).collect();
    asked.sort();
    asked
}

/// Of settlements whose leases are lost, the runs that they themselves have settled.
pub(crate) async fn settled(settlements: &[&Settlement], desk: &mut Desk<'_>) -> Result<HashSet<RunId>, sqlx::Error> {
    if settlements.is_empty() {
        return Ok(HashSet::new());
    }
    let told = settlements.iter().map(|Settlement { lease, .. }| {
        json!([lease.run.0.simple().to_string(), lease.host.0.simple().to_string(), lease.fence])
    });
    let told = Value::Array(told.collect()).to_string();
    let mut ends: HashMap<_, Vec<_>> = HashMap::new();
    for row in query(SETTLED).bind(told).all(&mut *desk).await? {
        let end = (rows::state(&row)?, rows::instant(&row, "finished_at")?, rows::maybe_json("outcome", &row)?);
        ends.entry(RunId(rows::uuid(&row, "id")?)).or_default().push(end);
    }
    let is_its_own = |one: &&&Settlement| {
        let mut ends = ends.get(&one.lease.run).into_iter().flatten();
        ends.any(|(state, at, outcome)| one.verdict.leads_to(*state) && is_end_of(one, *at, outcome))
    };
    Ok(settlements.iter().filter(is_its_own).map(|one| one.lease.run).collect())
}

fn is_end_of(settlement: &Settlement, at: DateTime<Utc>, outcome: &Option<Outcome>) -> bool {
    let report = &settlement.report;
    report.finished_at.timestamp_millis() == at.timestamp_millis() && outcome.as_ref() == Some(&report.outcome)
}
