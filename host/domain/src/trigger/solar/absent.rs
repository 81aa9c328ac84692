//! Days on which the event does not occur.
//!
//! A date without an event is not enough: where sunset drifts over midnight, a date passes without one though the sun
//! sets as ever. A day is absent if it lies between two events more than a day and a half apart.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};

use super::{SEARCH_DAYS, Solar};
use crate::trigger::{Absent, civil};

/// Successive events further apart than this leave a day out.
const GAP: TimeDelta = TimeDelta::hours(36);

/// Days of one answer: longer than any host sleeps.
const MOST_DAYS: usize = 4_000;

/// Days looked at together when the first absent one is sought.
const AT_ONCE: u64 = 8;

impl Solar {
    /// The local dates without the event whose noon lies in (`after`, `until`], each as its noon.
    pub fn absent_days(&self, after: DateTime<Utc>, until: DateTime<Utc>) -> Vec<Absent> {
        if after >= until || self.place().always_occurs() {
            return Vec::new();
        }
        let (first, last) = (civil::date(after, self.timezone), civil::date(until, self.timezone));
        let events = self.events(first, last);
        first
            .iter_days()
            .take_while(|day| *day <= last)
            .take(MOST_DAYS)
            .filter_map(|day| Some((day, self.noon(day)?)))
            .filter(|(day, noon)| after < *noon && *noon <= until && self.left_out(*day, &events))
            .map(|(day, noon)| Absent { first: noon, last: noon, count: 1, reason: self.reason(day, noon) })
            .collect()
    }

    /// The first local date without the event whose noon lies after `after`, within 400 days.
    pub fn first_absent_day(&self, after: DateTime<Utc>) -> Option<NaiveDate> {
        if self.place().always_occurs() {
            return None;
        }
        let mut day = civil::date(after, self.timezone);
        let last = day.checked_add_days(Days::new(SEARCH_DAYS as u64))?;
        while day <= last {
            // A date of the zone and a day of the place may lie more than a day apart.
            let around = day.checked_sub_days(Days::new(2))?.iter_days().take(5);
            if around.into_iter().all(|day| self.place().occurs_on(day) == Some(true)) {
                day = day.succ_opt()?;
                continue;
            }
            let end = day.checked_add_days(Days::new(AT_ONCE))?;
            let from = after.max(civil::day_start(day, self.timezone));
            if let Some(absent) = self.absent_days(from, civil::day_start(end, self.timezone)).first() {
                return Some(civil::date(absent.first, self.timezone));
            }
            day = end;
        }
        None
    }

    /// The events on the dates from `first` to `last`, and around them as far as a gap can tell.
    fn events(&self, first: NaiveDate, last: NaiveDate) -> Vec<DateTime<Utc>> {
        let from = first.checked_sub_days(Days::new(3)).unwrap_or(first);
        let until = last.checked_add_days(Days::new(3)).unwrap_or(last);
        from.iter_days()
            .take_while(|day| *day <= until)
            .take(MOST_DAYS + 6)
            .flat_map(|day| self.place().on(day))
            .collect()
    }

    fn left_out(&self, day: NaiveDate, events: &[DateTime<Utc>]) -> bool {
        let begin = civil::day_start(day, self.timezone);
        let Some(end) = civil::day_end(day, self.timezone).filter(|end| *end > begin) else { return false };
        let index = events.partition_point(|event| *event < begin);
        let before = index.checked_sub(1).and_then(|index| events.get(index));
        match (before, events.get(index)) {
            (_, Some(next)) if *next < end => false,
            (Some(last), Some(next)) => *next - *last > GAP,
            // There is none for days.
            _ => true,
        }
    }

    fn noon(&self, day: NaiveDate) -> Option<DateTime<Utc>> {
        Some(civil::forward(day.and_time(NaiveTime::from_hms_opt(12, 0, 0)?), self.timezone))
    }

    fn reason(&self, day: NaiveDate, noon: DateTime<Utc>) -> String {
        let height = self.event.height().unwrap_or_default();
        let sun = match (height > -1.0, self.place().is_above(noon)) {
            (true, true) => "stays above the horizon".to_owned(),
            (true, false) => "stays below the horizon".to_owned(),
            (false, true) => format!("does not sink to {}° below the horizon", -height),
            (false, false) => format!("stays more than {}° below the horizon", -height),
        };
        format!("no {} on {day} at {}, {}: the sun {sun}", self.event.words(), self.latitude, self.longitude)
    }
}
