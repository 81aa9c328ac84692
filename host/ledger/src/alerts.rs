//! Messages about incidents on their way to sinks, as the outbox has them on their way: leased, answered, tried again.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use noontide_domain::HostId;
use noontide_domain::alert::{Alert, AlertKind, GONE, IncidentId, TRIED_FOR};
use noontide_domain::outbox::{Fate, MessageState};
use noontide_domain::ports::{AlertDelivery, AlertFilter, AlertLease, AlertRecord, PostedAlert, SinkRoom};

use crate::connection::{Kind, Readers};
use crate::lease::limit;
use crate::listing::Listing;
use crate::query::query;
use crate::row::Row;
use crate::writer::{Desk, Request};
use crate::{incidents, rows};

statements!(alerts: WRITE, GONE_SINKS, COME_BACK, GO, STRAND, OUTDATED, GIVE_UP, LATELY, CHOOSE, TAKE, NEXT, SENT, AGAIN, DEAD, DROP, ONE, RETRY, LIST);

/// What a sink's rate is counted over.
const A_MINUTE: TimeDelta = TimeDelta::minutes(1);

/// What nobody sends is given up so long after the last moment at which somebody would.
const GRACE: TimeDelta = TimeDelta::hours(1);

/// Writes a message for each of its sinks.
pub(crate) async fn write(alert: &Alert, desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
    let (now, give_up_at) = (desk.now.timestamp_millis(), (desk.now + TRIED_FOR).timestamp_millis());
    let (id, body) = (alert.id(), rows::to_json("alert", alert)?);
    for sink in &alert.sinks {
        let write = query(WRITE).bind(&id).bind(alert.incident.id.0).bind(sink).bind(now).bind(give_up_at).bind(&body);
        write.run(&mut *desk).await?;
    }
    Ok(())
}

/// Pings: only the newest of a sink is worth sending.
pub(crate) struct Post {
    pub pings: Vec<Alert>,
}

#[async_trait]
impl Request for Post {
    type Answer = ();

    async fn write(&self, desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
        incidents::lock(desk).await?;
        for ping in &self.pings {
            for sink in &ping.sinks {
                query(OUTDATED).bind(sink).bind(desk.now.timestamp_millis()).run(&mut *desk).await?;
            }
            write(ping, desk).await?;
        }
        Ok(())
    }
}

pub(crate) async fn next(readers: &Readers) -> Result<Option<DateTime<Utc>>, sqlx::Error> {
    rows::maybe_instant(&query(NEXT).one(readers).await?, "due")
}

pub(crate) struct LeaseAlerts {
    pub host: HostId,
    pub lease: Duration,
    pub limit: usize,
    pub sinks: Vec<SinkRoom>,
}

#[async_trait]
impl Request for LeaseAlerts {
    type Answer = Vec<PostedAlert>;

    async fn write(&self, desk: &mut Desk<'_>) -> Result<Vec<PostedAlert>, sqlx::Error> {
        incidents::lock(desk).await?;
        let now = desk.now.timestamp_millis();
        query(GIVE_UP).bind(now).bind((desk.now - GRACE).timestamp_millis()).run(&mut *desk).await?;
        let gone = self.gone(desk).await?;
        let mut lately = BTreeMap::new();
        for row in query(LATELY).bind((desk.now - A_MINUTE).timestamp_millis()).all(&mut *desk).await? {
            lately.insert(row.try_get::<String>("sink")?, row.try_get::<i64>("tried")?);
        }
        let mut posted = Vec::new();
        for room in self.sinks.iter().filter(|room| !gone.contains(&room.sink)) {
            let used = lately.get(&room.sink).copied().unwrap_or_default();
            let left = (i64::from(room.a_minute) - used).min(limit(self.limit - posted.len()));
            if left > 0 {
                self.take(&room.sink, left, &mut posted, desk).await?;
            }
        }
        Ok(posted)
    }
}

impl LeaseAlerts {
    /// Sinks that are gone under the settings that they have. What waits for them is dead.
    async fn gone(&self, desk: &mut Desk<'_>) -> Result<BTreeSet<String>, sqlx::Error> {
        let mut gone = BTreeSet::new();
        for row in query(GONE_SINKS).all(&mut *desk).await? {
            let (sink, marks): (String, String) = (row.try_get("sink")?, row.try_get("marks")?);
            match self.sinks.iter().find(|room| room.sink == sink) {
                Some(room) if room.marks == marks => {
                    strand(&sink, desk).await?;
                    gone.insert(sink);
                }
                Some(_) => drop(query(COME_BACK).bind(&sink).run(&mut *desk).await?),
                None => {}
            }
        }
        Ok(gone)
    }

    async fn take(
        &self,
        sink: &str,
        left: i64,
        posted: &mut Vec<PostedAlert>,
        desk: &mut Desk<'_>,
    ) -> Result<(), sqlx::Error> {
        let (now, until) = (desk.now.timestamp_millis(), (desk.now + self.lease).timestamp_millis());
        for row in query(CHOOSE).bind(sink).bind(now).bind(left).all(&mut *desk).await? {
            let (number, fence): (i64, i64) = (row.try_get("seq")?, row.try_get("fence")?);
            let alert: Alert = rows::from_json("alert", row.try_get("body")?)?;
            if alert.kind == AlertKind::Recovered && row.try_get::<i64>("told")? == 0 {
                query(DROP).bind(number).bind(now).run(&mut *desk).await?;
                continue;
            }
            let take = query(TAKE).bind(self.host).bind(until).bind(now).bind(number).bind(fence);
            if take.run(&mut *desk).await? == 1 {
                posted.push(PostedAlert {
                    lease: AlertLease { number, host: self.host, fence: fence + 1 },
                    sink: sink.to_owned(),
                    alert,
                    attempt: row.try_get::<u32>("attempts")? + 1,
                    give_up_at: rows::instant(&row, "give_up_at")?,
                });
            }
        }
        Ok(())
    }
}

async fn strand(sink: &str, desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
    let words =
        format!("the sink has answered {GONE}: it is gone for good; change its settings, or `noontide alert retry`");
    query(STRAND).bind(sink).bind(words).bind(desk.now.timestamp_millis()).run(&mut *desk).await.map(drop)
}

pub(crate) struct SettleAlerts {
    pub deliveries: Vec<AlertDelivery>,
}

#[async_trait]
impl Request for SettleAlerts {
    type Answer = Vec<bool>;

    async fn write(&self, desk: &mut Desk<'_>) -> Result<Vec<bool>, sqlx::Error> {
        let mut answers = Vec::with_capacity(self.deliveries.len());
        for AlertDelivery { lease, sink, fate, reply, at } in &self.deliveries {
            let (sql, instant) = match fate {
                Fate::Sent => (SENT, at),
                Fate::Again { not_before } => (AGAIN, not_before),
                Fate::Dead => (DEAD, at),
            };
            let settle = query(sql).bind(lease.number).bind(lease.host).bind(lease.fence);
            let settle = settle.bind(reply.status()).bind(reply.words()).bind(instant.timestamp_millis());
            let settled = settle.run(&mut *desk).await? == 1;
            if settled && reply.status() == Some(GONE) {
                let gone = query(GO).bind(&sink.sink).bind(&sink.marks).bind(at.timestamp_millis());
                gone.run(&mut *desk).await?;
                strand(&sink.sink, desk).await?;
            }
            answers.push(settled);
        }
        Ok(answers)
    }
}

pub(crate) struct RetryAlert {
    pub number: i64,
    pub now: DateTime<Utc>,
}

#[async_trait]
impl Request for RetryAlert {
    type Answer = Option<MessageState>;

    async fn write(&self, desk: &mut Desk<'_>) -> Result<Option<MessageState>, sqlx::Error> {
        incidents::lock(desk).await?;
        let Some(row) = query(ONE).bind(self.number).first(&mut *desk).await? else { return Ok(None) };
        let state = state(&row)?;
        let give_up_at = (self.now + TRIED_FOR).timestamp_millis();
        let retry = query(RETRY).bind(self.number).bind(self.now.timestamp_millis()).bind(give_up_at);
        if retry.run(&mut *desk).await? > 0 {
            query(COME_BACK).bind(row.try_get::<String>("sink")?).run(&mut *desk).await?;
        }
        Ok(Some(state))
    }
}

fn state(row: &Row) -> Result<MessageState, sqlx::Error> {
    rows::numbered("state", row.try_get("state")?, &MessageState::ALL)
}

pub(crate) async fn list(readers: &Readers, filter: &AlertFilter) -> Result<Vec<AlertRecord>, sqlx::Error> {
    listing(readers.kind(), filter).query().all(readers).await?.iter().map(record).collect()
}

fn listing(kind: Kind, filter: &AlertFilter) -> Listing<'_> {
    let mut query = Listing::new(kind, LIST.of(kind));
    query.push(" 1 = 1");
    if let Some(incident) = filter.incident {
        query.push(" AND incident = ").push_bind(incident.0);
    }
    if let Some(sink) = &filter.sink {
        query.push(" AND sink = ").push_bind(sink.as_str());
    }
    if let Some(state) = filter.state {
        let place = MessageState::ALL.iter().position(|one| *one == state).unwrap_or_default();
        query.push(" AND state = ").push(&place.to_string());
    }
    if let Some(after) = filter.after {
        query.push(" AND seq < ").push_bind(after);
    }
    query.push(" ORDER BY seq DESC LIMIT ").push_bind(limit(filter.limit));
    query
}

fn record(row: &Row) -> Result<AlertRecord, sqlx::Error> {
    let (state, alert) = (state(row)?, rows::from_json::<Alert>("alert", row.try_get("body")?)?);
    Ok(AlertRecord {
        number: row.try_get("seq")?,
        id: row.try_get("id")?,
        incident: IncidentId(rows::uuid(row, "incident")?),
        kind: alert.kind,
        title: alert.title(),
        sink: row.try_get("sink")?,
        state,
        attempts: row.try_get("attempts")?,
        not_before: rows::maybe_instant(row, "not_before")?.filter(|_| state == MessageState::Waiting),
        status: row.try_get("status")?,
        answer: row.try_get("answer")?,
        created_at: rows::instant(row, "created_at")?,
        ended_at: rows::maybe_instant(row, "ended_at")?,
    })
}
