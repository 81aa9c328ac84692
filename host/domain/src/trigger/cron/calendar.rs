//! The calendar: which wall time comes next. The `cron` crate walks it.

use std::str::FromStr;

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

use super::dates::is_leap;
use super::error::CronError;
use super::fields::{Fields, first_year};
use super::kind::LAST_YEAR;

/// The years the engine knows, to its last but one: what it says of them is taken as it is.
const ENGINE_YEARS: std::ops::Range<i32> = 1970..2100;

const SECOND: TimeDelta = TimeDelta::seconds(1);

/// Fields, ready to be asked.
#[derive(Debug)]
pub(super) struct Calendar {
    pub fields: Fields,
    /// One, or two where either day field may match.
    engines: Vec<cron::Schedule>,
    /// The engines' days are to be checked one by one.
    by_date: bool,
}

impl Calendar {
    /// `text` is what an error quotes.
    pub(super) fn new(fields: Fields, text: &str) -> Result<Self, CronError> {
        let first = NaiveDate::from_ymd_opt(first_year(&fields), 1, 1);
        first.and_then(|first| fields.first_date(first)).ok_or_else(|| never(&fields, text))?;
        let engines = fields
            .canonical()
            .iter()
            .map(|list| cron::Schedule::from_str(list))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| CronError::new(format!("`{}`: {error}", super::error::cut(text))))?;
        let by_date = fields.need_dates();
        Ok(Self { fields, engines, by_date })
    }

    /// The first matching wall time after `wall`, from the year 0 to the end of the year 9999.
    pub(super) fn next(&self, wall: NaiveDateTime) -> Option<NaiveDateTime> {
        let mut wall = if wall.year() < 0 { end_of(-1)? } else { wall };
        loop {
            if self.by_date {
                let date = next_second(wall)?.date();
                if !self.fields.has_date(date) {
                    wall = just_before(self.fields.first_date(date)?)?;
                }
            }
            let found = self.walk(wall)?;
            if !self.by_date || self.fields.has_date(found.date()) {
                return Some(found);
            }
            wall = just_before(found.date())?;
        }
    }

    /// What the engines say. A year they do not know is walked in a twin they know, year by year.
    fn walk(&self, mut wall: NaiveDateTime) -> Option<NaiveDateTime> {
        loop {
            let year = next_second(wall)?.year();
            if ENGINE_YEARS.contains(&year) {
                if let Some(found) = self.ask(wall) {
                    return Some(found);
                }
                wall = end_of(ENGINE_YEARS.end)?;
                continue;
            }
            let twin = twin(year)?;
            let there = if wall.year() == year { wall.with_year(twin)? } else { end_of(twin - 1)? };
            match self.ask(there) {
                Some(found) if found.year() == twin => return found.with_year(year),
                _ => wall = end_of(year)?,
            }
        }
    }

    fn ask(&self, wall: NaiveDateTime) -> Option<NaiveDateTime> {
        let wall = wall.and_utc();
        self.engines.iter().filter_map(|engine| engine.after(&wall).next()).min().map(|next| next.naive_utc())
    }
}

fn never(fields: &Fields, text: &str) -> CronError {
    let Fields { day, month, week, weekday, year, .. } = fields;
    let why = if weekday.full && week.full && year.full {
        format!("day of month `{}` does not exist in month `{}`", day.text, month.text)
    } else {
        let given =
            [day, month, weekday, week, year].into_iter().filter(|field| !field.full || !field.specials.is_empty());
        let given: Vec<_> = given.map(|field| format!("{} `{}`", field.kind_name, field.text)).collect();
        format!("no date has {}", given.join(", "))
    };
    CronError::new(format!("`{}` never fires: {why}", super::error::cut(text)))
}

/// A second later; `None` from the year 10000 on.
fn next_second(wall: NaiveDateTime) -> Option<NaiveDateTime> {
    wall.checked_add_signed(SECOND).filter(|next| next.year() <= LAST_YEAR as i32)
}

fn just_before(date: NaiveDate) -> Option<NaiveDateTime> {
    date.and_time(NaiveTime::MIN).checked_sub_signed(SECOND)
}

fn end_of(year: i32) -> Option<NaiveDateTime> {
    NaiveDate::from_ymd_opt(year, 12, 31)?.and_hms_opt(23, 59, 59)
}

/// A year of the same length that begins on the same weekday; in 28 years without a skipped leap day there is each.
fn twin(year: i32) -> Option<i32> {
    let begins = NaiveDate::from_ymd_opt(year, 1, 1)?.weekday();
    (2000..2028).find(|twin| {
        is_leap(*twin) == is_leap(year)
            && NaiveDate::from_ymd_opt(*twin, 1, 1).is_some_and(|first| first.weekday() == begins)
    })
}
