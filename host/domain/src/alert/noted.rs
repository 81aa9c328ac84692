//! What is noted of what is recorded. Every ledger asks here, in the transaction that records it.

use chrono::{DateTime, SecondsFormat, Utc};

use super::{Condition, Facts, Notice, Subject};
use crate::plugin::upgrade::{Change, VersionStanding};
use crate::ports::{Overdue, Skip};
use crate::{HandlerRef, MessageId, Outcome, PluginName, RunId, RunState, ScheduleName, SkipReason};

/// Of a run: by whom it is known, and where to look for more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfRun {
    /// The run.
    pub run: RunId,
    /// Its schedule.
    pub schedule: Option<ScheduleName>,
    /// What was called.
    pub handler: HandlerRef,
    /// The nominal instant.
    pub due_at: DateTime<Utc>,
}

impl OfRun {
    fn subject(&self) -> Subject {
        Subject::of_run(self.schedule.as_ref(), &self.handler)
    }

    fn facts(self, attempt: Option<u32>) -> Facts {
        Facts { handler: Some(self.handler), run: Some(self.run), due_at: Some(self.due_at), attempt }
    }
}

/// The end of attempt number `attempt`, after which the run is in `state`; `None` if it says nothing.
pub fn end(of: OfRun, state: RunState, attempt: u32, outcome: &Outcome, at: DateTime<Utc>) -> Option<Notice> {
    let subject = of.subject();
    match state {
        RunState::Succeeded => Some(Notice::well(at, subject, format!("run {} succeeded", of.run))),
        RunState::Failed => {
            let words = outcome.message().unwrap_or_else(|| outcome.as_str().to_owned());
            Some(Notice::wrong(at, subject, Condition::Failed, words).with(of.facts(Some(attempt))))
        }
        _ => None,
    }
}

/// A due instant, or several, that did not run; `None` if somebody wanted it so.
pub fn skip(skip: &Skip, at: DateTime<Utc>) -> Option<Notice> {
    let is_missed =
        matches!(skip.reason, SkipReason::Missed | SkipReason::HandlerMissing { .. } | SkipReason::Expired { .. });
    let facts = Facts { handler: Some(skip.handler.clone()), due_at: Some(skip.due_at), ..Facts::default() };
    let words = match skip.count {
        0 | 1 => skip.reason.to_string(),
        count => format!("{count} due instants: {}", skip.reason),
    };
    let subject = Subject::Schedule(skip.schedule.clone());
    is_missed.then(|| Notice::wrong(at, subject, Condition::Missed, words).with(facts))
}

/// A run that could not begin in time.
pub fn expiry(of: OfRun, by: DateTime<Utc>, at: DateTime<Utc>) -> Notice {
    let words = SkipReason::Expired { by }.to_string();
    Notice::wrong(at, of.subject(), Condition::Missed, words).with(of.facts(None))
}

/// A schedule whose success is overdue.
pub fn overdue(overdue: &Overdue, at: DateTime<Utc>) -> Notice {
    let words = format!("no success within its `expect-within`; one was due by {}", instant(overdue.since));
    Notice::wrong(at, Subject::Schedule(overdue.schedule.clone()), Condition::Overdue, words)
}

/// A decision about the versions of a plugin. If one steps back, that another takes its place is no good news.
pub fn versions(plugin: &PluginName, changes: &[Change], at: DateTime<Utc>) -> Vec<Notice> {
    let subject = || Subject::Plugin(plugin.to_string());
    let wrong = |change: &Change| {
        let condition = match change.standing {
            VersionStanding::RolledBack => Condition::PluginRolledBack,
            VersionStanding::Held => Condition::PluginHeld,
            _ => return None,
        };
        let words = change.why.clone().unwrap_or_else(|| format!("{} {}", change.standing.as_str(), change.sha256));
        Some(Notice::wrong(at, subject(), condition, words))
    };
    let wrong: Vec<_> = changes.iter().filter_map(wrong).collect();
    let is_taken = changes.iter().any(|change| change.standing == VersionStanding::Active);
    match wrong.is_empty() && is_taken {
        true => vec![Notice::well(at, subject(), "a version was let in")],
        false => wrong,
    }
}

/// A message that was sent, or, with the last answer, given up.
pub fn message(
    id: MessageId,
    plugin: PluginName,
    destination: &str,
    gave_up: Option<&str>,
    at: DateTime<Utc>,
) -> Notice {
    let subject = Subject::Outbox(plugin);
    match gave_up {
        Some(answer) => {
            let words = format!("message {id} to {destination}: {answer}; `noontide outbox retry` sends it again");
            Notice::wrong(at, subject, Condition::Undelivered, words)
        }
        None => Notice::well(at, subject, format!("message {id} was sent")),
    }
}

/// A host that went away without a word.
pub fn lost(name: &str, seen_at: DateTime<Utc>, at: DateTime<Utc>) -> Notice {
    let words = format!("it went away without a word; it was heard of last at {}", instant(seen_at));
    Notice::wrong(at, Subject::Host(name.to_owned()), Condition::HostLost, words)
}

/// One that is there again.
pub fn back(name: &str, at: DateTime<Utc>) -> Notice {
    Notice::well(at, Subject::Host(name.to_owned()), "it is back")
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
