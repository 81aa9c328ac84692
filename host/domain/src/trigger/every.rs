//! `every`: a length of elapsed time. A day is 86 400 s; clocks that change do not matter. Steps by the calendar are
//! written with the same key and live in [`step`](super::step); [`parse`] tells the two apart.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// Shorter than this, a run costs more than the time to the next.
pub const SHORTEST: Duration = Duration::from_millis(100);

/// What to say of a length under [`SHORTEST`].
pub const TOO_SHORT: &str = "it is shorter than 100ms; below that a run costs more than the wait for the next";

/// What stands after `every`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// Elapsed time, at least a millisecond: an [`Every`].
    Elapsed(Duration),
    /// Months of the calendar: a [`Step`](super::Step).
    Months(u32),
}

/// Reads `90m`, `2w3d`, a bare number of seconds, `1 month`, `quarterly`, `2 years`.
///
/// # Errors
/// Quotes the text and says what is wrong with it.
pub fn parse(text: &str) -> Result<Length, String> {
    if let Some(months) = super::Step::months_of(text) {
        return months.map(Length::Months);
    }
    match crate::duration::parse(text) {
        Ok(none) if none.is_zero() => Err(format!("`{text}` is no time at all; a millisecond is the least")),
        Ok(length) => Ok(Length::Elapsed(length)),
        Err(reason) => Err(reason + &hint(text)),
    }
}

/// Words people try, and what to write for them.
fn hint(text: &str) -> String {
    let lower = text.trim().to_lowercase();
    let unit = lower.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ').trim_end_matches('s');
    let written = match unit {
        "millisecond" => "500ms",
        "second" | "sec" => "30s",
        "minute" | "min" => "5m",
        "hour" | "hourly" | "hr" => "1h",
        "day" | "daily" => "1d",
        "week" | "weekly" => "1w",
        "fortnight" | "fortnightly" => "2w",
        other => {
            let units = ["month", "monthly", "quarter", "quarterly", "half-year", "half-yearly", "year", "yearly"];
            return if other.len() > 3 { crate::suggest::hint(other, units) } else { String::new() };
        }
    };
    format!(" — write for example {written}")
}

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
        let gone = after - origin;
        // Whole milliseconds gone, rounded down: a nanosecond before the start is before the start.
        let part = i64::from(gone < TimeDelta::milliseconds(gone.num_milliseconds()));
        let index = ((gone.num_milliseconds() - part).div_euclid(step) + 1).max(first);
        let due = TimeDelta::try_milliseconds(index.checked_mul(step)?)
            .and_then(|offset| origin.checked_add_signed(offset))?;
        (due > after && self.end.is_none_or(|end| due <= end)).then_some(due)
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
    fn a_nanosecond_before_the_start_the_start_comes_next() {
        let start = utc("2026-01-01T00:00:00Z");
        let every = Every { every: Duration::from_secs(60), start: Some(start), end: None };
        assert_eq!(every.next_after(start - TimeDelta::nanoseconds(1), start), Some(start));
        assert_eq!(every.next_after(start + TimeDelta::nanoseconds(1), start), Some(start + TimeDelta::minutes(1)));
    }

    #[test]
    fn lengths_and_steps_are_told_apart_and_nonsense_is_refused_in_words() {
        assert_eq!(parse("90m"), Ok(Length::Elapsed(Duration::from_secs(5_400))));
        assert_eq!(parse("1m"), Ok(Length::Elapsed(Duration::from_secs(60))));
        assert_eq!(parse("5"), Ok(Length::Elapsed(Duration::from_secs(5))));
        assert_eq!(parse("1 month"), Ok(Length::Months(1)));
        assert_eq!(parse("half-yearly"), Ok(Length::Months(6)));
        for text in
            ["", "0", "0s", "-5m", "1e3", "inf", "NaN", "-1 month", "1.5 months", "month 1", "99999999999999999999"]
        {
            let refused = parse(text).expect_err(text);
            assert!(refused.contains(text) && refused.len() > 20, "{text:?}: {refused}");
        }
        assert!(parse("1 day").unwrap_err().ends_with("write for example 1d"));
        assert!(parse("weekly").unwrap_err().ends_with("write for example 1w"));
        assert!(parse("1 mnoth").unwrap_err().ends_with("did you mean `month`?"));
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
