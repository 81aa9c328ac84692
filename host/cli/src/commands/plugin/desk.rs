//! What a handler may ask for while `plugin run` calls it: no ledger, a state that begins as it is given.

use async_trait::async_trait;
use noontide_domain::ports::{KeyPage, LedgerError, RunDesk};
use noontide_domain::{StateScope, StateSize};

use super::state_file::Entries;
use crate::output::Output;

/// The desk of a single call.
pub struct Desk {
    /// Progress goes to stderr.
    pub output: Output,
    /// Set by Ctrl-C.
    pub cancelled: tokio_util::sync::CancellationToken,
    /// What is remembered; every entry was written once.
    pub state: Entries,
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

    async fn state(&self, scope: StateScope, key: &str) -> Result<Option<(Vec<u8>, u64)>, LedgerError> {
        Ok(self.state.get(&(scope, key.to_owned())).map(|value| (value.clone(), 1)))
    }

    async fn state_keys(&self, scope: StateScope, page: KeyPage) -> Result<Vec<String>, LedgerError> {
        let within = |(key_scope, key): &&(StateScope, String)| {
            *key_scope == scope && key.starts_with(&page.prefix) && page.after.as_ref().is_none_or(|after| key > after)
        };
        Ok(self.state.keys().filter(within).take(page.limit).map(|(_, key)| key.clone()).collect())
    }

    async fn state_size(&self) -> Result<StateSize, LedgerError> {
        let sizes = self.state.iter().map(|((_, key), value)| StateSize::of_entry(key, value));
        Ok(sizes.fold(StateSize::default(), |sum, one| StateSize {
            bytes: sum.bytes + one.bytes,
            keys: sum.keys + one.keys,
        }))
    }
}
