//! How many times of a long span match, without visiting each.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Timelike, Utc};

use super::Cron;
use super::fields::Fields;
use crate::trigger::civil;

const DAY: TimeDelta = TimeDelta::days(1);

impl Cron {
    /// How many due instants lie in (`after`, `until`]; counting stops at `most`. Days far from a clock change are
    /// reckoned, the others walked.
    pub(in crate::trigger) fn count(&self, after: DateTime<Utc>, until: DateTime<Utc>, most: usize) -> usize {
        let mut count = 0;
        let mut from = after;
        while from < until && count < most {
            let to = from.checked_add_signed(DAY).map_or(until, |to| to.min(until));
            count += match self.wall_times(from, to) {
                Some(count) => count,
                None => self.walk(from, to),
            };
            from = to;
        }
        count.min(most)
    }

    fn walk(&self, after: DateTime<Utc>, until: DateTime<Utc>) -> usize {
        let next = |after| self.next_after(after).filter(|due| *due <= until);
        std::iter::successors(next(after), |due| next(*due)).count()
    }

    /// `None` if a clock change is near: it may leave out, repeat or move what the calendar has.
    fn wall_times(&self, after: DateTime<Utc>, until: DateTime<Utc>) -> Option<usize> {
        let offset = civil::offset(after, self.timezone);
        let near = [after.checked_sub_signed(DAY)?, until, until.checked_add_signed(DAY)?];
        if near.iter().any(|instant| civil::offset(*instant, self.timezone) != offset) {
            return None;
        }
        let fields = &self.calendar.fields;
        let (after, until) = (civil::wall(after, self.timezone), civil::wall(until, self.timezone));
        let dates = after.date().iter_days().take_while(|date| *date <= until.date());
        let of = |date| {
            let to = if date == until.date() { fields.times_up_to(until) } else { fields.times_a_day() };
            to - if date == after.date() { fields.times_up_to(after) } else { 0 }
        };
        Some(dates.filter(|date| fields.has_date(*date)).map(of).sum())
    }
}

impl Fields {
    fn times_a_day(&self) -> usize {
        (self.hour.set.len() * self.minute.set.len() * self.second.set.len()) as usize
    }

    /// Times of a day that are not later than that of `wall`.
    fn times_up_to(&self, wall: NaiveDateTime) -> usize {
        let (hours, minutes, seconds) = (self.hour.set, self.minute.set, self.second.set);
        let (hour, minute, second) = (wall.hour(), wall.minute(), wall.second());
        let mut times = hours.below(hour) * minutes.len() * seconds.len();
        if hours.contains(hour) {
            times += minutes.below(minute) * seconds.len();
            if minutes.contains(minute) {
                times += seconds.below(second + 1);
            }
        }
        times as usize
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::trigger::cron::{Dialect, DstGap, DstOverlap, Rules, Source};

    const EXPRESSIONS: [&str; 10] = [
        "* * * * *",
        "*/7 * * * *",
        "30 * * * *",
        "30 2 * * *",
        "0,30 1-3 * * *",
        "15 0 13 * FRI",
        "*/10 9-17 * * mon-fri",
        "20,40 5 2 * * *",
        "0 0 12 L * *",
        "59 59 23 * * * 2011-2012",
    ];

    const ZONES: [chrono_tz::Tz; 6] = [
        chrono_tz::UTC,
        chrono_tz::Europe::Berlin,
        chrono_tz::Australia::Lord_Howe,
        chrono_tz::Antarctica::Troll,
        chrono_tz::Pacific::Apia,
        chrono_tz::Africa::Casablanca,
    ];

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_reckoned_is_what_walking_finds(
            expression in prop::sample::select(EXPRESSIONS.to_vec()),
            zone in prop::sample::select(ZONES.to_vec()),
            (skip, both) in any::<(bool, bool)>(),
            // December 2011, when Apia left out a day, or any time in twenty years.
            from in prop_oneof![1_322_700_000_000..1_325_300_000_000i64, 1_262_300_000_000..1_893_400_000_000i64],
            days in 0.0..12.0f64,
        ) {
            let rules = Rules {
                dialect: Dialect::Posix,
                dst_gap: if skip { DstGap::Skip } else { DstGap::Vixie },
                dst_overlap: if both { DstOverlap::Both } else { DstOverlap::Vixie },
            };
            let cron = Cron::read(Source::Text(expression.to_owned()), zone, rules).expect(expression);
            let after = DateTime::from_timestamp_millis(from).expect("an instant");
            let until = after + TimeDelta::milliseconds((days * 86_400_000.0) as i64);
            prop_assert_eq!(cron.count(after, until, usize::MAX), cron.walk(after, until));
        }
    }

    #[test]
    fn a_count_stops_where_it_shall() {
        let cron = Cron::parse("* * * * *", chrono_tz::UTC).expect("cron");
        let after = DateTime::UNIX_EPOCH;
        assert_eq!(cron.count(after, after + TimeDelta::days(3_652), 10_000), 10_000);
    }
}
