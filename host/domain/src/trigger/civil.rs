//! Wall time and instants: what happens where a clock change leaves wall times out or repeats them.

use chrono::{DateTime, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

/// A wall time, found on the time line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// It occurs once.
    Once(DateTime<Utc>),
    /// It occurs twice: the clock was set back.
    Twice(DateTime<Utc>, DateTime<Utc>),
    /// It does not occur: the clock was set forward. The first instant after the gap, and the gap's length.
    Never(DateTime<Utc>, TimeDelta),
}

/// Finds `wall` in `zone`.
pub fn find(wall: NaiveDateTime, zone: Tz) -> Found {
    match zone.from_local_datetime(&wall) {
        MappedLocalTime::Single(instant) => Found::Once(instant.with_timezone(&Utc)),
        MappedLocalTime::Ambiguous(one, other) => {
            let (one, other) = (one.with_timezone(&Utc), other.with_timezone(&Utc));
            Found::Twice(one.min(other), one.max(other))
        }
        MappedLocalTime::None => {
            // Read the wall time with the offsets of the day before and after: the change lies between them.
            let day = TimeDelta::days(1) + TimeDelta::hours(2);
            let before = offset(wall.and_utc() - day, zone);
            let after = offset(wall.and_utc() + day, zone);
            let low = wall.and_utc() - after;
            let high = wall.and_utc() - before;
            let end = change_within(low.min(high) - TimeDelta::seconds(1), low.max(high) + TimeDelta::seconds(1), zone)
                .unwrap_or(high);
            Found::Never(end, after - before)
        }
    }
}

/// The instant of `wall`: the first if it occurs twice, moved forward by the gap's length if it does not occur.
pub fn forward(wall: NaiveDateTime, zone: Tz) -> DateTime<Utc> {
    match find(wall, zone) {
        Found::Once(instant) | Found::Twice(instant, _) => instant,
        Found::Never(end, gap) => {
            let before = offset(end - TimeDelta::seconds(1), zone);
            debug_assert!(gap >= TimeDelta::zero());
            wall.and_utc() - before
        }
    }
}

/// The zone's distance from UTC at `instant`, east positive.
pub fn offset(instant: DateTime<Utc>, zone: Tz) -> TimeDelta {
    TimeDelta::seconds(i64::from(zone.offset_from_utc_datetime(&instant.naive_utc()).fix().local_minus_utc()))
}

/// What the wall clock in `zone` shows at `instant`.
pub fn wall(instant: DateTime<Utc>, zone: Tz) -> NaiveDateTime {
    instant.with_timezone(&zone).naive_local()
}

/// The date on the wall in `zone` at `instant`.
pub fn date(instant: DateTime<Utc>, zone: Tz) -> NaiveDate {
    wall(instant, zone).date()
}

/// The first instant of `date` in `zone`; that of the next day if the zone leaves the whole date out.
pub fn day_start(date: NaiveDate, zone: Tz) -> DateTime<Utc> {
    forward(date.and_time(NaiveTime::MIN), zone)
}

/// The first instant after `date` in `zone`; `None` at the end of the calendar.
pub fn day_end(date: NaiveDate, zone: Tz) -> Option<DateTime<Utc>> {
    Some(day_start(date.succ_opt()?, zone))
}

/// The instant in (`after`, `until`] at which the offset changes, to the second; `None` if both ends agree.
pub fn change_within(after: DateTime<Utc>, until: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
    let before = offset(after, zone);
    if offset(until, zone) == before {
        return None;
    }
    let (mut low, mut high) = (after.timestamp(), until.timestamp() + 1);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        match DateTime::from_timestamp(middle, 0) {
            Some(instant) if offset(instant, zone) == before => low = middle,
            _ => high = middle,
        }
    }
    DateTime::from_timestamp(high, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(text: &str) -> NaiveDateTime {
        text.parse().expect("a wall time")
    }

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().expect("an instant")
    }

    #[test]
    fn a_gap_ends_where_the_clock_goes_on() {
        let hour = TimeDelta::hours(1);
        assert_eq!(
            find(local("2026-03-29T02:30:00"), chrono_tz::Europe::Berlin),
            Found::Never(utc("2026-03-29T01:00:00Z"), hour)
        );
        let half = TimeDelta::minutes(30);
        assert_eq!(
            find(local("2026-10-04T02:10:00"), chrono_tz::Australia::Lord_Howe),
            Found::Never(utc("2026-10-03T15:30:00Z"), half)
        );
        let day = TimeDelta::days(1);
        assert_eq!(
            find(local("2011-12-30T12:00:00"), chrono_tz::Pacific::Apia),
            Found::Never(utc("2011-12-30T10:00:00Z"), day)
        );
    }

    #[test]
    fn a_day_begins_after_the_gap_at_its_midnight_and_a_date_left_out_has_no_length() {
        let day = |text: &str| text.parse::<NaiveDate>().expect("a date");
        assert_eq!(day_start(day("2018-11-04"), chrono_tz::America::Sao_Paulo), utc("2018-11-04T03:00:00Z"));
        let apia = chrono_tz::Pacific::Apia;
        assert_eq!(Some(day_start(day("2011-12-30"), apia)), day_end(day("2011-12-30"), apia));
    }

    #[test]
    fn a_repeated_hour_is_found_twice_in_order() {
        assert_eq!(
            find(local("2026-10-25T02:30:00"), chrono_tz::Europe::Berlin),
            Found::Twice(utc("2026-10-25T00:30:00Z"), utc("2026-10-25T01:30:00Z"))
        );
    }
}
