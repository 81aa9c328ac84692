//! Recording the ends of attempts: the run, its archive, its log, its files, its state, its messages and the schedule's last success, all in the
//! transaction, and only if the lease still holds.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use noontide_domain::ports::{Claim, Settled, Settlement};
use noontide_domain::{RunId, RunState, Verdict};
use serde_json::{Value, json};
use sqlx::Row;

use super::state::{self, Fit};
use super::writer::{Desk, Request};
use super::{artifacts, claim, items, links, outbox, rows};

/// What was asked to stop does not become ready again: its next attempt would only be cancelled.
const END: &str = "\
    WITH told AS MATERIALIZED (SELECT value FROM json_each(?1)) \
    UPDATE run SET \
        state = CASE WHEN ended.state = 0 AND cancel_asked THEN 4 ELSE ended.state END, \
        attempt = attempt - (ended.uncounted AND NOT cancel_asked), \
        not_before = coalesce(ended.not_before, run.not_before), \
        lease_until = NULL, reason = ended.reason, \
        started_at = ended.started_at, finished_at = ended.finished_at, outcome = ended.outcome, \
        plugin_name = ended.plugin_name, plugin_version = ended.plugin_version, plugin_sha256 = ended.plugin_sha256, \
        wall_ms = ended.wall_ms, cpu_ms = ended.cpu_ms, peak_memory_bytes = ended.peak_memory_bytes, \
        provenance = ended.provenance \
    FROM (SELECT unhex(value ->> 0) AS id, unhex(value ->> 1) AS host, value ->> 2 AS fence, value ->> 3 AS state, \
                 value ->> 4 AS uncounted, value ->> 5 AS not_before, value ->> 6 AS reason, value ->> 7 AS started_at, \
                 value ->> 8 AS finished_at, value ->> 9 AS outcome, value ->> 10 AS plugin_name, \
                 value ->> 11 AS plugin_version, value ->> 12 AS plugin_sha256, value ->> 13 AS wall_ms, \
                 value ->> 14 AS cpu_ms, value ->> 15 AS peak_memory_bytes, value ->> 16 AS provenance \
          FROM told) AS ended \
    WHERE run.id = ended.id AND run.state = 1 AND run.host = ended.host AND run.fence = ended.fence \
    RETURNING id, state, schedule, due_at, items, chain";

const ARCHIVE: &str = "\
    INSERT INTO attempt (run_id, fence, attempt, outcome, plugin_name, plugin_version, plugin_sha256, started_at, \
                         finished_at, wall_ms, cpu_ms, peak_memory_bytes, provenance, host) \
    SELECT unhex(value ->> 0), value ->> 2, value ->> 17, value ->> 9, value ->> 10, value ->> 11, value ->> 12, \
           value ->> 7, value ->> 8, value ->> 13, value ->> 14, value ->> 15, value ->> 16, unhex(value ->> 1) \
    FROM json_each(?1)";

const LOG: &str = "\
    INSERT INTO log (run_id, fence, attempt, lines, dropped) \
    SELECT unhex(value ->> 0), value ->> 1, value ->> 2, value ->> 3, value ->> 4 FROM json_each(?1)";

const SUCCESS: &str = "\
    UPDATE schedule SET last_success_due = max(coalesce(last_success_due, done.due_at), done.due_at) \
    FROM (SELECT value ->> 0 AS name, max(value ->> 1) AS due_at FROM json_each(?1) GROUP BY 1) AS done \
    WHERE schedule.name = done.name";

pub(super) struct Settle {
    pub settlements: Vec<Settlement>,
}

#[async_trait]
impl Request for Settle {
    type Answer = Vec<Settled>;

    async fn write(&self, desk: &mut Desk<'_>) -> Result<Vec<Settled>, sqlx::Error> {
        let mut answers = Vec::with_capacity(self.settlements.len());
        let mut then = Claim::default();
        let mut ended = Vec::new();
        for share in shares(&self.settlements) {
            if let [settlement] = share
                && let Some(refused) = refused(state::write(settlement, desk).await?)
            {
                answers.push(refused);
                continue;
            }
            let recorded = record(share, desk).await?;
            let answer = |settlement: &Settlement| match recorded.contains_key(&settlement.lease.run) {
                true => Settled::Recorded,
                false => Settled::LeaseLost,
            };
            answers.extend(share.iter().map(answer));
            for settlement in share {
                let run = settlement.lease.run;
                let Some(end) = recorded.get(&run) else { continue };
                if end.state == RunState::Succeeded {
                    append(&mut then, &settlement.then);
                }
                ended.extend(end.is_linked.then_some(run));
            }
        }
        // All ends come first: what follows one may wait for another.
        if then != Claim::default() {
            claim::write(&then, None, desk).await?;
        }
        links::follow(&ended, desk).await?;
        Ok(answers)
    }
}

fn refused(fit: Fit) -> Option<Settled> {
    match fit {
        Fit::Fits => None,
        Fit::Conflict { key } => Some(Settled::StateConflict { key }),
        Fit::Over(over) => Some(Settled::StateOver(over)),
    }
}

fn append(then: &mut Claim, one: &Claim) {
    then.fire.extend_from_slice(&one.fire);
    then.skip.extend_from_slice(&one.skip);
    then.cursors.extend_from_slice(&one.cursors);
}

/// Cuts the settlements so that each share can be one statement: no run twice, and whoever writes state is alone, because
/// the next may look at what it wrote.
fn shares(settlements: &[Settlement]) -> Vec<&[Settlement]> {
    let mut shares = Vec::new();
    let mut start = 0;
    let mut runs = HashSet::new();
    for (i, settlement) in settlements.iter().enumerate() {
        let is_alone = !settlement.report.state.is_empty();
        if i > start
            && (is_alone || !settlements[i - 1].report.state.is_empty() || runs.contains(&settlement.lease.run))
        {
            shares.push(&settlements[start..i]);
            start = i;
            runs.clear();
        }
        runs.insert(settlement.lease.run);
    }
    if start < settlements.len() {
        shares.push(&settlements[start..]);
    }
    shares
}

/// What a recorded run became.
struct End {
    state: RunState,
    /// It is over, and the chain it belongs to may go on.
    is_linked: bool,
}

type Recorded = HashMap<RunId, End>;

async fn record(share: &[Settlement], desk: &mut Desk<'_>) -> Result<Recorded, sqlx::Error> {
    let columns = share.iter().map(columns).collect::<Result<Vec<_>, _>>()?;
    let ended = Value::Array(columns).to_string();
    let mut recorded = HashMap::with_capacity(share.len());
    let mut successes = Vec::new();
    let mut with_items = HashMap::new();
    for row in sqlx::query(END).bind(ended).fetch_all(&mut *desk.connection).await? {
        let state = rows::state(&row)?;
        let schedule: Option<&str> = row.try_get("schedule")?;
        if let Some(schedule) = schedule.filter(|_| state == RunState::Succeeded) {
            successes.push(json!([schedule, row.try_get::<i64, _>("due_at")?]));
        }
        let run = RunId(rows::uuid(&row, "id")?);
        if row.try_get::<i64, _>("items")? > 0 {
            with_items.insert(run, state.is_final());
        }
        recorded.insert(run, End { state, is_linked: links::is_linked_end(&row)? });
    }
    for (settlement, is_over) in share.iter().filter_map(|one| Some((one, with_items.get(&one.lease.run)?))) {
        items::settle(settlement.lease.run, &settlement.report, *is_over, desk).await?;
    }
    for settlement in share.iter().filter(|one| recorded.contains_key(&one.lease.run)) {
        artifacts::write(settlement, desk).await?;
        outbox::write(settlement, desk).await?;
    }
    insert(SUCCESS, successes, desk).await?;
    insert(ARCHIVE, archive(share, &recorded)?, desk).await?;
    insert(LOG, logs(share, &recorded)?, desk).await?;
    Ok(recorded)
}

async fn insert(sql: &'static str, values: Vec<Value>, desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
    if !values.is_empty() {
        sqlx::query(sql).bind(Value::Array(values).to_string()).execute(&mut *desk.connection).await?;
    }
    Ok(())
}

/// In the order of [`END`].
fn columns(settlement: &Settlement) -> Result<Value, sqlx::Error> {
    let Settlement { lease, verdict, report, .. } = settlement;
    let (state, uncounted, not_before, reason) = match verdict {
        Verdict::Final { state, reason } => (*state, false, None, reason.as_ref()),
        Verdict::Again { not_before, counted } => (RunState::Ready, !counted, Some(*not_before), None),
    };
    let plugin = report.plugin.as_ref();
    Ok(json!([
        lease.run.0.simple().to_string(),
        lease.host.0.simple().to_string(),
        lease.fence,
        rows::state_number(state),
        i64::from(uncounted),
        not_before.map(|at| at.timestamp_millis()),
        reason.map(|reason| rows::to_json("reason", reason)).transpose()?,
        report.started_at.timestamp_millis(),
        report.finished_at.timestamp_millis(),
        rows::to_json("outcome", &report.outcome)?,
        plugin.map(|plugin| plugin.name.as_str()),
        plugin.map(|plugin| plugin.version.as_str()),
        plugin.map(|plugin| plugin.sha256.as_str()),
        rows::signed(report.usage.wall_ms),
        rows::signed(report.usage.cpu_ms),
        rows::signed(report.usage.peak_memory_bytes),
        report.provenance().map(|provenance| rows::to_json("provenance", &provenance)).transpose()?,
        // Only for the archive; the row counts by itself.
        lease.attempt,
    ]))
}

/// The attempts of runs that became ready again.
fn archive(share: &[Settlement], recorded: &Recorded) -> Result<Vec<Value>, sqlx::Error> {
    let is_ready =
        |settlement: &&Settlement| recorded.get(&settlement.lease.run).is_some_and(|end| end.state == RunState::Ready);
    share.iter().filter(is_ready).map(columns).collect()
}

fn logs(share: &[Settlement], recorded: &Recorded) -> Result<Vec<Value>, sqlx::Error> {
    let mut logs = Vec::new();
    for Settlement { lease, report, .. } in share.iter().filter(|one| recorded.contains_key(&one.lease.run)) {
        if !report.logs.is_empty() || report.logs_dropped > 0 {
            let lines = rows::to_json("lines", &report.logs)?;
            let run = lease.run.0.simple().to_string();
            logs.push(json!([run, lease.fence, lease.attempt, lines, rows::signed(report.logs_dropped)]));
        }
    }
    Ok(logs)
}

#[cfg(test)]
pub(super) fn statements() -> [&'static str; 1] {
    [END]
}
