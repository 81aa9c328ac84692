//! What hosts say of themselves.

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use noontide_domain::ports::{HostFilter, HostNews, HostRecord};
use noontide_domain::{HostId, HostState};

use crate::connection::Readers;
use crate::lease::limit;
use crate::listing::Listing;
use crate::query::query;
use crate::row::Row;
use crate::rows;
use crate::writer::{Desk, Request};

statements!(hosts: ANNOUNCE, HOSTS, LIVE, DRAINING, SILENT, ENDED, NOT_ENDED);

pub(crate) struct Announce {
    pub news: HostNews,
}

#[async_trait]
impl Request for Announce {
    type Answer = DateTime<Utc>;

    async fn write(&self, desk: &mut Desk<'_>) -> Result<DateTime<Utc>, sqlx::Error> {
        let news = &self.news;
        let queues = news.queues.as_ref().map(|queues| rows::to_json("queues", queues)).transpose()?;
        query(ANNOUNCE)
            .bind(news.host)
            .bind(&news.name)
            .bind(&news.version)
            .bind(news.started_at.timestamp_millis())
            .bind(desk.now.timestamp_millis())
            .bind((desk.now + news.lease).timestamp_millis())
            .bind(news.skew.map(|skew| skew.num_milliseconds()))
            .bind(rows::to_json("roles", &news.roles)?)
            .bind(queues)
            .bind(rows::to_json("labels", &news.labels)?)
            .bind(rows::to_json("plugins", &news.plugins)?)
            .bind(news.draining)
            .bind(news.ended.then(|| desk.now.timestamp_millis()))
            .run(&mut *desk)
            .await?;
        Ok(desk.now)
    }
}

pub(crate) async fn list(
    readers: &Readers,
    filter: &HostFilter,
    now: DateTime<Utc>,
) -> Result<Vec<HostRecord>, sqlx::Error> {
    let found = listing(readers, filter, now).query().all(readers).await?;
    found.iter().map(|row| record(row, now)).collect()
}

fn listing<'q>(readers: &Readers, filter: &HostFilter, now: DateTime<Utc>) -> Listing<'q> {
    let kind = readers.kind();
    let mut query = Listing::new(kind, HOSTS.of(kind));
    let within = match filter.state {
        Some(HostState::Live) => Some(LIVE),
        Some(HostState::Draining) => Some(DRAINING),
        Some(HostState::Silent) => Some(SILENT),
        Some(HostState::Ended) | None => None,
    };
    match within {
        Some(condition) => query.push(condition.of(kind)).push_bind(now.timestamp_millis()),
        None if filter.state.is_some() => query.push(ENDED.of(kind)),
        None => query.push(NOT_ENDED.of(kind)),
    };
    if let Some(after) = filter.after {
        query.push(" AND id > ").push_bind(after);
    }
    query.push(" ORDER BY id LIMIT ").push_bind(limit(filter.limit));
    query
}

fn record(row: &Row, now: DateTime<Utc>) -> Result<HostRecord, sqlx::Error> {
    let (seen_at, lease_until) = (rows::instant(row, "seen_at")?, rows::instant(row, "lease_until")?);
    let (draining, ended_at) = (row.try_get("draining")?, rows::maybe_instant(row, "ended_at")?);
    let news = HostNews {
        host: HostId(rows::uuid(row, "id")?),
        name: row.try_get("name")?,
        version: row.try_get("version")?,
        started_at: rows::instant(row, "started_at")?,
        skew: row.try_get::<Option<i64>>("skew_ms")?.map(TimeDelta::milliseconds),
        roles: rows::from_json("roles", row.try_get("roles")?)?,
        queues: rows::maybe_json("queues", row)?,
        labels: rows::from_json("labels", row.try_get("labels")?)?,
        plugins: rows::from_json("plugins", row.try_get("plugins")?)?,
        lease: (lease_until - seen_at).to_std().unwrap_or_default(),
        draining,
        ended: ended_at.is_some(),
    };
    Ok(HostRecord { state: HostState::of(&news, lease_until, now), news, seen_at, ended_at })
}
