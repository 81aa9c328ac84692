//! Messages that wait to be sent. Written with the end of an attempt; the rest is the courier's, and whoever looks.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use noontide_domain::outbox::{Fate, TRIED_FOR};
use noontide_domain::ports::{
    Delivery, LedgerError, MessageAnswer, MessageFilter, MessageLease, MessageRecord, Outbox, Posted, Settlement,
};
use noontide_domain::{HostId, MessageId, MessageState, RunId, Webhook};
use serde_json::json;

use crate::connection::Kind;
use crate::connection::Readers;
use crate::lease::limit;
use crate::listing::Listing;
use crate::query::query;
use crate::row::Row;
use crate::store::Doors;
use crate::writer::{Desk, Request};
use crate::{fault, notices, rows};

statements!(outbox: WRITE, COUNT, CHOOSE, TAKE, NEXT, SENT, AGAIN, DEAD, RETRY, DROP, STATE, LIST);

/// Writes what an attempt whose end was just recorded handed over, if its state counts too.
pub(crate) async fn write(settlement: &Settlement, desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
    let Settlement { lease, report, .. } = settlement;
    if report.messages.is_empty() || !report.keeps_state() {
        return Ok(());
    }
    let run = lease.run;
    let (now, give_up_at) = (desk.now.timestamp_millis(), (desk.now + TRIED_FOR).timestamp_millis());
    for (number, webhook) in (0_i64..).zip(&report.messages) {
        let write = query(WRITE).bind(run).bind(number).bind(now).bind(give_up_at).bind(&webhook.method);
        let write = write.bind(webhook.destination()).bind(rows::signed(webhook.bytes())).bind(&webhook.url);
        let write = write.bind(rows::to_json("headers", &webhook.headers)?).bind(&*webhook.body);
        write.run(&mut *desk).await?;
    }
    let count = rows::signed(report.messages.len() as u64);
    query(COUNT).bind(run).bind(count).run(&mut *desk).await.map(drop)
}

#[async_trait]
impl Outbox for Doors {
    async fn lease_messages(&self, host: HostId, lease: Duration, limit: usize) -> Result<Vec<Posted>, LedgerError> {
        self.inbox.ask(Take { host, lease, limit }).await
    }

    async fn next_message(&self) -> Result<Option<DateTime<Utc>>, LedgerError> {
        let found = query(NEXT).one(&self.readers).await;
        found.and_then(|row| rows::maybe_instant(&row, "due")).map_err(fault::answer)
    }

    async fn settle_messages(&self, deliveries: Vec<Delivery>) -> Result<Vec<bool>, LedgerError> {
        self.inbox.ask(SettleMessages { deliveries, heeds: self.heeds() }).await
    }

    async fn retry_message(&self, id: MessageId, now: DateTime<Utc>) -> Result<MessageAnswer, LedgerError> {
        self.inbox.ask(Change { id, now, wanted: MessageState::Waiting }).await
    }

    async fn drop_message(&self, id: MessageId, now: DateTime<Utc>) -> Result<MessageAnswer, LedgerError> {
        self.inbox.ask(Change { id, now, wanted: MessageState::Dropped }).await
    }
}

struct Take {
    host: HostId,
    lease: Duration,
    limit: usize,
}

#[async_trait]
impl Request for Take {
    type Answer = Vec<Posted>;

    async fn write(&self, desk: &mut Desk<'_>) -> Result<Vec<Posted>, sqlx::Error> {
        let (now, until) = (desk.now.timestamp_millis(), (desk.now + self.lease).timestamp_millis());
        let mut chosen = Vec::new();
        for row in query(CHOOSE).bind(now).bind(limit(self.limit)).all(&mut *desk).await? {
            chosen.push(row.try_get::<i64>("seq")?);
        }
        let take = query(TAKE).bind(self.host).bind(until).bind(now).bind(limit(self.limit));
        let taken = take.bind(json!(chosen).to_string()).all(&mut *desk).await?;
        let posted = |row: &Row| Ok((row.try_get::<i64>("seq")?, posted(row, self.host)?));
        let mut posted = taken.iter().map(posted).collect::<Result<Vec<_>, sqlx::Error>>()?;
        // RETURNING promises no order.
        posted.sort_by_key(|(seq, _)| *seq);
        Ok(posted.into_iter().map(|(_, posted)| posted).collect())
    }
}

fn posted(row: &Row, host: HostId) -> Result<Posted, sqlx::Error> {
    Ok(Posted {
        lease: MessageLease { id: rows::required(row, "id")?, host, fence: row.try_get("fence")? },
        run: RunId(rows::uuid(row, "run_id")?),
        plugin: rows::required(row, "plugin")?,
        webhook: Webhook {
            url: row.try_get("url")?,
            method: row.try_get("method")?,
            headers: rows::from_json("headers", row.try_get("headers")?)?,
            body: row.try_get::<&[u8]>("body")?.into(),
        },
        trace_id: row.try_get("trace_id")?,
        attempt: row.try_get("attempts")?,
        give_up_at: rows::instant(row, "give_up_at")?,
    })
}

struct SettleMessages {
    deliveries: Vec<Delivery>,
    heeds: bool,
}

#[async_trait]
impl Request for SettleMessages {
    type Answer = Vec<bool>;

    async fn write(&self, desk: &mut Desk<'_>) -> Result<Vec<bool>, sqlx::Error> {
        desk.heeds = self.heeds;
        let mut answers = Vec::with_capacity(self.deliveries.len());
        let mut news = Vec::new();
        for Delivery { lease, fate, reply, at } in &self.deliveries {
            let (sql, instant) = match fate {
                Fate::Sent => (SENT, at),
                Fate::Again { not_before } => (AGAIN, not_before),
                Fate::Dead => (DEAD, at),
            };
            let settle = query(sql).bind(lease.id.to_string()).bind(lease.host);
            let settle = settle.bind(lease.fence).bind(reply.status()).bind(reply.words());
            let settled = settle.bind(instant.timestamp_millis()).run(&mut *desk).await?;
            if self.heeds && settled == 1 && !matches!(fate, Fate::Again { .. }) {
                let gave_up = (*fate == Fate::Dead).then(|| reply.words());
                news.extend(notices::of_message(lease.id, gave_up.as_deref(), desk).await?);
            }
            answers.push(settled == 1);
        }
        notices::write(&news, desk).await?;
        Ok(answers)
    }
}

struct Change {
    id: MessageId,
    now: DateTime<Utc>,
    wanted: MessageState,
}

#[async_trait]
impl Request for Change {
    type Answer = MessageAnswer;

    async fn write(&self, desk: &mut Desk<'_>) -> Result<MessageAnswer, sqlx::Error> {
        let id = self.id.to_string();
        let now = self.now.timestamp_millis();
        let change = match self.wanted {
            MessageState::Dropped => query(DROP).bind(&id).bind(now),
            _ => query(RETRY).bind(&id).bind(now).bind((self.now + TRIED_FOR).timestamp_millis()),
        };
        if change.run(&mut *desk).await? > 0 {
            return Ok(MessageAnswer::Done);
        }
        let found = query(STATE).bind(&id).first(&mut *desk).await?;
        found.map_or(Ok(MessageAnswer::NotFound), |row| Ok(MessageAnswer::Is(state(&row)?)))
    }
}

pub(crate) async fn list(readers: &Readers, filter: &MessageFilter) -> Result<Vec<MessageRecord>, sqlx::Error> {
    listing(readers.kind(), filter).query().all(readers).await?.iter().map(record).collect()
}

fn listing(kind: Kind, filter: &MessageFilter) -> Listing<'_> {
    let mut query = Listing::new(kind, LIST.of(kind));
    query.push(" WHERE 1 = 1");
    if let Some(run) = filter.run {
        query.push(" AND run_id = ").push_bind(run);
    }
    if let Some(plugin) = &filter.plugin {
        query.push(" AND plugin = ").push_bind(plugin.as_str());
    }
    if let Some(state) = filter.state {
        // Written out: a partial index is taken only for a constant.
        query.push(" AND state = ").push(&state_number(state).to_string());
    }
    if let Some(after) = filter.after {
        query.push(" AND seq < (SELECT seq FROM message WHERE id = ").push_bind(after.to_string()).push(")");
    }
    query.push(" ORDER BY seq DESC LIMIT ").push_bind(limit(filter.limit));
    query
}

fn record(row: &Row) -> Result<MessageRecord, sqlx::Error> {
    let state = state(row)?;
    Ok(MessageRecord {
        id: rows::required(row, "id")?,
        run: RunId(rows::uuid(row, "run_id")?),
        plugin: rows::required(row, "plugin")?,
        state,
        method: row.try_get("method")?,
        destination: row.try_get("destination")?,
        bytes: row.try_get::<i64>("bytes")?.unsigned_abs(),
        attempts: row.try_get("attempts")?,
        not_before: rows::maybe_instant(row, "not_before")?.filter(|_| state == MessageState::Waiting),
        answer: row.try_get("answer")?,
        status: row.try_get("status")?,
        created_at: rows::instant(row, "created_at")?,
        ended_at: rows::maybe_instant(row, "ended_at")?,
    })
}

fn state(row: &Row) -> Result<MessageState, sqlx::Error> {
    rows::numbered("state", row.try_get("state")?, &MessageState::ALL)
}

/// Its place in [`MessageState::ALL`].
fn state_number(state: MessageState) -> i64 {
    match state {
        MessageState::Waiting => 0,
        MessageState::Sending => 1,
        MessageState::Sent => 2,
        MessageState::Dead => 3,
        MessageState::Dropped => 4,
    }
}
