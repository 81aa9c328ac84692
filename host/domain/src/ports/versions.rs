//! The door to the versions of plugins: their bytes, what they are to their plugin, how they have done.

use async_trait::async_trait;

use super::LedgerError;
use crate::PluginName;
use crate::plugin::upgrade::{Decision, KnownVersion, Use};

/// Numbers that grow: who sees another one looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct VersionMarks {
    /// Decisions about versions.
    pub decisions: i64,
    /// Ends of calls that may lead to one.
    pub endings: i64,
    /// Edits of the list of schedules.
    pub schedules: i64,
}

/// What is kept of a version's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionContent {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The signature that lay beside it.
    pub signature: Option<String>,
}

/// The versions of plugins in the ledger. How calls end on them is noted with [`settle`](super::Ledger::settle), in the
/// same transaction.
#[async_trait]
pub trait Versions: Send + Sync {
    /// Where the numbers stand. Costs next to nothing.
    async fn marks(&self) -> Result<VersionMarks, LedgerError>;

    /// The versions of one plugin, or of all: by plugin, the newest arrival first.
    async fn versions(&self, plugin: Option<&PluginName>) -> Result<Vec<KnownVersion>, LedgerError>;

    /// The bytes with that digest, and their signature.
    async fn content(&self, sha256: &str) -> Result<Option<VersionContent>, LedgerError>;

    /// What in this ledger calls handlers of the plugin: schedules that stand and are enabled, runs that wait or go on, calls
    /// of chains that are yet to come; runs of the same call are told of once. A bounded number of them.
    async fn uses(&self, plugin: &PluginName) -> Result<Vec<Use>, LedgerError>;

    /// Writes a decision, bytes and all, in one transaction. `false` if another was written since it looked: nothing is
    /// written then, and the caller looks again.
    async fn decide(&self, decision: Decision) -> Result<bool, LedgerError>;
}
