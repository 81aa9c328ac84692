//! New rows: of runs, and of those that there are not.

use chrono::{DateTime, Utc};
use noontide_domain::ports::{Fire, Tenant};
use noontide_domain::{Order, RunState, SkipReason};
use serde_json::{Value, json};

use super::rows;

/// Materialized, or each column would have the whole row written as JSON anew.
pub(super) const INSERT: &str = "\
    WITH new AS MATERIALIZED (SELECT value FROM json_each(?1)) \
    INSERT INTO run (id, key_hash, key_text, schedule, handler, due_at, due_until, due_count, cause, late, input, \
                     window_from, window_to, timezone, max_attempts, backoff_ms, backoff_cap_ms, timeout_ms, trace_id, \
                     state, not_before, host, fence, attempt, lease_until, started_at, finished_at, reason, queued, start_by, \
                     expires_at, priority, queue, headers, includes, chain, origin, terms, \
                     created_at) \
    SELECT unhex(value ->> 0), unhex(value ->> 1), value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, \
           value ->> 7, value ->> 8, value ->> 9, value ->> 10, value ->> 11, value ->> 12, value ->> 13, value ->> 14, \
           value ->> 15, value ->> 16, value ->> 17, value ->> 18, value ->> 19, value ->> 20, unhex(value ->> 21), \
           value ->> 22, value ->> 23, value ->> 24, value ->> 25, value ->> 26, value ->> 27, value ->> 28, \
           value ->> 29, value ->> 30, value ->> 31, value ->> 32, value ->> 33, value ->> 34, unhex(value ->> 35), \
           value ->> 36, value ->> 37, ?2 \
    FROM new";

/// A row to be inserted.
pub(super) struct NewRow<'a> {
    pub order: &'a Order,
    pub span: Option<(DateTime<Utc>, u64)>,
    pub not_before: DateTime<Utc>,
    /// Waits its turn.
    pub queued: bool,
    pub lease: Option<&'a Tenant>,
    pub reason: Option<SkipReason>,
    pub now: DateTime<Utc>,
}

impl<'a> NewRow<'a> {
    pub fn ready(fire: &'a Fire, now: DateTime<Utc>) -> Self {
        Self {
            order: &fire.order,
            span: None,
            not_before: fire.not_before,
            queued: false,
            lease: None,
            reason: None,
            now,
        }
    }

    /// Over the moment it is written: so that it is pruned like any other.
    pub fn over(order: &'a Order, reason: SkipReason, now: DateTime<Utc>) -> Self {
        Self { order, span: None, not_before: order.due_at, queued: false, lease: None, reason: Some(reason), now }
    }

    fn includes(&self) -> Result<Option<String>, sqlx::Error> {
        let includes = &self.order.includes;
        (!includes.is_empty()).then(|| rows::to_json("includes", includes)).transpose()
    }

    /// In the order of [`INSERT`].
    pub fn columns(&self) -> Result<Value, sqlx::Error> {
        let order = self.order;
        let state = match (&self.lease, &self.reason) {
            (Some(_), _) => RunState::Running,
            (None, Some(reason)) => reason.state(),
            (None, None) => RunState::Ready,
        };
        let now = self.now.timestamp_millis();
        let attempt = i64::from(self.lease.is_some());
        Ok(json!([
            order.id.0.simple().to_string(),
            order.key.hex(),
            order.key.text,
            order.schedule,
            order.handler,
            order.due_at.timestamp_millis(),
            self.span.map(|(until, _)| until.timestamp_millis()),
            self.span.map(|(_, count)| rows::signed(count)),
            rows::cause_number(order.cause),
            i64::from(order.late),
            rows::to_json("input", &order.input)?,
            order.window.map(|window| window.from.timestamp_millis()),
            order.window.map(|window| window.to.timestamp_millis()),
            order.timezone.name(),
            order.retry.attempts,
            rows::millis(order.retry.backoff),
            rows::millis(order.retry.cap),
            order.timeout.map(rows::millis),
            order.trace_id,
            rows::state_number(state),
            self.not_before.timestamp_millis(),
            self.lease.map(|tenant| tenant.host.0.simple().to_string()),
            attempt,
            attempt,
            self.lease.map(|tenant| (self.now + tenant.lease).timestamp_millis()),
            self.lease.map(|_| now),
            self.reason.as_ref().map(|_| now),
            self.reason.as_ref().map(|reason| rows::to_json("reason", reason)).transpose()?,
            i64::from(self.queued),
            order.start_by.map(|by| by.timestamp_millis()),
            order.expires_at.map(|by| by.timestamp_millis()),
            order.priority.0,
            order.queue,
            Some(&order.headers)
                .filter(|headers| !headers.is_empty())
                .map(|all| rows::to_json("headers", all))
                .transpose()?,
            self.includes()?,
            order.chain.map(|chain| chain.0.simple().to_string()),
            order.origin.as_ref().map(|origin| rows::to_json("origin", origin)).transpose()?,
            order.terms.as_ref().map(|terms| rows::to_json("terms", terms)).transpose()?,
        ]))
    }
}
