//! What an attempt did outside of its sandbox, as its host counted it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Names kept of each kind; what is over counts under `…`, so that a guest cannot make a record grow without end.
const NAMES: usize = 64;
const OTHERS: &str = "…";

/// What an attempt did outside of its sandbox. What was granted counts, also if it
/// failed; of what was not, only hosts keep a count.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Effects {
    /// Hosts called, as `https://api.example.com:443` or `tcp://db.internal:5432`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub hosts: BTreeMap<String, Traffic>,
    /// Secrets asked for by name, and how often. Never a value.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub secrets: BTreeMap<String, u64>,
    /// Statements on SQL connections, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub sql: BTreeMap<String, u64>,
    /// Commands on Redis connections, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub kv: BTreeMap<String, u64>,
    /// State keys read, and how often.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub state_read: BTreeMap<String, u64>,
    /// State keys written, and how often. Whether it holds, the outcome says.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub state_written: BTreeMap<String, u64>,
    /// Messages handed to the outbox, by destination.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub outbox: BTreeMap<String, u64>,
}

/// What went to a host and came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Traffic {
    /// Requests or connections that were let through.
    pub calls: u64,
    /// Refused by the grant or by the kind of address.
    pub refused: u64,
    /// Bytes of bodies, or of a connection.
    pub sent: u64,
    /// As above.
    pub received: u64,
}

impl Effects {
    /// Whether there is anything to tell.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// With every name as `rename` has it: names that a guest makes up may hold what nobody should read.
    #[must_use]
    pub fn renamed(self, rename: impl Fn(String) -> String) -> Self {
        fn all<T>(map: BTreeMap<String, T>, rename: &impl Fn(String) -> String) -> BTreeMap<String, T> {
            map.into_iter().map(|(name, count)| (rename(name), count)).collect()
        }
        Self {
            hosts: all(self.hosts, &rename),
            secrets: all(self.secrets, &rename),
            sql: all(self.sql, &rename),
            kv: all(self.kv, &rename),
            state_read: all(self.state_read, &rename),
            state_written: all(self.state_written, &rename),
            outbox: all(self.outbox, &rename),
        }
    }

    /// The traffic with a host, to be counted up.
    pub fn host(&mut self, origin: &str) -> &mut Traffic {
        entry(&mut self.hosts, origin)
    }

    /// A secret was asked for.
    pub fn secret(&mut self, name: &str) {
        *entry(&mut self.secrets, name) += 1;
    }

    /// Statements went to a SQL connection.
    pub fn statements(&mut self, connection: &str, count: u64) {
        *entry(&mut self.sql, connection) += count;
    }

    /// A command went to a Redis connection.
    pub fn command(&mut self, connection: &str) {
        *entry(&mut self.kv, connection) += 1;
    }

    /// A state key was read.
    pub fn read(&mut self, key: &str) {
        *entry(&mut self.state_read, key) += 1;
    }

    /// A state key was written or removed.
    pub fn wrote(&mut self, key: &str) {
        *entry(&mut self.state_written, key) += 1;
    }

    /// A message was handed over.
    pub fn message(&mut self, destination: &str) {
        *entry(&mut self.outbox, destination) += 1;
    }
}

fn entry<'a, T: Default>(map: &'a mut BTreeMap<String, T>, name: &str) -> &'a mut T {
    let name = if map.contains_key(name) || map.len() < NAMES { name } else { OTHERS };
    map.entry(name.to_owned()).or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_that_makes_up_names_makes_no_record_grow() {
        let mut effects = Effects::default();
        for number in 0..1_000 {
            effects.wrote(&format!("key-{number}"));
        }
        effects.wrote("key-0");
        assert_eq!(effects.state_written.len(), NAMES + 1);
        assert_eq!(effects.state_written["key-0"], 2);
        assert_eq!(effects.state_written[OTHERS], 1_000 - NAMES as u64);
    }
}
