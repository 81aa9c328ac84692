//! `at`: given instants.

use chrono::{DateTime, NaiveDateTime, SecondsFormat, Timelike, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::civil;
use crate::excerpt::excerpt;

/// Entries of a list: more are data, not a schedule, and every look at the schedule would read them all.
pub const MOST: usize = 10_000;

/// Fires at given instants, each once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct At {
    /// Ascending, each once.
    instants: Vec<DateTime<Utc>>,
}

impl At {
    /// Fires at `instants`, in whatever order they come.
    pub fn new(mut instants: Vec<DateTime<Utc>>) -> Self {
        instants.sort_unstable();
        instants.dedup();
        Self { instants }
    }

    /// Fires at the instants of a list that somebody wrote.
    ///
    /// # Errors
    /// If the list is empty, or longer than [`MOST`].
    pub fn list(instants: Vec<DateTime<Utc>>) -> Result<Self, String> {
        match instants.len() {
            0 => Err("an empty list of instants would never fire".to_owned()),
            1..=MOST => Ok(Self::new(instants)),
            count => Err(format!("a list of {count} instants is too long: {MOST} are the most; split the schedule")),
        }
    }

    /// The first due instant strictly after `after`.
    pub fn next_after(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let index = self.instants.partition_point(|instant| *instant <= after);
        self.instants.get(index).copied()
    }

    /// The first instant of all.
    pub fn first(&self) -> Option<DateTime<Utc>> {
        self.instants.first().copied()
    }

    /// The last instant of all.
    pub fn last(&self) -> Option<DateTime<Utc>> {
        self.instants.last().copied()
    }

    /// As RFC 3339, in UTC.
    pub fn text(&self) -> String {
        let texts: Vec<_> =
            self.instants.iter().map(|instant| instant.to_rfc3339_opts(SecondsFormat::AutoSi, true)).collect();
        texts.join(", ")
    }
}

/// Reads an instant: RFC 3339 with an offset, or `YYYY-MM-DD HH:MM[:SS]` (also with `T`) as wall time in `zone`. A wall
/// time that a clock change leaves out moves forward by the length of the gap; one that occurs twice means the first.
///
/// # Errors
/// A line that quotes the text and says what is taken.
pub fn parse_instant(text: &str, zone: Tz) -> Result<DateTime<Utc>, String> {
    let text = text.trim();
    let shown = excerpt(text);
    // Longer years are no dates anybody means, and the arithmetic of dates ends there.
    let digits = text.trim_start_matches(['-', '+']).bytes().take_while(u8::is_ascii_digit).count();
    if !matches!(digits, 0 | 4) || (digits > 0 && text.starts_with(['-', '+'])) {
        return Err(format!("`{shown}`: a year has four digits and no sign"));
    }
    let leap = || format!("`{shown}` names a leap second; seconds go from 00 to 59");
    // The parser keeps a leap second as one that is longer than others.
    let is_leap = |nanosecond: u32| nanosecond >= 1_000_000_000;
    if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
        return if is_leap(instant.nanosecond()) { Err(leap()) } else { Ok(instant.with_timezone(&Utc)) };
    }
    let formats = ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"];
    let Some(wall) = formats.iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok()) else {
        return Err(format!(
            "`{shown}` is no date with a time: write 2026-10-01T08:00:00+08:00, or 2026-10-01 08:00:00 in the schedule's zone"
        ));
    };
    if is_leap(wall.nanosecond()) { Err(leap()) } else { Ok(civil::forward(wall, zone)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().expect("an instant")
    }

    #[test]
    fn a_wall_time_is_read_in_the_zone_and_an_offset_wins_over_it() {
        let zone = chrono_tz::Asia::Shanghai;
        assert_eq!(parse_instant("2026-10-01 00:00:00", zone), Ok(utc("2026-09-30T16:00:00Z")));
        assert_eq!(parse_instant("2026-10-01T00:00:00Z", zone), Ok(utc("2026-10-01T00:00:00Z")));
    }

    #[test]
    fn a_wall_time_in_a_gap_moves_forward_and_a_repeated_one_means_the_first() {
        let zone = chrono_tz::Europe::Berlin;
        assert_eq!(parse_instant("2026-03-29 02:30:00", zone), Ok(utc("2026-03-29T01:30:00Z")));
        assert_eq!(parse_instant("2026-10-25 02:30:00", zone), Ok(utc("2026-10-25T00:30:00Z")));
    }

    #[test]
    fn a_list_holds_ten_thousand_entries_and_no_more() {
        let list = |count: i64| (0..count).filter_map(|second| DateTime::from_timestamp(second, 0)).collect::<Vec<_>>();
        assert!(At::list(list(10_000)).is_ok());
        assert!(At::list(list(10_001)).unwrap_err().contains("10001"));
        assert!(At::list(Vec::new()).is_err());
    }

    #[test]
    fn a_leap_second_and_other_nonsense_are_refused() {
        for text in [
            "2026-12-31T23:59:60Z",
            "2026-02-30 00:00:00",
            "now-ish",
            "",
            "2026-10-01",
            "12026-10-01 00:00:00",
            "-2026-10-01 00:00:00",
            "26-10-01 00:00:00",
            "2026-12-31 23:59:60",
            "2026-12-31 23:59: 60",
            "2026-12-31T23:59:60.5+01:00",
        ] {
            assert!(parse_instant(text, chrono_tz::UTC).is_err(), "{text:?} was taken");
        }
    }
}
