//! How long the newest runs of a schedule took: a bar for each, and a line at the median.

use chrono::{DateTime, Utc};
use noontide_domain::ports::RunBrief;

use super::spark::median;
use crate::pages::length::length_ms;

/// Bars at most.
pub(crate) const BARS: usize = 120;
/// Room for numbers, left of the bars.
pub(crate) const LEFT: usize = 64;
const STEP: usize = 8;
/// Of the bars alone.
pub(crate) const HEIGHT: f64 = 140.0;
/// Of the picture.
pub(crate) const WIDTH: usize = LEFT + BARS * STEP;

/// The bars, as they are drawn.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Lengths {
    pub(crate) bars: Vec<Bar>,
    /// How high the longest is, in words.
    pub(crate) most: String,
    /// How high the median lies, and in words.
    pub(crate) median: Option<(String, String)>,
    /// Name and value.
    pub(crate) summary: Vec<(&'static str, String)>,
}

/// A run.
#[derive(Debug, PartialEq)]
pub(crate) struct Bar {
    pub(crate) run: String,
    pub(crate) x: usize,
    pub(crate) y: String,
    pub(crate) height: String,
    pub(crate) state: &'static str,
    /// In words.
    pub(crate) title: String,
}

/// Of runs, newest first; `wall` writes an instant down.
pub(crate) fn lengths(runs: &[RunBrief], wall: impl Fn(DateTime<Utc>) -> String) -> Lengths {
    let ran: Vec<_> = runs.iter().filter(|run| run.started_at.is_some()).take(BARS).cloned().collect();
    let Some(longest) = ran.iter().map(|run| run.wall_ms).max() else { return Lengths::default() };
    let height = |millis: u64| HEIGHT * millis as f64 / longest.max(1) as f64;
    let bars = (BARS - ran.len()..).zip(ran.iter().rev()).map(|(place, run)| {
        let height = height(run.wall_ms).max(2.0);
        Bar {
            run: run.id.to_string(),
            x: LEFT + place * STEP,
            y: format!("{:.1}", HEIGHT - height),
            height: format!("{height:.1}"),
            state: run.state.as_str(),
            title: format!("{}: {}, {}", wall(run.finished_at), run.state.as_str(), length_ms(run.wall_ms)),
        }
    });
    let middle = median(&ran);
    Lengths {
        bars: bars.collect(),
        most: length_ms(longest),
        median: middle.map(|millis| (format!("{:.1}", HEIGHT - height(millis)), length_ms(millis))),
        summary: summary(&ran),
    }
}

fn summary(ran: &[RunBrief]) -> Vec<(&'static str, String)> {
    let mut lengths: Vec<_> = ran.iter().map(|run| run.wall_ms).collect();
    lengths.sort_unstable();
    let rank = |percent: usize| lengths.get((lengths.len() * percent).div_ceil(100).saturating_sub(1));
    let told = [
        ("shortest", lengths.first()),
        ("median", rank(50)),
        ("95 of 100 within", rank(95)),
        ("longest", lengths.last()),
    ];
    let told = told.into_iter().filter_map(|(name, millis)| Some((name, length_ms(*millis?))));
    [("runs", ran.len().to_string())].into_iter().chain(told).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::picture::spark::tests::brief;
    use noontide_domain::RunState;

    #[test]
    fn the_median_is_a_line_and_the_summary_says_it_in_numbers() {
        let runs = [4_000, 1_000, 2_000].map(|millis| brief(RunState::Succeeded, 10, millis));
        let drawn = lengths(&runs, |at| at.format("%H:%M").to_string());
        assert_eq!(drawn.median, Some(("70.0".to_owned(), "2.00 s".to_owned())));
        assert_eq!((drawn.bars[2].y.as_str(), drawn.bars[2].x), ("0.0", WIDTH - STEP), "the newest is the last");
        assert_eq!(drawn.bars[0].title, "00:00: succeeded, 2.00 s");
        let summary: Vec<_> = drawn.summary.iter().map(|(name, value)| format!("{name} {value}")).collect();
        assert_eq!(
            summary.join(", "),
            "runs 3, shortest 1.00 s, median 2.00 s, 95 of 100 within 4.00 s, longest 4.00 s"
        );
        assert_eq!(lengths(&[], |_| String::new()), Lengths::default());
    }
}
