//! A month to come: a row for each day, a square for each hour, the darker the more comes due.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Timelike, Utc};
use chrono_tz::Tz;

const STEP: i64 = 22;
const ROW: i64 = 15;
const LEFT: i64 = 84;
const TOP: i64 = 16;
/// Of the bar with the sum of a day, right of its hours.
const BAR: f64 = 150.0;

/// The width of the picture.
pub(crate) const WIDTH: i64 = LEFT + 24 * STEP + 230;

/// Fires of each hour from `from` on, as far as `until`.
pub(crate) struct Planned<'a> {
    pub(crate) series: &'a [u64],
    pub(crate) from: DateTime<Utc>,
    pub(crate) until: DateTime<Utc>,
}

/// The month, as it is drawn.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Month {
    pub(crate) days: Vec<Day>,
    pub(crate) height: i64,
    /// Names of hours, above.
    pub(crate) hours: Vec<(i64, String)>,
}

/// A day of the zone.
#[derive(Debug, PartialEq)]
pub(crate) struct Day {
    pub(crate) name: String,
    pub(crate) y: i64,
    pub(crate) hours: Vec<Hour>,
    pub(crate) fires: u64,
    /// The bar of its sum: where, and how wide.
    pub(crate) bar: (i64, String),
    /// How its fullest hour reads.
    pub(crate) fullest: String,
}

/// An hour.
#[derive(Debug, PartialEq)]
pub(crate) struct Hour {
    pub(crate) x: i64,
    /// From 0, nothing, to 4, as much as in the fullest of all.
    pub(crate) level: u8,
    /// In words.
    pub(crate) title: String,
}

/// In days of `zone`.
pub(crate) fn month(planned: &Planned<'_>, zone: Tz) -> Month {
    let mut days: BTreeMap<NaiveDate, BTreeMap<u32, u64>> = BTreeMap::new();
    for (number, fires) in (0_i32..).zip(planned.series) {
        let at = planned.from + TimeDelta::hours(number.into());
        if at >= planned.until {
            break;
        }
        let wall = at.with_timezone(&zone);
        // An hour that the clocks repeat holds both.
        *days.entry(wall.date_naive()).or_default().entry(wall.hour()).or_default() += fires;
    }
    let most = days.values().flat_map(BTreeMap::values).copied().max().unwrap_or(0);
    let fullest = days.values().map(|hours| hours.values().sum::<u64>()).max().unwrap_or(0).max(1);
    let drawn: Vec<_> = (0..).zip(&days).map(|(row, (date, hours))| day(row, *date, hours, most, fullest)).collect();
    let names = (0..24).step_by(3).map(|hour| (LEFT + hour * STEP, format!("{hour:02}:00")));
    Month { height: TOP + drawn.len() as i64 * ROW + 4, days: drawn, hours: names.collect() }
}

fn day(row: i64, date: NaiveDate, hours: &BTreeMap<u32, u64>, most: u64, fullest: u64) -> Day {
    let name = date.format("%a %-d %b").to_string();
    let fires: u64 = hours.values().sum();
    let first_of_most = hours.iter().max_by_key(|(hour, fires)| (**fires, std::cmp::Reverse(**hour)));
    let drawn = hours.iter().map(|(hour, fires)| Hour {
        x: LEFT + i64::from(*hour) * STEP,
        level: level(*fires, most),
        title: format!("{name} {hour:02}:00: {fires}"),
    });
    Day {
        y: TOP + row * ROW,
        hours: drawn.collect(),
        fires,
        bar: (LEFT + 24 * STEP + 10, format!("{:.1}", BAR * fires as f64 / fullest as f64)),
        fullest: first_of_most.map(|(hour, fires)| format!("{hour:02}:00 with {fires}")).unwrap_or_default(),
        name,
    }
}

fn level(fires: u64, most: u64) -> u8 {
    match (fires, fires * 4 / most.max(1)) {
        (0, _) => 0,
        (_, 0 | 1) => 1,
        (_, 2) => 2,
        (_, 3) => 3,
        _ => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_lie_in_the_days_of_the_zone_and_the_fullest_is_the_darkest() {
        let from: DateTime<Utc> = "2026-11-23T14:00:00Z".parse().expect("an instant");
        let series = [1, 0, 8, 4];
        let month = month(&Planned { series: &series, from, until: from + TimeDelta::hours(4) }, Tz::Asia__Shanghai);
        assert_eq!(
            month.days.iter().map(|day| (day.name.as_str(), day.fires)).collect::<Vec<_>>(),
            [("Mon 23 Nov", 1), ("Tue 24 Nov", 12)]
        );
        let levels = |day: usize| month.days[day].hours.iter().map(|hour| hour.level).collect::<Vec<_>>();
        assert_eq!((levels(0), levels(1)), (vec![1, 0], vec![4, 2]));
        assert_eq!(month.days[1].fullest, "00:00 with 8");
        assert_eq!(month.days[1].hours[0].title, "Tue 24 Nov 00:00: 8");
    }
}
