//! Forgetting what is old enough.

use std::collections::BTreeSet;

use async_trait::async_trait;
use noontide_domain::ports::Retention;

use super::lease::limit;
use super::writer::{Desk, Request};
use super::{links, rows};

// The same choice each time, in one transaction; the runs go last because they are what is chosen from. While a chain waits
// for something, a result may still be asked for.
macro_rules! chosen {
    () => {
        "(SELECT id FROM run WHERE state >= 2 AND finished_at < ?1 \
            AND (chain IS NULL OR NOT EXISTS (SELECT 1 FROM link WHERE link.chain = run.chain AND link.state = 0)) \
          ORDER BY finished_at, id LIMIT ?2)"
    };
}

const LOGS: &str = concat!("DELETE FROM log WHERE run_id IN ", chosen!());
const ATTEMPTS: &str = concat!("DELETE FROM attempt WHERE run_id IN ", chosen!());
const ITEMS: &str = concat!("DELETE FROM item WHERE run_id IN ", chosen!());
const ARTIFACTS: &str = concat!("DELETE FROM artifact WHERE run_id IN ", chosen!());
/// An id that is forgotten could be taken again, so it is kept as long as what it brought.
const SUBMISSIONS: &str = "DELETE FROM submission WHERE id IN \
    (SELECT id FROM submission WHERE created_at < ?1 ORDER BY created_at, id LIMIT ?2)";
/// What was sent or dropped, as long ago. What is dead stays until somebody has looked at it.
const MESSAGES: &str = "DELETE FROM message WHERE seq IN \
    (SELECT seq FROM message WHERE state IN (2, 4) AND ended_at < ?1 ORDER BY ended_at LIMIT ?2)";
const RUNS: &str = concat!("DELETE FROM run WHERE id IN ", chosen!(), " RETURNING chain");

/// The links of chains without a run.
const LINKS: &str = "\
    DELETE FROM link WHERE chain IN ( \
        SELECT unhex(value) FROM json_each(?1) WHERE NOT EXISTS (SELECT 1 FROM run WHERE run.chain = unhex(value)))";

pub(super) struct Prune {
    pub retention: Retention,
}

#[async_trait]
impl Request for Prune {
    type Answer = u64;

    async fn write(&self, desk: &mut Desk<'_>) -> Result<u64, sqlx::Error> {
        let (before, batch) = (self.retention.before.timestamp_millis(), limit(self.retention.batch));
        for sql in [LOGS, ATTEMPTS, ITEMS, ARTIFACTS, SUBMISSIONS, MESSAGES] {
            sqlx::query(sql).bind(before).bind(batch).execute(&mut *desk.connection).await?;
        }
        let gone = sqlx::query(RUNS).bind(before).bind(batch).fetch_all(&mut *desk.connection).await?;
        let mut chains = BTreeSet::new();
        for row in &gone {
            chains.extend(rows::maybe_run(row, "chain")?);
        }
        links::many(LINKS, chains.into_iter().map(|chain| links::hex(chain).into()).collect(), desk).await?;
        Ok(gone.len() as u64)
    }
}

#[cfg(test)]
pub(super) fn statements() -> [&'static str; 8] {
    [LOGS, ATTEMPTS, ITEMS, ARTIFACTS, SUBMISSIONS, MESSAGES, RUNS, LINKS]
}
