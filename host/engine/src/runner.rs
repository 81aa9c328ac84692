//! The runner: leases ready runs, calls their handlers, records how they ended.

use std::sync::Arc;
use std::time::Duration;

use noontide_domain::ports::{Call, Claim, RunDesk, Settled, Settlement};
use noontide_domain::run::settle;
use noontide_domain::{Leased, Outcome, OverLimit, Report, RunState, Verdict};
use tracing::{error, info, warn};

use crate::core::{Core, Held};
use crate::desk::Desk;
use crate::event::Happening;
use crate::tally::AttemptEnd;
use crate::{steward, story, tally};

/// Pause after the ledger could not be written or read.
const LEDGER_PAUSE: Duration = Duration::from_secs(1);

/// How often it looks in any case.
const LOOK: Duration = Duration::from_secs(2);

/// How soon it looks again for what is ready and was not to be had.
const MOMENT: Duration = Duration::from_millis(20);

pub(crate) async fn run(core: Arc<Core>) {
    while !core.stopping.is_cancelled() {
        if !core.wants_more() {
            wait(&core).await;
            continue;
        }
        let Some(entered) = core.enter() else { return };
        let (room, asked_at) = (core.room(), core.clock.elapsed());
        match core.ledger.lease(core.tenant(room), core.clock.now()).await {
            Ok(leased) => {
                let full = leased.len() == room;
                leased.into_iter().for_each(|leased| begin(&core, leased, asked_at));
                drop(entered);
                if !full {
                    wait(&core).await;
                }
            }
            Err(problem) => {
                drop(entered);
                core.heard::<()>(&Err(problem.clone()));
                error!(%problem, "ready runs cannot be leased; trying again");
                core.rest(LEDGER_PAUSE).await;
            }
        }
    }
}

/// Until somebody nudges, a retry's time comes, another host has left something, or it is time to look in any case: what
/// waits for nobody may have to be written off. Between these looks it only asks when the next run is ready, which costs
/// little.
async fn wait(core: &Core) {
    let begin = core.clock.now();
    let look_at = begin + core.settings.poll.max(LOOK);
    loop {
        let now = core.clock.now();
        let next = match core.wants_more() {
            true => core.ledger.next_ready(&core.queue_room()).await.unwrap_or_default(),
            false => None,
        };
        if next.is_some_and(|ready| ready <= now) && now > begin {
            return;
        }
        // What is ready and was not leased just now is another's before long, or it is for this host a moment later.
        let wake_at = next.map_or(look_at, |ready| ready.max(now + MOMENT)).min(now + core.settings.poll).min(look_at);
        tokio::select! {
            biased;
            () = core.stopping.cancelled() => return,
            () = core.look_for_runs.notified() => return,
            () = core.clock.sleep_until(wake_at) => {}
        }
        if !(begin..look_at).contains(&core.clock.now()) {
            return;
        }
    }
}

/// Takes a leased run in, of which the ledger was asked at `asked_at`. It starts when a place is free.
pub(crate) fn begin(core: &Arc<Core>, leased: Leased, asked_at: Duration) {
    let leased = Arc::new(leased);
    let desk = Arc::new(Desk::new(Arc::clone(&leased), Arc::clone(&core.ledger)));
    let (queue, plugin) = (leased.order.queue.clone(), leased.order.handler.plugin.clone());
    core.held().insert(
        leased.order.id,
        Held { lease: leased.lease, confirmed: asked_at, queue, plugin, desk: Arc::clone(&desk) },
    );
    let core = Arc::clone(core);
    // In a box, because the runtime would move it several times before it begins.
    core.running.clone().spawn(Box::pin(async move {
        carry_out(&core, &leased, Arc::clone(&desk)).await;
        let before = core.wants_more();
        core.held().remove(&leased.order.id);
        desk.let_go();
        // Once, when half of what was held is done: leases are asked for in batches, not one by one. What is bounded holds
        // no more than may go on, so that it is in nobody's way; it has room now.
        if (core.makes_room(&leased.order) || !before) && core.wants_more() {
            core.look_for_runs.notify_one();
        }
    }));
}

async fn carry_out(core: &Arc<Core>, leased: &Leased, desk: Arc<Desk>) {
    let place = tokio::select! {
        biased;
        () = core.stopping.cancelled() => None,
        () = desk.cut() => None,
        place = core.places.one(leased.order.priority, &leased.order.queue, &leased.order.handler) => place,
    };
    let Some(place) = place else {
        core.tally.given_back.one();
        if let Err(problem) = core.ledger.release(vec![leased.lease]).await {
            warn!(run = %leased.order.id, %problem, "its lease could not be given back; it will lapse");
        }
        return;
    };
    let report = if desk.is_cancelled() {
        Report::never_began(Outcome::Cancelled, core.clock.now())
    } else {
        tell_start(core, leased);
        invoke(core, leased, &desk).await
    };
    desk.end();
    // The place goes before the commit: the next handler computes while this one's end is written.
    drop(place);
    record(core, leased, report).await;
}

/// Calls the handler. Without a word of the ledger about the lease, nobody waits for it to the end; and what stopped only for
/// that was abandoned, not cancelled.
async fn invoke(core: &Core, leased: &Leased, desk: &Arc<Desk>) -> Report {
    let call = Call { leased: leased.clone(), desk: Arc::clone(desk) as Arc<dyn RunDesk> };
    let report = tokio::select! {
        biased;
        report = core.plugins.invoke(call) => report,
        // Dropped, it stops.
        () = desk.stopped() => Report::never_began(Outcome::Cancelled, core.clock.now()),
    };
    match report.outcome {
        Outcome::Cancelled if desk.is_cut_off() => Report { outcome: Outcome::Abandoned, ..report },
        _ => report,
    }
}

/// Writes the end of an attempt, however often it takes. While the ledger is away the lease may lapse; then somebody
/// else's attempt counts and this one's end is dropped.
async fn record(core: &Arc<Core>, leased: &Leased, mut report: Report) {
    let order = &leased.order;
    loop {
        let verdict = settle(&report.outcome, leased.lease.attempt, order.id, &order.retry, core.clock.now());
        if !report.keeps_state() {
            report.state.clear();
            report.messages.clear();
        }
        if !report.keeps_artifacts() {
            report.artifacts.clear();
        }
        let then = match &verdict {
            Verdict::Final { state: RunState::Succeeded, .. } => core.follow(order),
            _ => Claim::default(),
        };
        // What follows it in its chain the ledger knows.
        let follows = !then.fire.is_empty() || order.chain.is_some();
        let settlement = Settlement { then, ..Settlement::new(leased.lease, verdict.clone(), report.clone()) };
        let answer = core.recorder.record(settlement).await;
        core.heard(&answer);
        match answer {
            Ok(Settled::Recorded) => {
                if follows {
                    core.look_for_runs.notify_one();
                }
                if !report.messages.is_empty() {
                    core.look_for_messages.notify_one();
                }
                return tell_end(core, leased, &verdict, report);
            }
            Ok(Settled::StateConflict { key }) => {
                // The sandbox told of keys in which there is no secret.
                let entry = match report.effects.state_written.contains_key(&key) {
                    true => format!("state entry `{key}`"),
                    false => "a state entry".to_owned(),
                };
                refuse(&mut report, format!("{entry} was changed by another run meanwhile"));
            }
            Ok(Settled::StateOver(OverLimit { limit, allows })) => {
                let message = format!(
                    "with what others wrote meanwhile its state is over `{limit}` in the plugin's `limits`, {allows}; nothing \
                     of it was written"
                );
                refuse(&mut report, message);
            }
            Ok(Settled::LeaseLost) => {
                core.tally.fenced.one();
                warn!(run = %order.id, attempt = leased.lease.attempt, outcome = report.outcome.as_str(),
                    "its lease was lost meanwhile: this result is dropped, the newer attempt counts");
                return;
            }
            Err(problem) => {
                error!(run = %order.id, %problem, "its end cannot be recorded; trying again");
                core.wait(LEDGER_PAUSE).await;
            }
        }
    }
}

/// The attempt ended well, and its end cannot be written: nothing of it holds, and it is tried again.
fn refuse(report: &mut Report, message: String) {
    report.outcome = Outcome::Failed { message, retryable: true, after: None };
    report.items.clear();
    report.state.clear();
    report.messages.clear();
}

fn tell_start(core: &Core, leased: &Leased) {
    let order = &leased.order;
    story::begins(&core.settings, leased);
    tally::begins(core, leased);
    core.tell(Happening::Started {
        run: order.id,
        schedule: order.schedule.clone(),
        handler: order.handler.clone(),
        due_at: order.due_at,
        attempt: leased.lease.attempt,
    });
}

fn tell_end(core: &Core, leased: &Leased, verdict: &Verdict, report: Report) {
    let order = &leased.order;
    let state = verdict.state();
    if state == RunState::Succeeded
        && let Some(schedule) = &order.schedule
    {
        core.book().succeeded(schedule, order.due_at);
    }
    // A retry waits, or somebody queued behind this run.
    if state == RunState::Ready || core.queues_behind(order) {
        core.look_for_runs.notify_one();
    }
    steward::ended(core, &report.outcome);
    story::ended(&core.settings, leased, state, &report);
    core.tally.ended(AttemptEnd { order, attempt: leased.lease.attempt, state, report: &report });
    let message = report.outcome.message();
    if let Some(message) = &message {
        info!(run = %order.id, handler = %order.handler, attempt = leased.lease.attempt, state = state.as_str(), message,
            "attempt ended badly");
    }
    core.tell(Happening::Finished {
        run: order.id,
        schedule: order.schedule.clone(),
        handler: order.handler.clone(),
        attempt: leased.lease.attempt,
        outcome: report.outcome.as_str(),
        message: message.or_else(|| match &report.outcome {
            Outcome::Skipped { reason } => Some(reason.clone()),
            _ => None,
        }),
        result: match report.outcome {
            Outcome::Succeeded { result } => result,
            _ => None,
        },
        state,
        wall_ms: report.usage.wall_ms,
    });
}
