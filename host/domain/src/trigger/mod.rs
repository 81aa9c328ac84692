//! Triggers: when a schedule comes due. A function from one instant to the next, and nothing else.
//!
//! [`Cron`], [`Every`], [`Step`], [`At`] and [`Solar`] have instants of their own. [`Within`], [`OnWorkdays`] and
//! `Several` are made of other triggers, and may be of one another. `After`, `Timetable` and `Manual` have no instants of
//! their own: a fire comes from elsewhere.
//!
//! Some instants are expected and do not come: sunrise in the polar night, a run on a holiday. They are not due, but
//! people ask where they are: [`Trigger::absent`] tells.

pub mod at;
pub mod calendar;
pub mod civil;
pub mod cron;
pub mod every;
mod several;
pub mod solar;
pub mod step;
pub mod timetable;
pub mod within;
mod words;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::ScheduleName;

pub use at::At;
pub use calendar::{Calendar, OffDays, OnWorkdays};
pub use cron::Cron;
pub use every::Every;
pub use solar::{Solar, SolarEvent};
pub use step::Step;
pub use timetable::Timetable;
pub use within::Within;

/// How far ahead a day with something left out is sought.
const ABSENT_AHEAD: TimeDelta = TimeDelta::days(400);

/// The keys that say of one trigger when it comes due, in TOML and API. What may name several, or one by its name, is `trigger`.
pub const KEYS: [&str; 17] = [
    "cron",
    "every",
    "at",
    "solar",
    "after",
    "manual",
    "lat",
    "lon",
    "offset",
    "start",
    "end",
    "calendar",
    "dialect",
    "dst",
    "dst-gap",
    "dst-overlap",
    "timetable",
];

/// When a schedule comes due.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    /// A cron expression in a zone.
    Cron(Cron),
    /// A length of elapsed time.
    Every(Every),
    /// A number of months, on the wall clock.
    Step(Step),
    /// Given instants.
    At(At),
    /// The sun at a place.
    Solar(Solar),
    /// Another trigger, from one instant to another.
    Within(Box<Within>),
    /// Another trigger, on the workdays of a calendar.
    OnWorkdays(Box<OnWorkdays>),
    /// When any of them is due.
    Several(Vec<Trigger>),
    /// After each success of another schedule.
    After(ScheduleName),
    /// When the entries of a submission are due.
    Timetable(Timetable),
    /// Only by hand.
    Manual,
}

/// Part of a day on which a trigger would have come due, had the day what it takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Absent {
    /// The first instant that is left out; of a day without an event of the sun, its noon.
    pub first: DateTime<Utc>,
    /// The last instant that is left out, on the same local day.
    pub last: DateTime<Utc>,
    /// How many they are; counting stops at [`COUNT_CAP`](crate::plan::COUNT_CAP).
    pub count: u64,
    /// Why, in a sentence.
    pub reason: String,
}

impl Trigger {
    /// The first due instant strictly after `after`. `anchor` is when the schedule was first seen; only `every` without
    /// a start looks at it.
    pub fn next_after(&self, after: DateTime<Utc>, anchor: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Trigger::Cron(cron) => cron.next_after(after),
            Trigger::Every(every) => every.next_after(after, anchor),
            Trigger::Step(step) => step.next_after(after, anchor),
            Trigger::At(at) => at.next_after(after),
            Trigger::Solar(solar) => solar.next_after(after),
            Trigger::Within(within) => within.next_after(after, anchor),
            Trigger::OnWorkdays(workdays) => workdays.next_after(after, anchor),
            Trigger::Several(triggers) => several::next_after(triggers, after, anchor),
            Trigger::After(_) | Trigger::Timetable(_) | Trigger::Manual => None,
        }
    }

    /// How many due instants lie in (`after`, `until`]; counting stops at `most`.
    pub fn count_within(
        &self,
        after: DateTime<Utc>,
        until: DateTime<Utc>,
        anchor: DateTime<Utc>,
        most: usize,
    ) -> usize {
        match self {
            Trigger::Cron(cron) => cron.count(after, until, most),
            Trigger::Within(within) => {
                let after = within.start().map_or(after, |start| after.max(start - TimeDelta::nanoseconds(1)));
                let until = within.end().map_or(until, |end| until.min(end));
                within.trigger().count_within(after, until, anchor, most)
            }
            _ => {
                let next = |after| self.next_after(after, anchor).filter(|due| *due <= until);
                std::iter::successors(next(after), |due| next(*due)).take(most).count()
            }
        }
    }

    /// The last due instant in (`after`, `until`], found by halving: about 40 questions, however long the span.
    pub fn last_within(
        &self,
        after: DateTime<Utc>,
        until: DateTime<Utc>,
        anchor: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        let next = |from| self.next_after(from, anchor).filter(|due| *due <= until);
        let mut found = next(after)?;
        // Most often one was missed: two questions then.
        if next(found).is_none() {
            return Some(found);
        }
        // Invariant: `found` is due and in the span; nothing is due in [open, until].
        let mut open = until;
        while found < open {
            let middle = found + (open - found) / 2;
            match next(middle) {
                Some(later) => found = later,
                None if middle == open || middle == found => break,
                None => open = middle,
            }
        }
        Some(next(found).unwrap_or(found))
    }

    /// What is left out in (`after`, `until`]: ascending, for each local day and rule at most one, no two with the same
    /// first instant, and none that begins at a due instant.
    pub fn absent(&self, after: DateTime<Utc>, until: DateTime<Utc>, anchor: DateTime<Utc>) -> Vec<Absent> {
        if after >= until {
            return Vec::new();
        }
        match self {
            Trigger::Solar(solar) => solar.absent_days(after, until),
            Trigger::Within(within) => within.absent(after, until, anchor),
            Trigger::OnWorkdays(workdays) => self.tidied(workdays.absent(after, until, anchor), anchor),
            Trigger::Several(triggers) => self.tidied(several::absent(triggers, after, until, anchor), anchor),
            _ => Vec::new(),
        }
    }

    /// Where one part of a trigger fires while another leaves something out there is a run, and no need to tell.
    fn tidied(&self, mut all: Vec<Absent>, anchor: DateTime<Utc>) -> Vec<Absent> {
        all.retain(|absent| {
            let before = absent.first - TimeDelta::nanoseconds(1);
            self.next_after(before, anchor) != Some(absent.first)
        });
        all.sort_by_key(|absent| (absent.first, absent.last));
        all.dedup_by_key(|absent| absent.first);
        all
    }

    /// The end of the first local day with an absent instant after `after`: at that time [`absent`](Self::absent) from
    /// `after` tells of the whole day. Within 400 days; `None` at once for triggers that leave nothing out.
    pub fn first_absent_day_end(&self, after: DateTime<Utc>, anchor: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let latest = after.checked_add_signed(ABSENT_AHEAD)?;
        let mut from = after;
        loop {
            let (end, sure) = match self {
                Trigger::Solar(solar) => (civil::day_end(solar.first_absent_day(from)?, solar.timezone())?, true),
                Trigger::Within(within) => (within.first_absent_day_end(from, anchor)?, false),
                Trigger::OnWorkdays(workdays) => (workdays.first_absent_day_end(from, anchor)?, false),
                Trigger::Several(triggers) => (several::first_absent_day_end(triggers, from, anchor)?, false),
                _ => return None,
            };
            // What one trigger leaves out another may fire, or an end may cut off: then it is not the day.
            if sure || !self.absent(after, end, anchor).is_empty() {
                return Some(end);
            }
            from = Some(end).filter(|end| from < *end && *end <= latest)?;
        }
    }

    /// The schedules whose successes it follows.
    pub fn follows(&self) -> Vec<&ScheduleName> {
        match self {
            Trigger::After(name) => vec![name],
            Trigger::Within(within) => within.trigger().follows(),
            Trigger::OnWorkdays(workdays) => workdays.trigger.follows(),
            Trigger::Several(triggers) => triggers.iter().flat_map(Trigger::follows).collect(),
            _ => Vec::new(),
        }
    }

    /// Whether it comes due when `name` succeeds with a run due at `due_at`: bounds and calendars hold for what follows, too.
    pub fn heeds(&self, name: &ScheduleName, due_at: DateTime<Utc>) -> bool {
        match self {
            Trigger::After(followed) => followed == name,
            Trigger::Within(within) => within.holds(due_at) && within.trigger().heeds(name, due_at),
            Trigger::OnWorkdays(workdays) => {
                let date = civil::date(due_at, workdays.timezone);
                workdays.calendar.is_workday(date) && workdays.trigger.heeds(name, due_at)
            }
            Trigger::Several(triggers) => triggers.iter().any(|trigger| trigger.heeds(name, due_at)),
            _ => false,
        }
    }

    /// Whether it names instants one by one: one that is missed is not made up for by the next.
    pub fn is_one_shot(&self) -> bool {
        match self {
            Trigger::At(_) => true,
            Trigger::Within(within) => within.trigger().is_one_shot(),
            Trigger::OnWorkdays(workdays) => workdays.trigger.is_one_shot(),
            Trigger::Several(triggers) => triggers.iter().all(Trigger::is_one_shot),
            _ => false,
        }
    }

    /// Whether it names instants by itself: what comes due by submissions, by hand or after another does not.
    pub fn has_instants(&self) -> bool {
        match self {
            Trigger::After(_) | Trigger::Timetable(_) | Trigger::Manual => false,
            Trigger::Within(within) => within.trigger().has_instants(),
            Trigger::OnWorkdays(workdays) => workdays.trigger.has_instants(),
            Trigger::Several(triggers) => triggers.iter().any(Trigger::has_instants),
            _ => true,
        }
    }

    /// Whether its fires come from elsewhere than the clock: another schedule, a submission, a hand.
    pub fn waits(&self) -> bool {
        match self {
            Trigger::After(_) | Trigger::Timetable(_) | Trigger::Manual => true,
            Trigger::Within(within) => within.trigger().waits(),
            Trigger::OnWorkdays(workdays) => workdays.trigger.waits(),
            Trigger::Several(triggers) => triggers.iter().any(Trigger::waits),
            _ => false,
        }
    }

    /// The timetable, if it is one.
    pub fn timetable(&self) -> Option<&Timetable> {
        match self {
            Trigger::Timetable(timetable) => Some(timetable),
            _ => None,
        }
    }

    /// The word in TOML and API. What bounds or moves a trigger are keys beside that word.
    pub fn kind(&self) -> &'static str {
        match self {
            Trigger::Cron(_) => "cron",
            Trigger::Every(_) | Trigger::Step(_) => "every",
            Trigger::At(_) => "at",
            Trigger::Solar(_) => "solar",
            Trigger::Within(within) => within.trigger().kind(),
            Trigger::OnWorkdays(workdays) => workdays.trigger.kind(),
            Trigger::Several(_) => "several",
            Trigger::After(_) => "after",
            Trigger::Timetable(_) => "timetable",
            Trigger::Manual => "manual",
        }
    }

    /// As it was written: `cron 0 8 * * WED`, `every 5m`.
    pub fn text(&self) -> String {
        match self {
            Trigger::Cron(cron) => cron.expression().to_owned(),
            Trigger::Every(every) => crate::duration::words(every.every),
            Trigger::Step(step) => step.text(),
            Trigger::At(at) => at.text(),
            Trigger::Solar(solar) => solar.text(),
            Trigger::Within(within) => within.trigger().text(),
            Trigger::OnWorkdays(workdays) => workdays.trigger.text(),
            Trigger::Several(triggers) => {
                let each = triggers.iter().map(|trigger| format!("{} {}", trigger.kind(), trigger.text()));
                each.collect::<Vec<_>>().join("; ")
            }
            Trigger::After(name) => name.to_string(),
            Trigger::Timetable(timetable) => timetable.text(),
            Trigger::Manual => "manual".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests;
