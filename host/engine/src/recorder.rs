//! The recorder: gathers the ends of attempts, so that many share one call of the ledger and one fsync.
//!
//! While one batch is written the next gathers; an idle host adds no delay.

use std::sync::Arc;

use noontide_domain::ports::{Ledger, LedgerError, Settled, Settlement};
use tokio::sync::{mpsc, oneshot};

/// Settlements in one call: beyond a few hundred the fsync is no longer what costs.
const BATCH: usize = 256;

type Entry = (Settlement, oneshot::Sender<Result<Settled, LedgerError>>);

/// Takes settlements one by one and has them written in batches.
pub(crate) struct Recorder(mpsc::UnboundedSender<Entry>);

impl Recorder {
    /// Begins to write to `ledger`; ends when the recorder is dropped.
    pub(crate) fn new(ledger: Arc<dyn Ledger>) -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        tokio::spawn(write(ledger, receiver));
        Self(sender)
    }

    /// Resolves when it is recorded, or refused. How many wait is bounded by the runs that a host holds.
    pub(crate) async fn record(&self, settlement: Settlement) -> Result<Settled, LedgerError> {
        let (sender, receiver) = oneshot::channel();
        let gone = || LedgerError::Broken("the recorder has stopped".to_owned());
        self.0.send((settlement, sender)).map_err(|_| gone())?;
        receiver.await.unwrap_or_else(|_| Err(gone()))
    }
}

async fn write(ledger: Arc<dyn Ledger>, mut entries: mpsc::UnboundedReceiver<Entry>) {
    let mut gathered = Vec::with_capacity(BATCH);
    while entries.recv_many(&mut gathered, BATCH).await > 0 {
        let (settlements, senders): (Vec<_>, Vec<_>) = gathered.drain(..).unzip();
        let answers = match ledger.settle(settlements).await {
            Ok(settled) => settled.into_iter().map(Ok).collect(),
            Err(problem) => vec![Err(problem); senders.len()],
        };
        for (sender, answer) in senders.into_iter().zip(answers) {
            // Whoever asked is gone with its host; what is written stays written.
            let _ = sender.send(answer);
        }
    }
}
