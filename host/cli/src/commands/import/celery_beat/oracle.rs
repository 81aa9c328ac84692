//! When Celery fires, by its own rules, written here once more: what was translated is compared with it. tests.rs compares it in
//! turn with what Celery's own code says.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, Timelike, Utc};
use chrono_tz::Tz;
use noontide_domain::trigger::civil;

use super::super::Span;
use super::sun::Sun;

/// A leap day on a certain weekday, over a year that has none.
const DAYS_AHEAD: usize = 41 * 366;

/// How far ahead there must be no fires if there are no more.
const AFTER_THE_LAST: TimeDelta = TimeDelta::days(3_650);

/// How far ahead clock changes are looked at, and how much around them.
const CHANGES: i64 = 400;
const AROUND: (TimeDelta, TimeDelta) = (TimeDelta::hours(4), TimeDelta::hours(5));

/// When two calculations of the sun mean the same event.
const SUN: TimeDelta = TimeDelta::seconds(90);

/// A schedule of Celery's.
#[derive(Debug)]
pub enum Rule {
    Crontab(Crontab),
    /// The first fire, and how long after each the next is due. No lateness is added, as beat does.
    Every(DateTime<Utc>, TimeDelta),
    Once(DateTime<Utc>),
    Sun(Sun),
}

/// The numbers of each field: a minute fires if all five agree.
#[derive(Debug)]
pub struct Crontab {
    pub minute: BTreeSet<u32>,
    pub hour: BTreeSet<u32>,
    pub day: BTreeSet<u32>,
    pub month: BTreeSet<u32>,
    /// From Sunday = 0.
    pub weekday: BTreeSet<u32>,
    pub zone: Tz,
}

/// What the row allows of it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Bounds {
    pub start: Option<DateTime<Utc>>,
    /// Not itself.
    pub expires: Option<DateTime<Utc>>,
    pub once: bool,
}

impl Rule {
    /// The next fire of a beat that fired last at `last`.
    pub fn next(&self, last: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Self::Crontab(crontab) => crontab.next(last),
            Self::Every(first, every) => {
                let (past, length) = ((last - *first).num_microseconds()?, every.num_microseconds()?);
                let times = if past < 0 { 0 } else { past / length + 1 };
                first.checked_add_signed(TimeDelta::microseconds(times.checked_mul(length)?))
            }
            Self::Once(at) => (*at > last).then_some(*at),
            Self::Sun(sun) => sun.next(last),
        }
    }

    /// What is known of it from `now` on: the next `count` fires, and those around clock changes.
    pub fn spans(&self, bounds: Bounds, now: DateTime<Utc>, count: usize) -> Vec<Span> {
        let ends = |at: &DateTime<Utc>| bounds.expires.is_none_or(|expires| *at < expires);
        let ahead = bounds.start.filter(|start| *start > now);
        // A row that never ran was due long ago: it waits for its start only. A crontab waits for its next time from there.
        let begin = match self {
            Self::Crontab(_) => self.next(ahead.unwrap_or(now)),
            Self::Sun(_) if ahead.is_some() => ahead,
            _ => self.next(now),
        };
        let count = if bounds.once { 1 } else { count };
        let fires = std::iter::successors(begin, |last| self.next(*last)).take_while(ends);
        let fires: Vec<_> = fires.take(count).collect();
        let last = fires.last().copied().unwrap_or(now);
        let to = if fires.len() < count || bounds.once { last + AFTER_THE_LAST } else { last };
        let tolerance = if matches!(self, Self::Sun(_)) { SUN } else { TimeDelta::zero() };
        let mut spans = vec![Span { from: just_after(now), to, fires, tolerance }];
        if let (Self::Crontab(crontab), None, false) = (self, ahead, bounds.once) {
            spans.extend(crontab.changes(now).map(|(from, to)| {
                let fires = std::iter::successors(self.next(from), |last| self.next(*last));
                Span::exact(just_after(from), to, fires.take_while(|at| *at <= to).filter(ends).collect())
            }));
        }
        spans
    }
}

/// A fire at the instant itself is not the next one.
fn just_after(instant: DateTime<Utc>) -> DateTime<Utc> {
    instant + TimeDelta::milliseconds(1)
}

impl Crontab {
    /// On the wall: a time that clocks leave out is moved on by the gap, and of a repeated one there is the first only, so that
    /// whatever would come in the repeated hour is silent.
    fn next(&self, last: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let mut wall = civil::wall(last, self.zone);
        loop {
            wall = self.next_wall(wall)?;
            let instant = civil::forward(wall, self.zone);
            if instant > last {
                return Some(instant);
            }
        }
    }

    fn next_wall(&self, last: NaiveDateTime) -> Option<NaiveDateTime> {
        let minute = (last.hour(), last.minute());
        last.date().iter_days().take(DAYS_AHEAD).filter(|day| self.on(*day)).find_map(|day| {
            let times = self.hour.iter().flat_map(|hour| self.minute.iter().map(|minute| (*hour, *minute)));
            let (hour, minute) = times.into_iter().find(|time| day > last.date() || *time > minute)?;
            day.and_hms_opt(hour, minute, 0)
        })
    }

    fn on(&self, day: NaiveDate) -> bool {
        let weekday = day.weekday().num_days_from_sunday();
        self.month.contains(&day.month()) && self.day.contains(&day.day()) && self.weekday.contains(&weekday)
    }

    /// The hours around the clock changes ahead.
    fn changes(&self, now: DateTime<Utc>) -> impl Iterator<Item = (DateTime<Utc>, DateTime<Utc>)> {
        let day = move |number| now + TimeDelta::days(number);
        let changes =
            (0..CHANGES).filter_map(move |number| civil::change_within(day(number), day(number + 1), self.zone));
        changes.map(move |at| ((at - AROUND.0).max(now), at + AROUND.1))
    }
}
