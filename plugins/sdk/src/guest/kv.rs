//! Errors of `noontide:plugin/kv` in the SDK's words.

use std::time::Duration;

use super::bindings::noontide::plugin::kv as wit;
use crate::kv::KvError;

pub(super) fn refused(connection: &str) -> impl FnOnce(wit::KvError) -> KvError {
    move |error| match error {
        wit::KvError::NotGranted => KvError::NotGranted { connection: connection.to_owned() },
        wit::KvError::ReadOnly => KvError::ReadOnly { connection: connection.to_owned() },
        wit::KvError::Refused(reason) => KvError::Refused(reason),
        wit::KvError::TimedOut(ms) => KvError::TimedOut { after: Duration::from_millis(ms) },
        wit::KvError::TooLarge(bound) => KvError::TooLarge(bound),
        wit::KvError::Unavailable(reason) => KvError::Unavailable(reason),
    }
}
