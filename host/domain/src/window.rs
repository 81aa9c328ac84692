//! The data window: the span of data that a run is about, reckoned back from its nominal due instant, never from "now".

use std::time::Duration;

use chrono::{DateTime, Months, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::trigger::every::{self, Length};
use crate::trigger::{civil, step};

/// The span of data a run is about: from inclusive, to exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Inclusive.
    pub from: DateTime<Utc>,
    /// Exclusive.
    pub to: DateTime<Utc>,
}

/// How far a schedule's windows reach back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum WindowLength {
    /// Whole days go back on the wall clock, so `3d` at Wednesday 08:00 begins on Sunday at 08:00 even if the clock was
    /// changed between; the rest is elapsed time.
    Days(Duration),
    /// Months of the calendar, on the wall clock; a day that a month does not have becomes its last.
    Months {
        /// At least one.
        months: u32,
    },
}

impl WindowLength {
    /// Reads `3d`, `90m`, a bare number of seconds, `1 month`, `2 quarters`, `1 year`.
    ///
    /// # Errors
    /// Quotes the text and says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        Ok(match every::parse(text)? {
            Length::Elapsed(length) => Self::Days(length),
            Length::Months(months) => Self::Months { months },
        })
    }

    /// The window of this length that ends at `to`, by the wall clock of `zone`.
    pub fn ending(self, to: DateTime<Utc>, zone: Tz) -> Window {
        let wall = civil::wall(to, zone);
        let from = match self {
            Self::Days(length) => {
                let days = length.as_secs() / 86_400;
                let rest = length - Duration::from_secs(days * 86_400);
                let back = TimeDelta::days(i64::try_from(days).unwrap_or(i64::MAX / 86_400_000));
                civil::forward(wall - back, zone) - rest
            }
            // Years before the calendar begins hold no data.
            Self::Months { months } => wall
                .checked_sub_months(Months::new(months))
                .map_or(DateTime::UNIX_EPOCH, |wall| civil::forward(wall, zone)),
        };
        Window { from, to }
    }

    /// As it is written: `3d`, `1 month`.
    pub fn text(self) -> String {
        match self {
            Self::Days(length) => crate::duration::words(length),
            Self::Months { months } => step::text(months),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The begin of the window that ends at that wall time in that zone.
    fn begin(length: &str, to: &str, zone: Tz) -> String {
        let to: DateTime<Utc> = to.parse().expect("an instant");
        let window = WindowLength::parse(length).expect(length).ending(to, zone);
        assert_eq!(window.to, to);
        window.from.with_timezone(&zone).to_rfc3339()
    }

    #[test]
    fn three_days_at_wednesday_eight_begin_on_sunday_at_eight() {
        let shanghai = chrono_tz::Asia::Shanghai;
        assert_eq!(begin("3d", "2025-10-01T08:00:00+08:00", shanghai), "2025-09-28T08:00:00+08:00");
        assert_eq!(begin("3d", "2025-10-08T08:00:00+08:00", shanghai), "2025-10-05T08:00:00+08:00");
    }

    #[test]
    fn a_clock_change_between_moves_no_wall_time() {
        let berlin = chrono_tz::Europe::Berlin;
        assert_eq!(begin("3d", "2026-04-01T08:00:00+02:00", berlin), "2026-03-29T08:00:00+02:00");
        assert_eq!(begin("3d", "2026-03-30T08:00:00+02:00", berlin), "2026-03-27T08:00:00+01:00");
        assert_eq!(begin("1d", "2026-10-25T08:00:00+01:00", berlin), "2026-10-24T08:00:00+02:00");
        // A begin that the clock left out is the first instant after.
        assert_eq!(begin("1d", "2026-03-30T02:30:00+02:00", berlin), "2026-03-29T03:30:00+02:00");
        // Hours are elapsed time.
        assert_eq!(begin("1d 12h", "2026-03-30T08:00:00+02:00", berlin), "2026-03-28T19:00:00+01:00");
    }

    #[test]
    fn months_go_back_by_the_calendar() {
        let zone = chrono_tz::Asia::Shanghai;
        assert_eq!(begin("1 month", "2026-03-01T08:00:05+08:00", zone), "2026-02-01T08:00:05+08:00");
        assert_eq!(begin("1 month", "2026-03-31T08:00:00+08:00", zone), "2026-02-28T08:00:00+08:00");
        assert_eq!(begin("half-yearly", "2026-07-01T08:00:00+08:00", zone), "2026-01-01T08:00:00+08:00");
        assert_eq!(begin("1 year", "2024-02-29T08:00:00+08:00", zone), "2023-02-28T08:00:00+08:00");
    }

    #[test]
    fn a_length_reads_back_from_the_ledger_and_one_of_elapsed_time_as_it_was_always_written() {
        for text in ["3d", "1d12h", "1 month", "1 half-year", "2 years"] {
            let length = WindowLength::parse(text).expect(text);
            assert_eq!(length.text(), text);
            let json = serde_json::to_string(&length).expect("JSON");
            assert_eq!(serde_json::from_str::<WindowLength>(&json).expect("reads"), length, "{json}");
        }
        let former = r#"{"secs":259200,"nanos":0}"#;
        assert_eq!(
            serde_json::from_str::<WindowLength>(former).expect("reads"),
            WindowLength::parse("3d").expect("3d")
        );
    }
}
