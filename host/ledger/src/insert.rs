//! New rows: of runs, and of those that there are not.

use chrono::{DateTime, Utc};
use noontide_domain::ports::{Fire, Tenant};
use noontide_domain::{Gate, Order, RunState, SkipReason};

use crate::batch::{Batch, Hex, columns};
use crate::query::query;
use crate::rows;
use crate::writer::Desk;

statements!(insert: INSERT);

/// A row to be inserted.
pub(crate) struct NewRow<'a> {
    pub order: &'a Order,
    pub span: Option<(DateTime<Utc>, u64)>,
    pub not_before: DateTime<Utc>,
    /// Waits its turn.
    pub queued: bool,
    /// Its schedule bounds how many go on at the same time.
    pub bounded: bool,
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
            bounded: false,
            lease: None,
            reason: None,
            now,
        }
    }

    /// Over the moment it is written: so that it is pruned like any other.
    pub fn over(order: &'a Order, reason: SkipReason, now: DateTime<Utc>) -> Self {
        let not_before = order.due_at;
        Self { order, span: None, not_before, queued: false, bounded: false, lease: None, reason: Some(reason), now }
    }

    fn gate(&self) -> Gate {
        let schedule = self.order.schedule.clone().filter(|_| self.bounded);
        Gate { schedule, runs_on: self.order.runs_on.clone() }
    }

    fn includes(&self) -> Result<Option<String>, sqlx::Error> {
        let includes = &self.order.includes;
        (!includes.is_empty()).then(|| rows::to_json("includes", includes)).transpose()
    }

    fn state(&self) -> RunState {
        match (&self.lease, &self.reason) {
            (Some(_), _) => RunState::Running,
            (None, Some(reason)) => reason.state(),
            (None, None) => RunState::Ready,
        }
    }

    /// One more row, in the order of [`INSERT`].
    pub fn put(&self, batch: &mut Batch) -> Result<(), sqlx::Error> {
        let order = self.order;
        let now = self.now.timestamp_millis();
        let attempt = i64::from(self.lease.is_some());
        batch.row(|row| {
            columns!(row:
                Hex(order.id.0),
                order.key.hex(),
                &order.key.text,
                &order.schedule,
                &order.handler,
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
                &order.trace_id,
                rows::state_number(self.state()),
                self.not_before.timestamp_millis(),
                self.lease.map(|tenant| Hex(tenant.host.0)),
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
                &order.queue,
                Some(&order.headers)
                    .filter(|headers| !headers.is_empty())
                    .map(|all| rows::to_json("headers", all))
                    .transpose()?,
                self.includes()?,
                order.chain.map(|chain| Hex(chain.0)),
                order.origin.as_ref().map(|origin| rows::to_json("origin", origin)).transpose()?,
                order.terms.as_ref().map(|terms| rows::to_json("terms", terms)).transpose()?,
                Some(&order.runs_on)
                    .filter(|asked| !asked.is_empty())
                    .map(|asked| rows::to_json("runs_on", asked))
                    .transpose()?,
                self.gate().to_string(),
            )
        })
    }
}

/// Inserts them.
pub(crate) async fn insert(rows: Batch, now: DateTime<Utc>, desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
    for text in rows.texts()? {
        query(INSERT).bind(text).bind(now.timestamp_millis()).run(&mut *desk).await?;
    }
    Ok(())
}
