//! `noontide:plugin/kv`: a few commands on Redis databases that were granted, through the host's own connections.

use std::time::Duration;

use noontide_domain::{KvAnswer, KvCommand, KvError, KvVerb};

use crate::bindings::kv as wit;
use crate::guest::Guest;

impl Guest {
    async fn kv(&mut self, connection: &str, key: String, verb: KvVerb) -> Result<KvAnswer, KvError> {
        let granted = self.grant.as_ref().and_then(|grant| grant.kv.get(connection));
        if *granted.ok_or(KvError::NotGranted)? < verb.access() {
            return Err(KvError::ReadOnly);
        }
        let reached = self.connections.as_ref().ok_or(KvError::NotGranted)?;
        self.effects.note(|effects| effects.command(connection));
        reached.kv(connection, KvCommand { key, verb }, self.watch.left()).await
    }

    async fn done(&mut self, connection: &str, key: String, verb: KvVerb) -> Result<bool, wit::KvError> {
        match self.kv(connection, key, verb).await? {
            KvAnswer::Done(done) => Ok(done),
            other => Err(unexpected(&other)),
        }
    }
}

impl wit::Host for Guest {
    async fn get(&mut self, connection: String, key: String) -> Result<Option<Vec<u8>>, wit::KvError> {
        match self.kv(&connection, key, KvVerb::Get).await? {
            KvAnswer::Value(value) => Ok(value),
            other => Err(unexpected(&other)),
        }
    }

    async fn set(
        &mut self,
        connection: String,
        key: String,
        value: Vec<u8>,
        ttl_ms: Option<u64>,
    ) -> Result<(), wit::KvError> {
        let ttl = ttl_ms.map(Duration::from_millis);
        self.done(&connection, key, KvVerb::Set { value, ttl, if_absent: false }).await.map(|_| ())
    }

    async fn set_if_absent(
        &mut self,
        connection: String,
        key: String,
        value: Vec<u8>,
        ttl_ms: Option<u64>,
    ) -> Result<bool, wit::KvError> {
        let ttl = ttl_ms.map(Duration::from_millis);
        self.done(&connection, key, KvVerb::Set { value, ttl, if_absent: true }).await
    }

    async fn remove(&mut self, connection: String, key: String) -> Result<bool, wit::KvError> {
        self.done(&connection, key, KvVerb::Remove).await
    }

    async fn increment(&mut self, connection: String, key: String, by: i64) -> Result<i64, wit::KvError> {
        match self.kv(&connection, key, KvVerb::Increment(by)).await? {
            KvAnswer::Number(sum) => Ok(sum),
            other => Err(unexpected(&other)),
        }
    }

    async fn expire(&mut self, connection: String, key: String, ttl_ms: u64) -> Result<bool, wit::KvError> {
        self.done(&connection, key, KvVerb::Expire(Duration::from_millis(ttl_ms))).await
    }

    async fn keys(&mut self, connection: String, prefix: String, limit: u32) -> Result<wit::KeyList, wit::KvError> {
        match self.kv(&connection, prefix, KvVerb::Keys(limit)).await? {
            KvAnswer::Keys { keys, more } => Ok(wit::KeyList { keys, more }),
            other => Err(unexpected(&other)),
        }
    }
}

fn unexpected(answer: &KvAnswer) -> wit::KvError {
    wit::KvError::Unavailable(format!("an answer to another command: {answer:?}"))
}

impl From<KvError> for wit::KvError {
    fn from(error: KvError) -> Self {
        match error {
            KvError::NotGranted => Self::NotGranted,
            KvError::ReadOnly => Self::ReadOnly,
            KvError::Refused(reason) => Self::Refused(reason),
            KvError::TimedOut(after) => Self::TimedOut(u64::try_from(after.as_millis()).unwrap_or(u64::MAX)),
            KvError::TooLarge(bound) => Self::TooLarge(bound),
            KvError::Unavailable(reason) => Self::Unavailable(reason),
        }
    }
}
