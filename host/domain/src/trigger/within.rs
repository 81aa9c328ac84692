//! A trigger between two instants.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{Absent, Trigger};

/// A trigger that is heeded from one instant to another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Within {
    trigger: Trigger,
    start: Option<DateTime<Utc>>,
    end: Option<DateTime<Utc>>,
}

/// The shape on disk.
#[derive(Serialize, Deserialize)]
struct Written {
    trigger: Trigger,
    #[serde(default)]
    start: Option<DateTime<Utc>>,
    #[serde(default)]
    end: Option<DateTime<Utc>>,
}

impl TryFrom<Written> for Within {
    type Error = String;
    fn try_from(written: Written) -> Result<Self, String> {
        Within::new(written.trigger, written.start, written.end)
    }
}

impl From<Within> for Written {
    fn from(within: Within) -> Written {
        Written { trigger: within.trigger, start: within.start, end: within.end }
    }
}

impl Within {
    /// `trigger`, nothing before `start` and nothing after `end`; both may still fire.
    ///
    /// # Errors
    /// If `end` lies before `start`.
    pub fn new(trigger: Trigger, start: Option<DateTime<Utc>>, end: Option<DateTime<Utc>>) -> Result<Self, String> {
        match (start, end) {
            (Some(start), Some(end)) if end < start => {
                Err(format!("the end {} lies before the start {}: it would never fire", text(end), text(start)))
            }
            _ => Ok(Self { trigger, start, end }),
        }
    }

    /// What is bounded.
    pub fn trigger(&self) -> &Trigger {
        &self.trigger
    }

    /// The first instant that may fire.
    pub fn start(&self) -> Option<DateTime<Utc>> {
        self.start
    }

    /// The last instant that may fire.
    pub fn end(&self) -> Option<DateTime<Utc>> {
        self.end
    }

    /// Whether `instant` lies between start and end.
    pub fn holds(&self, instant: DateTime<Utc>) -> bool {
        self.start.is_none_or(|start| start <= instant) && self.end.is_none_or(|end| instant <= end)
    }

    /// The first due instant strictly after `after`.
    pub fn next_after(&self, after: DateTime<Utc>, anchor: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if self.end.is_some_and(|end| after >= end) {
            return None;
        }
        self.trigger.next_after(self.open(after), anchor).filter(|due| self.end.is_none_or(|end| *due <= end))
    }

    pub(super) fn absent(&self, after: DateTime<Utc>, until: DateTime<Utc>, anchor: DateTime<Utc>) -> Vec<Absent> {
        let until = self.end.map_or(until, |end| until.min(end));
        self.trigger.absent(self.open(after), until, anchor)
    }

    pub(super) fn first_absent_day_end(&self, after: DateTime<Utc>, anchor: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if self.end.is_some_and(|end| after >= end) {
            return None;
        }
        self.trigger.first_absent_day_end(self.open(after), anchor)
    }

    /// Where counting begins, exclusive.
    fn open(&self, after: DateTime<Utc>) -> DateTime<Utc> {
        let before_start = self.start.and_then(|start| start.checked_sub_signed(TimeDelta::nanoseconds(1)));
        before_start.map_or(after, |before| after.max(before))
    }
}

fn text(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
