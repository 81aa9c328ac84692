//! The newest runs of a schedule as small bars: colour is the state, height how long it took. As long as a word, so that a list
//! can have one in each row.

use std::collections::BTreeMap;

use noontide_domain::RunState;
use noontide_domain::ports::RunBrief;

use crate::pages::length::length_ms;

/// Bars at most.
pub(crate) const BARS: usize = 30;
/// From bar to bar; a bar is one narrower.
const STEP: usize = 5;
const HEIGHT: u64 = 22;
/// What took no time, or never ran, is seen all the same.
const LOWEST: u64 = 3;

/// A sparkline: a path for each state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Spark {
    /// State and path.
    pub(crate) paths: Vec<(&'static str, String)>,
    /// In words.
    pub(crate) title: String,
}

/// Of runs, newest first.
pub(crate) fn spark(runs: &[RunBrief]) -> Spark {
    let runs = &runs[..runs.len().min(BARS)];
    let longest = runs.iter().map(|run| run.wall_ms).max().unwrap_or(0).max(1);
    let mut paths: BTreeMap<RunState, String> = BTreeMap::new();
    for (place, run) in (BARS - runs.len()..).zip(runs.iter().rev()) {
        // By the square root: a run that took a hundred times as long does not hide the others.
        let share = (run.wall_ms as f64 / longest as f64).sqrt();
        let height = LOWEST + (share * (HEIGHT - LOWEST) as f64).round() as u64;
        let bar = format!("M{} {HEIGHT}v-{height}h{}v{height}z", place * STEP, STEP - 1);
        paths.entry(run.state).or_default().push_str(&bar);
    }
    Spark { paths: paths.into_iter().map(|(state, path)| (state.as_str(), path)).collect(), title: title(runs) }
}

fn title(runs: &[RunBrief]) -> String {
    if runs.is_empty() {
        return "no run yet".to_owned();
    }
    let mut counts: BTreeMap<RunState, usize> = BTreeMap::new();
    runs.iter().for_each(|run| *counts.entry(run.state).or_default() += 1);
    let counts: Vec<_> = counts.into_iter().map(|(state, count)| format!("{count} {}", state.as_str())).collect();
    let median = median(runs).map(|millis| format!("; half took up to {}", length_ms(millis))).unwrap_or_default();
    format!("the last {}: {}{median}", runs.len(), counts.join(", "))
}

/// Half of those that ran took no longer, in milliseconds.
pub(crate) fn median(runs: &[RunBrief]) -> Option<u64> {
    let mut lengths: Vec<_> = runs.iter().filter(|run| run.started_at.is_some()).map(|run| run.wall_ms).collect();
    lengths.sort_unstable();
    lengths.get(lengths.len().saturating_sub(1) / 2).copied()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use noontide_domain::{Cause, RunId};

    pub(crate) fn brief(state: RunState, second: i64, wall_ms: u64) -> RunBrief {
        let at = chrono::DateTime::from_timestamp(second, 0).expect("in range");
        RunBrief {
            id: RunId::new(),
            schedule: None,
            handler: "mail/send".parse().expect("a handler"),
            due_at: at,
            cause: Cause::Schedule,
            state,
            attempt: 1,
            started_at: (state != RunState::Skipped).then_some(at),
            finished_at: at,
            wall_ms,
        }
    }

    #[test]
    fn the_newest_run_is_the_last_bar_and_the_longest_the_highest() {
        let spark = spark(&[brief(RunState::Failed, 2, 100), brief(RunState::Succeeded, 1, 0)]);
        let path = |state: &str| spark.paths.iter().find(|(name, _)| *name == state).map(|(_, path)| path.as_str());
        assert_eq!(path("failed"), Some("M145 22v-22h4v22z"));
        assert_eq!(path("succeeded"), Some("M140 22v-3h4v3z"));
        assert_eq!(spark.title, "the last 2: 1 succeeded, 1 failed; half took up to 0 ms");
    }

    #[test]
    fn of_what_never_ran_nothing_is_measured() {
        assert_eq!(median(&[brief(RunState::Skipped, 1, 0)]), None);
        let three = [5, 9, 7].map(|millis| brief(RunState::Succeeded, 1, millis));
        assert_eq!(median(&three), Some(7));
    }
}
