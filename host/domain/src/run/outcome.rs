//! How an attempt ended, and what there is to say about it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Artifact, Effects, ItemOutcome, ItemsEnd, Provenance, Terms};
use crate::{PluginVersion, StateSize, StateWrite, Webhook};

/// How one attempt ended, as the sandbox and the rescuer see it. A guest's fault is data, never an error of ours.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Outcome {
    /// The handler finished its work.
    Succeeded {
        /// Its result, as JSON.
        result: Option<serde_json::Value>,
    },
    /// The handler found nothing to do.
    Skipped {
        /// Its words.
        reason: String,
    },
    /// The handler asks to be called again.
    RunAgain {
        /// After how long.
        after: Duration,
    },
    /// The handler said it failed.
    Failed {
        /// Its words.
        message: String,
        /// Whether trying again can help.
        retryable: bool,
        /// A wait the handler asked for.
        after: Option<Duration>,
    },
    /// The guest broke: unreachable code, stack overflow, a bad memory access.
    Trapped {
        /// The kind of trap, as wasmtime names it.
        message: String,
        /// The guest's frames, innermost first.
        backtrace: Vec<String>,
    },
    /// Did not end in time, and was stopped.
    TimedOut {
        /// The time it had.
        after: Duration,
    },
    /// Asked for more memory than its limit.
    OutOfMemory {
        /// The limit, in bytes.
        limit: u64,
    },
    /// Stopped because it was asked to.
    Cancelled,
    /// Its host went away: the lease ran out.
    Abandoned,
    /// It never began: the handler was not there or could not be instantiated.
    Unavailable {
        /// Why, in words.
        message: String,
    },
}

impl Outcome {
    /// The word in API and CLI.
    pub fn as_str(&self) -> &'static str {
        match self {
            Outcome::Succeeded { .. } => "succeeded",
            Outcome::Skipped { .. } => "skipped",
            Outcome::RunAgain { .. } => "run-again",
            Outcome::Failed { .. } => "failed",
            Outcome::Trapped { .. } => "trapped",
            Outcome::TimedOut { .. } => "timed-out",
            Outcome::OutOfMemory { .. } => "out-of-memory",
            Outcome::Cancelled => "cancelled",
            Outcome::Abandoned => "abandoned",
            Outcome::Unavailable { .. } => "unavailable",
        }
    }

    /// The handler came to its end without a fault: what it wrote to its state counts.
    pub fn ended_well(&self) -> bool {
        matches!(self, Outcome::Succeeded { .. } | Outcome::Skipped { .. } | Outcome::RunAgain { .. })
    }

    /// What went wrong, in a line; `None` if nothing did.
    pub fn message(&self) -> Option<String> {
        match self {
            Outcome::Succeeded { .. } | Outcome::Skipped { .. } | Outcome::RunAgain { .. } => None,
            Outcome::Failed { message, .. } | Outcome::Trapped { message, .. } | Outcome::Unavailable { message } => {
                Some(message.clone())
            }
            Outcome::TimedOut { after } => Some(format!("stopped after {}", crate::duration::words(*after))),
            Outcome::OutOfMemory { limit } => Some(format!(
                "asked for more than its {} of memory; `limits = {{ memory = … }}` of the plugin raises it",
                crate::duration::bytes(*limit)
            )),
            Outcome::Cancelled => Some("cancelled".to_owned()),
            Outcome::Abandoned => Some("its host went away: the lease ran out".to_owned()),
        }
    }
}

/// What an attempt used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Usage {
    /// From call to end, in milliseconds.
    pub wall_ms: u64,
    /// Ticks of the epoch clock that the guest was seen computing in, in milliseconds (10 ms steps).
    pub cpu_ms: u64,
    /// The most its memories held together, in bytes.
    pub peak_memory_bytes: u64,
}

/// One line of a run's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// When the host took it.
    pub at: DateTime<Utc>,
    /// `trace`, `debug`, `info`, `warn`, `error`.
    pub level: String,
    /// `log`, `stdout` or `stderr`; `host` where the host says what it refused.
    pub source: String,
    /// Control characters escaped.
    pub message: String,
    /// Pairs given beside the message.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<(String, String)>,
}

/// All there is to say about one finished attempt.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// How it ended.
    pub outcome: Outcome,
    /// Which version of the plugin it ran on; `None` if it never began.
    pub plugin: Option<PluginVersion>,
    /// When the call began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: DateTime<Utc>,
    /// What it used.
    pub usage: Usage,
    /// What it said.
    pub logs: Vec<LogLine>,
    /// Lines that were over the limits.
    pub logs_dropped: u64,
    /// What the handler said of each of its items; empty if it did not tell them apart.
    pub items: Vec<ItemOutcome>,
    /// What it wants to remember; only kept if that counts ([`Report::keeps_state`]).
    pub state: Vec<StateWrite>,
    /// What its plugin may remember in all; judged with what others have written meanwhile.
    pub state_allows: StateSize,
    /// What it wants to have sent; only taken if its state is kept.
    pub messages: Vec<Webhook>,
    /// Files it attached; only kept if the handler came to its end ([`Report::keeps_artifacts`]). They take the place of all
    /// that earlier attempts left, so that what a run keeps is bounded by what one attempt may attach.
    pub artifacts: Vec<Artifact>,
    /// What it did outside of its sandbox, however it ended.
    pub effects: Effects,
    /// What held while it ran; `None` if it never began.
    pub terms: Option<Terms>,
}

impl Report {
    /// Of an attempt whose handler was never called: cancelled before, not there, or gone with its host.
    pub fn never_began(outcome: Outcome, now: DateTime<Utc>) -> Self {
        Self {
            outcome,
            plugin: None,
            started_at: now,
            finished_at: now,
            usage: Usage::default(),
            logs: Vec::new(),
            logs_dropped: 0,
            items: Vec::new(),
            state: Vec::new(),
            state_allows: StateSize::ENDLESS,
            messages: Vec::new(),
            artifacts: Vec::new(),
            effects: Effects::default(),
            terms: None,
        }
    }

    /// What is kept of how it came about; `None` if it never began.
    pub fn provenance(&self) -> Option<Provenance> {
        self.terms.clone().map(|terms| Provenance { terms, effects: self.effects.clone() })
    }

    /// Whether what it wrote to its state counts, and what it handed to the outbox: it ended well, or it told its items apart and answers for each.
    pub fn keeps_state(&self) -> bool {
        self.outcome.ended_well() || !self.items.is_empty()
    }

    /// Whether the files it attached are kept: the handler came to its end and says how it went, be it badly. What the host
    /// broke off may have left half a report.
    pub fn keeps_artifacts(&self) -> bool {
        self.outcome.ended_well() || matches!(self.outcome, Outcome::Failed { .. })
    }

    /// What it means for the items of the run; `is_over` if no attempt follows.
    pub fn items_end(&self, is_over: bool) -> ItemsEnd<'_> {
        match &self.outcome {
            _ if !self.items.is_empty() => ItemsEnd::Each(&self.items),
            Outcome::Succeeded { .. } | Outcome::Skipped { .. } => ItemsEnd::All(None),
            Outcome::RunAgain { .. } if !is_over => ItemsEnd::Untouched,
            // Nobody said that they failed, and somebody will look again.
            Outcome::Abandoned if !is_over => ItemsEnd::Untouched,
            // Nobody was called: they are not executed, and may come again.
            Outcome::Cancelled | Outcome::Unavailable { .. } if self.plugin.is_none() => ItemsEnd::Untouched,
            outcome => ItemsEnd::All(Some(outcome.message().unwrap_or_else(|| "asked to stop".to_owned()))),
        }
    }
}
