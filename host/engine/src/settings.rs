//! The engine's numbers.

use std::time::Duration;

use noontide_domain::{HostId, Labels, Queues, Roles};

/// The engine's numbers. [`Settings::default`] has the ones of semantics: lease 30 s, heartbeat 10 s.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// This process; new with every start.
    pub host: HostId,
    /// As people call this host.
    pub name: String,
    /// What it does.
    pub roles: Roles,
    /// What is said of it.
    pub labels: Labels,
    /// How many handlers run at the same time.
    pub concurrency: usize,
    /// The queues there are, how many of each run at the same time, and which this host takes.
    pub queues: Queues,
    /// Other hosts may use the ledger, and take a run whose lease has lapsed: this host stops it before. Alone, it goes on
    /// until its end can be written.
    pub is_shared: bool,
    /// How long a lease holds without a heartbeat.
    pub lease: Duration,
    /// How often leases are prolonged, and lapsed ones looked for. A third of the lease, so that one lost beat
    /// loses nothing.
    pub heartbeat: Duration,
    /// How often the runner looks for ready runs that nobody nudged it about (another host's).
    pub poll: Duration,
    /// How long finished runs are kept.
    pub retention: Duration,
    /// In which new rows of the table `task` are read that name no zone; [`crate::EngineHandle::read_in`] changes it.
    pub timezone: chrono_tz::Tz,
    /// How long [`crate::EngineHandle::drain`] lets handlers go on.
    pub drain: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            host: HostId::new(),
            name: "here".to_owned(),
            roles: Roles::default(),
            labels: Labels::default(),
            concurrency: 64,
            queues: Queues::default(),
            is_shared: true,
            lease: Duration::from_secs(30),
            heartbeat: Duration::from_secs(10),
            poll: Duration::from_secs(2),
            retention: Duration::from_secs(30 * 86_400),
            timezone: chrono_tz::UTC,
            drain: Duration::from_secs(10),
        }
    }
}

impl Settings {
    /// Runs held at once: those that go on and as many again that wait, so that a place is never empty while the
    /// ledger is asked for more.
    pub(crate) fn held_at_most(&self) -> usize {
        self.concurrency * 2
    }
}
