//! Sending: messages are leased, so that no two hosts send the same one at the same time, and tried over days.

use std::sync::Arc;
use std::time::Duration;

use noontide_domain::alert::judge_reply;
use noontide_domain::outbox::{Fate, Reply};
use noontide_domain::ports::{AlertDelivery, AlertSink, LedgerError, PostedAlert, SinkRoom};
use tokio::sync::Semaphore;
use tracing::{debug, error, warn};

use super::LEDGER_PAUSE;
use crate::core::Core;

/// Messages on their way at the same time.
const AT_ONCE: usize = 8;

/// The longest that one try may take, as webhooks usually allow; never more than half a lease.
pub(super) const PATIENCE: Duration = Duration::from_secs(15);

pub(super) fn places() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(AT_ONCE))
}

/// Takes what is due, and has it sent.
pub(super) async fn look(
    core: &Arc<Core>,
    sinks: &Arc<dyn AlertSink>,
    places: &Arc<Semaphore>,
) -> Result<(), LedgerError> {
    // A host with nothing to send writes nothing.
    if core.ledger.next_alert().await?.is_none_or(|next| next > core.clock.now()) {
        return Ok(());
    }
    let free: Vec<_> = std::iter::from_fn(|| Arc::clone(places).try_acquire_owned().ok()).collect();
    // A drain waits for what is on its way.
    let Some(_entered) = core.enter() else { return Ok(()) };
    let rooms: Vec<SinkRoom> = sinks.sinks().into_iter().map(|facts| facts.room).collect();
    let host = core.settings.host;
    let posted = core.ledger.lease_alerts(host, core.settings.lease, free.len(), rooms.clone()).await?;
    for (posted, place) in posted.into_iter().zip(free) {
        let (core, sinks) = (Arc::clone(core), Arc::clone(sinks));
        let Some(room) = rooms.iter().find(|room| room.sink == posted.sink).cloned() else { continue };
        core.running.clone().spawn(async move {
            deliver(&core, &sinks, posted, room).await;
            drop(place);
            core.alerting.nudge();
        });
    }
    Ok(())
}

async fn deliver(core: &Core, sinks: &Arc<dyn AlertSink>, posted: PostedAlert, sink: SinkRoom) {
    let within = PATIENCE.min(core.settings.lease / 2);
    let reply = sinks.send(&posted.sink, &posted.alert, within).await;
    let (now, seed) = (core.clock.now(), posted.lease.number.unsigned_abs());
    let fate = judge_reply(&reply, seed, posted.attempt, posted.give_up_at, now);
    tell(&posted, fate, &reply);
    let delivery = AlertDelivery { lease: posted.lease, sink, fate, reply, at: now };
    loop {
        match core.ledger.settle_alerts(vec![delivery.clone()]).await {
            Ok(settled) if settled == [true] => return,
            Ok(_) => return warn!(alert = posted.alert.id(), "its lease was lost meanwhile; it may be sent again"),
            Err(problem) => {
                error!(alert = posted.alert.id(), %problem, "what came of it cannot be recorded; trying again");
                core.wait(LEDGER_PAUSE).await;
            }
        }
    }
}

fn tell(posted: &PostedAlert, fate: Fate, reply: &Reply) {
    let (alert, sink, attempt, answer) = (posted.alert.id(), &posted.sink, posted.attempt, reply.words());
    match fate {
        Fate::Sent => debug!(alert, sink, attempt, "sent"),
        Fate::Again { not_before } => warn!(alert, sink, attempt, answer, %not_before, "not sent; it is tried again"),
        Fate::Dead => error!(alert, sink, attempt, answer, "given up; `noontide alert retry` sends it again"),
    }
}
