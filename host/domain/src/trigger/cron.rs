//! Cron expressions. The `cron` crate walks the calendar; what an expression means is decided here.
//!
//! From text to instant: [`fields`] reads the fields and refuses what is misspelt, [`field`] one of them; [`dates`] knows
//! which dates are meant, `L`, `W`, `#` and ISO weeks included; [`calendar`] finds the next wall time; this file finds
//! the instant at which clocks show it.
//!
//! The crate only ever sees canonical lists of numbers (its weekdays count from Sunday = 1), and a civil clock: wall
//! time as if it were UTC. So it meets neither the differences between cron dialects nor a clock change. Both are ours:
//!
//! * both day fields restricted: either matches (POSIX, Vixie), both must in the other dialects; restricted means a
//!   text that does not start with `*` or `?`;
//! * an expression whose minute or hour field starts with `*` follows the wall clock: times a clock change leaves out do
//!   not run, repeated ones run twice. Any other is fixed: a time in the gap fires at the first instant after the
//!   gap, a repeated one fires the first time only, and gaps over 3 h are not caught up. Measured against Debian's
//!   cron; [`DstGap`] and [`DstOverlap`] choose otherwise.

mod calendar;
mod count;
mod dates;
mod error;
mod field;
mod fields;
mod kind;
mod notes;
mod rules;
mod shared;
mod words;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::civil::{self, Found};
use crate::Lang;
use calendar::Calendar;
pub use error::CronError;
use fields::Fields;
pub use rules::{Dialect, DstGap, DstOverlap, Rules, Source};
use shared::Script;

/// Longest gap that a fixed time is moved out of; Vixie cron's bound.
const LONGEST_GAP: TimeDelta = TimeDelta::hours(3);

const SECOND: TimeDelta = TimeDelta::seconds(1);

/// A cron expression in a zone, ready to be asked.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Cron {
    source: Source,
    /// The text, or the table as one.
    text: Arc<str>,
    timezone: Tz,
    rules: Rules,
    calendar: Arc<Calendar>,
}

/// The shape on disk: an expression or a table of fields, and only those rules that are not the usual ones.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Written {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expression: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fields: Option<BTreeMap<String, String>>,
    timezone: Tz,
    #[serde(default, skip_serializing_if = "is_usual")]
    dialect: Dialect,
    #[serde(default, skip_serializing_if = "is_usual")]
    dst_gap: DstGap,
    #[serde(default, skip_serializing_if = "is_usual")]
    dst_overlap: DstOverlap,
}

fn is_usual<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl TryFrom<Written> for Cron {
    type Error = CronError;
    fn try_from(written: Written) -> Result<Self, CronError> {
        let source = match (written.expression, written.fields) {
            (Some(text), None) => Source::Text(text),
            (None, Some(table)) => Source::Table(table),
            _ => return Err(CronError::new("a cron trigger has either `expression` or `fields`".to_owned())),
        };
        let Written { timezone, dialect, dst_gap, dst_overlap, .. } = written;
        Cron::read(source, timezone, Rules { dialect, dst_gap, dst_overlap })
    }
}

impl From<Cron> for Written {
    fn from(cron: Cron) -> Written {
        let (expression, fields) = match cron.source {
            Source::Text(text) => (Some(text), None),
            Source::Table(table) => (None, Some(table)),
        };
        let Rules { dialect, dst_gap, dst_overlap } = cron.rules;
        Written { expression, fields, timezone: cron.timezone, dialect, dst_gap, dst_overlap }
    }
}

impl PartialEq for Cron {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source && self.timezone == other.timezone && self.rules == other.rules
    }
}

impl std::fmt::Debug for Cron {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Cron({:?} in {}", self.expression(), self.timezone)?;
        if self.rules != Rules::default() {
            let Rules { dialect, dst_gap, dst_overlap } = self.rules;
            write!(f, ", {}, gap {}, overlap {}", dialect.word(), dst_gap.word(), dst_overlap.word())?;
        }
        write!(f, ")")
    }
}

impl Cron {
    /// Reads a text by the usual rules: five fields (minute, hour, day of month, month, day of week), six (second
    /// first), seven (year last) or a nickname.
    ///
    /// # Errors
    /// Names the field, the text in it, its column and what would be right. An expression that never fires is an error.
    pub fn parse(expression: &str, timezone: Tz) -> Result<Self, CronError> {
        Self::read(Source::Text(expression.to_owned()), timezone, Rules::default())
    }

    /// Reads a text or a table of fields by the given rules.
    ///
    /// # Errors
    /// As for [`Cron::parse`].
    pub fn read(source: Source, timezone: Tz, rules: Rules) -> Result<Self, CronError> {
        let dialect = rules.dialect;
        let source = match source {
            Source::Text(text) => Source::Text(text.trim().to_owned()),
            Source::Table(table) => Source::Table(fields::normal(table)?),
        };
        let text: Arc<str> = match &source {
            Source::Text(text) => text.as_str().into(),
            Source::Table(table) => fields::table_text(table).into(),
        };
        let is_table = matches!(source, Source::Table(_));
        let calendar = shared::calendar(Script { text: Arc::clone(&text), is_table, dialect }, || {
            let fields = match &source {
                Source::Text(text) => Fields::parse(text, dialect)?,
                Source::Table(table) => Fields::from_table(table, dialect)?,
            };
            Calendar::new(fields, &text)
        })?;
        Ok(Self { source, text, timezone, rules, calendar })
    }

    /// As it was written; a table as `day-of-week=mon hour=9`.
    pub fn expression(&self) -> &str {
        &self.text
    }

    /// What it was read from; keys of a table are spelled with hyphens.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The zone it is read in.
    pub fn timezone(&self) -> Tz {
        self.timezone
    }

    /// The rules it is read by.
    pub fn rules(&self) -> Rules {
        self.rules
    }

    /// The minute or hour field starts with `*`: times that clocks leave out do not run, repeated ones run twice.
    pub fn follows_the_clock(&self) -> bool {
        self.calendar.fields.follows_the_clock()
    }

    /// The first matching wall time strictly after `wall`, as if no clock were ever changed.
    pub fn next_wall(&self, wall: NaiveDateTime) -> Option<NaiveDateTime> {
        self.calendar.next(wall)
    }

    /// The first due instant strictly after `after`; `None` past the year 9999.
    pub fn next_after(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        const LAST_YEAR: i32 = kind::LAST_YEAR as i32;
        // Further out, wall times would leave the calendar's own range.
        let after = match after.year() {
            ..-1 => NaiveDate::from_ymd_opt(-1, 12, 30)?.and_hms_opt(0, 0, 0)?.and_utc(),
            -1..=LAST_YEAR => after,
            _ => return None,
        };
        let fixed = !self.follows_the_clock();
        let out_of_gap = fixed && self.rules.dst_gap == DstGap::Vixie;
        let twice = !fixed || self.rules.dst_overlap == DstOverlap::Both;
        let due = self.next_in_wall_order(after, out_of_gap, twice);
        let again = if twice { self.next_repeated(after) } else { None };
        let first = due.into_iter().chain(again).min()?;
        (first.year() <= LAST_YEAR).then_some(first)
    }

    /// Wall times map to instants in order, but for those that clocks going back repeat after `after`.
    fn next_in_wall_order(&self, after: DateTime<Utc>, out_of_gap: bool, twice: bool) -> Option<DateTime<Utc>> {
        let zone = self.timezone;
        let mut wall = civil::wall(after, zone);
        loop {
            wall = self.next_wall(wall)?;
            match civil::find(wall, zone) {
                Found::Once(due) if due > after => return Some(due),
                Found::Once(_) => {}
                Found::Twice(first, _) if first > after => return Some(first),
                Found::Twice(_, second) if twice && second > after => return Some(second),
                Found::Twice(first, second) => {
                    // All the repeated wall times have fired; the last of them is before the change.
                    let end = civil::change_within(first, second, zone).unwrap_or(second);
                    wall = wall.max(civil::wall(end - SECOND, zone));
                }
                Found::Never(end, gap) if out_of_gap && gap <= LONGEST_GAP && end > after => return Some(end),
                Found::Never(end, _) => wall = wall.max(civil::wall(end, zone) - SECOND),
            }
        }
    }

    /// Where clocks will soon go back over the wall time of `after`: the first match among the repeated times.
    fn next_repeated(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let zone = self.timezone;
        let Found::Twice(_, second) = civil::find(civil::wall(after, zone), zone) else { return None };
        let change = civil::change_within(after, second, zone)?;
        let wall = self.next_wall(civil::wall(change, zone) - SECOND)?;
        match civil::find(wall, zone) {
            Found::Twice(_, second) => Some(second),
            _ => None,
        }
    }

    /// In a sentence for people.
    pub fn words(&self, lang: Lang) -> String {
        words::sentence(&self.calendar.fields, self.timezone, lang)
    }

    /// What people stumble over, one sentence each.
    pub fn notes(&self, lang: Lang) -> Vec<String> {
        notes::notes(&self.calendar.fields, lang)
    }
}

#[cfg(test)]
mod tests;
