//! How a run that goes on here is spoken to: asked to stop, and asked how far it has come.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use noontide_domain::ports::{Ledger, LedgerError, RunDesk};
use noontide_domain::{Order, state_scope};
use tokio_util::sync::CancellationToken;

use crate::handle::Progress;

/// One run's desk.
pub(crate) struct Desk {
    cancel: CancellationToken,
    /// The attempt is over; its end is on the way to the ledger.
    ended: AtomicBool,
    progress: Mutex<Option<Progress>>,
    scope: String,
    ledger: Arc<dyn Ledger>,
}

impl Desk {
    pub(crate) fn new(order: &Order, ledger: Arc<dyn Ledger>) -> Self {
        Self {
            cancel: CancellationToken::new(),
            ended: AtomicBool::new(false),
            progress: Mutex::default(),
            scope: state_scope(order),
            ledger,
        }
    }

    pub(crate) fn cancel(&self) {
        self.cancel.cancel();
    }

    pub(crate) fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }

    pub(crate) fn last_progress(&self) -> Option<Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl RunDesk for Desk {
    fn is_cancelled(&self) -> bool {
        self.cancel.is_cancelled()
    }

    async fn cancelled(&self) {
        self.cancel.cancelled().await;
    }

    fn progress(&self, done: u64, total: Option<u64>, note: &str) {
        let progress = Progress { done, total, note: note.to_owned() };
        *self.progress.lock().unwrap_or_else(PoisonError::into_inner) = Some(progress);
    }

    async fn state(&self, key: &str) -> Result<Option<(Vec<u8>, u64)>, LedgerError> {
        // A run that times out drops this future; the ledger's must never be dropped half way.
        let (ledger, scope, key) = (Arc::clone(&self.ledger), self.scope.clone(), key.to_owned());
        let read = tokio::spawn(async move { ledger.state(&scope, &key).await });
        read.await.unwrap_or_else(|panic| Err(LedgerError::Broken(panic.to_string())))
    }
}
