//! Which dates an expression means, whatever the time.

use chrono::{Datelike, NaiveDate, Weekday};

use super::field::Special;
use super::fields::Fields;
use super::kind::LAST_YEAR;

impl Fields {
    /// The date is one of those meant.
    pub(super) fn has_date(&self, date: NaiveDate) -> bool {
        let Ok(year) = u32::try_from(date.year()) else { return false };
        if !self.year.has_year(year) || !self.month.set.contains(date.month()) {
            return false;
        }
        if !self.week.full && !self.week.set.contains(date.iso_week().week()) {
            return false;
        }
        if self.either_day() {
            self.has_day(date) || self.has_weekday(date)
        } else {
            self.has_weekday(date) && self.has_day(date)
        }
    }

    fn has_day(&self, date: NaiveDate) -> bool {
        self.day.set.contains(date.day()) || self.day.specials.iter().any(|special| falls_on(*special, date))
    }

    fn has_weekday(&self, date: NaiveDate) -> bool {
        let weekday = date.weekday().num_days_from_sunday();
        self.weekday.set.contains(weekday) || self.weekday.specials.iter().any(|special| falls_on(*special, date))
    }

    /// The first date meant, from `from` on. A year without one speaks for all years of its [`shape`], so that the
    /// search looks at fewer days than 28 years have, however far it goes.
    pub(super) fn first_date(&self, from: NaiveDate) -> Option<NaiveDate> {
        let mut without = 0u32;
        for year in from.year()..=LAST_YEAR as i32 {
            if !u32::try_from(year).is_ok_and(|year| self.year.has_year(year)) {
                continue;
            }
            let first = if year == from.year() { from } else { NaiveDate::from_ymd_opt(year, 1, 1)? };
            let shape = 1 << shape(first);
            if without & shape != 0 {
                continue;
            }
            if let Some(found) = self.first_date_of_year(first) {
                return Some(found);
            }
            if first.ordinal() == 1 {
                without |= shape;
            }
        }
        None
    }

    fn first_date_of_year(&self, from: NaiveDate) -> Option<NaiveDate> {
        let months = (from.month()..=12).filter(|month| self.month.set.contains(*month));
        for month in months {
            let first = if month == from.month() { from } else { NaiveDate::from_ymd_opt(from.year(), month, 1)? };
            let days = first.iter_days().take_while(|day| day.month() == month);
            if let Some(found) = days.into_iter().find(|day| self.has_date(*day)) {
                return Some(found);
            }
        }
        None
    }
}

/// All that tells a year's calendar: its length, the weekday it begins on, and for the ISO week of its first days the
/// length of the year before.
fn shape(date: NaiveDate) -> u32 {
    let begins = NaiveDate::from_ymd_opt(date.year(), 1, 1).map_or(0, |first| first.weekday().num_days_from_monday());
    begins + 7 * u32::from(is_leap(date.year())) + 14 * u32::from(is_leap(date.year() - 1))
}

pub(super) fn is_leap(year: i32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn falls_on(special: Special, date: NaiveDate) -> bool {
    let day = date.day();
    let last = u32::from(date.num_days_in_month());
    match special {
        Special::Last(back) => day + back == last,
        Special::LastWorkday => last_workday(date, last) == Some(day),
        Special::Nearest(wanted) => nearest_workday(date, wanted, last) == Some(day),
        Special::LastWeekday(weekday) => date.weekday().num_days_from_sunday() == weekday && day + 7 > last,
        Special::Nth(weekday, nth) => date.weekday().num_days_from_sunday() == weekday && day.div_ceil(7) == nth,
    }
}

fn last_workday(date: NaiveDate, last: u32) -> Option<u32> {
    let back = match date.with_day(last)?.weekday() {
        Weekday::Sat => 1,
        Weekday::Sun => 2,
        _ => 0,
    };
    Some(last - back)
}

/// The Monday to Friday nearest day `wanted`, never in another month; none if the month has no such day.
fn nearest_workday(date: NaiveDate, wanted: u32, last: u32) -> Option<u32> {
    match date.with_day(wanted)?.weekday() {
        Weekday::Sat if wanted == 1 => Some(3),
        Weekday::Sat => Some(wanted - 1),
        Weekday::Sun if wanted == last => Some(wanted - 2),
        Weekday::Sun => Some(wanted + 1),
        _ => Some(wanted),
    }
}
