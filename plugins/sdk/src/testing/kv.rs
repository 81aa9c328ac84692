//! A Redis that lives as long as the test. Time does not pass in it.

use std::collections::BTreeMap;
use std::time::Duration;

use super::TestCall;
use crate::kv::{Keys, KvError};

/// A Redis database of a test.
#[derive(Debug, Default)]
pub(super) struct Store {
    pub(super) writable: bool,
    pub(super) values: BTreeMap<String, (Vec<u8>, Option<Duration>)>,
}

pub(super) type Stores = BTreeMap<String, Store>;

/// What its Redis holds.
impl TestCall {
    /// A Redis connection that is granted for reading and writing.
    #[must_use]
    pub fn kv_granted(self, connection: &str) -> Self {
        self.recording.kv.borrow_mut().entry(connection.to_owned()).or_default().writable = true;
        self
    }

    /// A Redis connection that is granted for reading.
    #[must_use]
    pub fn kv_readable(self, connection: &str) -> Self {
        self.recording.kv.borrow_mut().entry(connection.to_owned()).or_default().writable = false;
        self
    }

    /// A value that is there already.
    #[must_use]
    pub fn kv_before(self, connection: &str, key: &str, value: impl AsRef<[u8]>) -> Self {
        let value = (value.as_ref().to_vec(), None);
        self.recording.kv.borrow_mut().entry(connection.to_owned()).or_default().values.insert(key.to_owned(), value);
        self
    }

    /// The value that the handler left under this key.
    pub fn kv_after(&self, connection: &str, key: &str) -> Option<Vec<u8>> {
        self.recording.kv.borrow().get(connection)?.values.get(key).map(|(value, _)| value.clone())
    }

    /// How long the value under this key had to live when it was written; none if it stays.
    pub fn kv_ttl(&self, connection: &str, key: &str) -> Option<Duration> {
        self.recording.kv.borrow().get(connection)?.values.get(key)?.1
    }
}

impl Store {
    pub(super) fn increment(&mut self, key: &str, by: i64) -> Result<i64, KvError> {
        let no_number = || KvError::Refused("value is not an integer or out of range".to_owned());
        let (value, _) = self.values.entry(key.to_owned()).or_insert_with(|| (b"0".to_vec(), None));
        let now = std::str::from_utf8(value).ok().and_then(|text| text.parse::<i64>().ok()).ok_or_else(no_number)?;
        let sum = now.checked_add(by).ok_or_else(no_number)?;
        *value = sum.to_string().into_bytes();
        Ok(sum)
    }

    pub(super) fn keys(&self, prefix: &str, limit: u32) -> Keys {
        let mut found = self.values.keys().filter(|key| key.starts_with(prefix));
        let keys = found.by_ref().take(limit as usize).cloned().collect();
        Keys { keys, more: found.next().is_some() }
    }
}
