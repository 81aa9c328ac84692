//! An instant, as a reader wants it: wall time in one zone with its abbreviation, how far away it is, the other zones on hovering.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use noontide_domain::duration;

use crate::shape;

/// An instant on a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Moment {
    /// For programs.
    pub(crate) rfc3339: String,
    /// `Mon 23 Nov 09:42:00 CST`; with the year unless it is this one.
    pub(crate) text: String,
    /// The same in the reader's zone and in UTC.
    pub(crate) title: String,
    /// `in 3m20s`, `2h ago`, `now`.
    pub(crate) distance: String,
}

impl Moment {
    /// `instant` in `zone`, seen at `now` by somebody in `mine`.
    pub(crate) fn new(instant: DateTime<Utc>, now: DateTime<Utc>, zone: Tz, mine: Tz) -> Self {
        let wall = |zone: Tz, format| instant.with_timezone(&zone).format(format).to_string();
        let year = |instant: DateTime<Utc>| instant.with_timezone(&zone).format("%Y").to_string();
        let format = if year(instant) == year(now) { "%a %-d %b %H:%M:%S %Z" } else { "%a %-d %b %Y %H:%M:%S %Z" };
        const WHOLE: &str = "%Y-%m-%d %H:%M:%S %Z";
        Self {
            rfc3339: shape::time(instant),
            text: wall(zone, format),
            title: format!("{} ({mine}) · {}", wall(mine, WHOLE), wall(Tz::UTC, WHOLE)),
            distance: duration::distance(instant - now),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn an_instant_is_shown_in_the_schedules_zone_and_hovering_tells_the_others() {
        let instant = "2026-11-23T01:42:00Z".parse().expect("an instant");
        let now = "2026-11-23T01:40:00Z".parse().expect("an instant");
        let moment = Moment::new(instant, now, Tz::Asia__Shanghai, Tz::Europe__Berlin);
        assert_eq!(moment.text, "Mon 23 Nov 09:42:00 CST");
        assert_eq!(moment.title, "2026-11-23 02:42:00 CET (Europe/Berlin) · 2026-11-23 01:42:00 UTC");
        assert_eq!(moment.distance, "in 2m");
    }

    #[test]
    fn the_year_is_told_where_it_is_another_one_in_the_zone_shown() {
        let instant = "2026-12-31T20:00:00Z".parse().expect("an instant");
        let moment = Moment::new(instant, instant - TimeDelta::hours(5), Tz::Asia__Shanghai, Tz::UTC);
        assert_eq!(moment.text, "Fri 1 Jan 2027 04:00:00 CST");
    }
}
