//! The recorder: gathers the ends of attempts, so that many share one call of the ledger and one fsync.
//!
//! While one batch is written the next gathers; an idle host adds no delay. Ends with files to write go by a lane of their
//! own, one at a time: whoever ends a run without files waits behind at most one of them.

use std::sync::Arc;

use noontide_domain::ports::{Ledger, LedgerError, Settled, Settlement};
use tokio::sync::{mpsc, oneshot};

/// Settlements in one call: beyond a few hundred the fsync is no longer what costs.
const BATCH: usize = 256;

/// Artifacts and messages from so many bytes on are heavy: to write less takes no longer than the fsync.
const HEAVY: usize = 64 << 10;

type Entry = (Settlement, oneshot::Sender<Result<Settled, LedgerError>>);

/// Takes settlements one by one and has them written in batches.
pub(crate) struct Recorder {
    light: mpsc::UnboundedSender<Entry>,
    heavy: mpsc::UnboundedSender<Entry>,
}

impl Recorder {
    /// Begins to write to `ledger`; ends when the recorder is dropped.
    pub(crate) fn new(ledger: Arc<dyn Ledger>) -> Self {
        let lane = |most| {
            let (sender, receiver) = mpsc::unbounded_channel();
            tokio::spawn(write(Arc::clone(&ledger), receiver, most));
            sender
        };
        Self { light: lane(BATCH), heavy: lane(1) }
    }

    /// Resolves when it is recorded, or refused. How many wait is bounded by the runs that a host holds.
    pub(crate) async fn record(&self, settlement: Settlement) -> Result<Settled, LedgerError> {
        let (sender, receiver) = oneshot::channel();
        let gone = || LedgerError::Broken("the recorder has stopped".to_owned());
        let lane = if is_heavy(&settlement) { &self.heavy } else { &self.light };
        lane.send((settlement, sender)).map_err(|_| gone())?;
        receiver.await.unwrap_or_else(|_| Err(gone()))
    }
}

fn is_heavy(settlement: &Settlement) -> bool {
    let report = &settlement.report;
    let files = report.artifacts.iter().map(|file| file.content.len());
    files.chain(report.messages.iter().map(|message| message.body.len())).sum::<usize>() >= HEAVY
}

/// Writes what comes, at most so many in a batch.
async fn write(ledger: Arc<dyn Ledger>, mut entries: mpsc::UnboundedReceiver<Entry>, most: usize) {
    let mut gathered = Vec::with_capacity(most);
    while entries.recv_many(&mut gathered, most).await > 0 {
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
