//! Waiting for a run to end: asking the host again and again, quickly at first.

use std::time::Duration;

use clap::Args;
use noontide_domain::{RunState, duration};
use serde_json::Value;
use tokio::time::Instant;

use super::show::word;
use crate::args::Global;
use crate::exit::{Done, Exit, Stop};
use crate::reach::{Reach, segment};

/// The wait between two questions doubles from here …
const SOONEST: Duration = Duration::from_millis(25);
/// … up to here: a run of hours costs the host two questions a second.
const LATEST: Duration = Duration::from_millis(500);

/// The flags about waiting.
#[derive(Debug, Args)]
pub struct Waiting {
    /// Wait for the run to end, and exit with 1 if it failed
    #[arg(long)]
    wait: bool,
    /// Wait no longer than this, and exit with 8
    #[arg(long, value_name = "DURATION", requires = "wait")]
    timeout: Option<String>,
}

/// How long to wait; `None` for as long as it takes.
#[derive(Debug, Clone, Copy)]
pub struct Patience(Option<Duration>);

impl Waiting {
    /// `None` if nobody waits.
    ///
    /// # Errors
    /// Usage: the timeout is no duration.
    pub fn checked(&self) -> Result<Option<Patience>, Stop> {
        let timeout = self.timeout.as_deref().map(duration::parse).transpose();
        let timeout = timeout.map_err(|reason| Stop::usage(format!("--timeout: {reason}")))?;
        Ok(self.wait.then_some(Patience(timeout)))
    }
}

/// Waits for `run`, then shows it: its result for people, all of it for programs.
///
/// # Errors
/// The run failed (1); it did not end in time (8).
pub async fn for_run(global: &Global, reach: &Reach, run: &str, patience: Patience) -> Done {
    let end = patience.0.map(|timeout| Instant::now() + timeout);
    let path = format!("/runs/{}", segment(run));
    let mut pause = SOONEST;
    loop {
        let record = reach.get(&path).await?;
        if RunState::parse(&word(&record, "state")).is_some_and(RunState::is_final) {
            return ended(global, &record);
        }
        let left = end.map(|end| end.saturating_duration_since(Instant::now()));
        if left.is_some_and(|left| left.is_zero()) {
            let words = duration::words(patience.0.unwrap_or_default());
            let state = word(&record, "state");
            return Err(Stop::new(
                Exit::TimedOut,
                format!("run {run} is still {state} after {words}; it goes on: noontide show-run {run}"),
            ));
        }
        tokio::time::sleep(left.map_or(pause, |left| left.min(pause))).await;
        pause = (pause * 2).min(LATEST);
    }
}

fn ended(global: &Global, record: &Value) -> Done {
    let (state, id) = (word(record, "state"), word(record, "id"));
    global.output().hint(&format!("{state} run {id}"));
    global.output().thing(record, || match &record["result"] {
        Value::Null => state.clone(),
        result => result.to_string(),
    })?;
    if state == RunState::Succeeded.as_str() {
        return Ok(Exit::Ok);
    }
    let why = super::runs::why(record).unwrap_or_default();
    match RunState::parse(&state) {
        Some(RunState::Skipped) => Ok(Exit::Ok),
        _ => Err(Stop::failed(format!("run {id} {state}: {why}"))),
    }
}
