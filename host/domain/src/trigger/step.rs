//! `every` by the calendar: months, quarters, years. The wall time stays, the length varies.

use chrono::{DateTime, Datelike, Months, NaiveDateTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::civil;

/// Longest step, in months: a thousand years, as for elapsed time.
const LONGEST: u32 = 12_000;

/// Single words for a step.
const ADVERBS: [(&str, u32); 6] =
    [("monthly", 1), ("quarterly", 3), ("half-yearly", 6), ("yearly", 12), ("annually", 12), ("annual", 12)];

/// Units to count in. `half-year` stands before `year`, which it ends with.
const UNITS: [(&str, u32); 4] = [("half-year", 6), ("year", 12), ("quarter", 3), ("month", 1)];

/// Fires at the same wall time every so many months. A day that a month does not have becomes its last; the next step
/// is counted from the origin again, so 31 January, 28 February, 31 March.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Step {
    months: u32,
    start: Option<DateTime<Utc>>,
    timezone: Tz,
}

/// The shape on disk.
#[derive(Serialize, Deserialize)]
struct Written {
    months: u32,
    #[serde(default)]
    start: Option<DateTime<Utc>>,
    timezone: Tz,
}

impl TryFrom<Written> for Step {
    type Error = String;
    fn try_from(written: Written) -> Result<Self, String> {
        Step::new(written.months, written.start, written.timezone)
    }
}

impl From<Step> for Written {
    fn from(step: Step) -> Written {
        Written { months: step.months, start: step.start, timezone: step.timezone }
    }
}

impl Step {
    /// Every `months`, on the wall clock of `timezone`. `start` is the first fire; without it the first fire is one step
    /// after the schedule was first seen.
    ///
    /// # Errors
    /// If there are no months in it, or more than a thousand years.
    pub fn new(months: u32, start: Option<DateTime<Utc>>, timezone: Tz) -> Result<Self, String> {
        match months {
            0 => Err("a step of no months at all never gets on; 1 month is the least".to_owned()),
            1..=LONGEST => Ok(Self { months, start, timezone }),
            _ => Err(format!("a step of {months} months is longer than a thousand years")),
        }
    }

    /// Reads `1 month`, `2 quarters`, `1 half-year`, `yearly` and the like as months; `None` if the text speaks of
    /// nothing of the kind.
    pub fn months_of(text: &str) -> Option<Result<u32, String>> {
        let whole = text.trim().to_lowercase();
        if let Some((_, months)) = ADVERBS.iter().find(|(adverb, _)| *adverb == whole) {
            return Some(Ok(*months));
        }
        let (number, months) = UNITS.iter().find_map(|(unit, months)| {
            let number = whole.strip_suffix(unit).or_else(|| whole.strip_suffix('s')?.strip_suffix(unit))?;
            Some((number.trim_end(), *months))
        })?;
        if number.is_empty() {
            return Some(Ok(months));
        }
        let wrong = || format!("`{text}` is no step: a whole number stands before the unit, as in 1 month or 2 years");
        if !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(Err(wrong()));
        }
        let count = number.parse::<u32>().ok().and_then(|count| count.checked_mul(months));
        Some(match count {
            Some(0) => Err(format!("`{text}` is no time at all; 1 month is the least")),
            Some(count) if count <= LONGEST => Ok(count),
            _ => Err(format!("`{text}` is longer than a thousand years")),
        })
    }

    /// The length of a step.
    pub fn months(&self) -> u32 {
        self.months
    }

    /// The first fire, if it is given.
    pub fn start(&self) -> Option<DateTime<Utc>> {
        self.start
    }

    /// The zone whose wall clock counts.
    pub fn timezone(&self) -> Tz {
        self.timezone
    }

    /// The first due instant strictly after `after`.
    pub fn next_after(&self, after: DateTime<Utc>, anchor: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let first = if self.start.is_some() { 0 } else { 1 };
        let origin = self.start.unwrap_or(anchor);
        let wall = civil::wall(origin, self.timezone);
        let gone = month_number(civil::wall(after, self.timezone)) - month_number(wall);
        // The month of `after` is the right one or one step short; what a clock change moves stays within a day.
        let guess = gone.div_euclid(i64::from(self.months)) - 1;
        let guess = u32::try_from(guess.max(first)).ok()?;
        (guess..guess.checked_add(4)?).find_map(|index| {
            let due = self.instant(origin, wall, index)?;
            (due > after).then_some(due)
        })
    }

    /// `index` steps after the origin.
    fn instant(&self, origin: DateTime<Utc>, wall: NaiveDateTime, index: u32) -> Option<DateTime<Utc>> {
        if index == 0 {
            return Some(origin);
        }
        let there = wall.checked_add_months(Months::new(self.months.checked_mul(index)?))?;
        // A few hours short of the end of the calendar there may be no instant in UTC any more.
        (there.year() <= 9_999).then(|| civil::forward(there, self.timezone))
    }

    /// As it is written: `1 quarter`, `18 months`.
    pub fn text(&self) -> String {
        text(self.months)
    }
}

/// So many months as they are written.
pub(crate) fn text(all: u32) -> String {
    // Nobody thinks of six quarters: it is 18 months.
    let unit = UNITS.iter().find(|(unit, months)| all == *months || (*unit == "year" && all.is_multiple_of(12)));
    match unit {
        Some((unit, months)) => counted(all / months, unit),
        None => counted(all, "month"),
    }
}

fn month_number(wall: NaiveDateTime) -> i64 {
    i64::from(wall.year()) * 12 + i64::from(wall.month0())
}

fn counted(count: u32, unit: &str) -> String {
    if count == 1 { format!("1 {unit}") } else { format!("{count} {unit}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().expect("an instant")
    }

    fn walls(step: &Step, anchor: DateTime<Utc>, count: usize) -> Vec<String> {
        std::iter::successors(step.next_after(DateTime::UNIX_EPOCH, anchor), |due| step.next_after(*due, anchor))
            .take(count)
            .map(|due| civil::wall(due, step.timezone()).to_string())
            .collect()
    }

    #[test]
    fn the_last_day_comes_back_after_a_short_month() {
        let step = Step::new(1, Some(utc("2026-01-31T08:00:00Z")), Tz::UTC).unwrap();
        let expected = ["2026-01-31 08:00:00", "2026-02-28 08:00:00", "2026-03-31 08:00:00", "2026-04-30 08:00:00"];
        assert_eq!(walls(&step, DateTime::UNIX_EPOCH, 4), expected);
        assert!(crate::Trigger::Step(step.clone()).notes(crate::Lang::En)[0].contains("without a day 31"));
    }

    #[test]
    fn a_leap_day_is_kept_for_the_leap_years() {
        let step = Step::new(12, Some(utc("2024-02-29T00:00:00Z")), Tz::UTC).unwrap();
        let years = walls(&step, DateTime::UNIX_EPOCH, 5);
        assert_eq!(
            years[1..],
            ["2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"].map(|day| format!("{day} 00:00:00"))
        );
    }

    #[test]
    fn wall_time_stays_through_clock_changes_and_moves_only_in_a_gap() {
        let zone = chrono_tz::Europe::Berlin;
        // 29 January 02:30; on 29 March that time does not exist.
        let step = Step::new(1, Some(utc("2026-01-29T01:30:00Z")), zone).unwrap();
        let expected = ["2026-01-29 02:30:00", "2026-02-28 02:30:00", "2026-03-29 03:30:00", "2026-04-29 02:30:00"];
        assert_eq!(walls(&step, DateTime::UNIX_EPOCH, 4), expected);
        // A wall time that occurs twice fires the first time.
        let step = Step::new(6, Some(utc("2026-04-25T00:30:00Z")), zone).unwrap();
        assert_eq!(
            step.next_after(utc("2026-10-24T00:00:00Z"), DateTime::UNIX_EPOCH),
            Some(utc("2026-10-25T00:30:00Z"))
        );
        assert_eq!(
            step.next_after(utc("2026-10-25T00:30:00Z"), DateTime::UNIX_EPOCH),
            Some(utc("2027-04-25T00:30:00Z"))
        );
    }

    #[test]
    fn without_a_start_the_first_fire_is_one_step_after_the_schedule_was_seen() {
        let step = Step::new(3, None, chrono_tz::Asia::Shanghai).unwrap();
        let anchor = utc("2025-11-30T16:00:00Z"); // 1 December in Shanghai
        assert_eq!(walls(&step, anchor, 2), ["2026-03-01 00:00:00", "2026-06-01 00:00:00"]);
    }

    #[test]
    fn a_due_instant_far_away_is_found_at_once_and_the_end_of_the_calendar_is_no_fire() {
        let step = Step::new(1, Some(utc("2000-01-31T00:00:00Z")), Tz::UTC).unwrap();
        assert_eq!(
            step.next_after(utc("9998-02-10T00:00:00Z"), utc("2000-01-01T00:00:00Z")),
            Some(utc("9998-02-28T00:00:00Z"))
        );
        for after in [DateTime::<Utc>::MAX_UTC, utc("9999-12-31T00:00:00Z")] {
            assert_eq!(step.next_after(after, after), None);
        }
        assert_eq!(
            step.next_after(DateTime::<Utc>::MIN_UTC, utc("2000-01-01T00:00:00Z")),
            Some(utc("2000-01-31T00:00:00Z"))
        );
    }

    #[test]
    fn a_step_is_read_in_the_words_people_use_and_a_length_of_time_is_left_alone() {
        let steps = [
            ("1 month", 1),
            ("month", 1),
            ("2 months", 2),
            ("1 quarter", 3),
            ("Quarterly", 3),
            ("half-yearly", 6),
            ("1 half-year", 6),
            ("3 half-years", 18),
            ("yearly", 12),
            ("2years", 24),
            ("18 months", 18),
        ];
        for (text, months) in steps {
            assert_eq!(Step::months_of(text), Some(Ok(months)), "{text}");
            let written = Step::new(months, None, Tz::UTC).unwrap().text();
            assert_eq!(Step::months_of(&written), Some(Ok(months)), "{written}");
        }
        for text in
            ["0 months", "-1 month", "1.5 years", "4294967296 years", "400000000 years", "1e3 months", "one year"]
        {
            assert!(matches!(Step::months_of(text), Some(Err(_))), "{text}");
        }
        for text in ["90m", "1h", "", "5", "weekly", "1 fortnight"] {
            assert_eq!(Step::months_of(text), None, "{text}");
        }
    }
}
