//! Receipts: how a lane learns whether a `COMMIT` was heard whose answer was lost.
//!
//! Each transaction that has written something leaves its number in the row of its lane, in one text with the `COMMIT`. If the
//! connection breaks before the answer, the lane asks for that row on a new one. Asking takes the row's lock, and so waits
//! for the transaction in question to end one way or the other. If the number is there, the transaction is, and its answer
//! stands as it was found out; if not, nothing of it is there, and it is asked again.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::connection::{Connection, Time};
use crate::lane::PATIENCE;
use crate::query::query;
use crate::writer::Desk;

statements!(receipts: WRITE, KEEP, READ, FORGET);

/// Longer than any lane waits for an answer. The row of one that is forgotten comes again with its next transaction.
const KEPT: TimeDelta = TimeDelta::days(7);

/// Those of one lane.
pub(crate) struct Receipts {
    lane: Uuid,
    /// Of the newest transaction.
    number: i64,
}

impl Receipts {
    pub fn new() -> Self {
        Self { lane: Uuid::now_v7(), number: 0 }
    }

    /// What a transaction says before it commits.
    pub fn next(&mut self, desk: &Desk<'_>) -> String {
        self.number += 1;
        let text = WRITE.of(desk.connection.kind()).replace("{lane}", &self.lane.simple().to_string());
        let text = text.replace("{number}", &self.number.to_string());
        text.replace("{now}", &desk.now.timestamp_millis().to_string())
    }

    /// Whether the newest transaction was committed. The row stays locked until the desk is left.
    pub async fn is_there(&self, desk: &mut Desk<'_>) -> Result<bool, sqlx::Error> {
        query(KEEP).bind(self.lane).bind(desk.now.timestamp_millis()).run(&mut *desk).await?;
        let row = query(READ).bind(self.lane).one(&mut *desk).await?;
        Ok(row.try_get::<i64>("number")? == self.number)
    }

    /// The same, asked on a connection that does nothing else.
    pub async fn ask(&self, connection: &mut Connection, time: &Time) -> Result<bool, sqlx::Error> {
        let now = connection.begin(time).await?;
        let is_there = self.is_there(&mut Desk::new(&mut *connection, now, PATIENCE)).await?;
        connection.commit().await?;
        Ok(is_there)
    }
}

/// Rows of lanes that are gone.
pub(crate) async fn forget(now: DateTime<Utc>, desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
    query(FORGET).bind((now - KEPT).timestamp_millis()).run(&mut *desk).await.map(drop)
}
