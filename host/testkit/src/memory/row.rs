//! One run, or one row that says why there was none.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use noontide_domain::ports::{AttemptLogs, AttemptRecord, Fire, RunRecord, Skip};
use noontide_domain::{
    Artifact, ArtifactName, Cause, HostId, ItemCounts, Key, Lease, Order, Outcome, PluginVersion, Provenance, RunId,
    RunState, SkipReason, Usage,
};

#[derive(Debug, Clone)]
pub(super) struct Row {
    pub order: Order,
    pub state: RunState,
    pub not_before: DateTime<Utc>,
    /// Waits its turn; no longer once it was leased.
    pub queued: bool,
    pub host: Option<HostId>,
    pub fence: i64,
    /// Those that count; under a lease the present one is among them.
    pub attempt: u32,
    pub lease_until: DateTime<Utc>,
    pub cancel_asked: bool,
    pub started_at: Option<DateTime<Utc>>,
    pub finished_at: Option<DateTime<Utc>>,
    pub outcome: Option<Outcome>,
    pub plugin: Option<PluginVersion>,
    pub usage: Usage,
    pub provenance: Option<Provenance>,
    pub reason: Option<SkipReason>,
    pub span: Option<(DateTime<Utc>, u64)>,
    pub items: Option<ItemCounts>,
    pub created_at: DateTime<Utc>,
    /// Attempts after which the run became ready again, with the fence each had.
    pub archive: Vec<(i64, AttemptRecord)>,
    pub logs: Vec<AttemptLogs>,
    /// With the attempt that attached it, in the order of their names.
    pub artifacts: BTreeMap<ArtifactName, (u32, Artifact)>,
    /// How many messages its attempts have left.
    pub messages: u32,
}

impl Row {
    pub fn ready(fire: Fire, now: DateTime<Utc>) -> Self {
        Self {
            order: fire.order,
            state: RunState::Ready,
            not_before: fire.not_before,
            queued: false,
            host: None,
            fence: 0,
            attempt: 0,
            lease_until: now,
            cancel_asked: false,
            started_at: None,
            finished_at: None,
            outcome: None,
            plugin: None,
            usage: Usage::default(),
            provenance: None,
            reason: None,
            span: None,
            items: None,
            created_at: now,
            archive: Vec::new(),
            logs: Vec::new(),
            artifacts: BTreeMap::new(),
            messages: 0,
        }
    }

    pub fn overlapped(fire: Fire, blocking: RunId, now: DateTime<Utc>) -> Self {
        let mut row = Self::ready(fire, now);
        row.never_runs(SkipReason::Overlap { blocking }, now);
        row
    }

    pub fn skipped(skip: Skip, now: DateTime<Utc>) -> Self {
        let id = RunId::new();
        let key = Key::occurrence(&skip.schedule, skip.due_at);
        let order =
            Order { schedule: Some(skip.schedule), ..Order::new(id, key, skip.handler, skip.due_at, Cause::Schedule) };
        let mut row =
            Self::ready(Fire { not_before: order.due_at, overlap: Default::default(), fills: None, order }, now);
        row.never_runs(skip.reason, now);
        row.span = (skip.until != skip.due_at).then_some((skip.until, skip.count));
        row
    }

    pub fn is_live(&self) -> bool {
        !self.state.is_final()
    }

    /// Under lease, or under one before.
    pub fn has_begun(&self) -> bool {
        self.is_live() && self.fence > 0
    }

    /// A run that waits for its time is in nobody's way before.
    pub fn is_in_the_way(&self, by: DateTime<Utc>) -> bool {
        self.has_begun() || (self.is_live() && self.not_before <= by)
    }

    /// The order in which runs are in the way: what goes on, what waits for a retry, what is ready, what is queued.
    pub fn place(&self) -> (bool, bool, bool, DateTime<Utc>, RunId) {
        (self.state != RunState::Running, self.fence == 0, self.queued, self.not_before, self.order.id)
    }

    /// When its next attempt has to begin. What was ready before has an outcome, whether or not that attempt counts.
    pub fn begins_by(&self) -> Option<DateTime<Utc>> {
        self.order.begins_by(self.outcome.is_none())
    }

    pub fn never_runs(&mut self, reason: SkipReason, now: DateTime<Utc>) {
        self.end(reason.state(), now);
        self.reason = Some(reason);
    }

    pub fn is_held_by(&self, lease: &Lease) -> bool {
        self.state == RunState::Running && self.host == Some(lease.host) && self.fence == lease.fence
    }

    pub fn end(&mut self, state: RunState, at: DateTime<Utc>) {
        self.state = state;
        self.finished_at = Some(at);
    }

    pub fn record(&self) -> RunRecord {
        let order = &self.order;
        RunRecord {
            id: order.id,
            key: order.key.clone(),
            schedule: order.schedule.clone(),
            handler: order.handler.clone(),
            due_at: order.due_at,
            span: self.span,
            state: self.state,
            reason: self.reason.clone(),
            cause: order.cause,
            late: order.late,
            attempt: self.attempt,
            max_attempts: order.retry.attempts,
            not_before: (self.state == RunState::Ready).then_some(self.not_before),
            started_at: self.started_at,
            finished_at: self.finished_at,
            outcome: self.outcome.clone(),
            plugin: self.plugin.clone(),
            usage: self.usage,
            provenance: self.provenance.clone(),
            host: self.host,
            input: order.input.clone(),
            priority: order.priority,
            queue: order.queue.clone(),
            runs_on: order.runs_on.clone(),
            headers: order.headers.clone(),
            window: order.window,
            includes: order.includes.clone(),
            items: self.items,
            trace_id: order.trace_id.clone(),
            chain: order.chain,
            origin: order.origin.clone(),
            created_at: self.created_at,
        }
    }
}
