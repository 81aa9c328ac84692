//! A year and some weeks as squares, a column for each week: how each past day went, and what each coming day holds.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};
use chrono_tz::Tz;
use noontide_domain::RunState;
use noontide_domain::rollup::Count;

/// Weeks before this one, and after it.
pub(crate) const WEEKS: [i64; 2] = [52, 8];
const STEP: i64 = 13;
/// Room for the names of days and months.
const LEFT: i64 = 30;
const TOP: i64 = 16;

/// Of the picture.
pub(crate) const SIZE: (i64, i64) = (LEFT + (WEEKS[0] + WEEKS[1] + 1) * STEP, TOP + 7 * STEP);

/// The squares, as they are drawn.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Heat {
    pub(crate) squares: Vec<Square>,
    /// Where a month begins.
    pub(crate) months: Vec<(i64, String)>,
}

/// A day.
#[derive(Debug, PartialEq)]
pub(crate) struct Square {
    pub(crate) x: i64,
    pub(crate) y: i64,
    /// A run's state, `planned`, or `none`.
    pub(crate) mark: &'static str,
    /// From 1, a little, to 4, a lot.
    pub(crate) level: u8,
    /// In words.
    pub(crate) title: String,
}

/// What is planned: instants in their order, and up to when they are known.
pub(crate) struct Planned {
    pub(crate) due: Vec<DateTime<Utc>>,
    pub(crate) until: Option<DateTime<Utc>>,
}

/// Of what ended, by the hour, and of what is planned, in days of `zone`.
pub(crate) fn heat(counts: &[Count], planned: &Planned, now: DateTime<Utc>, zone: Tz) -> Heat {
    let today = now.with_timezone(&zone).date_naive();
    let monday = today - Days::new(today.weekday().num_days_from_monday().into());
    let first = monday - Days::new(WEEKS[0].unsigned_abs() * 7);
    let mut past: BTreeMap<NaiveDate, BTreeMap<RunState, u64>> = BTreeMap::new();
    for count in counts {
        let date = count.from.with_timezone(&zone).date_naive();
        *past.entry(date).or_default().entry(count.state).or_default() += count.ends;
    }
    let mut coming: BTreeMap<NaiveDate, u64> = BTreeMap::new();
    planned.due.iter().for_each(|due| *coming.entry(due.with_timezone(&zone).date_naive()).or_default() += 1);
    let most = past.values().map(|states| states.values().sum()).chain(coming.values().copied()).max().unwrap_or(1);
    let known = planned.until.map(|until| until.with_timezone(&zone).date_naive());
    let days = (WEEKS[0] + WEEKS[1] + 1) * 7;
    let mut heat = Heat::default();
    for (number, date) in (0..days).zip(first.iter_days()) {
        let (x, y) = (LEFT + number / 7 * STEP, TOP + number % 7 * STEP);
        if date.day() <= 7 && number % 7 == 0 {
            heat.months.push((x, date.format("%b").to_string()));
        }
        let (ended, due) = (past.get(&date), coming.get(&date).copied().unwrap_or(0));
        let is_unknown = date > today && known.is_some_and(|known| date >= known);
        let (mark, sum, words) = told(ended, due, date >= today, is_unknown);
        let title = format!("{}: {words}", date.format("%a %-d %b %Y"));
        heat.squares.push(Square { x, y, mark, level: level(sum, most), title });
    }
    heat
}

/// Colour, number and words of a day. The worst that happened gives the colour.
fn told(
    ended: Option<&BTreeMap<RunState, u64>>,
    due: u64,
    is_coming: bool,
    is_unknown: bool,
) -> (&'static str, u64, String) {
    const WORST: [RunState; 5] =
        [RunState::Failed, RunState::Expired, RunState::Cancelled, RunState::Succeeded, RunState::Skipped];
    let Some(states) = ended else {
        return match (is_coming, due) {
            (true, _) if is_unknown => ("none", 0, "more than is counted ahead".to_owned()),
            (true, 1..) => ("planned", due, format!("{due} planned")),
            _ => ("none", 0, "nothing".to_owned()),
        };
    };
    let worst = WORST.into_iter().find(|state| states.contains_key(state)).unwrap_or(RunState::Succeeded);
    let mut words: Vec<_> = states.iter().map(|(state, ends)| format!("{ends} {}", state.as_str())).collect();
    words.extend((is_coming && due > 0).then(|| format!("{due} planned")));
    (worst.as_str(), states.values().sum(), words.join(", "))
}

fn level(sum: u64, most: u64) -> u8 {
    match sum * 4 / most.max(1) {
        0 | 1 => 1,
        2 => 2,
        3 => 3,
        _ => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use noontide_domain::rollup::Whose;

    #[test]
    fn days_are_those_of_the_zone_and_the_worst_gives_the_colour() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().expect("an instant");
        let count = |from: &str, state, ends| {
            let from = at(from);
            Count { whose: Whose::All, from, state, reason: None, ends, wall_ms: 0, wall_ms_max: 0 }
        };
        let counts =
            [count("2026-11-22T20:00:00Z", RunState::Succeeded, 9), count("2026-11-22T21:00:00Z", RunState::Failed, 1)];
        let planned = Planned { due: vec![at("2026-11-24T02:00:00Z")], until: Some(at("2026-11-25T00:00:00Z")) };
        let heat = heat(&counts, &planned, at("2026-11-23T10:00:00Z"), Tz::Asia__Shanghai);
        let told: Vec<_> = heat.squares.iter().filter(|day| day.mark != "none").collect();
        assert_eq!((told[0].mark, told[0].level), ("failed", 4));
        assert_eq!(told[0].title, "Mon 23 Nov 2026: 9 succeeded, 1 failed");
        assert_eq!((told[1].mark, told[1].title.as_str()), ("planned", "Tue 24 Nov 2026: 1 planned"));
        assert!(heat.squares.last().expect("days").title.ends_with("more than is counted ahead"));
        assert_eq!(heat.squares.len(), 61 * 7);
    }
}
