//! Redis databases, each by the name that the operator gave it.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use crate::host::Host;

/// A Redis connection of the host. Gotten by [`Call::kv`](crate::Call::kv); whether it is granted shows at the first use.
#[derive(Clone, Copy)]
pub struct Kv<'call> {
    connection: &'call str,
    host: &'call dyn Host,
}

/// Keys that begin alike.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Keys {
    /// In no order.
    pub keys: Vec<String>,
    /// There are more than were asked for.
    pub more: bool,
}

/// Why a command gave nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KvError {
    /// The operator did not grant the connection to this plugin.
    NotGranted {
        /// The name that was asked for.
        connection: String,
    },
    /// Granted for reading, and this would write.
    ReadOnly {
        /// The connection.
        connection: String,
    },
    /// The server said no, as for a value that is no number.
    Refused(String),
    /// No answer in time. Of a write, nobody knows then whether it was done.
    TimedOut {
        /// The time it had.
        after: Duration,
    },
    /// A key, a value or an answer is over its bound.
    TooLarge(String),
    /// The server is not there, or went away half way. Of a write, nobody knows then whether it was done.
    Unavailable(String),
}

impl<'call> Kv<'call> {
    pub(crate) fn of(connection: &'call str, host: &'call dyn Host) -> Self {
        Self { connection, host }
    }

    /// The value under this key.
    pub fn get(&self, key: &str) -> Result<Option<Vec<u8>>, KvError> {
        self.host.kv_get(self.connection, key)
    }

    /// The value under this key as text; [`KvError::Refused`] if it is not UTF-8.
    pub fn get_text(&self, key: &str) -> Result<Option<String>, KvError> {
        let text = self.get(key)?.map(String::from_utf8).transpose();
        text.map_err(|_| KvError::Refused(format!("the value of `{key}` is not UTF-8")))
    }

    /// Writes. Without `ttl` the value stays until it is removed, also if the one before it did not.
    pub fn set(&self, key: &str, value: impl AsRef<[u8]>, ttl: impl Into<Option<Duration>>) -> Result<(), KvError> {
        self.host.kv_set(self.connection, key, value.as_ref(), ttl.into())
    }

    /// Writes only if the key is not there; whether it has written.
    pub fn set_if_absent(
        &self,
        key: &str,
        value: impl AsRef<[u8]>,
        ttl: impl Into<Option<Duration>>,
    ) -> Result<bool, KvError> {
        self.host.kv_set_if_absent(self.connection, key, value.as_ref(), ttl.into())
    }

    /// Removes; whether it was there.
    pub fn remove(&self, key: &str) -> Result<bool, KvError> {
        self.host.kv_remove(self.connection, key)
    }

    /// Adds to a number; a key that is not there counts as 0. Gives the sum.
    pub fn increment(&self, key: &str, by: i64) -> Result<i64, KvError> {
        self.host.kv_increment(self.connection, key, by)
    }

    /// Lets the value go after so long, from now on; whether it was there.
    pub fn expire(&self, key: &str, ttl: Duration) -> Result<bool, KvError> {
        self.host.kv_expire(self.connection, key, ttl)
    }

    /// The keys that begin with `prefix`, at most `limit`.
    pub fn keys(&self, prefix: &str, limit: u32) -> Result<Keys, KvError> {
        self.host.kv_keys(self.connection, prefix, limit)
    }
}

impl fmt::Display for KvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotGranted { connection } => write!(
                f,
                "connection `{connection}` is not granted: add `kv = [\"{connection}\"]` to this plugin's table, \
                 [plugin.<name>]"
            ),
            Self::ReadOnly { connection } => write!(
                f,
                "connection `{connection}` is granted for reading only: to write, grant \
                 `kv = {{ {connection} = \"read-write\" }}`"
            ),
            Self::Refused(reason) => write!(f, "Redis refused: {reason}"),
            Self::TimedOut { after } => write!(f, "Redis gave no answer within {} ms", after.as_millis()),
            Self::TooLarge(bound) => write!(f, "too large: {bound}"),
            Self::Unavailable(reason) => write!(f, "Redis is unavailable: {reason}"),
        }
    }
}

impl Error for KvError {}

impl fmt::Debug for Kv<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Kv").field(&self.connection).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Call;

    #[test]
    fn a_value_comes_back_as_it_was_written_and_a_number_counts() {
        let call = Call::test().kv_granted("cache").kv_before("cache", "n", "41");
        let cache = call.kv("cache");
        assert_eq!(cache.increment("n", 1), Ok(42));
        assert_eq!(cache.set_if_absent("n", "0", None), Ok(false));
        cache.set("lock", b"me", Duration::from_secs(60)).unwrap();
        assert_eq!(cache.get_text("lock"), Ok(Some("me".to_owned())));
        assert_eq!(cache.expire("none", Duration::from_secs(1)), Ok(false));
        assert_eq!(cache.keys("", 1).map(|found| (found.keys.len(), found.more)), Ok((1, true)));
        assert_eq!((cache.remove("n"), cache.remove("n")), (Ok(true), Ok(false)));
        assert_eq!((call.kv_after("cache", "lock"), call.kv_after("cache", "n")), (Some(b"me".to_vec()), None));
    }

    #[test]
    fn a_grant_is_needed_and_one_to_write_for_writing() {
        let call = Call::test().kv_readable("cache");
        assert_eq!(call.kv("cache").get("a"), Ok(None));
        assert_eq!(call.kv("cache").remove("a"), Err(KvError::ReadOnly { connection: "cache".into() }));
        assert_eq!(call.kv("other").get("a"), Err(KvError::NotGranted { connection: "other".into() }));
        assert!(matches!(
            Call::test().kv_granted("c").kv_before("c", "a", "x").kv("c").increment("a", 1),
            Err(KvError::Refused(_))
        ));
    }
}
