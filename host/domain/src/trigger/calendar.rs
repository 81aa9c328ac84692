//! Workdays: weekends, holidays, and the days that are worked in their stead.

mod absent;
mod moved;
mod on_workdays;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate, Weekday};
use serde::{Deserialize, Serialize};

use crate::Lang;

pub use on_workdays::{OffDays, OnWorkdays};

/// Days looked through for the next workday; a longer row of days off means that there is none.
const LONGEST_ROW: usize = 400;

/// Which days are worked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Calendar {
    name: String,
    /// From Monday on, each once.
    weekend: Vec<Weekday>,
    holidays: BTreeMap<NaiveDate, Option<String>>,
    workdays: BTreeSet<NaiveDate>,
}

/// The shape on disk.
#[derive(Serialize, Deserialize)]
struct Written {
    name: String,
    #[serde(default = "saturday_and_sunday")]
    weekend: Vec<Weekday>,
    #[serde(default)]
    holidays: BTreeMap<NaiveDate, Option<String>>,
    #[serde(default)]
    workdays: BTreeSet<NaiveDate>,
}

impl TryFrom<Written> for Calendar {
    type Error = String;
    fn try_from(written: Written) -> Result<Self, String> {
        Calendar::new(written.name, written.weekend, written.holidays, written.workdays)
    }
}

impl From<Calendar> for Written {
    fn from(calendar: Calendar) -> Written {
        let Calendar { name, weekend, holidays, workdays } = calendar;
        Written { name, weekend, holidays, workdays }
    }
}

/// The weekend where nothing else is said.
pub fn saturday_and_sunday() -> Vec<Weekday> {
    vec![Weekday::Sat, Weekday::Sun]
}

impl Calendar {
    /// A calendar with a weekend, holidays (with their names, if they have any), and days that are worked although they
    /// are a weekend day or a holiday, as China announces them each year.
    ///
    /// # Errors
    /// If no day at all is worked.
    pub fn new(
        name: impl Into<String>,
        weekend: impl IntoIterator<Item = Weekday>,
        holidays: impl IntoIterator<Item = (NaiveDate, Option<String>)>,
        workdays: impl IntoIterator<Item = NaiveDate>,
    ) -> Result<Self, String> {
        let name = name.into();
        let mut weekend: Vec<_> = weekend.into_iter().collect();
        weekend.sort_by_key(Weekday::num_days_from_monday);
        weekend.dedup();
        let calendar =
            Self { name, weekend, holidays: holidays.into_iter().collect(), workdays: workdays.into_iter().collect() };
        if calendar.weekend.len() == 7 && calendar.workdays.is_empty() {
            return Err(format!("calendar `{}` has no workday: all seven days are its weekend", calendar.name));
        }
        Ok(calendar)
    }

    /// As schedules name it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The weekend, from Monday on.
    pub fn weekend(&self) -> &[Weekday] {
        &self.weekend
    }

    /// The holidays with their names, ascending.
    pub fn holidays(&self) -> impl Iterator<Item = (NaiveDate, Option<&str>)> {
        self.holidays.iter().map(|(date, name)| (*date, name.as_deref()))
    }

    /// The days that are worked whatever else they are, ascending.
    pub fn workdays(&self) -> impl Iterator<Item = NaiveDate> {
        self.workdays.iter().copied()
    }

    /// Whether the day is worked. Listed workdays win over holidays, and holidays over the days of the week.
    pub fn is_workday(&self, date: NaiveDate) -> bool {
        self.workdays.contains(&date) || !(self.holidays.contains_key(&date) || self.weekend.contains(&date.weekday()))
    }

    /// Why the day is not worked; `None` for a workday.
    pub fn why_off(&self, date: NaiveDate) -> Option<String> {
        if self.is_workday(date) {
            return None;
        }
        let name = &self.name;
        Some(match self.holidays.get(&date) {
            Some(Some(holiday)) => format!("{date} is a holiday in calendar `{name}`: {holiday}"),
            Some(None) => format!("{date} is a holiday in calendar `{name}`"),
            None => format!("{date} is a {}, a weekend day in calendar `{name}`", Lang::En.weekday(date.weekday())),
        })
    }

    /// `Saturday and Sunday`; `None` without a weekend.
    pub fn weekend_words(&self) -> Option<String> {
        let names: Vec<_> = self.weekend.iter().map(|day| Lang::En.weekday(*day)).collect();
        let (last, others) = names.split_last()?;
        Some(if others.is_empty() { (*last).to_owned() } else { format!("{} and {last}", others.join(", ")) })
    }

    /// The first workday from `date` on.
    pub fn workday_from(&self, date: NaiveDate) -> Option<NaiveDate> {
        date.iter_days().take(LONGEST_ROW).find(|day| self.is_workday(*day))
    }

    /// The last workday up to `date`.
    pub fn workday_up_to(&self, date: NaiveDate) -> Option<NaiveDate> {
        std::iter::successors(Some(date), NaiveDate::pred_opt).take(LONGEST_ROW).find(|day| self.is_workday(*day))
    }
}

#[cfg(test)]
mod tests;
