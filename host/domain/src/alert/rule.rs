//! Rules: of what somebody wants to be told, when, and where.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Notice, Subject};
use crate::suggest;

/// What can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// A run has used up its attempts, or failed for good.
    Failed,
    /// A due instant passed without a run, and nobody wanted that: no host was there, no plugin offered the handler, or the
    /// run could not begin in time.
    Missed,
    /// A schedule has had no success for longer than its `expect-within`.
    Overdue,
    /// A plugin file cannot be taken.
    PluginRejected,
    /// A new version of a plugin waits for somebody to let it in.
    PluginHeld,
    /// A version of a plugin was taken back.
    PluginRolledBack,
    /// A host went away without a word.
    HostLost,
    /// A message of the outbox was given up.
    Undelivered,
}

impl Condition {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Failed,
        Self::Missed,
        Self::Overdue,
        Self::PluginRejected,
        Self::PluginHeld,
        Self::PluginRolledBack,
        Self::HostLost,
        Self::Undelivered,
    ];

    /// The word in configuration, API and messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Missed => "missed",
            Self::Overdue => "overdue",
            Self::PluginRejected => "plugin-rejected",
            Self::PluginHeld => "plugin-held",
            Self::PluginRolledBack => "plugin-rolled-back",
            Self::HostLost => "host-lost",
            Self::Undelivered => "undelivered",
        }
    }

    /// Whether it happens to something with a schedule or a handler, so that a rule can be bounded to some of them.
    pub fn has_a_handler(self) -> bool {
        matches!(self, Self::Failed | Self::Missed | Self::Overdue)
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Condition {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.map(Self::as_str);
        Self::ALL.into_iter().find(|condition| condition.as_str() == text).ok_or_else(|| {
            let hint = suggest::hint(text, known);
            let hint = if hint.is_empty() { format!("; known are {}", known.join(", ")) } else { hint };
            format!("`{text}` is nothing that a rule can be about{hint}")
        })
    }
}

/// A name with `*` for anything: `nightly`, `nightly-*`, `mail/*`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NamePattern(pub String);

impl NamePattern {
    /// Whether `name` is one of those that are meant.
    pub fn names(&self, name: &str) -> bool {
        let mut parts = self.0.split('*');
        let first = parts.next().unwrap_or_default();
        let Some(mut rest) = name.strip_prefix(first) else { return false };
        let mut parts = parts.peekable();
        if parts.peek().is_none() {
            return rest.is_empty();
        }
        while let Some(part) = parts.next() {
            if parts.peek().is_none() {
                return rest.ends_with(part);
            }
            let Some(at) = rest.find(part) else { return false };
            rest = &rest[at + part.len()..];
        }
        true
    }
}

/// Of what somebody wants to be told, when, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AlertRule {
    /// Unique; incidents are known by it.
    pub name: String,
    /// Of what.
    pub on: BTreeSet<Condition>,
    /// Only of these schedules; of all if there are none.
    pub schedules: Vec<NamePattern>,
    /// Only of calls of these handlers; of all if there are none.
    pub handlers: Vec<NamePattern>,
    /// After so many runs in a row that failed.
    pub after: u32,
    /// Said again after so long, as long as it goes on.
    pub remind: Option<Duration>,
    /// Said when it is over.
    pub recovery: bool,
    /// Where, by name.
    pub sinks: Vec<String>,
}

impl AlertRule {
    /// About `on`, at the first of it, with a word when it is over.
    pub fn new(name: impl Into<String>, on: impl IntoIterator<Item = Condition>) -> Self {
        Self {
            name: name.into(),
            on: on.into_iter().collect(),
            schedules: Vec::new(),
            handlers: Vec::new(),
            after: 1,
            remind: None,
            recovery: true,
            sinks: Vec::new(),
        }
    }

    /// Whether it is about what went wrong there.
    pub fn is_about(&self, notice: &Notice) -> bool {
        notice.condition.is_some_and(|condition| self.on.contains(&condition))
            && among(&self.schedules, schedule(&notice.subject))
            && among(&self.handlers, notice.facts.handler.as_ref().map(ToString::to_string).as_deref())
    }
}

fn schedule(subject: &Subject) -> Option<&str> {
    match subject {
        Subject::Schedule(name) => Some(name.as_str()),
        _ => None,
    }
}

fn among(patterns: &[NamePattern], name: Option<&str>) -> bool {
    patterns.is_empty() || name.is_some_and(|name| patterns.iter().any(|pattern| pattern.names(name)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::Facts;

    #[test]
    fn a_star_stands_for_anything() {
        let names = |pattern: &str, name: &str| NamePattern(pattern.to_owned()).names(name);
        for (pattern, name) in
            [("a", "a"), ("*", ""), ("*", "a/b"), ("mail/*", "mail/send"), ("*-eu", "x-eu"), ("a*b*c", "a-b-b-c")]
        {
            assert!(names(pattern, name), "{pattern} and {name}");
        }
        for (pattern, name) in [("a", "ab"), ("mail/*", "email/send"), ("*-eu", "x-eu2"), ("a*b*c", "acb"), ("", "a")] {
            assert!(!names(pattern, name), "{pattern} and {name}");
        }
    }

    #[test]
    fn a_rule_that_names_schedules_is_about_nothing_else() {
        let mut rule = AlertRule::new("ops", [Condition::Failed]);
        let of = |subject| Notice::wrong(chrono::DateTime::UNIX_EPOCH, subject, Condition::Failed, "no");
        let nightly = of(Subject::Schedule("nightly-eu".parse().expect("a name")));
        let call = of(Subject::Handler("mail/send".parse().expect("a handler")));
        assert!(rule.is_about(&nightly) && rule.is_about(&call));
        rule.schedules = vec![NamePattern("nightly-*".to_owned())];
        assert!(rule.is_about(&nightly) && !rule.is_about(&call));
        rule.handlers = vec![NamePattern("mail/*".to_owned())];
        assert!(!rule.is_about(&nightly), "its handler is not known");
        let handler = Some("mail/send".parse().expect("a handler"));
        assert!(rule.is_about(&nightly.with(Facts { handler, ..Facts::default() })));
    }

    #[test]
    fn a_word_that_is_none_is_met_with_one_that_is() {
        assert!("fialed".parse::<Condition>().expect_err("none").contains("`failed`"));
        assert_eq!("host-lost".parse(), Ok(Condition::HostLost));
    }
}
