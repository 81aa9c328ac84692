//! What is asked of the host for one look.

use serde_json::{Value, json};

use crate::commands::show::word;
use crate::exit::Stop;
use crate::reach::Reach;

/// Runs and due instants that are asked for: more than a screen has room for.
const MOST: usize = 60;

/// Runs whose progress is asked for.
const WITH_PROGRESS: usize = 20;

/// One look.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// The host.
    pub status: Value,
    /// Runs that go on, newest first.
    pub running: Vec<Value>,
    /// What failed last.
    pub failed: Vec<Value>,
    /// What comes next: `schedule`, `due_at`.
    pub next: Vec<Value>,
}

impl Seen {
    /// Asks.
    ///
    /// # Errors
    /// The host does not answer.
    pub async fn of(reach: &Reach) -> Result<Self, Stop> {
        let state = |name: &str| [("state", Some(name.to_owned()))];
        let status = reach.get("/status").await?;
        let mut running = reach.pages("/runs", &state("running"), MOST).await?;
        for run in running.iter_mut().take(WITH_PROGRESS) {
            *run = reach.get(&format!("/runs/{}", word(run, "id"))).await?;
        }
        let failed = reach.pages("/runs", &state("failed"), 5).await?;
        Ok(Self { status, running, failed, next: next(reach).await? })
    }

    /// All of it.
    pub fn json(&self) -> Value {
        json!({ "status": self.status, "running": self.running, "failed": self.failed, "next": self.next })
    }
}

/// Of the schedules on the first page, those that come due first.
async fn next(reach: &Reach) -> Result<Vec<Value>, Stop> {
    let schedules = reach.pages("/schedules", &[("order", Some("due".to_owned()))], MOST).await?;
    let due = |one: &Value| Some(json!({ "schedule": one["name"], "due_at": one["next_due"].as_str()? }));
    Ok(schedules.iter().filter_map(due).collect())
}
