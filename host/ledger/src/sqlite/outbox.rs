//! Messages that wait to be sent. Written with the end of an attempt; the rest is the courier's, and whoever looks.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use noontide_domain::outbox::{Fate, TRIED_FOR};
use noontide_domain::ports::{
    Delivery, LedgerError, MessageAnswer, MessageFilter, MessageLease, MessageRecord, Outbox, Posted, Settlement,
};
use noontide_domain::{HostId, MessageId, MessageState, RunId, Webhook};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite, SqlitePool};

use super::lease::limit;
use super::writer::{Desk, Request};
use super::{SqliteLedger, fault, rows};

const WRITE: &str = "\
    INSERT INTO message (id, run_id, plugin, trace_id, not_before, give_up_at, created_at, method, destination, bytes, url, \
                         headers, body) \
    SELECT lower(hex(key_hash)) || '-' || (messages + ?2), id, substr(handler, 1, instr(handler || '/', '/') - 1), trace_id, \
           ?3, ?4, ?3, ?5, ?6, ?7, ?8, ?9, ?10 \
    FROM run WHERE id = ?1";
const COUNT: &str = "UPDATE run SET messages = messages + ?2 WHERE id = ?1";

/// Each half is in the order of its index; what is first of both is taken without looking at the rest.
const TAKE: &str = "\
    UPDATE message SET state = 1, host = ?1, fence = fence + 1, attempts = attempts + 1, lease_until = ?2 \
    WHERE seq IN (SELECT seq FROM ( \
        SELECT seq, not_before AS due FROM message WHERE state = 0 AND not_before <= ?3 \
        UNION ALL SELECT seq, lease_until FROM message WHERE state = 1 AND lease_until <= ?3 \
        ORDER BY due, seq LIMIT ?4)) \
    RETURNING seq, id, run_id, plugin, trace_id, attempts, give_up_at, fence, method, url, headers, body";

const NEXT: &str = "\
    SELECT min(due) AS due FROM ( \
        SELECT min(not_before) AS due FROM message WHERE state = 0 \
        UNION ALL SELECT min(lease_until) FROM message WHERE state = 1)";

/// Of what was sent or dropped the request goes: it may hold secrets, and nobody needs it any more.
macro_rules! emptied {
    () => {
        "url = '', headers = '[]', body = x''"
    };
}
const SENT: &str = concat!(
    "UPDATE message SET state = 2, lease_until = NULL, status = ?4, answer = ?5, ended_at = ?6, ",
    emptied!(),
    " WHERE id = ?1 AND state = 1 AND host = ?2 AND fence = ?3"
);
const AGAIN: &str = "\
    UPDATE message SET state = 0, lease_until = NULL, status = ?4, answer = ?5, not_before = ?6 \
    WHERE id = ?1 AND state = 1 AND host = ?2 AND fence = ?3";
const DEAD: &str = "\
    UPDATE message SET state = 3, lease_until = NULL, status = ?4, answer = ?5, ended_at = ?6 \
    WHERE id = ?1 AND state = 1 AND host = ?2 AND fence = ?3";

const RETRY: &str = "\
    UPDATE message SET state = 0, attempts = 0, not_before = ?2, give_up_at = ?3, ended_at = NULL \
    WHERE id = ?1 AND state IN (0, 3)";
const DROP: &str =
    concat!("UPDATE message SET state = 4, ended_at = ?2, ", emptied!(), " WHERE id = ?1 AND state IN (0, 3)");
const STATE: &str = "SELECT state FROM message WHERE id = ?1";

const LIST: &str = "\
    SELECT id, run_id, plugin, state, attempts, not_before, status, answer, created_at, ended_at, method, destination, bytes \
    FROM message";

/// Writes what an attempt whose end was just recorded handed over, if its state counts too.
pub(super) async fn write(settlement: &Settlement, desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
    let Settlement { lease, report, .. } = settlement;
    if report.messages.is_empty() || !report.keeps_state() {
        return Ok(());
    }
    let run = lease.run.0.as_bytes().as_slice();
    let (now, give_up_at) = (desk.now.timestamp_millis(), (desk.now + TRIED_FOR).timestamp_millis());
    for (number, webhook) in (0_i64..).zip(&report.messages) {
        let write = sqlx::query(WRITE).bind(run).bind(number).bind(now).bind(give_up_at).bind(&webhook.method);
        let write = write.bind(webhook.destination()).bind(rows::signed(webhook.bytes())).bind(&webhook.url);
        let write = write.bind(rows::to_json("headers", &webhook.headers)?).bind(&*webhook.body);
        write.execute(&mut *desk.connection).await?;
    }
    let count = rows::signed(report.messages.len() as u64);
    sqlx::query(COUNT).bind(run).bind(count).execute(&mut *desk.connection).await.map(drop)
}

#[async_trait]
impl Outbox for SqliteLedger {
    async fn lease_messages(&self, host: HostId, lease: Duration, limit: usize) -> Result<Vec<Posted>, LedgerError> {
        self.inbox.ask(Take { host, lease, limit }).await
    }

    async fn next_message(&self) -> Result<Option<DateTime<Utc>>, LedgerError> {
        let found = sqlx::query(NEXT).fetch_one(&self.readers).await;
        found.and_then(|row| rows::maybe_instant(&row, "due")).map_err(fault::answer)
    }

    async fn settle_messages(&self, deliveries: Vec<Delivery>) -> Result<Vec<bool>, LedgerError> {
        self.inbox.ask(SettleMessages { deliveries }).await
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
        let take = sqlx::query(TAKE).bind(self.host.0.as_bytes().as_slice());
        let take = take.bind((desk.now + self.lease).timestamp_millis()).bind(desk.now.timestamp_millis());
        let taken = take.bind(limit(self.limit)).fetch_all(&mut *desk.connection).await?;
        let posted = |row: &SqliteRow| Ok((row.try_get::<i64, _>("seq")?, posted(row, self.host)?));
        let mut posted = taken.iter().map(posted).collect::<Result<Vec<_>, sqlx::Error>>()?;
        // RETURNING promises no order.
        posted.sort_by_key(|(seq, _)| *seq);
        Ok(posted.into_iter().map(|(_, posted)| posted).collect())
    }
}

fn posted(row: &SqliteRow, host: HostId) -> Result<Posted, sqlx::Error> {
    Ok(Posted {
        lease: MessageLease { id: rows::required(row, "id")?, host, fence: row.try_get("fence")? },
        run: RunId(rows::uuid(row, "run_id")?),
        plugin: rows::required(row, "plugin")?,
        webhook: Webhook {
            url: row.try_get("url")?,
            method: row.try_get("method")?,
            headers: rows::from_json("headers", row.try_get("headers")?)?,
            body: row.try_get::<&[u8], _>("body")?.into(),
        },
        trace_id: row.try_get("trace_id")?,
        attempt: row.try_get("attempts")?,
        give_up_at: rows::instant(row, "give_up_at")?,
    })
}

struct SettleMessages {
    deliveries: Vec<Delivery>,
}

#[async_trait]
impl Request for SettleMessages {
    type Answer = Vec<bool>;

    async fn write(&self, desk: &mut Desk<'_>) -> Result<Vec<bool>, sqlx::Error> {
        let mut answers = Vec::with_capacity(self.deliveries.len());
        for Delivery { lease, fate, reply, at } in &self.deliveries {
            let (sql, instant) = match fate {
                Fate::Sent => (SENT, at),
                Fate::Again { not_before } => (AGAIN, not_before),
                Fate::Dead => (DEAD, at),
            };
            let settle = sqlx::query(sql).bind(lease.id.to_string()).bind(lease.host.0.as_bytes().as_slice());
            let settle = settle.bind(lease.fence).bind(reply.status()).bind(reply.words());
            let settled = settle.bind(instant.timestamp_millis()).execute(&mut *desk.connection).await?;
            answers.push(settled.rows_affected() == 1);
        }
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
            MessageState::Dropped => sqlx::query(DROP).bind(&id).bind(now),
            _ => sqlx::query(RETRY).bind(&id).bind(now).bind((self.now + TRIED_FOR).timestamp_millis()),
        };
        if change.execute(&mut *desk.connection).await?.rows_affected() > 0 {
            return Ok(MessageAnswer::Done);
        }
        let found = sqlx::query(STATE).bind(&id).fetch_optional(&mut *desk.connection).await?;
        found.map_or(Ok(MessageAnswer::NotFound), |row| Ok(MessageAnswer::Is(state(&row)?)))
    }
}

pub(super) async fn list(readers: &SqlitePool, filter: &MessageFilter) -> Result<Vec<MessageRecord>, sqlx::Error> {
    listing(filter).build().fetch_all(readers).await?.iter().map(record).collect()
}

fn listing(filter: &MessageFilter) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new(LIST);
    query.push(" WHERE 1");
    if let Some(run) = filter.run {
        query.push(" AND run_id = ").push_bind(run.0.as_bytes().to_vec());
    }
    if let Some(plugin) = &filter.plugin {
        query.push(" AND plugin = ").push_bind(plugin.as_str().to_owned());
    }
    if let Some(state) = filter.state {
        // Written out: a partial index is taken only for a constant.
        query.push(" AND state = ").push(state_number(state));
    }
    if let Some(after) = filter.after {
        query.push(" AND seq < (SELECT seq FROM message WHERE id = ").push_bind(after.to_string()).push(")");
    }
    query.push(" ORDER BY seq DESC LIMIT ").push_bind(limit(filter.limit));
    query
}

fn record(row: &SqliteRow) -> Result<MessageRecord, sqlx::Error> {
    let state = state(row)?;
    Ok(MessageRecord {
        id: rows::required(row, "id")?,
        run: RunId(rows::uuid(row, "run_id")?),
        plugin: rows::required(row, "plugin")?,
        state,
        method: row.try_get("method")?,
        destination: row.try_get("destination")?,
        bytes: row.try_get::<i64, _>("bytes")?.unsigned_abs(),
        attempts: row.try_get("attempts")?,
        not_before: rows::maybe_instant(row, "not_before")?.filter(|_| state == MessageState::Waiting),
        answer: row.try_get("answer")?,
        status: row.try_get("status")?,
        created_at: rows::instant(row, "created_at")?,
        ended_at: rows::maybe_instant(row, "ended_at")?,
    })
}

fn state(row: &SqliteRow) -> Result<MessageState, sqlx::Error> {
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

#[cfg(test)]
pub(super) fn statements() -> [&'static str; 10] {
    [WRITE, COUNT, TAKE, NEXT, SENT, AGAIN, DEAD, RETRY, DROP, STATE]
}
