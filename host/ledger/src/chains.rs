//! A chain as a whole, or a part of it: listing its links, and taking back what has yet to come.

use std::collections::HashSet;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use noontide_domain::chain::Ended;
use noontide_domain::ports::{ChainCancelled, LinkPage, LinkRecord};
use noontide_domain::{Link, RunId, RunState};
use uuid::Uuid;

use crate::connection::Readers;
use crate::lease::limit;
use crate::query::{Statement, query};
use crate::writer::{Desk, Request};
use crate::{links, rows};

statements!(chains: LINK, WAITS, LINKS, NEXT, LOCK, UNREACHED, CANCEL, ASK);

pub(crate) struct CancelChain {
    pub link: RunId,
    pub now: DateTime<Utc>,
}

#[async_trait]
impl Request for CancelChain {
    type Answer = Option<ChainCancelled>;

    async fn write(&self, desk: &mut Desk<'_>) -> Result<Option<ChainCancelled>, sqlx::Error> {
        let query = query(LINK).bind(self.link);
        let Some(row) = query.first(&mut *desk).await? else { return Ok(None) };
        let top = begun(rows::link(&row)?, desk).await?;
        // Before the links, as whoever ends a run has its run first.
        self.lock(&top, desk).await?;
        // What waits goes first: then nothing follows what is cancelled.
        let unreached = self.unreached(&top, desk).await?;
        // What was made of it meanwhile.
        self.lock(&top, desk).await?;
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
        let Some(row) = query(LINK).bind(id).first(&mut *desk).await? else { break };
        let group = rows::link(&row)?;
        let query = query(WAITS).bind(group.chain).bind(group.first_member());
        if !query.one(&mut *desk).await?.try_get::<bool>("waits")? {
            break;
        }
        top = group;
    }
    Ok(top)
}

impl CancelChain {
    /// Runs that are not over stay as they are until we are done.
    async fn lock(&self, top: &Link, desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
        let (first, last) = range(top);
        let query = query(LOCK).bind(top.chain).bind(first).bind(last).bind(&top.path);
        query.run(&mut *desk).await.map(drop)
    }

    async fn unreached(&self, top: &Link, desk: &mut Desk<'_>) -> Result<Vec<Link>, sqlx::Error> {
        let (first, last) = range(top);
        let query = query(UNREACHED).bind(top.chain).bind(first).bind(last).bind(&top.path);
        let gone = query.all(&mut *desk).await?;
        let mut gone = gone.iter().map(rows::link).collect::<Result<Vec<_>, _>>()?;
        // RETURNING promises no order.
        gone.sort_by_key(|link| link.id);
        Ok(gone)
    }

    /// The runs that the statement changed, oldest first.
    async fn ids(&self, statement: Statement, top: &Link, desk: &mut Desk<'_>) -> Result<Vec<RunId>, sqlx::Error> {
        let (first, last) = range(top);
        let query = query(statement).bind(top.chain).bind(first).bind(last).bind(&top.path);
        let changed = query.bind(self.now.timestamp_millis()).all(&mut *desk).await?;
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

pub(crate) async fn link(readers: &Readers, id: RunId) -> Result<Option<LinkRecord>, sqlx::Error> {
    let found = query(LINK).bind(id).first(readers).await?;
    found.as_ref().map(rows::link_record).transpose()
}

pub(crate) async fn page(readers: &Readers, page: LinkPage) -> Result<Vec<LinkRecord>, sqlx::Error> {
    let after = page.after.unwrap_or(RunId(Uuid::nil()));
    let statement = if page.next_to.is_some() { NEXT } else { LINKS };
    let mut query = query(statement).bind(page.chain).bind(after).bind(limit(page.limit));
    if let Some(before) = page.next_to {
        query = query.bind(before);
    }
    query.all(readers).await?.iter().map(rows::link_record).collect()
}
