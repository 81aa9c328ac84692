//! Clock changes of a zone, and what each does to the times that a cron expression names.

use chrono::{DateTime, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use noontide_domain::Trigger;
use noontide_domain::trigger::{Cron, civil};

/// Times of one change looked at; an expression of every second names thousands.
const MOST: usize = 100_000;

/// The clocks of a zone are set forward or back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// Whose clocks.
    pub zone: Tz,
    /// The first instant with the new offset.
    pub at: DateTime<Utc>,
    /// How far they go: forward is positive.
    pub by: TimeDelta,
}

/// What a change does to the times that an expression names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effect {
    /// The change.
    pub change: Change,
    /// What happens to them.
    pub fate: Fate,
    /// How many times are touched.
    pub times: usize,
    /// The first of them, on the wall clock.
    pub first: NaiveDateTime,
    /// Somebody counts on them: times that were written out, or all times of that day.
    pub counted_on: bool,
}

/// What becomes of times that a change leaves out or repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Left out; they fire together at the first instant after the gap.
    Moved,
    /// Left out; they do not fire.
    Skipped,
    /// They come twice and fire twice.
    Repeated,
    /// They come twice and fire once.
    Once,
}

impl Fate {
    /// The word in JSON and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Fate::Moved => "moved",
            Fate::Skipped => "skipped",
            Fate::Repeated => "repeated",
            Fate::Once => "fires once",
        }
    }
}

impl Effect {
    /// In a sentence.
    pub fn words(&self) -> String {
        let Change { zone, at, by } = self.change;
        let times = match self.times {
            1 => self.first.to_string(),
            times => format!("{times} times from {}", self.first),
        };
        let plural = self.times > 1;
        let does = if plural { "do" } else { "does" };
        let come = if plural { "come" } else { "comes" };
        let clock = if by > TimeDelta::zero() { "forward over" } else { "back over" };
        let it = if plural { "them" } else { "it" };
        let fate = match self.fate {
            Fate::Moved => format!("{does} not occur and fire at {} instead", civil::wall(at, zone)),
            Fate::Skipped => format!("{does} not occur and will be skipped"),
            Fate::Repeated => format!("{come} twice and fire twice"),
            Fate::Once => format!("{come} twice and fire the first time only"),
        };
        let fate = if plural { fate } else { fate.replace(" fire ", " fires ") };
        format!("{times} {fate}: clocks in {zone} go {clock} {it}")
    }
}

/// The changes of `zone` in (`from`, `to`].
pub fn all(zone: Tz, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<Change> {
    // Half a day, so that Ramadan's two changes a month apart and any two of a week are told apart.
    let step = TimeDelta::hours(12);
    let mut found = Vec::new();
    let mut after = from;
    while after < to {
        let until = (after + step).min(to);
        if let Some(at) = civil::change_within(after, until, zone) {
            found.push(Change { zone, at, by: civil::offset(until, zone) - civil::offset(after, zone) });
        }
        after = until;
    }
    found
}

/// What `change` does to the times of `trigger`. Only cron expressions name wall times that come again.
pub fn effects(trigger: &Trigger, change: Change) -> Vec<Effect> {
    match trigger {
        Trigger::Cron(cron) => on_cron(cron, change).into_iter().collect(),
        Trigger::Within(within) => {
            let begun = within.start().is_none_or(|start| start <= change.at);
            let ended = within.end().is_some_and(|end| end < change.at);
            if begun && !ended { effects(within.trigger(), change) } else { Vec::new() }
        }
        // What is moved to another day for a day off lies where no clock is changed, or is told by the dates themselves.
        Trigger::OnWorkdays(on) if on.calendar.is_workday(civil::wall(change.at, change.zone).date()) => {
            effects(&on.trigger, change)
        }
        Trigger::Several(triggers) => triggers.iter().flat_map(|trigger| effects(trigger, change)).collect(),
        _ => Vec::new(),
    }
}

fn on_cron(cron: &Cron, change: Change) -> Option<Effect> {
    let Change { zone, at, by } = change;
    if cron.timezone() != zone {
        return None;
    }
    let moment = TimeDelta::milliseconds(1);
    let after_change = civil::wall(at, zone);
    if by > TimeDelta::zero() {
        let gone = named(cron, after_change - by, after_change);
        let fires_at_change = cron.next_after(at - moment) == Some(at);
        let named_itself = !named(cron, after_change, after_change + moment).is_empty();
        let fate = if fires_at_change && !named_itself { Fate::Moved } else { Fate::Skipped };
        let first = *gone.first()?;
        let midnight = first.date().and_time(NaiveTime::MIN);
        let counted_on =
            !cron.follows_the_clock() || named(cron, midnight, midnight + TimeDelta::days(1)).len() == gone.len();
        return Some(Effect { change, fate, times: gone.len(), first, counted_on });
    }
    let again = named(cron, after_change, after_change - by);
    let second_pass = cron.next_after(at - moment).is_some_and(|due| due < at - by);
    let fate = if second_pass { Fate::Repeated } else { Fate::Once };
    // None is lost.
    Some(Effect { change, fate, times: again.len(), first: *again.first()?, counted_on: false })
}

/// The wall times in [`from`, `to`) that the expression names, whether or not the clock shows them.
fn named(cron: &Cron, from: NaiveDateTime, to: NaiveDateTime) -> Vec<NaiveDateTime> {
    let next = |after| cron.next_wall(after).filter(|wall| *wall < to);
    let first = next(from - TimeDelta::milliseconds(1));
    std::iter::successors(first, |wall| next(*wall)).take(MOST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::Europe::Berlin;

    fn of_2026(expression: &str) -> Vec<(Fate, usize)> {
        let utc = |text: &str| text.parse().unwrap();
        let trigger = Trigger::Cron(Cron::parse(expression, Berlin).unwrap());
        let changes = all(Berlin, utc("2026-01-01T00:00:00Z"), utc("2027-01-01T00:00:00Z"));
        assert_eq!(changes.len(), 2);
        changes.into_iter().flat_map(|change| effects(&trigger, change)).map(|e| (e.fate, e.times)).collect()
    }

    #[test]
    fn a_fixed_time_is_moved_out_of_the_gap_and_fires_once_in_the_repeated_hour() {
        assert_eq!(of_2026("30 2 * * *"), [(Fate::Moved, 1), (Fate::Once, 1)]);
        assert_eq!(of_2026("15,45 2 * * *"), [(Fate::Moved, 2), (Fate::Once, 2)]);
    }

    #[test]
    fn a_time_that_follows_the_clock_is_skipped_and_repeated() {
        assert_eq!(of_2026("*/15 * * * *"), [(Fate::Skipped, 4), (Fate::Repeated, 4)]);
    }

    #[test]
    fn a_time_that_no_change_touches_has_no_effects() {
        assert_eq!(of_2026("30 12 * * *"), []);
        assert_eq!(of_2026("0 3 * * *"), [], "03:00 is the first instant after the gap");
        assert_eq!(of_2026("30 2 * * MON"), [], "clocks change on Sundays");
    }

    #[test]
    fn an_effect_is_a_sentence_with_the_wall_time_and_what_becomes_of_it() {
        let trigger = Trigger::Cron(Cron::parse("30 2 * * *", Berlin).unwrap());
        let change = all(Berlin, "2026-03-01T00:00:00Z".parse().unwrap(), "2026-04-01T00:00:00Z".parse().unwrap())[0];
        let words = effects(&trigger, change)[0].words();
        assert_eq!(
            words,
            "2026-03-29 02:30:00 does not occur and fires at 2026-03-29 03:00:00 instead: \
             clocks in Europe/Berlin go forward over it"
        );
    }
}
