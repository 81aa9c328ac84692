//! `every`: a length of elapsed time. A day is 86 400 s; clocks that change do not matter.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::Lang;

/// Fires each time a length of time has passed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Every {
    /// At least a millisecond.
    pub every: Duration,
    /// The first fire. Without it the first fire is one length after the schedule was first seen.
    pub start: Option<DateTime<Utc>>,
    /// The last instant that may fire.
    pub end: Option<DateTime<Utc>>,
}

impl Every {
    /// The first due instant strictly after `after`.
    pub fn next_after(&self, after: DateTime<Utc>, anchor: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let step = i64::try_from(self.every.as_millis()).ok().filter(|step| *step > 0)?;
        let (origin, first) = match self.start {
            Some(start) => (start, 0),
            None => (anchor, 1),
        };
        let gone = (after - origin).num_milliseconds();
        // Millisecond arithmetic truncates: an `after` with microseconds past a multiple still means the next one.
        let index = (gone.div_euclid(step) + 1).max(first);
        let due = TimeDelta::try_milliseconds(index.checked_mul(step)?)
            .and_then(|offset| origin.checked_add_signed(offset))?;
        (due > after && self.end.is_none_or(|end| due <= end)).then_some(due)
    }

    /// In a sentence for people.
    pub fn words(&self, lang: Lang) -> String {
        let (every, from, until) = match lang {
            Lang::En => ("every", " from", " until"),
            Lang::Zh => ("每隔", "，自", "，至"),
        };
        let mut words = format!("{every} {}", crate::duration::words(self.every));
        if let Some(start) = self.start {
            words.push_str(&format!("{from} {}", start.to_rfc3339_opts(SecondsFormat::AutoSi, true)));
        }
        if let Some(end) = self.end {
            words.push_str(&format!("{until} {}", end.to_rfc3339_opts(SecondsFormat::AutoSi, true)));
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().expect("an instant")
    }

    #[test]
    fn with_a_start_the_start_is_the_first_fire() {
        let every = Every {
            every: Duration::from_secs(60),
            start: Some(utc("2026-01-01T00:00:30Z")),
            end: Some(utc("2026-01-01T00:02:30Z")),
        };
        let due: Vec<_> =
            std::iter::successors(every.next_after(utc("2025-01-01T00:00:00Z"), utc("2025-01-01T00:00:00Z")), |d| {
                every.next_after(*d, utc("2025-01-01T00:00:00Z"))
            })
            .collect();
        assert_eq!(due, ["2026-01-01T00:00:30Z", "2026-01-01T00:01:30Z", "2026-01-01T00:02:30Z"].map(utc));
    }

    #[test]
    fn without_a_start_the_first_fire_is_one_length_after_the_schedule_was_seen() {
        let every = Every { every: Duration::from_secs(90), start: None, end: None };
        let anchor = utc("2026-01-01T00:00:00Z");
        assert_eq!(every.next_after(anchor, anchor), Some(utc("2026-01-01T00:01:30Z")));
        assert_eq!(every.next_after(utc("2026-01-01T00:01:30Z"), anchor), Some(utc("2026-01-01T00:03:00Z")));
        assert_eq!(every.next_after(utc("2020-01-01T00:00:00Z"), anchor), Some(utc("2026-01-01T00:01:30Z")));
    }
}
