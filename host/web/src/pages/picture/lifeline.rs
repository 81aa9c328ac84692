//! The life of a run as one bar: when it waited, when it ran, how each attempt ended.

use chrono::{DateTime, TimeDelta, Utc};

/// Of the picture, in its own units; it scales with the page.
pub(crate) const WIDTH: f64 = 720.0;
/// Shorter pieces are widened, so that none is invisible.
const NARROWEST: f64 = 3.0;

/// A stretch of time.
pub(crate) struct Stretch {
    pub(crate) from: DateTime<Utc>,
    pub(crate) to: DateTime<Utc>,
    /// Colour: a run's state.
    pub(crate) mark: &'static str,
    /// In words.
    pub(crate) title: String,
}

/// A stretch as it is drawn.
#[derive(Debug, PartialEq)]
pub(crate) struct Bar {
    pub(crate) x: String,
    pub(crate) width: String,
    pub(crate) mark: &'static str,
    pub(crate) title: String,
}

/// The bars of stretches that follow each other, to scale as far as it can be seen.
pub(crate) fn lifeline(stretches: Vec<Stretch>) -> Vec<Bar> {
    let span =
        |stretch: &Stretch| (stretch.to - stretch.from).max(TimeDelta::zero()).num_microseconds().unwrap_or(i64::MAX);
    let whole: f64 = stretches.iter().map(|stretch| span(stretch) as f64).sum();
    let room = WIDTH - NARROWEST * stretches.len() as f64;
    let mut x = 0.0;
    let bars = stretches.into_iter().map(|stretch| {
        let width = NARROWEST + if whole > 0.0 { room * span(&stretch) as f64 / whole } else { 0.0 };
        let bar = Bar { x: format!("{x:.1}"), width: format!("{width:.1}"), mark: stretch.mark, title: stretch.title };
        x += width;
        bar
    });
    bars.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stretch(from: i64, to: i64) -> Stretch {
        let instant = |millis| DateTime::from_timestamp_millis(millis).expect("in range");
        Stretch { from: instant(from), to: instant(to), mark: "ready", title: String::new() }
    }

    #[test]
    fn pieces_are_to_scale_and_the_shortest_is_seen() {
        let bars = lifeline(vec![stretch(0, 1), stretch(1, 100_000), stretch(100_000, 200_000)]);
        let widths: Vec<f64> = bars.iter().map(|bar| bar.width.parse().expect("a number")).collect();
        assert!(widths[0] >= NARROWEST && (widths[1] - widths[2]).abs() < 0.2, "{widths:?}");
        assert!((widths.iter().sum::<f64>() - WIDTH).abs() < 0.2, "{widths:?}");
    }

    #[test]
    fn a_run_that_took_no_time_is_drawn_all_the_same() {
        assert_eq!(lifeline(vec![stretch(5, 5)])[0].width, "3.0");
    }
}
