//! The last 24 hours as bars of a quarter of an hour each: how much ended how.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Timelike, Utc};
use chrono_tz::Tz;
use noontide_domain::RunState;
use noontide_domain::rollup::Count;

const QUARTERS: i64 = 96;
const QUARTER: TimeDelta = TimeDelta::minutes(15);
const STEP: i64 = 10;
/// Room for the greatest number, left of the bars.
pub(crate) const LEFT: i64 = 44;
/// Of the bars alone.
pub(crate) const HEIGHT: f64 = 110.0;
/// Of the picture.
pub(crate) const WIDTH: i64 = LEFT + QUARTERS * STEP;

/// From bottom to top.
const ORDER: [RunState; 5] =
    [RunState::Succeeded, RunState::Skipped, RunState::Cancelled, RunState::Expired, RunState::Failed];

/// A day, as it is drawn.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Day {
    pub(crate) bars: Vec<Bar>,
    /// Whole hours below the bars.
    pub(crate) hours: Vec<(i64, String)>,
    /// The height of the highest bar, in ends.
    pub(crate) most: u64,
    /// How much ended how, in all, in the order of the bars.
    pub(crate) totals: Vec<(&'static str, u64)>,
}

/// A quarter of an hour.
#[derive(Debug, PartialEq)]
pub(crate) struct Bar {
    pub(crate) x: i64,
    /// State, y and height.
    pub(crate) pieces: Vec<(&'static str, String, String)>,
    /// In words.
    pub(crate) title: String,
}

/// When the picture of `now` begins.
pub(crate) fn begin(now: DateTime<Utc>) -> DateTime<Utc> {
    let quarter = QUARTER.num_seconds();
    let last = now.timestamp().div_euclid(quarter) * quarter;
    DateTime::from_timestamp(last, 0).unwrap_or(now) - QUARTER * (QUARTERS as i32 - 1)
}

/// Of what ended since [`begin`].
pub(crate) fn day(counts: &[Count], now: DateTime<Utc>, zone: Tz) -> Day {
    let begin = begin(now);
    let mut quarters: BTreeMap<i64, BTreeMap<RunState, u64>> = BTreeMap::new();
    let mut totals: BTreeMap<RunState, u64> = BTreeMap::new();
    for count in counts.iter().filter(|count| count.from >= begin && count.from <= now) {
        let place = (count.from - begin).num_seconds() / QUARTER.num_seconds();
        *quarters.entry(place).or_default().entry(count.state).or_default() += count.ends;
        *totals.entry(count.state).or_default() += count.ends;
    }
    let most = quarters.values().map(|states| states.values().sum::<u64>()).max().unwrap_or(0);
    let bars =
        quarters.iter().map(|(place, states)| bar(begin + QUARTER * (*place as i32), *place, states, most, zone));
    let total = |state: &RunState| Some((state.as_str(), *totals.get(state)?));
    Day { bars: bars.collect(), hours: hours(begin, zone), most, totals: ORDER.iter().filter_map(total).collect() }
}

fn bar(from: DateTime<Utc>, place: i64, states: &BTreeMap<RunState, u64>, most: u64, zone: Tz) -> Bar {
    let mut top = HEIGHT;
    let mut pieces = Vec::new();
    let mut words = Vec::new();
    for (state, ends) in ORDER.iter().filter_map(|state| Some((state, *states.get(state)?))) {
        // One failure among a thousand successes is what somebody looks for.
        let height = (HEIGHT * ends as f64 / most.max(1) as f64).max(2.0).min(top);
        top -= height;
        pieces.push((state.as_str(), format!("{top:.1}"), format!("{height:.1}")));
        words.push(format!("{ends} {}", state.as_str()));
    }
    let from = from.with_timezone(&zone).format("%a %H:%M");
    Bar { x: LEFT + place * STEP, pieces, title: format!("{from}: {}", words.join(", ")) }
}

/// Every third whole hour of the zone.
fn hours(begin: DateTime<Utc>, zone: Tz) -> Vec<(i64, String)> {
    let quarters = (0..QUARTERS).map(|place| (place, (begin + QUARTER * (place as i32)).with_timezone(&zone)));
    let whole = quarters.filter(|(_, at)| at.minute() == 0 && at.hour() % 3 == 0);
    whole.map(|(place, at)| (LEFT + place * STEP, at.format("%H:%M").to_string())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use noontide_domain::rollup::Whose;

    fn count(from: &str, state: RunState, ends: u64) -> Count {
        let from = from.parse().expect("an instant");
        Count { whose: Whose::All, from, state, reason: None, ends, wall_ms: 0, wall_ms_max: 0 }
    }

    #[test]
    fn each_quarter_is_a_bar_and_the_fullest_the_highest() {
        let now = "2026-11-23T10:20:00Z".parse().expect("an instant");
        let day = day(
            &[
                count("2026-11-23T10:15:00Z", RunState::Succeeded, 3),
                count("2026-11-23T10:15:00Z", RunState::Failed, 1),
                count("2026-11-22T10:30:00Z", RunState::Succeeded, 2),
                count("2026-11-22T10:15:00Z", RunState::Succeeded, 99),
            ],
            now,
            Tz::Asia__Shanghai,
        );
        assert_eq!((day.most, day.bars.len()), (4, 2), "what lies before is left out");
        assert_eq!((day.bars[0].x, day.bars[1].x), (LEFT, LEFT + 95 * STEP));
        assert_eq!(day.bars[1].title, "Mon 18:15: 3 succeeded, 1 failed");
        assert_eq!(day.bars[1].pieces[1], ("failed", "0.0".to_owned(), "27.5".to_owned()));
        assert_eq!(day.totals, [("succeeded", 5), ("failed", 1)]);
        assert_eq!(day.hours[0].1, "21:00");
    }
}
