//! Forgetting what is old enough.

use std::collections::BTreeSet;

use async_trait::async_trait;
use noontide_domain::ports::Retention;

use crate::lease::limit;
use crate::query::query;
use crate::writer::{Desk, Request};
use crate::{links, rows};

statements!(prune: LOGS, ATTEMPTS, ITEMS, ARTIFACTS, SUBMISSIONS, MESSAGES, RUNS, LINKS);

pub(crate) struct Prune {
    pub retention: Retention,
}

#[async_trait]
impl Request for Prune {
    type Answer = u64;

    async fn write(&self, desk: &mut Desk<'_>) -> Result<u64, sqlx::Error> {
        let (before, batch) = (self.retention.before.timestamp_millis(), limit(self.retention.batch));
        for sql in [LOGS, ATTEMPTS, ITEMS, ARTIFACTS, SUBMISSIONS, MESSAGES] {
            query(sql).bind(before).bind(batch).run(&mut *desk).await?;
        }
        let gone = query(RUNS).bind(before).bind(batch).all(&mut *desk).await?;
        let mut chains = BTreeSet::new();
        for row in &gone {
            chains.extend(rows::maybe_run(row, "chain")?);
        }
        links::many(LINKS, chains.into_iter().map(|chain| links::hex(chain).into()).collect(), desk).await?;
        Ok(gone.len() as u64)
    }
}
