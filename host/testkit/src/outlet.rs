//! A way out that leads nowhere: it notes what was sent and answers what a test wrote down.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use noontide_domain::outbox::Reply;
use noontide_domain::ports::{Outgoing, Outlet};
use tokio::sync::watch;

use crate::Gate;

/// Answers 200 where nothing is written down.
pub struct ScriptedOutlet {
    desk: Mutex<Desk>,
    sent: watch::Sender<usize>,
}

#[derive(Default)]
struct Desk {
    replies: VecDeque<Reply>,
    gate: Option<Gate>,
    sent: Vec<Outgoing>,
}

impl ScriptedOutlet {
    /// Nothing was sent yet.
    #[expect(clippy::new_ret_no_self, reason = "as the other stand-ins: shared from the beginning")]
    pub fn new() -> Arc<Self> {
        Arc::new(Self { desk: Mutex::default(), sent: watch::Sender::new(0) })
    }

    /// The next messages are answered so, one reply each; then 200 again.
    pub fn script(&self, replies: impl IntoIterator<Item = Reply>) {
        self.desk().replies.extend(replies);
    }

    /// Messages that are sent from now on arrive, and are answered when the gate is open.
    pub fn hold(&self) -> Gate {
        let gate = Gate::shut();
        self.desk().gate = Some(gate.clone());
        gate
    }

    /// From now on messages are answered at once; those that wait at a gate go on waiting.
    pub fn release(&self) {
        self.desk().gate = None;
    }

    /// All that arrived, in the order in which it did.
    pub fn sent(&self) -> Vec<Outgoing> {
        self.desk().sent.clone()
    }

    /// Waits until `count` or more have arrived.
    pub async fn arrived(&self, count: usize) -> Vec<Outgoing> {
        let _ = self.sent.subscribe().wait_for(|sent| *sent >= count).await;
        self.sent()
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, outgoing: Outgoing) -> (Reply, Option<Gate>) {
        let mut desk = self.desk();
        desk.sent.push(outgoing);
        self.sent.send_modify(|sent| *sent += 1);
        let reply = desk.replies.pop_front().unwrap_or(Reply::Answered { status: 200, after: None });
        (reply, desk.gate.clone())
    }
}

#[async_trait]
impl Outlet for ScriptedOutlet {
    async fn send(&self, outgoing: Outgoing) -> Reply {
        let (reply, gate) = self.take(outgoing);
        if let Some(gate) = gate {
            gate.passed().await;
        }
        reply
    }
}
