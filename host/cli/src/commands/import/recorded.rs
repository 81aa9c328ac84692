//! Fires as an exporter wrote them down, asked of the source's own code.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

use super::Span;

/// How many fires the exporters write; fewer means that there are no more.
pub const EXPORTED: usize = 50;

/// How far ahead there must be no fires if the source has none.
const AFTER_THE_LAST: TimeDelta = TimeDelta::days(3_650);

/// When an entry of the source fires.
#[derive(Debug, Clone, Deserialize)]
pub struct Recorded {
    pub exported_at: DateTime<Utc>,
    /// The next fires by the trigger itself, without jitter.
    pub fires: Vec<DateTime<Utc>>,
    /// Those of times around clock changes.
    #[serde(default)]
    pub changes: Vec<Change>,
}

/// All fires around a clock change.
#[derive(Debug, Clone, Deserialize)]
pub struct Change {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    pub fires: Vec<DateTime<Utc>>,
}

impl Recorded {
    /// What is known of the source.
    pub fn spans(&self) -> Vec<Span> {
        let fires = self.fires.clone();
        let from = fires.first().map_or(self.exported_at, |first| self.exported_at.min(*first));
        let last: DateTime<Utc> = fires.last().copied().unwrap_or(from);
        let to = if fires.len() < EXPORTED { last + AFTER_THE_LAST } else { last };
        let changes = self.changes.iter().map(|change| {
            // A span with more fires than an exporter writes is known up to the last of them.
            let last = change.fires.last().copied().filter(|_| change.fires.len() >= EXPORTED);
            let to = last.unwrap_or(change.to);
            Span::exact(change.from, to, change.fires.iter().copied().filter(|at| *at <= to).collect())
        });
        [Span::exact(from, to, fires)].into_iter().chain(changes).collect()
    }
}
