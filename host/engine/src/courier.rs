//! The courier: sends what handlers handed to the outbox, once their success is on record.
//!
//! A message goes out at least once: between the sending and the note of it a host may die, and another sends it again,
//! under the same idempotency key. Each is leased while it is sent, so that no two hosts send it at the same time. The order
//! of messages is not promised: one that is tried again falls behind the others.

use std::sync::Arc;
use std::time::Duration;

use noontide_domain::outbox::{Fate, Reply, judge};
use noontide_domain::ports::{Delivery, LedgerError, MessageAnswer, Outgoing, Posted};
use noontide_domain::{MessageId, Webhook};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::{debug, error, warn};

use crate::core::Core;
use crate::event::Happening;
use crate::{EngineError, EngineHandle};

/// Messages on their way at the same time: enough that a few slow receivers keep nobody waiting.
const AT_ONCE: usize = 16;

/// The longest that one try may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Pause after the ledger could not be written or read.
const LEDGER_PAUSE: Duration = Duration::from_secs(1);

/// How the host names itself to receivers.
const USER_AGENT: &str = concat!("noontide/", env!("CARGO_PKG_VERSION"));

pub(crate) async fn run(core: Arc<Core>) {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    loop {
        let free = tokio::select! {
            biased;
            () = core.stopping.cancelled() => return,
            free = free(&places) => free,
        };
        match look(&core, free).await {
            // There may be more.
            Ok(true) => {}
            Ok(false) => wait(&core).await,
            Err(problem) => {
                error!(%problem, "messages cannot be leased; trying again");
                core.rest(LEDGER_PAUSE).await;
            }
        }
    }
}

/// All places that are free; waits for the first.
async fn free(places: &Arc<Semaphore>) -> Vec<OwnedSemaphorePermit> {
    let first = Arc::clone(places).acquire_owned().await.ok();
    let others = std::iter::from_fn(|| Arc::clone(places).try_acquire_owned().ok());
    first.into_iter().chain(others).collect()
}

/// Takes as many messages as there are places; whether there were so many.
async fn look(core: &Arc<Core>, free: Vec<OwnedSemaphorePermit>) -> Result<bool, LedgerError> {
    // A host with nothing to send writes nothing.
    if core.ledger.next_message().await?.is_none_or(|next| next > core.clock.now()) {
        return Ok(false);
    }
    // A drain waits for what is on its way.
    let Some(_entered) = core.enter() else { return Ok(false) };
    let room = free.len();
    let posted = core.ledger.lease_messages(core.settings.host, core.settings.lease, room).await?;
    let is_full = posted.len() == room;
    for (posted, place) in posted.into_iter().zip(free) {
        let core = Arc::clone(core);
        core.running.clone().spawn(async move {
            deliver(&core, posted).await;
            drop(place);
        });
    }
    Ok(is_full)
}

/// Until somebody nudges, a message's time comes, or it is time to look for what a host has left that went away.
async fn wait(core: &Core) {
    let now = core.clock.now();
    let look_at = now + core.settings.heartbeat;
    let wake_at = match core.ledger.next_message().await {
        // What is due by now and was not leased is due a little later by the ledger's clock.
        Ok(Some(next)) => next.max(now + LEDGER_PAUSE).min(look_at),
        _ => look_at,
    };
    tokio::select! {
        biased;
        () = core.look_for_messages.notified() => {}
        () = core.clock.sleep_until(wake_at) => {}
        () = core.stopping.cancelled() => {}
    }
}

async fn deliver(core: &Core, posted: Posted) {
    // Half a lease: whoever is still waiting for an answer holds the message.
    let within = PATIENCE.min(core.settings.lease / 2);
    let outgoing = Outgoing { plugin: posted.plugin.clone(), webhook: dressed(&posted), within };
    let reply = core.outlet.send(outgoing).await;
    let now = core.clock.now();
    let fate = judge(&reply, posted.lease.id, posted.attempt, posted.give_up_at, now);
    let delivery = Delivery { lease: posted.lease, fate, reply: reply.clone(), at: now };
    loop {
        match core.ledger.settle_messages(vec![delivery.clone()]).await {
            Ok(settled) if settled == [true] => return tell(core, &posted, fate, &reply),
            Ok(_) => {
                warn!(message = %posted.lease.id, "its lease was lost meanwhile; it may be sent again, under the same key");
                return;
            }
            Err(problem) => {
                error!(message = %posted.lease.id, %problem, "what came of it cannot be recorded; trying again");
                core.wait(LEDGER_PAUSE).await;
            }
        }
    }
}

/// With what the receiver needs to know it again.
fn dressed(posted: &Posted) -> Webhook {
    let id = posted.lease.id;
    let own = [
        ("idempotency-key", id.to_string()),
        ("traceparent", trace_parent(id, &posted.trace_id)),
        ("user-agent", USER_AGENT.to_owned()),
    ];
    let mut webhook = posted.webhook.clone();
    webhook.headers.extend(own.map(|(name, value)| (name.to_owned(), value)));
    webhook
}

/// The run's trace, and a span of the message's own, the same with every try.
fn trace_parent(id: MessageId, trace_id: &str) -> String {
    let span = u128::from_be_bytes(id.fire) as u64 ^ u64::from(id.number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!("00-{trace_id}-{:016x}-01", span.max(1))
}

fn tell(core: &Core, posted: &Posted, fate: Fate, reply: &Reply) {
    let (message, destination) = (posted.lease.id, posted.webhook.destination());
    let (attempt, words) = (posted.attempt, reply.words());
    match fate {
        Fate::Sent => debug!(%message, destination, attempt, "sent"),
        Fate::Again { not_before } => {
            warn!(%message, destination, attempt, answer = words, %not_before, "not sent; it is tried again");
            core.look_for_messages.notify_one();
        }
        Fate::Dead => {
            warn!(%message, run = %posted.run, destination, attempt, answer = words,
                "given up; `noontide outbox retry` sends it again, `noontide outbox drop` takes it out");
            core.tell(Happening::Undelivered {
                message,
                run: posted.run,
                plugin: posted.plugin.clone(),
                destination: destination.to_owned(),
                answer: words,
            });
        }
    }
}

impl EngineHandle {
    /// Has a message that is dead or waits sent at once, and tried as long as a new one.
    ///
    /// # Errors
    /// No ledger.
    pub async fn retry_message(&self, id: MessageId) -> Result<MessageAnswer, EngineError> {
        let answer = self.core.ledger.retry_message(id, self.core.clock.now()).await?;
        self.core.look_for_messages.notify_one();
        Ok(answer)
    }

    /// Takes a message out that is dead or waits.
    ///
    /// # Errors
    /// No ledger.
    pub async fn drop_message(&self, id: MessageId) -> Result<MessageAnswer, EngineError> {
        Ok(self.core.ledger.drop_message(id, self.core.clock.now()).await?)
    }
}
