//! The durable memory of a schedule.

use std::error::Error;
use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::host::Host;

/// The durable memory of a schedule. It is committed together with the run's outcome or not at all: after a trap, a
/// timeout or a failure nothing has happened.
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
}

/// Why a value was not read or written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StateError {
    /// The value, the key or their number is over the host's limit, in bytes or entries.
    TooLarge {
        /// The limit.
        limit: u64,
    },
    /// The entry is not at the revision that was expected.
    Conflict,
    /// The host could not read its record.
    Unavailable(String),
    /// The value does not read or write as the type that was asked for.
    Mismatch(String),
}

impl<'call> State<'call> {
    pub(crate) fn of(host: &'call dyn Host) -> Self {
        Self { host }
    }

    /// The value under this key, this run's own writes included.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, StateError> {
        Ok(self.get_with_revision(key)?.map(|(value, _)| value))
    }

    /// The value and its revision, for [`State::cas`].
    pub fn get_with_revision<T: DeserializeOwned>(&self, key: &str) -> Result<Option<(T, u64)>, StateError> {
        let Some((bytes, revision)) = self.host.load(key)? else { return Ok(None) };
        Ok(Some((serde_json::from_slice(&bytes).map_err(mismatch(key))?, revision)))
    }

    /// Writes in any case and gives the new revision.
    pub fn set<T: Serialize + ?Sized>(&self, key: &str, value: &T) -> Result<u64, StateError> {
        self.host.save(key, &serde_json::to_vec(value).map_err(mismatch(key))?, None)
    }

    /// Compare and set: writes only over this revision, and with 0 only if the key is new. Gives the new revision.
    pub fn cas<T: Serialize + ?Sized>(&self, key: &str, expected: u64, value: &T) -> Result<u64, StateError> {
        self.host.save(key, &serde_json::to_vec(value).map_err(mismatch(key))?, Some(expected))
    }

    /// The bytes under this key and their revision.
    pub fn get_bytes(&self, key: &str) -> Result<Option<(Vec<u8>, u64)>, StateError> {
        self.host.load(key)
    }

    /// Writes bytes as they are, in any case, and gives the new revision.
    pub fn set_bytes(&self, key: &str, value: &[u8]) -> Result<u64, StateError> {
        self.host.save(key, value, None)
    }

    /// [`State::cas`] for bytes.
    pub fn cas_bytes(&self, key: &str, expected: u64, value: &[u8]) -> Result<u64, StateError> {
        self.host.save(key, value, Some(expected))
    }

    /// Forgets the key; forgetting what is not there is fine.
    pub fn remove(&self, key: &str) -> Result<(), StateError> {
        self.host.remove(key)
    }
}

fn mismatch(key: &str) -> impl FnOnce(serde_json::Error) -> StateError {
    move |error| StateError::Mismatch(format!("`{key}`: {error}"))
}

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { limit } => write!(f, "state: over the host's limit of {limit}"),
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
    fn bytes_are_kept_as_they_are_and_a_wrong_type_is_said() {
        let call = Call::test();
        call.state().set_bytes("raw", &[0xff, 0]).unwrap();
        assert_eq!(call.state().get_bytes("raw"), Ok(Some((vec![0xff, 0], 1))));
        assert!(matches!(call.state().get::<u32>("raw"), Err(StateError::Mismatch(reason)) if reason.contains("raw")));
    }
}
