//! One Redis database: the named commands and nothing else. All runs share a connection; Redis answers in order.

use std::collections::BTreeSet;
use std::time::Duration;

use noontide_domain::{Connection, KvAnswer, KvCommand, KvError, KvVerb, duration};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, FromRedisValue, Pipeline, RedisError, cmd, pipe};
use tokio::runtime::Handle;
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::fault::redacted;

/// Keys that Redis looks at in one step of a search.
const STEP: u32 = 1_000;

/// One Redis database. Opened without asking it.
pub(crate) struct Redis {
    pub(crate) connection: Connection,
    client: Client,
    link: Mutex<Option<MultiplexedConnection>>,
    /// The task of a connection belongs to a runtime; that of the guests may end first.
    runtime: Handle,
}

impl Redis {
    pub(crate) fn open(connection: Connection) -> Result<Self, KvError> {
        let client = Client::open(connection.url.reveal())
            .map_err(|error| KvError::Unavailable(redacted(&error.to_string(), &connection.url)))?;
        Ok(Self { connection, client, link: Mutex::default(), runtime: Handle::current() })
    }

    pub(crate) async fn command(&self, command: &KvCommand, left: Duration) -> Result<KvAnswer, KvError> {
        self.is_small(command)?;
        let time = left.min(self.connection.statement_timeout);
        match timeout(time, self.answer(command)).await {
            Ok(answer) => answer,
            Err(_) => {
                // A server that hangs may never answer on this connection again. Whoever holds the lock is making a new one.
                if let Ok(mut link) = self.link.try_lock() {
                    link.take();
                }
                Err(KvError::TimedOut(time))
            }
        }
    }

    async fn answer(&self, command: &KvCommand) -> Result<KvAnswer, KvError> {
        let answer = self.attempt(command).await;
        // A connection that was lost since it was last used is found out by using it. Reading again does no harm.
        let lost = answer.as_ref().is_err_and(RedisError::is_unrecoverable_error);
        let reads = command.verb.access() == noontide_domain::Access::ReadOnly;
        let answer = if lost && reads { self.attempt(command).await } else { answer };
        answer.map_err(|error| self.fault(&error)).and_then(|answer| self.bounded(answer))
    }

    async fn attempt(&self, command: &KvCommand) -> Result<KvAnswer, RedisError> {
        let mut link = self.link().await?;
        let answer = ask(&mut link, command, self.connection.max_bytes).await;
        if answer.as_ref().is_err_and(RedisError::is_unrecoverable_error) {
            self.link.lock().await.take();
        }
        answer
    }

    async fn link(&self) -> Result<MultiplexedConnection, RedisError> {
        let mut held = self.link.lock().await;
        if let Some(link) = &*held {
            return Ok(link.clone());
        }
        let time = Some(self.connection.statement_timeout);
        let config = AsyncConnectionConfig::new().set_connection_timeout(time).set_response_timeout(time);
        let client = self.client.clone();
        let made =
            self.runtime.spawn(async move { client.get_multiplexed_async_connection_with_config(&config).await });
        let link = made.await.map_err(|error| std::io::Error::other(error.to_string()))??;
        *held = Some(link.clone());
        Ok(link)
    }

    fn fault(&self, error: &RedisError) -> KvError {
        let message = redacted(&error.to_string(), &self.connection.url);
        let gone = error.is_io_error() || error.is_unrecoverable_error() || error.is_connection_dropped();
        match error.kind() {
            _ if error.is_timeout() => KvError::TimedOut(self.connection.statement_timeout),
            _ if gone => KvError::Unavailable(message),
            redis::ErrorKind::AuthenticationFailed => KvError::Unavailable(message),
            _ => KvError::Refused(message),
        }
    }

    fn is_small(&self, command: &KvCommand) -> Result<(), KvError> {
        let most = self.connection.max_bytes;
        let value = match &command.verb {
            KvVerb::Set { value, .. } => value.len(),
            _ => 0,
        };
        let ttl = match &command.verb {
            KvVerb::Set { ttl, .. } => *ttl,
            KvVerb::Expire(ttl) => Some(*ttl),
            _ => None,
        };
        if ttl.is_some_and(|ttl| ttl.is_zero()) {
            return Err(KvError::Refused("a time to live of nothing; `remove` does that".to_owned()));
        }
        match (command.key.len() + value) as u64 > most {
            true => {
                Err(KvError::TooLarge(format!("key and value have more than max-bytes = {}", duration::bytes(most))))
            }
            false => Ok(()),
        }
    }

    fn bounded(&self, answer: KvAnswer) -> Result<KvAnswer, KvError> {
        let most = self.connection.max_bytes;
        let size = match &answer {
            KvAnswer::Value(Some(value)) => value.len(),
            KvAnswer::Keys { keys, .. } => keys.iter().map(|key| key.len() + 16).sum(),
            _ => 0,
        };
        match size as u64 > most {
            true => Err(KvError::TooLarge(format!("more than max-bytes = {}", duration::bytes(most)))),
            false => Ok(answer),
        }
    }
}

async fn ask(link: &mut MultiplexedConnection, command: &KvCommand, most: u64) -> Result<KvAnswer, RedisError> {
    let key = command.key.as_str();
    match &command.verb {
        KvVerb::Get => get(link, key, most).await.map(KvAnswer::Value),
        KvVerb::Set { value, ttl, if_absent } => {
            let mut set = cmd("SET");
            set.arg(key).arg(value.as_slice());
            if let Some(ttl) = ttl {
                set.arg("PX").arg(millis(*ttl));
            }
            if *if_absent {
                set.arg("NX");
            }
            // Nil where it was there already.
            let done: Option<String> = set.query_async(link).await?;
            Ok(KvAnswer::Done(done.is_some()))
        }
        KvVerb::Remove => done(cmd("DEL").arg(key).query_async(link).await),
        KvVerb::Increment(by) => cmd("INCRBY").arg(key).arg(by).query_async(link).await.map(KvAnswer::Number),
        KvVerb::Expire(ttl) => done(cmd("PEXPIRE").arg(key).arg(millis(*ttl)).query_async(link).await),
        KvVerb::Keys(limit) => keys(link, key, *limit, most).await,
    }
}

fn done(count: Result<i64, RedisError>) -> Result<KvAnswer, RedisError> {
    count.map(|count| KvAnswer::Done(count > 0))
}

fn millis(ttl: Duration) -> u64 {
    u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX).clamp(1, i64::MAX as u64 / 2)
}

/// One byte more than is allowed is asked for, and not the gigabyte that may be there.
async fn get(link: &mut MultiplexedConnection, key: &str, most: u64) -> Result<Option<Vec<u8>>, RedisError> {
    let mut asked: Pipeline = pipe();
    asked.atomic().cmd("EXISTS").arg(key).cmd("GETRANGE").arg(key).arg(0).arg(most);
    let (there, value): (i64, Vec<u8>) = asked.query_async(link).await?;
    Ok((there > 0).then_some(value))
}

/// SCAN does not hold up the others as KEYS would; it may tell a key twice.
async fn keys(link: &mut MultiplexedConnection, prefix: &str, limit: u32, most: u64) -> Result<KvAnswer, RedisError> {
    let pattern = format!("{}*", literal(prefix));
    let (mut found, mut cursor, mut bytes) = (BTreeSet::new(), 0_u64, 0_u64);
    loop {
        let mut scan = cmd("SCAN");
        scan.arg(cursor).arg("MATCH").arg(&pattern).arg("COUNT").arg(STEP);
        let (next, keys): (u64, Vec<redis::Value>) = scan.query_async(link).await?;
        for key in keys.into_iter().filter_map(|key| String::from_redis_value(key).ok()) {
            let size = key.len() as u64 + 16;
            bytes += if found.insert(key) { size } else { 0 };
        }
        cursor = next;
        if cursor == 0 || found.len() > limit as usize || bytes > most {
            break;
        }
    }
    let more = found.len() > limit as usize;
    Ok(KvAnswer::Keys { keys: found.into_iter().take(limit as usize).collect(), more })
}

/// A text that stands for itself in a pattern.
fn literal(text: &str) -> String {
    let special = |c: char| matches!(c, '*' | '?' | '[' | ']' | '^' | '\\');
    text.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_stands_for_itself() {
        assert_eq!(literal("user:[1]*"), "user:\\[1\\]\\*");
    }
}
