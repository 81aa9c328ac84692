//! What docs/apscheduler-export.py writes.

use chrono::{DateTime, FixedOffset};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::super::fields::Fields;
use super::super::recorded::Recorded;

/// A job.
#[derive(Debug, Deserialize)]
pub struct Job {
    pub id: String,
    #[serde(default)]
    pub name: Option<String>,
    /// `module:function`; none for what has no name.
    pub func: Option<String>,
    #[serde(default)]
    pub args: Vec<Value>,
    #[serde(default)]
    pub kwargs: Map<String, Value>,
    pub trigger: Trigger,
    pub coalesce: bool,
    pub max_instances: u64,
    /// In seconds; none is however late.
    pub misfire_grace_time: Option<f64>,
    /// None if the job is paused.
    pub next_run_time: Option<DateTime<FixedOffset>>,
    #[serde(flatten)]
    pub recorded: Recorded,
}

/// A trigger, of whatever kind.
#[derive(Debug, Deserialize)]
pub struct Trigger {
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default)]
    pub timezone: Option<String>,
    #[serde(default)]
    pub start_date: Option<String>,
    #[serde(default)]
    pub end_date: Option<String>,
    #[serde(default)]
    pub run_date: Option<String>,
    /// In seconds.
    #[serde(default)]
    pub jitter: Option<f64>,
    /// Of `cron`: those that were given.
    #[serde(default)]
    pub fields: Fields,
    /// Of `interval`.
    #[serde(default)]
    pub seconds: f64,
    /// Of `and` and `or`.
    #[serde(default)]
    pub triggers: Vec<Trigger>,
}
