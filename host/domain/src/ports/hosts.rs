//! What hosts say of themselves, and what is known of them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::{HostId, HostState, Labels, PluginName, QueueName, Roles};

/// What a host says of itself, with every heartbeat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostNews {
    /// This process; new with every start.
    pub host: HostId,
    /// As people call it. Two hosts may have the same.
    pub name: String,
    /// Of the program.
    pub version: String,
    /// When it began, by its own clock.
    pub started_at: DateTime<Utc>,
    /// How far its clock is ahead of the ledger's, as it was measured last; `None` before that.
    pub skew: Option<TimeDelta>,
    /// What it does.
    pub roles: Roles,
    /// Whose runs it takes; all if not given.
    pub queues: Option<BTreeSet<QueueName>>,
    /// What is said of it.
    pub labels: Labels,
    /// The digests of the plugins it has loaded.
    pub plugins: BTreeMap<PluginName, String>,
    /// How long it counts as living after this.
    pub lease: Duration,
    /// It begins nothing new.
    pub draining: bool,
    /// It ends with this.
    pub ended: bool,
}

impl HostNews {
    /// A clock that differs by more from the ledger's is told of. Nothing depends on it but when something fires.
    pub const SKEWED: TimeDelta = TimeDelta::seconds(2);
}

/// A host as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostRecord {
    /// What it said last.
    pub news: HostNews,
    /// How it stands.
    pub state: HostState,
    /// When it said so, by the ledger's clock.
    pub seen_at: DateTime<Utc>,
    /// When it said that it ends.
    pub ended_at: Option<DateTime<Utc>>,
}

/// Which hosts to list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HostFilter {
    /// In this state only. Without it, all that have not ended.
    pub state: Option<HostState>,
    /// After this host: the last one of the page before.
    pub after: Option<HostId>,
    /// Page size.
    pub limit: usize,
}
