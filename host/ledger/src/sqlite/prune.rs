//! Forgetting what is old enough.

use async_trait::async_trait;
use noontide_domain::ports::Retention;

use super::lease::limit;
use super::writer::{Desk, Request};

// The same choice each time, in one transaction; the runs go last because they are what is chosen from.
const LOGS: &str = "DELETE FROM log WHERE run_id IN \
    (SELECT id FROM run WHERE state >= 2 AND finished_at < ?1 ORDER BY finished_at, id LIMIT ?2)";
const ATTEMPTS: &str = "DELETE FROM attempt WHERE run_id IN \
    (SELECT id FROM run WHERE state >= 2 AND finished_at < ?1 ORDER BY finished_at, id LIMIT ?2)";
const ITEMS: &str = "DELETE FROM item WHERE run_id IN \
    (SELECT id FROM run WHERE state >= 2 AND finished_at < ?1 ORDER BY finished_at, id LIMIT ?2)";
const ARTIFACTS: &str = "DELETE FROM artifact WHERE run_id IN \
    (SELECT id FROM run WHERE state >= 2 AND finished_at < ?1 ORDER BY finished_at, id LIMIT ?2)";
/// An id that is forgotten could be taken again, so it is kept as long as what it brought.
const SUBMISSIONS: &str = "DELETE FROM submission WHERE id IN \
    (SELECT id FROM submission WHERE created_at < ?1 ORDER BY created_at, id LIMIT ?2)";
const RUNS: &str = "DELETE FROM run WHERE id IN \
    (SELECT id FROM run WHERE state >= 2 AND finished_at < ?1 ORDER BY finished_at, id LIMIT ?2)";

pub(super) struct Prune {
    pub retention: Retention,
}

#[async_trait]
impl Request for Prune {
    type Answer = u64;

    async fn write(&self, desk: &mut Desk<'_>) -> Result<u64, sqlx::Error> {
        let mut gone = 0;
        for sql in [LOGS, ATTEMPTS, ITEMS, ARTIFACTS, SUBMISSIONS, RUNS] {
            let chosen =
                sqlx::query(sql).bind(self.retention.before.timestamp_millis()).bind(limit(self.retention.batch));
            gone = chosen.execute(&mut *desk.connection).await?.rows_affected();
        }
        Ok(gone)
    }
}

#[cfg(test)]
pub(super) fn statements() -> [&'static str; 6] {
    [LOGS, ATTEMPTS, ITEMS, ARTIFACTS, SUBMISSIONS, RUNS]
}
