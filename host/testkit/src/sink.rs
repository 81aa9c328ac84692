//! Sinks that lead nowhere: they note what was sent and answer what a test wrote down.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use noontide_domain::alert::Alert;
use noontide_domain::outbox::Reply;
use noontide_domain::ports::{AlertSink, SinkFacts, SinkRoom};
use tokio::sync::watch;

/// Answers 200 where nothing is written down.
pub struct ScriptedSinks {
    names: Vec<&'static str>,
    replies: Mutex<VecDeque<Reply>>,
    sent: watch::Sender<Vec<(String, Alert)>>,
}

impl ScriptedSinks {
    /// Sinks of these names; nothing was sent yet.
    pub fn new(names: &[&'static str]) -> Arc<Self> {
        Arc::new(Self { names: names.to_vec(), replies: Mutex::default(), sent: watch::Sender::default() })
    }

    /// The next messages are answered so, one reply each; then 200 again.
    pub fn script(&self, replies: impl IntoIterator<Item = Reply>) {
        self.replies().extend(replies);
    }

    /// All that arrived, with the sink it went to, in the order in which it did.
    pub fn sent(&self) -> Vec<(String, Alert)> {
        self.sent.borrow().clone()
    }

    /// Waits until `count` or more have arrived.
    pub async fn arrived(&self, count: usize) -> Vec<(String, Alert)> {
        // The sender is in `self`, so it is never gone.
        let _ = self.sent.subscribe().wait_for(|sent| sent.len() >= count).await;
        self.sent()
    }

    fn replies(&self) -> MutexGuard<'_, VecDeque<Reply>> {
        self.replies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl AlertSink for ScriptedSinks {
    fn sinks(&self) -> Vec<SinkFacts> {
        let facts = |name: &&'static str| SinkFacts {
            name: (*name).to_owned(),
            kind: "scripted",
            destination: "nowhere".to_owned(),
            room: SinkRoom { sink: (*name).to_owned(), marks: String::new(), a_minute: 1_000 },
        };
        self.names.iter().map(facts).collect()
    }

    async fn send(&self, sink: &str, alert: &Alert, _: Duration) -> Reply {
        let reply = self.replies().pop_front().unwrap_or(Reply::Answered { status: 200, after: None });
        self.sent.send_modify(|sent| sent.push((sink.to_owned(), alert.clone())));
        reply
    }
}
