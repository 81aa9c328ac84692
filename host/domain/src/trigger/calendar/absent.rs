//! What a calendar leaves out.

use chrono::{DateTime, TimeDelta, Utc};

use super::on_workdays::{OffDays, OnWorkdays, before};
use crate::plan::COUNT_CAP;
use crate::trigger::{Absent, civil};

/// Days of one answer, and days looked through for the first.
const MOST_DAYS: usize = 4_000;

/// How far ahead the first day is sought.
const AHEAD: TimeDelta = TimeDelta::days(400);

impl OnWorkdays {
    /// What does not fire in (`after`, `until`]: for each day off its first and last instant, and what the trigger
    /// itself leaves out on workdays; in no order. Nothing is left out by a calendar that moves.
    pub(in crate::trigger) fn absent(
        &self,
        after: DateTime<Utc>,
        until: DateTime<Utc>,
        anchor: DateTime<Utc>,
    ) -> Vec<Absent> {
        let mut all = self.trigger.absent(after, until, anchor);
        if self.off_days != OffDays::Skip {
            return all;
        }
        all.retain(|absent| self.calendar.is_workday(civil::date(absent.first, self.timezone)));
        let mut from = after;
        for _ in 0..MOST_DAYS {
            let Some((first, reason, end)) = self.first_off(from, until, anchor) else { break };
            let last = self.trigger.last_within(first, until.min(before(end)), anchor).unwrap_or(first);
            let due = std::iter::successors(Some(first), |due| self.trigger.next_after(*due, anchor));
            let count = due.take_while(|due| *due <= last).take(COUNT_CAP as usize).count() as u64;
            all.push(Absent { first, last, count, reason });
            from = before(end);
        }
        all
    }

    /// The end of the first day on which something is left out.
    pub(in crate::trigger) fn first_absent_day_end(
        &self,
        after: DateTime<Utc>,
        anchor: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        let inner = self.trigger.first_absent_day_end(after, anchor);
        if self.off_days != OffDays::Skip {
            return inner;
        }
        let until = after.checked_add_signed(AHEAD)?;
        let off = self.first_off(after, until, anchor).map(|(.., end)| end);
        [inner, off].into_iter().flatten().min()
    }

    /// The first instant in (`after`, `until`] that falls on a day off, why the day is off, and the day's end.
    fn first_off(
        &self,
        after: DateTime<Utc>,
        until: DateTime<Utc>,
        anchor: DateTime<Utc>,
    ) -> Option<(DateTime<Utc>, String, DateTime<Utc>)> {
        let mut from = after;
        for _ in 0..MOST_DAYS {
            let due = self.trigger.next_after(from, anchor).filter(|due| *due <= until)?;
            let date = civil::date(due, self.timezone);
            let end = civil::day_end(date, self.timezone)?;
            if let Some(reason) = self.calendar.why_off(date) {
                return Some((due, reason, end));
            }
            from = before(end);
        }
        None
    }
}
