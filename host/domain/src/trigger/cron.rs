//! Cron expressions. The `cron` crate walks the calendar; what an expression means is decided here.
//!
//! The crate only ever sees canonical lists of numbers (its weekdays count from Sunday = 1), and a civil clock: wall
//! time as if it were UTC. So it meets neither the differences between cron dialects nor a clock change. Both are ours:
//!
//! * both day fields restricted: either matches (POSIX, Vixie); restricted means a text that does not start with `*`;
//! * an expression whose minute or hour field starts with `*` follows the wall clock: times a clock change leaves out do
//!   not run, repeated ones run twice. Any other is fixed: a time in the gap fires at the first instant after the
//!   gap, a repeated one fires the first time only, and gaps over 3 h are not caught up. Measured against Debian's cron.

mod fields;

use std::str::FromStr;
use std::sync::Arc;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::civil::{self, Found};
pub use fields::CronError;
use fields::Fields;

/// Longest gap that a fixed time is moved out of; Vixie cron's bound.
const LONGEST_GAP: TimeDelta = TimeDelta::hours(3);

/// A cron expression in a zone, ready to be asked.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Cron {
    written: Written,
    fields: Arc<Fields>,
    /// One, or two where both day fields are restricted and either may match.
    calendars: Arc<Vec<cron::Schedule>>,
}

/// The shape on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Written {
    expression: String,
    timezone: Tz,
}

impl TryFrom<Written> for Cron {
    type Error = CronError;
    fn try_from(written: Written) -> Result<Self, CronError> {
        Cron::parse(&written.expression, written.timezone)
    }
}

impl From<Cron> for Written {
    fn from(cron: Cron) -> Written {
        cron.written
    }
}

impl PartialEq for Cron {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}

impl std::fmt::Debug for Cron {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Cron({:?} in {})", self.written.expression, self.written.timezone)
    }
}

impl Cron {
    /// Reads an expression of five fields (minute, hour, day of month, month, day of week) or a nickname.
    ///
    /// # Errors
    /// Names the field, the text in it, its column and what would be right. An expression that never fires is an error.
    pub fn parse(expression: &str, timezone: Tz) -> Result<Self, CronError> {
        let fields = Fields::parse(expression)?;
        let calendars = fields
            .canonical()
            .iter()
            .map(|list| cron::Schedule::from_str(list))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| CronError::new(format!("`{expression}`: {error}")))?;
        let written = Written { expression: expression.trim().to_owned(), timezone };
        Ok(Self { written, fields: Arc::new(fields), calendars: Arc::new(calendars) })
    }

    /// As it was written.
    pub fn expression(&self) -> &str {
        &self.written.expression
    }

    /// The zone it is read in.
    pub fn timezone(&self) -> Tz {
        self.written.timezone
    }

    /// The first due instant strictly after `after`; `None` past the year 2100, where the calendar engine ends.
    pub fn next_after(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if self.fields.follows_the_clock() { self.next_on_the_clock(after) } else { self.next_fixed(after) }
    }

    /// The first matching wall time after `wall`.
    fn next_wall(&self, wall: NaiveDateTime) -> Option<NaiveDateTime> {
        let wall = wall.and_utc();
        self.calendars.iter().filter_map(|calendar| calendar.after(&wall).next()).min().map(|next| next.naive_utc())
    }

    /// Wall times map to instants in order, so the first that lies after `after` is the answer.
    fn next_fixed(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let zone = self.timezone();
        // In the second pass of a repeated hour, a wall time that is still to come on the clock has fired already.
        let mut wall = civil::wall(after, zone);
        loop {
            wall = self.next_wall(wall)?;
            match civil::find(wall, zone) {
                Found::Once(due) | Found::Twice(due, _) if due > after => return Some(due),
                Found::Never(end, gap) if end > after && gap <= LONGEST_GAP => return Some(end),
                _ => {}
            }
        }
    }

    fn next_on_the_clock(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let zone = self.timezone();
        let mut wall = civil::wall(after, zone);
        let due = loop {
            wall = self.next_wall(wall)?;
            match civil::find(wall, zone) {
                Found::Once(due) => break due,
                Found::Twice(first, second) => break if first > after { first } else { second },
                Found::Never(..) => {}
            }
        };
        // If the clock is set back before then, wall times up to now come round again.
        let soon = due.min(after + TimeDelta::days(1));
        let repeated = civil::change_within(after, soon, zone).and_then(|change| {
            let back = civil::wall(change, zone) - TimeDelta::seconds(1);
            let again = self.next_wall(back)?.and_utc() - civil::offset(change, zone);
            (again > after && again < due && civil::wall(again, zone).and_utc() - civil::offset(change, zone) == again)
                .then_some(again)
        });
        Some(repeated.unwrap_or(due))
    }

    /// In a sentence for people.
    pub fn words(&self) -> String {
        format!("{}, {} time", self.fields.words(), self.timezone())
    }

    /// What people stumble over, one sentence each.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.fields.either_day() {
            notes.push(
                "both day fields are restricted: a day that matches either of them fires (POSIX); \
                 start one of them with `*` if you meant both"
                    .to_owned(),
            );
        }
        notes
    }
}

#[cfg(test)]
mod tests;
