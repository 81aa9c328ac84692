//! Who did what.

use async_trait::async_trait;
use noontide_domain::AuditId;
use noontide_domain::ports::{AuditEntry, AuditFilter};

use crate::connection::Readers;
use crate::lease::limit;
use crate::listing::Listing;
use crate::query::query;
use crate::row::Row;
use crate::rows;
use crate::writer::{Desk, Request};

statements!(audit: NOTE, ENTRIES, DONE, REFUSED);

pub(crate) struct Note {
    pub entries: Vec<AuditEntry>,
}

#[async_trait]
impl Request for Note {
    type Answer = ();

    async fn write(&self, desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
        for entry in &self.entries {
            query(NOTE)
                .bind(entry.id.0)
                .bind(entry.at.timestamp_millis())
                .bind(&entry.who)
                .bind(&entry.address)
                .bind(&entry.action)
                .bind(&entry.thing)
                .bind(&entry.reason)
                .bind(u32::from(entry.status))
                .bind(&entry.detail)
                .run(&mut *desk)
                .await?;
        }
        Ok(())
    }
}

pub(crate) async fn list(readers: &Readers, filter: &AuditFilter) -> Result<Vec<AuditEntry>, sqlx::Error> {
    listing(readers, filter).query().all(readers).await?.iter().map(entry).collect()
}

fn listing<'q>(readers: &Readers, filter: &'q AuditFilter) -> Listing<'q> {
    let kind = readers.kind();
    let mut query = Listing::new(kind, ENTRIES.of(kind));
    match filter.done {
        Some(true) => query.push(DONE.of(kind)),
        Some(false) => query.push(REFUSED.of(kind)),
        None => query.push(" 1 = 1"),
    };
    let equal = [("who", &filter.who), ("action", &filter.action), ("thing", &filter.thing)];
    for (column, wanted) in equal {
        if let Some(wanted) = wanted {
            query.push(&format!(" AND {column} = ")).push_bind(wanted);
        }
    }
    if let Some(since) = filter.since {
        query.push(" AND at >= ").push_bind(since.timestamp_millis());
    }
    if let Some(until) = filter.until {
        query.push(" AND at < ").push_bind(until.timestamp_millis());
    }
    if let Some(after) = filter.after {
        query.push(" AND id < ").push_bind(after.0);
    }
    query.push(" ORDER BY id DESC LIMIT ").push_bind(limit(filter.limit));
    query
}

fn entry(row: &Row) -> Result<AuditEntry, sqlx::Error> {
    Ok(AuditEntry {
        id: AuditId(rows::uuid(row, "id")?),
        at: rows::instant(row, "at")?,
        who: row.try_get("who")?,
        address: row.try_get("address")?,
        action: row.try_get("action")?,
        thing: row.try_get("thing")?,
        reason: row.try_get("reason")?,
        status: row.try_get("status")?,
        detail: row.try_get("detail")?,
    })
}
