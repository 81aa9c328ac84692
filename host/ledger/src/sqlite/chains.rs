//! A chain as a whole, or a part of it: listing its links, and taking back what has yet to come.

use std::collections::HashSet;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use noontide_domain::chain::Ended;
use noontide_domain::ports::{ChainCancelled, LinkPage, LinkRecord};
use noontide_domain::{Link, RunId, RunState};
use sqlx::SqlitePool;

use super::lease::limit;
use super::writer::{Desk, Request};
use super::{links, rows};

const LINK: &str = "\
    SELECT link.*, run.state AS run_state FROM link LEFT JOIN run ON run.id = link.id WHERE link.id = ?1";

const WAITS: &str = "SELECT EXISTS (SELECT 1 FROM link WHERE state = 0 AND chain = ?1 AND path = ?2)";

const LINKS: &str = "\
    SELECT link.*, run.state AS run_state FROM link LEFT JOIN run ON run.id = link.id \
    WHERE link.chain = ?1 AND link.id > ?2 ORDER BY link.id LIMIT ?3";

const NEXT: &str = "\
    SELECT link.*, run.state AS run_state FROM link LEFT JOIN run ON run.id = link.id \
    WHERE link.chain = ?1 AND link.id > ?2 AND link.after = ?4 ORDER BY link.id LIMIT ?3";

/// What lies within a path begins with it; `?2` and `?3` are the ends of that range. The path itself is `?4`.
macro_rules! within {
    () => {
        "link.chain = ?1 AND (link.path = ?4 OR (link.path >= ?2 AND link.path < ?3))"
    };
}

const UNREACHED: &str =
    concat!("UPDATE link SET state = 2, why = 'cancelled' WHERE link.state = 0 AND ", within!(), " RETURNING *");

const CANCEL: &str = concat!(
    "UPDATE run SET state = 4, finished_at = ?5 WHERE state = 0 AND id IN (SELECT link.id FROM link WHERE ",
    within!(),
    ") RETURNING id, state, chain"
);

const ASK: &str = concat!(
    "UPDATE run SET cancel_asked = 1 WHERE state = 1 AND id IN (SELECT link.id FROM link WHERE ",
    within!(),
    ") RETURNING id"
);

pub(super) struct CancelChain {
    pub link: RunId,
    pub now: DateTime<Utc>,
}

#[async_trait]
impl Request for CancelChain {
    type Answer = Option<ChainCancelled>;

    async fn write(&self, desk: &mut Desk<'_>) -> Result<Option<ChainCancelled>, sqlx::Error> {
        let query = sqlx::query(LINK).bind(bytes(&self.link));
        let Some(row) = query.fetch_optional(&mut *desk.connection).await? else { return Ok(None) };
        let top = begun(rows::link(&row)?, desk).await?;
        // What waits goes first: then nothing follows what is cancelled.
        let unreached = self.unreached(&top, desk).await?;
        let cancelled = self.ids(CANCEL, &top, desk).await?;
        let asked = self.ids(ASK, &top, desk).await?;
        let answer = ChainCancelled { cancelled: cancelled.len() as u64, asked, unreached: unreached.len() as u64 };
        let gone: HashSet<_> = unreached.iter().map(|link| link.id).collect();
        let outside = |link: &&Link| link.waiter.is_some_and(|group| !gone.contains(&group));
        let end = |link: &Link| Ended::group(link, link.id, RunState::Cancelled);
        links::follow_all(unreached.iter().filter(outside).map(end).collect(), desk).await?;
        links::follow(&cancelled, desk).await?;
        Ok(Some(answer))
    }
}

/// A group that has not begun cannot fail: it goes with what is taken back within it.
async fn begun(mut top: Link, desk: &mut Desk<'_>) -> Result<Link, sqlx::Error> {
    while let Some(id) = top.waiter {
        let Some(row) = sqlx::query(LINK).bind(bytes(&id)).fetch_optional(&mut *desk.connection).await? else { break };
        let group = rows::link(&row)?;
        let query = sqlx::query_scalar(WAITS).bind(bytes(&group.chain)).bind(group.first_member());
        if !query.fetch_one(&mut *desk.connection).await? {
            break;
        }
        top = group;
    }
    Ok(top)
}

impl CancelChain {
    async fn unreached(&self, top: &Link, desk: &mut Desk<'_>) -> Result<Vec<Link>, sqlx::Error> {
        let (first, last) = range(top);
        let query = sqlx::query(UNREACHED).bind(bytes(&top.chain)).bind(first).bind(last).bind(&top.path);
        let gone = query.fetch_all(&mut *desk.connection).await?;
        let mut gone = gone.iter().map(rows::link).collect::<Result<Vec<_>, _>>()?;
        // RETURNING promises no order.
        gone.sort_by_key(|link| link.id);
        Ok(gone)
    }

    /// The runs that the statement changed, oldest first.
    async fn ids(&self, sql: &'static str, top: &Link, desk: &mut Desk<'_>) -> Result<Vec<RunId>, sqlx::Error> {
        let (first, last) = range(top);
        let query = sqlx::query(sql).bind(bytes(&top.chain)).bind(first).bind(last).bind(&top.path);
        let changed = query.bind(self.now.timestamp_millis()).fetch_all(&mut *desk.connection).await?;
        let mut ids = changed.iter().map(|row| rows::uuid(row, "id").map(RunId)).collect::<Result<Vec<_>, _>>()?;
        ids.sort();
        Ok(ids)
    }
}

/// The ends of the range of paths that lie within the link's; of what a chain begins with, all of them.
fn range(top: &Link) -> (String, String) {
    match top.path.as_str() {
        "" => (String::new(), "~".to_owned()),
        path => (format!("{path}."), format!("{path}/")),
    }
}

pub(super) async fn link(readers: &SqlitePool, id: RunId) -> Result<Option<LinkRecord>, sqlx::Error> {
    let found = sqlx::query(LINK).bind(bytes(&id)).fetch_optional(readers).await?;
    found.as_ref().map(rows::link_record).transpose()
}

pub(super) async fn page(readers: &SqlitePool, page: LinkPage) -> Result<Vec<LinkRecord>, sqlx::Error> {
    let after = page.after.map(|after| bytes(&after).to_vec()).unwrap_or_default();
    let sql = if page.next_to.is_some() { NEXT } else { LINKS };
    let mut query = sqlx::query(sql).bind(bytes(&page.chain)).bind(after).bind(limit(page.limit));
    if let Some(before) = &page.next_to {
        query = query.bind(bytes(before));
    }
    query.fetch_all(readers).await?.iter().map(rows::link_record).collect()
}

fn bytes(id: &RunId) -> &[u8] {
    id.0.as_bytes().as_slice()
}

#[cfg(test)]
pub(super) fn statements() -> [&'static str; 7] {
    [LINK, WAITS, LINKS, NEXT, UNREACHED, CANCEL, ASK]
}
