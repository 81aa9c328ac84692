//! Recording the ends of attempts: the run, its archive, its log, its files, its state, its messages and the schedule's last success, all in the
//! transaction, and only if the lease still holds.

use std::collections::{BTreeMap, HashMap, HashSet};

use async_trait::async_trait;
use noontide_domain::alert::noted;
use noontide_domain::ports::{Claim, Settled, Settlement};
use noontide_domain::{RunId, RunState, Verdict};

use crate::batch::{Batch, Hex, columns};
use crate::state::{self, Fit};
use crate::writer::{Desk, Request};
use crate::{again, artifacts, claim, items, links, notices, outbox, records, rollups, rows};

statements!(settle: END, ARCHIVE, LOG, SUCCESS);

pub(crate) struct Settle {
    pub settlements: Vec<Settlement>,
    pub heeds: bool,
}

#[async_trait]
impl Request for Settle {
    type Answer = Vec<Settled>;

    async fn write(&self, desk: &mut Desk<'_>) -> Result<Vec<Settled>, sqlx::Error> {
        desk.heeds = self.heeds;
        let mut answers = Vec::with_capacity(self.settlements.len());
        let mut then = Claim::default();
        let (mut over, mut done) = (Vec::new(), Vec::new());
        for share in shares(&self.settlements) {
            if let [settlement] = share
                && let Some(refused) = refused(state::write(settlement, desk).await?)
            {
                answers.push(refused);
                continue;
            }
            let recorded = record(share, desk).await?;
            let lost: Vec<_> = share.iter().filter(|one| !recorded.contains_key(&one.lease.run)).collect();
            let before = again::settled(&lost, desk).await?;
            let answer = |settlement: &Settlement| {
                let run = &settlement.lease.run;
                let is_on_record = recorded.contains_key(run) || before.contains(run);
                if is_on_record { Settled::Recorded } else { Settled::LeaseLost }
            };
            answers.extend(share.iter().map(answer));
            for settlement in share {
                let run = settlement.lease.run;
                let Some(end) = recorded.get(&run) else { continue };
                if end.state == RunState::Succeeded {
                    append(&mut then, &settlement.then);
                }
                over.extend(end.is_linked.then_some(run));
            }
            done.push((share, recorded));
        }
        // All ends come first: what follows one may wait for another.
        if then != Claim::default() {
            claim::write(&then, None, desk).await?;
        }
        links::follow(&over, desk).await?;
        // Last, because all ends on a version write one row, and hosts wait for each other there.
        records::note(done.iter().flat_map(|(share, recorded)| ended(share, recorded)).collect(), desk).await?;
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
    handler: String,
}

type Recorded = HashMap<RunId, End>;

async fn record(share: &[Settlement], desk: &mut Desk<'_>) -> Result<Recorded, sqlx::Error> {
    let mut in_order: Vec<_> = share.iter().collect();
    // So that two who record ends of the same runs never wait for each other; and so with the schedules.
    in_order.sort_by_key(|settlement| settlement.lease.run);
    let mut told = Batch::whole();
    for settlement in in_order {
        put(settlement, &mut told)?;
    }
    let mut recorded = HashMap::with_capacity(share.len());
    let mut successes = BTreeMap::new();
    let mut with_items = HashMap::new();
    let mut ended = Vec::new();
    for row in told.all(END, desk).await? {
        let state = rows::state(&row)?;
        let schedule: Option<&str> = row.try_get("schedule")?;
        if let Some(schedule) = schedule.filter(|_| state == RunState::Succeeded) {
            let due: i64 = row.try_get("due_at")?;
            successes
                .entry(schedule.to_owned())
                .and_modify(|newest: &mut i64| *newest = due.max(*newest))
                .or_insert(due);
        }
        let run = RunId(rows::uuid(&row, "id")?);
        if desk.heeds
            && let Some(Settlement { lease, report, .. }) = share.iter().find(|one| one.lease.run == run)
        {
            let of = notices::of_run(run, &row)?;
            ended.extend(noted::end(of, state, lease.attempt, &report.outcome, report.finished_at));
        }
        if row.try_get::<i64>("items")? > 0 {
            with_items.insert(run, state.is_final());
        }
        recorded.insert(run, End { state, is_linked: links::is_linked_end(&row)?, handler: row.try_get("handler")? });
    }
    for (settlement, is_over) in share.iter().filter_map(|one| Some((one, with_items.get(&one.lease.run)?))) {
        items::settle(settlement.lease.run, &settlement.report, *is_over, desk).await?;
    }
    for settlement in share.iter().filter(|one| recorded.contains_key(&one.lease.run)) {
        artifacts::write(settlement, desk).await?;
        outbox::write(settlement, desk).await?;
    }
    notices::write(&ended, desk).await?;
    note_successes(&successes, desk).await?;
    archive(share, &recorded)?.run(ARCHIVE, desk).await?;
    logs(share, &recorded)?.run(LOG, desk).await?;
    let is_over = |one: &&Settlement| recorded.get(&one.lease.run).is_some_and(|end| end.state.is_final());
    let over = share.iter().filter(is_over).map(|one| (one.lease.run, one.report.finished_at));
    rollups::note_late(over, desk).await?;
    Ok(recorded)
}

/// On which versions the calls ended that were recorded.
fn ended<'a>(share: &'a [Settlement], recorded: &'a Recorded) -> Vec<records::Ended<'a>> {
    let ended = |Settlement { lease, report, .. }: &'a Settlement| {
        let handler = recorded.get(&lease.run)?.handler.as_str();
        Some(records::Ended { version: report.plugin.as_ref()?, handler, outcome: &report.outcome })
    };
    share.iter().filter_map(ended).collect()
}

async fn note_successes(successes: &BTreeMap<String, i64>, desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
    let mut newest = Batch::whole();
    for (schedule, due) in successes {
        newest.row(|row| columns!(row: schedule, due))?;
    }
    newest.run(SUCCESS, desk).await
}

/// One more row, in the order of [`END`].
fn put(settlement: &Settlement, batch: &mut Batch) -> Result<(), sqlx::Error> {
    let Settlement { lease, verdict, report, .. } = settlement;
    let (state, uncounted, not_before, reason) = match verdict {
        Verdict::Final { state, reason } => (*state, false, None, reason.as_ref()),
        Verdict::Again { not_before, counted } => (RunState::Ready, !counted, Some(*not_before), None),
    };
    let plugin = report.plugin.as_ref();
    batch.row(|row| {
        columns!(row:
            Hex(lease.run.0),
            Hex(lease.host.0),
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
            report.usage.fuel.map(rows::signed),
        )
    })
}

/// The attempts of runs that became ready again.
fn archive(share: &[Settlement], recorded: &Recorded) -> Result<Batch, sqlx::Error> {
    let mut attempts = Batch::parted();
    for settlement in share {
        if recorded.get(&settlement.lease.run).is_some_and(|end| end.state == RunState::Ready) {
            put(settlement, &mut attempts)?;
        }
    }
    Ok(attempts)
}

fn logs(share: &[Settlement], recorded: &Recorded) -> Result<Batch, sqlx::Error> {
    let mut logs = Batch::parted();
    for Settlement { lease, report, .. } in share.iter().filter(|one| recorded.contains_key(&one.lease.run)) {
        if !report.logs.is_empty() || report.logs_dropped > 0 {
            let (lines, dropped) = (rows::to_json("lines", &report.logs)?, rows::signed(report.logs_dropped));
            logs.row(|row| columns!(row: Hex(lease.run.0), lease.fence, lease.attempt, lines, dropped))?;
        }
    }
    Ok(logs)
}
