//! What a handler may ask for while `plugin run` calls it: no ledger, a state that begins empty and is thrown away.

use async_trait::async_trait;
use noontide_domain::ports::{KeyPage, LedgerError, RunDesk};
use noontide_domain::{StateScope, StateSize};

use crate::output::Output;

/// The desk of a single call.
pub struct Desk {
    /// Progress goes to stderr.
    pub output: Output,
    /// Set by Ctrl-C.
    pub cancelled: tokio_util::sync::CancellationToken,
}

#[async_trait]
impl RunDesk for Desk {
    fn is_cancelled(&self) -> bool {
        self.cancelled.is_cancelled()
    }

    async fn cancelled(&self) {
        self.cancelled.cancelled().await;
    }

    fn progress(&self, done: u64, total: Option<u64>, note: &str) {
        let total = total.map_or(String::new(), |total| format!(" of {total}"));
        self.output.hint(&format!("progress {done}{total} {note}"));
    }

    async fn state(&self, _: StateScope, _: &str) -> Result<Option<(Vec<u8>, u64)>, LedgerError> {
        Ok(None)
    }

    async fn state_keys(&self, _: StateScope, _: KeyPage) -> Result<Vec<String>, LedgerError> {
        Ok(Vec::new())
    }

    async fn state_size(&self) -> Result<StateSize, LedgerError> {
        Ok(StateSize::default())
    }
}
