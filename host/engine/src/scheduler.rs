//! The scheduler: sleeps until something is due, plans, claims.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use noontide_domain::plan::{Plan, plan};
use noontide_domain::ports::{Claimed, LedgerError};
use noontide_domain::{Role, ScheduleName, Standing};
use tracing::{error, warn};

use crate::core::Core;
use crate::event::Happening;
use crate::runner;

/// Longest sleep: the wall clock may be stepped and the machine suspended meanwhile, and whoever watches this loop from outside
/// wants to see it come round several times before it calls it stuck.
const SLICE: Duration = Duration::from_secs(10);

/// Schedules planned in one transaction. More wait for the next pass, a moment later.
const BATCH: usize = 1_000;

/// Pause after the ledger could not be written. What was due stays due.
const LEDGER_PAUSE: Duration = Duration::from_secs(1);

pub(crate) async fn run(core: Arc<Core>) {
    while let Some(entered) = core.enter() {
        let passed = pass(&core).await;
        drop(entered);
        core.tick();
        match passed {
            Ok(true) => continue,
            Ok(false) => sleep(&core).await,
            Err(problem) => {
                error!(%problem, "what is due cannot be claimed, so no handler starts; trying again");
                core.rest(LEDGER_PAUSE).await;
            }
        }
    }
}

async fn sleep(core: &Core) {
    let latest = core.clock.now() + SLICE;
    let wake_at = core.book().wake_at().map_or(latest, |due| due.min(latest));
    tokio::select! {
        biased;
        () = core.look_at_book.notified() => {}
        () = core.clock.sleep_until(wake_at) => {}
        () = core.stopping.cancelled() => {}
    }
}

/// Decides what is due now. `true` if something was; there may be more.
async fn pass(core: &Arc<Core>) -> Result<bool, LedgerError> {
    let _pass = core.pass.lock().await;
    let now = core.clock.now();
    let due = core.book().due(now, BATCH);
    decide(core, due, now).await
}

/// Decides all that is due at `now`, for whoever holds `core.pass` and is about to change when `edited` come due: the change
/// then takes nothing away that was due before it. A host that does not plan has not followed how far the schedules have come:
/// it decides about those it changes alone, and the ledger knows what others have decided of them.
pub(crate) async fn decide_before(
    core: &Arc<Core>,
    now: DateTime<Utc>,
    edited: &[ScheduleName],
) -> Result<(), LedgerError> {
    // What a draining host leaves is due for the next one.
    let Some(_entered) = core.enter() else { return Ok(()) };
    let due = || match core.has(Role::Scheduler) {
        true => core.book().due(now, BATCH),
        false => core.book().due_of(edited, now),
    };
    while decide(core, due(), now).await? {}
    Ok(())
}

async fn decide(core: &Arc<Core>, due: Vec<Standing>, now: DateTime<Utc>) -> Result<bool, LedgerError> {
    if due.is_empty() {
        return Ok(false);
    }
    let levels = core.book().levels(&due);
    let plan = plan(due.iter().map(|standing| core.candidate(standing)), &levels, now);
    let asked_at = core.clock.elapsed();
    let claimed = core.ledger.claim(plan.claim.clone(), core.lessee(core.room_for_fires())).await;
    if let Err(LedgerError::Behind(cursors)) = claimed {
        cursors.into_iter().for_each(|(name, cursor)| core.book().advance(&name, cursor));
        return Ok(true);
    }
    core.heard(&claimed);
    let claimed = claimed?;
    record(core, &plan, &claimed);
    take(core, claimed, asked_at);
    Ok(true)
}

/// The ledger has it; now the book and the onlookers.
fn record(core: &Core, plan: &Plan, claimed: &[Claimed]) {
    let (mut book, mut used_up) = (core.book(), BTreeSet::new());
    for (fire, claimed) in plan.claim.fire.iter().zip(claimed) {
        let Some(name) = &fire.order.schedule else { continue };
        // What another host has claimed may have run or not. The ledger knows, and says when it is enough.
        match claimed {
            Claimed::UsedUp => {
                book.use_up(name);
                used_up.insert(name);
            }
            _ if claimed.new_run().is_some() => book.ran(name, 1),
            _ => {}
        }
    }
    for (name, cursor) in &plan.claim.cursors {
        // Of a schedule that is used up, what the cursor has passed has run.
        if !used_up.contains(name) {
            book.advance(name, *cursor);
        }
    }
    drop(book);
    for skip in &plan.claim.skip {
        let reason = skip.reason.to_string();
        warn!(schedule = %skip.schedule, due_at = %skip.due_at, count = skip.count, reason, "skipped");
        let (schedule, due_at, count) = (skip.schedule.clone(), skip.due_at, skip.count);
        core.tell(Happening::Skipped { schedule, due_at, count, reason });
    }
}

/// Begins what was leased with the claim that the ledger was asked for then, and points the runner at the rest.
pub(crate) fn take(core: &Arc<Core>, claimed: Vec<Claimed>, asked_at: Duration) {
    let mut waiting = false;
    for claimed in claimed {
        match claimed {
            Claimed::Leased(leased) => runner::begin(core, *leased, asked_at),
            Claimed::Ready(_) => waiting = true,
            Claimed::Queued { cancel, .. } => core.cancel_held(&cancel),
            Claimed::Duplicate(_) | Claimed::Overlapped(_) | Claimed::Passed | Claimed::UsedUp => {}
        }
    }
    if waiting {
        core.look_for_runs.notify_one();
    }
}
