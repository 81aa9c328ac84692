//! How long runs take: as the host's history says, as was asked for, or a second.

use std::time::Duration;

use noontide_domain::Schedule;
use noontide_domain::forecast::{ASSUMED, Lengths};
use serde_json::Value;

use crate::args::Global;
use crate::reach::{Reach, query};

/// Runs of a schedule looked at, the newest.
const RUNS: usize = 50;

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
    fn only_runs_that_ended_by_themselves_count() {
        let run = |state: &str| json!({"state": state, "started_at": "2026-01-01T00:00:00Z", "usage": {"wall_ms": 40}});
        assert_eq!(length(&run("succeeded")), Some(Duration::from_millis(40)));
        assert_eq!((length(&run("skipped")), length(&run("cancelled")), length(&run("running"))), (None, None, None));
    }
}
