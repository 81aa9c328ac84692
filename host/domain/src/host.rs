//! Hosts: what each does, what can be said of it, how it stands.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ports::HostNews;
use crate::suggest;

/// A part of the work that a host takes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Plans what comes due, and cleans up after hosts that went away.
    Scheduler,
    /// Leases runs and calls their handlers.
    Worker,
    /// Answers on TCP.
    Api,
}

impl Role {
    /// All there are.
    pub const ALL: [Role; 3] = [Role::Scheduler, Role::Worker, Role::Api];

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Scheduler => "scheduler",
            Role::Worker => "worker",
            Role::Api => "api",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Role::ALL.into_iter().find(|role| role.as_str() == text).ok_or_else(|| {
            let known = Role::ALL.map(Role::as_str);
            let hint = suggest::hint(text, known);
            let remedy = if hint.is_empty() { format!("; {} are known", known.join(", ")) } else { hint };
            format!("there is no role `{text}`{remedy}")
        })
    }
}

/// The roles of a host. Every host, whatever its roles, knows the list of schedules and takes up what others change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Roles(pub BTreeSet<Role>);

impl Roles {
    /// Whether it is one of them.
    pub fn has(&self, role: Role) -> bool {
        self.0.contains(&role)
    }
}

impl Default for Roles {
    /// All: a host alone does everything.
    fn default() -> Self {
        Self(Role::ALL.into())
    }
}

impl FromIterator<Role> for Roles {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Self {
        Self(roles.into_iter().collect())
    }
}

/// What can be said of a host, as the operator names it: `gpu = "true"`. Or what a run asks of one.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Labels(pub BTreeMap<String, String>);

impl Labels {
    /// Nothing is said, or asked.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether all that is `wanted` is said here, word for word.
    pub fn meet(&self, wanted: &Labels) -> bool {
        wanted.0.iter().all(|(name, value)| self.0.get(name) == Some(value))
    }
}

impl FromIterator<(String, String)> for Labels {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(labels: I) -> Self {
        Self(labels.into_iter().collect())
    }
}

impl fmt::Display for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let labels: Vec<_> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        f.write_str(&labels.join(", "))
    }
}

/// How a host stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostState {
    /// It has been heard of within its lease.
    Live,
    /// The same, and it begins nothing new.
    Draining,
    /// It has not been heard of for longer than its lease, and has not said that it ends.
    Silent,
    /// It has said that it ends.
    Ended,
}

impl HostState {
    /// All there are.
    pub const ALL: [HostState; 4] = [HostState::Live, HostState::Draining, HostState::Silent, HostState::Ended];

    /// How a host stands that said so and has its lease until then.
    pub fn of(news: &HostNews, lease_until: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        match news {
            HostNews { ended: true, .. } => HostState::Ended,
            _ if lease_until <= now => HostState::Silent,
            HostNews { draining: true, .. } => HostState::Draining,
            _ => HostState::Live,
        }
    }

    /// The state of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            HostState::Live => "live",
            HostState::Draining => "draining",
            HostState::Silent => "silent",
            HostState::Ended => "ended",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(of: &[(&str, &str)]) -> Labels {
        of.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_host_meets_what_it_says_all_of() {
        let host = labels(&[("gpu", "true"), ("zone", "a")]);
        assert!(host.meet(&labels(&[])) && host.meet(&labels(&[("gpu", "true")])));
        for wanted in [[("gpu", "false")], [("disk", "big")]] {
            assert!(!host.meet(&labels(&wanted)), "{wanted:?}");
        }
        assert!(!host.meet(&labels(&[("gpu", "true"), ("disk", "big")])));
    }

    #[test]
    fn an_unknown_role_is_answered_with_the_nearest_one() {
        assert_eq!("worker".parse(), Ok(Role::Worker));
        assert!("workers".parse::<Role>().unwrap_err().ends_with("did you mean `worker`?"));
        assert!("leader".parse::<Role>().unwrap_err().contains("scheduler, worker, api are known"));
    }
}
