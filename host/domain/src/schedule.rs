//! A schedule: a named joining of a trigger to a handler, with input and policies.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    CatchUp, Conditions, HandlerRef, Headers, Key, KeyPart, Labels, Overlap, Priority, QueueName, RetryPolicy,
    ScheduleName, Trigger, WindowLength,
};

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
    /// The triggers of the configuration that it names; what they said is in `trigger`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub named: Vec<NamedTrigger>,
    /// The IANA zone its trigger was read in; handed to the handler.
    pub timezone: chrono_tz::Tz,
    /// What is called.
    pub handler: HandlerRef,
    /// What the handler gets, as JSON.
    #[serde(default)]
    pub input: serde_json::Value,
    /// Who goes first where places are few.
    #[serde(default = "Priority::schedule", skip_serializing_if = "Priority::is_a_schedules")]
    pub priority: Priority,
    /// In which line its runs wait.
    #[serde(default, skip_serializing_if = "QueueName::is_default")]
    pub queue: QueueName,
    /// What is asked of the hosts that carry out its runs.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub runs_on: Labels,
    /// Handed to the handler beside the input.
    #[serde(default, skip_serializing_if = "Headers::is_empty")]
    pub headers: Headers,
    /// Length of the data window that ends at the due instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<WindowLength>,
    /// Smaller schedules whose work its runs do, too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub includes: Vec<ScheduleName>,
    /// Smaller schedules in whose place it fires: they are left out on the local day on which it comes due.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub supersedes: Vec<ScheduleName>,
    /// What happens to due instants that were missed.
    #[serde(default)]
    pub catch_up: CatchUp,
    /// What happens when the last run is still going on.
    #[serde(default)]
    pub overlap: Overlap,
    /// How many of its runs are under lease at the same time, on all hosts together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<u32>,
    /// How long after the due instant the first attempt may begin; later the run expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_deadline: Option<Duration>,
    /// How long after the due instant any attempt may begin, retries too; later the run expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Duration>,
    /// How often it runs in all; then nothing follows. Fires by hand and backfills are not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_runs: Option<u64>,
    /// Each start is late by a share of this, another one for every due instant. Never part of the identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jitter: Option<Duration>,
    /// Each start is late by a share of this, always the same one: schedules of one minute are spread over it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spread: Option<Duration>,
    /// Longest time without a success; beyond it the schedule is overdue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect_within: Option<Duration>,
    /// What happens after a failure.
    #[serde(default)]
    pub retry: RetryPolicy,
    /// Longest time for one attempt; `None` leaves it to the handler and then to the plugin's limits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// What its runs may do less than their plugin, and what their clock shows; `None` if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<Box<Conditions>>,
    /// A disabled schedule has no due instants.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// What the client of the API wrote, which a later patch is laid over; `None` for those of files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<serde_json::Value>,
}

impl Schedule {
    /// A schedule of the API with the defaults of every policy.
    pub fn new(name: ScheduleName, trigger: Trigger, handler: HandlerRef) -> Self {
        Self {
            name,
            description: None,
            owner: Owner::Api,
            trigger,
            named: Vec::new(),
            timezone: chrono_tz::UTC,
            handler,
            input: serde_json::Value::Null,
            priority: Priority::SCHEDULE,
            queue: QueueName::default(),
            runs_on: Labels::default(),
            headers: Headers::default(),
            window: None,
            includes: Vec::new(),
            supersedes: Vec::new(),
            catch_up: CatchUp::default(),
            overlap: Overlap::default(),
            concurrency: None,
            start_deadline: None,
            expires: None,
            max_runs: None,
            jitter: None,
            spread: None,
            expect_within: None,
            retry: RetryPolicy::default(),
            timeout: None,
            terms: None,
            enabled: true,
            asked: None,
        }
    }

    /// Whether it comes due at other instants than `old` would, so that nothing may look back. A cursor stays where
    /// `max-runs` was used up: whoever allows more does not mean what came due since.
    pub fn comes_due_unlike(&self, old: &Self) -> bool {
        let of = |schedule: &Self| (schedule.timezone, schedule.enabled, schedule.max_runs);
        old.trigger != self.trigger || of(old) != of(self)
    }

    /// What `asked` means for its runs. Where several may go on at the same time, none waits for its turn: all that wait stand
    /// at the gate, and whoever is next goes as soon as there is a place.
    pub fn line_up(&self, asked: Overlap) -> Overlap {
        match asked {
            Overlap::QueueAll if self.concurrency.is_some_and(|most| most > 1) => Overlap::Allow,
            other => other,
        }
    }

    /// How much later than its due instant a run begins: `spread` and `jitter`. The same question has the same answer on
    /// every host and after every restart.
    pub fn delay(&self, due_at: DateTime<Utc>) -> Duration {
        let name = KeyPart::Text(self.name.as_str());
        let spread = share(self.spread, &[name]);
        spread + share(self.jitter, &[name, KeyPart::Integer(due_at.timestamp_millis())])
    }
}

/// From nothing up to, not including, `most`, in whole milliseconds.
fn share(most: Option<Duration>, of: &[KeyPart<'_>]) -> Duration {
    let Some(millis) = most.and_then(|most| u64::try_from(most.as_millis()).ok()).filter(|millis| *millis > 0) else {
        return Duration::ZERO;
    };
    let hash = Key::of("delay", of).hash;
    let number = hash[..8].iter().fold(0, |number: u64, byte| number << 8 | u64::from(*byte));
    Duration::from_millis(number % millis)
}

fn yes() -> bool {
    true
}

/// A `[trigger.NAME]` that a schedule names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedTrigger {
    /// Its name.
    pub name: String,
    /// Where it is written: `path:line:column`.
    pub place: String,
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

impl Owner {
    /// `path:line`, if a file is the owner.
    pub fn place(&self) -> Option<String> {
        match self {
            Owner::File { path, line } => Some(format!("{path}:{line}")),
            Owner::Api => None,
        }
    }
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
    /// How often it has run because it came due: what `max-runs` counts.
    pub runs: u64,
    /// The due instant of its last success.
    pub last_success: Option<DateTime<Utc>>,
}

impl Standing {
    /// A schedule that is first seen at `now`.
    pub fn new(schedule: Schedule, now: DateTime<Utc>) -> Self {
        Self { schedule, anchor: now, cursor: now, pause: None, runs: 0, last_success: None }
    }

    /// The next due instant that is not decided yet.
    pub fn next_due(&self) -> Option<DateTime<Utc>> {
        self.next_after(self.cursor)
    }

    /// When it has to be looked at next: at a due instant, or when a day is over on which one did not come.
    pub fn looks_at(&self) -> Option<DateTime<Utc>> {
        self.looks_after(self.cursor)
    }

    /// The same, once everything up to `cursor` has been decided.
    pub fn looks_after(&self, cursor: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if self.runs_left() == 0 {
            return None;
        }
        let absent = self.schedule.trigger.first_absent_day_end(cursor, self.anchor);
        self.next_after(cursor).into_iter().chain(absent).min()
    }

    /// The first due instant strictly after `after`, if it may still run.
    pub fn next_after(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if self.runs_left() == 0 {
            return None;
        }
        self.schedule.trigger.next_after(after, self.anchor)
    }

    /// How often it may still run; 0 while it is disabled.
    pub fn runs_left(&self) -> u64 {
        match self.schedule.max_runs {
            _ if !self.schedule.enabled => 0,
            Some(most) => most.saturating_sub(self.runs),
            None => u64::MAX,
        }
    }

    /// Whether it has had its last due instant: nothing comes any more unless somebody fires it by hand.
    pub fn is_done(&self) -> bool {
        let used_up = self.schedule.max_runs.is_some_and(|most| self.runs >= most);
        self.schedule.enabled && (used_up || !self.schedule.trigger.waits() && self.next_due().is_none())
    }

    /// Since when a success is missing, if one was expected by `now`.
    pub fn overdue_since(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let within = TimeDelta::from_std(self.schedule.expect_within?).ok()?;
        let since = self.last_success.map_or(self.anchor, |last| last.max(self.anchor)).checked_add_signed(within)?;
        (since < now && self.schedule.enabled).then_some(since)
    }
}

#[cfg(test)]
mod tests;
