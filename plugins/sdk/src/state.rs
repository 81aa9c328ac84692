//! Durable memories: a schedule's own, and the one that all of a plugin shares.

use std::error::Error;
use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::host::Host;

/// A durable memory: a schedule's own ([`Call::state`](crate::Call::state)), or the one that all handlers and schedules of the
/// plugin share ([`Call::shared`](crate::Call::shared)). What is written is committed together with the run's outcome or not at
/// all: after a trap, a timeout or a failure nothing has happened. If another run has changed an entry meanwhile that this one
/// has read and written, nothing of this run holds and it is called again.
///
/// Values are JSON, or bytes as they are. Each key counts its writes; that count is its revision.
///
/// ```
/// # use noontide_sdk::{Call, Failure};
/// fn next_page(call: &Call) -> Result<u32, Failure> {
///     let page = call.state().get::<u32>("page")?.unwrap_or(0) + 1;
///     call.state().set("page", &page)?;
///     Ok(page)
/// }
/// # assert_eq!(next_page(&Call::test()), Ok(1));
/// ```
#[derive(Clone, Copy)]
pub struct State<'call> {
    host: &'call dyn Host,
    scope: Scope,
}

/// Whose memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scope {
    Schedule,
    Plugin,
}

/// Keys of one answer.
pub(crate) const PAGE: u32 = 1_000;

/// Why a value was not read or written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StateError {
    /// Nothing was written: `state-size` or `state-keys` in the plugin's `limits`, or a bound of the host's own.
    TooLarge {
        /// Which.
        name: String,
        /// What it allows, in bytes or entries.
        allows: u64,
    },
    /// The entry is not at the revision that was expected.
    Conflict,
    /// The host could not read its record.
    Unavailable(String),
    /// The value does not read or write as the type that was asked for.
    Mismatch(String),
}

impl<'call> State<'call> {
    pub(crate) fn of(host: &'call dyn Host, scope: Scope) -> Self {
        Self { host, scope }
    }

    /// The value under this key, this run's own writes included.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, StateError> {
        Ok(self.get_with_revision(key)?.map(|(value, _)| value))
    }

    /// The value and its revision, for [`State::cas`].
    pub fn get_with_revision<T: DeserializeOwned>(&self, key: &str) -> Result<Option<(T, u64)>, StateError> {
        let Some((bytes, revision)) = self.host.load(self.scope, key)? else { return Ok(None) };
        Ok(Some((serde_json::from_slice(&bytes).map_err(mismatch(key))?, revision)))
    }

    /// Writes in any case and gives the new revision.
    pub fn set<T: Serialize + ?Sized>(&self, key: &str, value: &T) -> Result<u64, StateError> {
        self.host.save(self.scope, key, &serde_json::to_vec(value).map_err(mismatch(key))?, None)
    }

    /// Compare and set: writes only over this revision, and with 0 only if the key is new. Gives the new revision.
    pub fn cas<T: Serialize + ?Sized>(&self, key: &str, expected: u64, value: &T) -> Result<u64, StateError> {
        self.host.save(self.scope, key, &serde_json::to_vec(value).map_err(mismatch(key))?, Some(expected))
    }

    /// The bytes under this key and their revision.
    pub fn get_bytes(&self, key: &str) -> Result<Option<(Vec<u8>, u64)>, StateError> {
        self.host.load(self.scope, key)
    }

    /// Writes bytes as they are, in any case, and gives the new revision.
    pub fn set_bytes(&self, key: &str, value: &[u8]) -> Result<u64, StateError> {
        self.host.save(self.scope, key, value, None)
    }

    /// [`State::cas`] for bytes.
    pub fn cas_bytes(&self, key: &str, expected: u64, value: &[u8]) -> Result<u64, StateError> {
        self.host.save(self.scope, key, value, Some(expected))
    }

    /// All keys that begin with `prefix` in the order of their bytes, this run's own writes included. Unlike reading, it looks
    /// at no revision: another run may add or remove keys until this one is committed.
    pub fn keys(&self, prefix: &str) -> Result<Vec<String>, StateError> {
        let mut keys: Vec<String> = Vec::new();
        loop {
            let (mut page, more) = self.host.keys(self.scope, prefix, keys.last().map(String::as_str), PAGE)?;
            let is_last = !more || page.is_empty();
            keys.append(&mut page);
            if is_last {
                return Ok(keys);
            }
        }
    }

    /// Forgets the key; forgetting what is not there is fine.
    pub fn remove(&self, key: &str) -> Result<(), StateError> {
        self.host.remove(self.scope, key)
    }
}

fn mismatch(key: &str) -> impl FnOnce(serde_json::Error) -> StateError {
    move |error| StateError::Mismatch(format!("`{key}`: {error}"))
}

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { name, allows } if name.starts_with("state-") => write!(
                f,
                "state: over `{name}`, which allows {allows} {}: remember less, or raise it in `limits` of this plugin's \
                 table, [plugin.<name>]",
                if name == "state-keys" { "entries" } else { "bytes" }
            ),
            Self::TooLarge { name, allows } => write!(f, "state: over the host's bound for `{name}`, {allows}"),
            Self::Conflict => f.write_str("state: the entry is not at the expected revision"),
            Self::Unavailable(reason) => write!(f, "state: the host cannot read its record: {reason}"),
            Self::Mismatch(reason) => write!(f, "state: {reason}"),
        }
    }
}

impl Error for StateError {}

impl fmt::Debug for State<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("State")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Call, json};

    #[test]
    fn a_run_sees_its_own_writes() {
        let call = Call::test();
        assert_eq!(call.state().get::<u32>("seen"), Ok(None));
        assert_eq!(call.state().set("seen", &7), Ok(1));
        assert_eq!(call.state().get("seen"), Ok(Some(7)));
        call.state().remove("seen").unwrap();
        assert_eq!(call.state().get::<u32>("seen"), Ok(None));
    }

    #[test]
    fn compare_and_set_refuses_another_revision() {
        let call = Call::test().state_before("page", json!("a"));
        assert_eq!(call.state().cas("page", 0, "b"), Err(StateError::Conflict));
        let (value, revision) = call.state().get_with_revision::<String>("page").unwrap().unwrap();
        assert_eq!((value.as_str(), revision), ("a", 1));
        assert_eq!(call.state().cas("page", revision, "b"), Ok(2));
        assert_eq!(call.state().cas("page", revision, "c"), Err(StateError::Conflict));
        assert_eq!(call.state().cas("new", 0, "x"), Ok(1));
    }

    #[test]
    fn what_the_plugin_shares_is_apart_from_what_the_schedule_remembers() {
        let call = Call::test().state_before("k", json!(1)).shared_before("k", json!(2));
        assert_eq!((call.state().get("k"), call.shared().get("k")), (Ok(Some(1)), Ok(Some(2))));
        call.shared().set("k", &3).unwrap();
        assert_eq!((call.state_after("k"), call.shared_after("k")), (Some(json!(1)), Some(json!(3))));
    }

    #[test]
    fn keys_are_listed_in_order_however_many_there_are() {
        let call = Call::test();
        for number in 0..2_500 {
            call.shared().set(&format!("order/{number:04}"), &number).unwrap();
        }
        call.shared().set("other", &0).unwrap();
        let keys = call.shared().keys("order/").unwrap();
        assert_eq!((keys.len(), keys[0].as_str(), keys[2_499].as_str()), (2_500, "order/0000", "order/2499"));
        assert!(call.state().keys("").unwrap().is_empty());
    }

    #[test]
    fn a_limit_is_named_with_the_next_step() {
        let refused = StateError::TooLarge { name: "state-keys".into(), allows: 8 }.to_string();
        assert!(refused.contains("`state-keys`, which allows 8 entries") && refused.contains("[plugin."), "{refused}");
    }

    #[test]
    fn bytes_are_kept_as_they_are_and_a_wrong_type_is_said() {
        let call = Call::test();
        call.state().set_bytes("raw", &[0xff, 0]).unwrap();
        assert_eq!(call.state().get_bytes("raw"), Ok(Some((vec![0xff, 0], 1))));
        assert!(matches!(call.state().get::<u32>("raw"), Err(StateError::Mismatch(reason)) if reason.contains("raw")));
    }
}
