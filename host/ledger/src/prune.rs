//! Forgetting what is old enough.

use std::collections::BTreeSet;

use async_trait::async_trait;
use noontide_domain::RunId;
use noontide_domain::ports::{AuditEntry, KeyedRequest, Retention};
use serde_json::json;

use crate::lease::limit;
use crate::query::query;
use crate::writer::{Desk, Request};
use crate::{links, receipts, rollups, rows};

statements!(prune: CHOOSE, LOGS, ATTEMPTS, ITEMS, ARTIFACTS, RUNS, LINKS, SUBMISSIONS, MESSAGES, HOSTS, TOKENS, SESSIONS, AUDIT, KEYED,
    ALERTS, INCIDENTS, NOTICES, CHANGES);

pub(crate) struct Prune {
    pub retention: Retention,
}

#[async_trait]
impl Request for Prune {
    type Answer = u64;

    async fn write(&self, desk: &mut Desk<'_>) -> Result<u64, sqlx::Error> {
        let (before, batch) = (self.retention.before.timestamp_millis(), limit(self.retention.batch));
        let (mut runs, mut chains) = (Vec::new(), BTreeSet::new());
        for row in query(CHOOSE).bind(before).bind(batch).all(&mut *desk).await? {
            runs.push(links::hex(RunId(rows::uuid(&row, "id")?)));
            chains.extend(rows::maybe_run(&row, "chain")?);
        }
        if !runs.is_empty() {
            let chosen = json!(runs).to_string();
            for statement in [LOGS, ATTEMPTS, ITEMS, ARTIFACTS, RUNS] {
                query(statement).bind(&chosen).run(&mut *desk).await?;
            }
        }
        links::many(LINKS, chains.into_iter().map(|chain| links::hex(chain).into()).collect(), desk).await?;
        let kept = (desk.now - AuditEntry::KEPT).timestamp_millis().min(before);
        let others =
            [SUBMISSIONS, MESSAGES, HOSTS, TOKENS, ALERTS, INCIDENTS, NOTICES].map(|statement| (statement, before));
        let keyed = (desk.now - KeyedRequest::KEPT).timestamp_millis();
        let own = [(SESSIONS, desk.now.timestamp_millis()), (AUDIT, kept), (CHANGES, kept), (KEYED, keyed)];
        for (statement, before) in others.into_iter().chain(own) {
            query(statement).bind(before).bind(batch).run(&mut *desk).await?;
        }
        rollups::forget(self.retention, desk).await?;
        receipts::forget(desk.now, desk).await?;
        Ok(runs.len() as u64)
    }
}
