//! How long runs take: as the host's history says, as was asked for, or a second.

use std::time::Duration;

use noontide_domain::Schedule;
use serde_json::Value;

use crate::args::Global;
use crate::reach::{Reach, query};

/// Runs of a schedule looked at, the newest.
const RUNS: usize = 50;

/// Where nothing is known.
pub const ASSUMED: Duration = Duration::from_secs(1);

/// How long the runs of a schedule take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lengths {
    /// Half of them take no longer.
    pub p50: Duration,
    /// Nineteen in twenty take no longer.
    pub p95: Duration,
    /// How many runs that is known from; 0 if it is assumed.
    pub runs: usize,
}

impl Lengths {
    /// All runs take `length`.
    pub fn assumed(length: Duration) -> Self {
        Self { p50: length, p95: length, runs: 0 }
    }

    /// Of runs that took so long; `None` if there are none.
    pub fn of(mut lengths: Vec<Duration>) -> Option<Self> {
        lengths.sort_unstable();
        // The nearest rank: the smallest length that so many of a hundred do not exceed.
        let rank = |percent: usize| lengths.get((lengths.len() * percent).div_ceil(100).saturating_sub(1)).copied();
        Some(Self { p50: rank(50)?, p95: rank(95)?, runs: lengths.len() })
    }
}

/// The lengths of each of `schedules`: from the host if one answers, else [`ASSUMED`].
pub async fn known(global: &Global, schedules: &[Schedule]) -> Vec<Lengths> {
    let history = History::reached(global).await;
    let mut found = Vec::with_capacity(schedules.len());
    for schedule in schedules {
        let lengths = match &history {
            Some(history) => history.lengths(schedule.name.as_str()).await,
            None => None,
        };
        found.push(lengths.unwrap_or(Lengths::assumed(ASSUMED)));
    }
    found
}

/// A host that can be asked how long things took.
pub struct History {
    reach: Reach,
    /// Schedules that have run; no others are asked for.
    ran: Vec<String>,
}

impl History {
    /// `None` if no host answers, for whatever reason: nobody needs one here.
    pub async fn reached(global: &Global) -> Option<Self> {
        let reach = Reach::to(global).ok()?;
        let schedules = reach.list("/schedules?limit=1000").await.ok()?;
        let ran = schedules.iter().filter(|schedule| !schedule["last_run"].is_null());
        let ran = ran.filter_map(|schedule| schedule["name"].as_str().map(str::to_owned)).collect();
        Some(Self { reach, ran })
    }

    /// Of the newest runs that have ended by themselves.
    pub async fn lengths(&self, schedule: &str) -> Option<Lengths> {
        if !self.ran.iter().any(|name| name == schedule) {
            return None;
        }
        let filter = [("schedule", Some(schedule.to_owned())), ("limit", Some(RUNS.to_string()))];
        let runs = self.reach.list(&format!("/runs{}", query(&filter))).await.ok()?;
        Lengths::of(runs.iter().filter_map(length).collect())
    }
}

/// How long the handler worked on it. One that was cut off says nothing about how long it would have taken.
fn length(run: &Value) -> Option<Duration> {
    let ended = matches!(run["state"].as_str()?, "succeeded" | "failed") && run["started_at"].is_string();
    ended.then(|| run["usage"]["wall_ms"].as_u64().map(Duration::from_millis)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn one_slow_run_in_twenty_is_what_p95_leaves_out() {
        let lengths = (1..=20).map(|n| Duration::from_secs(if n == 20 { 900 } else { n })).collect();
        let known = Lengths::of(lengths).unwrap();
        assert_eq!((known.p50.as_secs(), known.p95.as_secs(), known.runs), (10, 19, 20));
        assert_eq!(Lengths::of(vec![ASSUMED]), Some(Lengths { p50: ASSUMED, p95: ASSUMED, runs: 1 }));
        assert_eq!(Lengths::of(Vec::new()), None);
    }

    #[test]
    fn only_runs_that_ended_by_themselves_count() {
        let run = |state: &str| json!({"state": state, "started_at": "2026-01-01T00:00:00Z", "usage": {"wall_ms": 40}});
        assert_eq!(length(&run("succeeded")), Some(Duration::from_millis(40)));
        assert_eq!((length(&run("skipped")), length(&run("cancelled")), length(&run("running"))), (None, None, None));
    }
}
