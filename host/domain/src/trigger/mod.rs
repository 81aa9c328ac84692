//! Triggers: when a schedule comes due. A function from one instant to the next, and nothing else.

pub mod at;
pub mod civil;
pub mod cron;
pub mod every;
pub mod solar;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use at::At;
pub use cron::Cron;
pub use every::Every;
pub use solar::{Solar, SolarEvent};

/// When a schedule comes due.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    /// A cron expression in a zone.
    Cron(Cron),
    /// A length of elapsed time.
    Every(Every),
    /// Given instants.
    At(At),
    /// The sun at a place.
    Solar(Solar),
    /// Only by hand.
    Manual,
}

/// A stretch of time in which a trigger would have come due, had the day had what it takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Absent {
    /// The first instant that is left out.
    pub first: DateTime<Utc>,
    /// The last instant that is left out, on the same local day.
    pub last: DateTime<Utc>,
    /// Why, in a sentence.
    pub reason: String,
}

impl Trigger {
    /// The first due instant strictly after `after`. `anchor` is when the schedule was first seen; only `every` without
    /// a start looks at it.
    pub fn next_after(&self, after: DateTime<Utc>, anchor: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Trigger::Cron(cron) => cron.next_after(after),
            Trigger::Every(every) => every.next_after(after, anchor),
            Trigger::At(at) => at.next_after(after),
            Trigger::Solar(solar) => solar.next_after(after),
            Trigger::Manual => None,
        }
    }

    /// The last due instant in (`after`, `until`], found by halving: about 40 questions, however long the span.
    pub fn last_within(
        &self,
        after: DateTime<Utc>,
        until: DateTime<Utc>,
        anchor: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        let next = |from| self.next_after(from, anchor).filter(|due| *due <= until);
        let mut found = next(after)?;
        // Invariant: `found` is due and in the span; nothing is due in [open, until].
        let mut open = until;
        while found < open {
            let middle = found + (open - found) / 2;
            match next(middle) {
                Some(later) => found = later,
                None if middle == open || middle == found => break,
                None => open = middle,
            }
        }
        Some(next(found).unwrap_or(found))
    }

    /// The word in TOML and API.
    pub fn kind(&self) -> &'static str {
        match self {
            Trigger::Cron(_) => "cron",
            Trigger::Every(_) => "every",
            Trigger::At(_) => "at",
            Trigger::Solar(_) => "solar",
            Trigger::Manual => "manual",
        }
    }

    /// As it was written: `cron 0 8 * * WED`, `every 5m`.
    pub fn text(&self) -> String {
        match self {
            Trigger::Cron(cron) => cron.expression().to_owned(),
            Trigger::Every(every) => crate::duration::words(every.every),
            Trigger::At(at) => at.text(),
            Trigger::Solar(solar) => solar.text(),
            Trigger::Manual => "manual".to_owned(),
        }
    }

    /// In a sentence for people.
    pub fn words(&self) -> String {
        match self {
            Trigger::Cron(cron) => cron.words(),
            Trigger::Every(every) => every.words(),
            Trigger::At(at) => format!("at {}", at.text()),
            Trigger::Solar(solar) => solar.words(),
            Trigger::Manual => "only by hand".to_owned(),
        }
    }

    /// What people stumble over, one sentence each.
    pub fn notes(&self) -> Vec<String> {
        match self {
            Trigger::Cron(cron) => cron.notes(),
            Trigger::Solar(solar) => solar.notes(),
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().expect("an instant")
    }

    #[test]
    fn the_last_instant_of_a_long_span_is_the_one_that_walking_finds() {
        let anchor = utc("2026-01-01T00:00:00Z");
        let triggers = [
            Trigger::Cron(Cron::parse("*/7 3-5 * * *", chrono_tz::UTC).expect("cron")),
            Trigger::Cron(Cron::parse("0 0 29 2 *", chrono_tz::UTC).expect("cron")),
            Trigger::Every(Every { every: Duration::from_millis(1_700), start: None, end: None }),
        ];
        for trigger in triggers {
            for hours in [1, 5, 27, 100] {
                let until = anchor + Duration::from_secs(hours * 3_600);
                let walked =
                    std::iter::successors(trigger.next_after(anchor, anchor), |due| trigger.next_after(*due, anchor))
                        .take_while(|due| *due <= until)
                        .last();
                assert_eq!(trigger.last_within(anchor, until, anchor), walked, "{}", trigger.text());
            }
        }
    }
}
