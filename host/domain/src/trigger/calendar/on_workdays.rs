//! A trigger that keeps to the workdays of a calendar.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::Calendar;
use crate::trigger::{Trigger, civil};

/// Days off that are passed over, one after the other, before a trigger counts as one that never meets a workday.
const MOST_DAYS: usize = 400;

/// What becomes of an instant on a day off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OffDays {
    /// It is left out.
    #[default]
    Skip,
    /// It moves to the same time on the workday before.
    Before,
    /// It moves to the same time on the workday after.
    After,
}

impl std::str::FromStr for OffDays {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "skip" => Ok(OffDays::Skip),
            "before" => Ok(OffDays::Before),
            "after" => Ok(OffDays::After),
            _ => Err(format!("`{text}` says nothing about days off; there are skip, before, after")),
        }
    }
}

/// A trigger and the calendar it keeps to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct OnWorkdays {
    /// When, before the calendar has its say.
    pub trigger: Trigger,
    /// Which days are worked.
    pub calendar: Arc<Calendar>,
    /// What becomes of instants on other days.
    #[serde(default)]
    pub off_days: OffDays,
    /// The zone whose dates count.
    pub timezone: Tz,
}

impl OnWorkdays {
    /// The first due instant strictly after `after`.
    pub fn next_after(&self, after: DateTime<Utc>, anchor: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self.off_days {
            OffDays::Skip => self.next_on_a_workday(after, anchor),
            OffDays::Before | OffDays::After => self.next_moved(after, anchor),
        }
    }

    fn next_on_a_workday(&self, after: DateTime<Utc>, anchor: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let mut from = after;
        for _ in 0..MOST_DAYS {
            let due = self.trigger.next_after(from, anchor)?;
            let date = civil::date(due, self.timezone);
            if self.calendar.is_workday(date) {
                return Some(due);
            }
            from = before(civil::day_start(self.calendar.workday_from(date)?, self.timezone));
        }
        None
    }

    /// Goes on from workday to workday, and over those that neither they nor the days off moved onto them have an
    /// instant of the trigger on.
    fn next_moved(&self, after: DateTime<Utc>, anchor: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let first = self.workday_from(civil::date(after, self.timezone))?;
        let mut from = before(civil::day_start(self.sources(first)?.0, self.timezone));
        for _ in 0..MOST_DAYS {
            let met = civil::date(self.trigger.next_after(from, anchor)?, self.timezone);
            let Some(workday) = self.moved_to(met) else {
                from = before(civil::day_end(met, self.timezone)?);
                continue;
            };
            let (begin, end) = self.sources(workday)?;
            let due = begin
                .iter_days()
                .take_while(|source| *source <= end)
                .filter_map(|source| self.first_on(workday, source, after, anchor))
                .min();
            if due.is_some() {
                return due;
            }
            from = before(civil::day_end(end.max(met), self.timezone)?);
        }
        None
    }

    /// The workday that an instant on `date` fires on.
    fn moved_to(&self, date: NaiveDate) -> Option<NaiveDate> {
        match self.off_days {
            OffDays::Before => {
                std::iter::successors(Some(date), NaiveDate::pred_opt).take(MOST_DAYS).find(|day| self.is_workday(*day))
            }
            _ => self.workday_from(date),
        }
    }

    /// The first and the last of the days whose instants fire on `workday`.
    fn sources(&self, workday: NaiveDate) -> Option<(NaiveDate, NaiveDate)> {
        let off = |day: &NaiveDate| !self.is_workday(*day);
        Some(match self.off_days {
            OffDays::Before => {
                let row = workday.iter_days().skip(1).take(MOST_DAYS).take_while(off).last();
                (workday, row.unwrap_or(workday))
            }
            _ => {
                let row = std::iter::successors(workday.pred_opt(), NaiveDate::pred_opt);
                (row.take(MOST_DAYS).take_while(off).last().unwrap_or(workday), workday)
            }
        })
    }

    fn workday_from(&self, date: NaiveDate) -> Option<NaiveDate> {
        date.iter_days().take(MOST_DAYS).find(|day| self.is_workday(*day))
    }

    /// A workday that exists: a zone that moves over the date line leaves a date out.
    fn is_workday(&self, date: NaiveDate) -> bool {
        self.calendar.is_workday(date) && civil::date(civil::day_start(date, self.timezone), self.timezone) == date
    }
}

/// So that the instant itself comes next.
pub(super) fn before(instant: DateTime<Utc>) -> DateTime<Utc> {
    instant.checked_sub_signed(TimeDelta::nanoseconds(1)).unwrap_or(instant)
}
