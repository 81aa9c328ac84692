//! The parts in which the history of runs lies, where a database has such: made ahead of time, and dropped as a whole when no
//! run of theirs is left.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::connection::Kind;
use crate::query::query;
use crate::writer::{Desk, Request};

statements!(parts: RENEW);

/// Makes the next parts, and drops those whose runs all began before that.
pub(crate) struct Renew {
    pub before: DateTime<Utc>,
}

/// Whether there are parts.
pub(crate) fn has(kind: Kind) -> bool {
    !RENEW.of(kind).is_empty()
}

#[async_trait]
impl Request for Renew {
    type Answer = ();

    async fn write(&self, desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
        query(RENEW).bind(self.before.timestamp_millis()).run(desk).await.map(drop)
    }
}
