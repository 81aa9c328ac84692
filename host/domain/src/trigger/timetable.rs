//! Data that brings its own due times: payloads under unix timestamps, submitted from outside.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::duration::words;

/// Due times come with each submission; this says which of them are taken, and what makes a payload the same as another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Timetable {
    /// How far back an entry may lie when it is submitted.
    pub before: Duration,
    /// How far ahead it may lie; and how long after its due instant it may still begin.
    pub after: Duration,
    /// Fields of the payload that make it unique at its instant; none stands for the whole payload.
    pub unique: Vec<String>,
    /// Keeps the entries of schedules with the same handler apart.
    pub flag: String,
    /// What was executed may be handed over again.
    pub repeatable: bool,
    /// What failed may be handed over again.
    pub retry_failed: bool,
}

/// An hour on both sides: what the first timetables had.
pub const HOUR: Duration = Duration::from_secs(3_600);

impl Default for Timetable {
    fn default() -> Self {
        Self {
            before: HOUR,
            after: HOUR,
            unique: Vec::new(),
            flag: String::new(),
            repeatable: false,
            retry_failed: false,
        }
    }
}

impl Timetable {
    /// Whether an entry due at `due_at` is taken at `now`. Both ends belong to the window.
    pub fn takes(&self, due_at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        let reach = |length| TimeDelta::from_std(length).unwrap_or(TimeDelta::MAX);
        let age = now - due_at;
        age <= reach(self.before) && -age <= reach(self.after)
    }

    /// In a few words: `1h before to 1h after, unique channel_id, flag 1`.
    pub(super) fn text(&self) -> String {
        let mut text = format!("{} before to {} after", words(self.before), words(self.after));
        if !self.unique.is_empty() {
            text.push_str(&format!(", unique {}", self.unique.join(" ")));
        }
        if !self.flag.is_empty() {
            text.push_str(&format!(", flag {}", self.flag));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_of_the_window_are_inside() {
        let timetable = Timetable { after: HOUR * 2, ..Timetable::default() };
        let now = DateTime::from_timestamp(1_602_352_800, 0).expect("in range");
        let moment = TimeDelta::milliseconds(1);
        let (first, last) = (now - TimeDelta::hours(1), now + TimeDelta::hours(2));
        for (due_at, taken) in [(first, true), (first - moment, false), (last, true), (last + moment, false)] {
            assert_eq!(timetable.takes(due_at, now), taken, "{due_at}");
        }
    }

    #[test]
    fn what_is_not_written_has_its_default() {
        let read: Timetable = serde_json::from_str(r#"{"retry-failed": true}"#).expect("reads");
        assert_eq!(read, Timetable { retry_failed: true, ..Timetable::default() });
        assert_eq!(read.text(), "1h before to 1h after");
    }
}
