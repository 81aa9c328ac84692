//! What handlers remember between runs: whose it is, and how much of it there may be.

use crate::{Order, PluginName};

/// Whose memory an entry is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StateScope {
    /// The schedule's own; of an enqueued run, its handler's.
    Schedule,
    /// Shared by all handlers and schedules of the plugin.
    Plugin,
}

impl StateScope {
    /// The name of that memory in the ledger, for a run of `order`.
    pub fn of(self, order: &Order) -> String {
        match (self, &order.schedule) {
            (StateScope::Plugin, _) => Self::shared(&order.handler.plugin),
            (StateScope::Schedule, Some(schedule)) => format!("schedule:{schedule}"),
            (StateScope::Schedule, None) => format!("handler:{}", order.handler),
        }
    }

    /// The name of what all of `plugin` shares.
    pub fn shared(plugin: &PluginName) -> String {
        format!("plugin:{plugin}")
    }
}

/// One write to a memory, buffered during the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateWrite {
    /// Whose memory.
    pub scope: StateScope,
    /// The entry's key.
    pub key: String,
    /// `None` removes it.
    pub value: Option<Vec<u8>>,
    /// The revision the run saw when it first touched the key; 0 if there was none. The commit demands it.
    pub base: u64,
    /// The revision after the commit.
    pub revision: u64,
}

/// How much a plugin remembers in all its memories together, or may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StateSize {
    /// Of keys and values.
    pub bytes: u64,
    /// Entries.
    pub keys: u64,
}

/// A key of `limits` that is used up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverLimit {
    /// The key in `limits` of `[plugin.<name>]`.
    pub limit: &'static str,
    /// What it allows, in bytes or entries.
    pub allows: u64,
}

impl StateSize {
    /// As much as a ledger can count.
    pub const ENDLESS: StateSize = StateSize { bytes: i64::MAX as u64, keys: i64::MAX as u64 };

    /// What an entry takes.
    pub fn of_entry(key: &str, value: &[u8]) -> StateSize {
        StateSize { bytes: (key.len() + value.len()) as u64, keys: 1 }
    }

    /// The limit that growing from `before` to this goes over. Who takes less than before is let through, also where the
    /// operator has lowered the limit meanwhile.
    pub fn over(self, before: StateSize, allowed: StateSize) -> Option<OverLimit> {
        let kinds = [
            ("state-size", before.bytes, self.bytes, allowed.bytes),
            ("state-keys", before.keys, self.keys, allowed.keys),
        ];
        let (limit, .., allows) =
            kinds.into_iter().find(|(_, before, after, allows)| after > allows && after > before)?;
        Some(OverLimit { limit, allows })
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::{Cause, Key, RunId};

    #[test]
    fn a_plugins_memory_is_shared_by_its_handlers_and_a_schedules_is_its_own() {
        let run = RunId::new();
        let handler = "mail/send".parse().expect("a handler");
        let mut order = Order::new(run, Key::manual(run), handler, DateTime::UNIX_EPOCH, Cause::Manual);
        assert_eq!(StateScope::Plugin.of(&order), "plugin:mail");
        assert_eq!(StateScope::Schedule.of(&order), "handler:mail/send");
        order.schedule = Some("nightly".parse().expect("a name"));
        assert_eq!(StateScope::Plugin.of(&order), "plugin:mail");
        assert_eq!(StateScope::Schedule.of(&order), "schedule:nightly");
    }

    #[test]
    fn only_who_grows_past_a_limit_is_over_it() {
        let allowed = StateSize { bytes: 10, keys: 2 };
        let size = |bytes, keys| StateSize { bytes, keys };
        let over = |before, after: StateSize| after.over(before, allowed).map(|over| over.limit);
        assert_eq!(over(size(9, 2), size(10, 2)), None);
        assert_eq!(over(size(9, 2), size(11, 2)), Some("state-size"));
        assert_eq!(over(size(9, 2), size(10, 3)), Some("state-keys"));
        assert_eq!(over(size(20, 5), size(15, 4)), None, "the operator has lowered the limits");
        assert_eq!(over(size(20, 5), size(20, 4)), None);
    }
}
