//! A schedule: a named joining of a trigger to a handler, with input and policies.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{CatchUp, HandlerRef, Overlap, RetryPolicy, ScheduleName, Trigger};

/// What an operator or a client asked for. Kept in the ledger as JSON, so every host sees the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Schedule {
    /// Unique in a ledger.
    pub name: ScheduleName,
    /// For people; may be in any language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Who may change it.
    pub owner: Owner,
    /// When.
    pub trigger: Trigger,
    /// The IANA zone its trigger was read in; handed to the handler.
    pub timezone: chrono_tz::Tz,
    /// What is called.
    pub handler: HandlerRef,
    /// What the handler gets, as JSON.
    #[serde(default)]
    pub input: serde_json::Value,
    /// Length of the data window that ends at the due instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Duration>,
    /// What happens to due instants that were missed.
    #[serde(default)]
    pub catch_up: CatchUp,
    /// What happens when the last run is still going on.
    #[serde(default)]
    pub overlap: Overlap,
    /// What happens after a failure.
    #[serde(default)]
    pub retry: RetryPolicy,
    /// Longest time for one attempt; `None` leaves it to the handler and then to the plugin's limits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// A disabled schedule has no due instants.
    #[serde(default = "yes")]
    pub enabled: bool,
}

fn yes() -> bool {
    true
}

/// Where a schedule is defined, and so who may change it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Owner {
    /// A configuration file, with the line of its table.
    File {
        /// As given on the command line, joined with the file's name.
        path: String,
        /// Counted from 1.
        line: usize,
    },
    /// A client of the API.
    Api,
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Owner::File { path, line } => write!(f, "file:{path}:{line}"),
            Owner::Api => f.write_str("api"),
        }
    }
}

/// Somebody said: not now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Since when.
    pub since: DateTime<Utc>,
    /// Who said so.
    pub by: String,
    /// Why.
    pub reason: Option<String>,
    /// Ends by itself at this instant.
    pub until: Option<DateTime<Utc>>,
}

impl Pause {
    /// Whether it still holds at `instant`.
    pub fn covers(&self, instant: DateTime<Utc>) -> bool {
        self.until.is_none_or(|until| instant < until)
    }
}

/// A schedule as the ledger keeps it: what was asked for, and how far it has come.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// What was asked for.
    pub schedule: Schedule,
    /// When the schedule was first seen; the anchor of `every` without a start. Restarts do not reset it.
    pub anchor: DateTime<Utc>,
    /// Every due instant up to and including this one has been decided.
    pub cursor: DateTime<Utc>,
    /// Set while paused.
    pub pause: Option<Pause>,
}

impl Standing {
    /// The next due instant that is not decided yet.
    pub fn next_due(&self) -> Option<DateTime<Utc>> {
        if !self.schedule.enabled {
            return None;
        }
        self.schedule.trigger.next_after(self.cursor, self.anchor)
    }
}
