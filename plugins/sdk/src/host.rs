//! The door to the host. Behind it stands the real one (`guest`) or a recording (`testing`).

use std::time::Duration;

use crate::artifacts::ArtifactError;
use crate::http::{Head, HttpError, Request, Sink};
use crate::kv::{Keys, KvError};
use crate::log::Level;
use crate::outbox::{OutboxError, Webhook};
use crate::secrets::SecretError;
use crate::sql::{Dialect, Rows, SqlError, Statement};
use crate::state::{Scope, StateError};

pub(crate) trait Host {
    fn log(&self, level: Level, message: &str, fields: &[(String, String)]);
    fn progress(&self, done: u64, total: Option<u64>, note: &str);
    fn is_cancelled(&self) -> bool;
    fn time_left(&self) -> Option<Duration>;

    /// The value and its revision.
    fn load(&self, scope: Scope, key: &str) -> Result<Option<(Vec<u8>, u64)>, StateError>;
    fn save(&self, scope: Scope, key: &str, value: &[u8], expected: Option<u64>) -> Result<u64, StateError>;
    fn remove(&self, scope: Scope, key: &str) -> Result<(), StateError>;
    /// A page, and whether there are more.
    fn keys(
        &self,
        scope: Scope,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<(Vec<String>, bool), StateError>;

    /// Gives the idempotency key.
    fn send(&self, webhook: Webhook) -> Result<String, OutboxError>;

    fn attach(&self, name: &str, media_type: &str, content: &[u8]) -> Result<(), ArtifactError>;

    fn secret(&self, name: &str) -> Result<String, SecretError>;

    fn sql_dialect(&self, connection: &str) -> Result<Dialect, SqlError>;
    fn sql_query(&self, connection: &str, statement: Statement) -> Result<Rows, SqlError>;
    fn sql_execute(&self, connection: &str, statements: Vec<Statement>) -> Result<Vec<u64>, SqlError>;

    fn kv_get(&self, connection: &str, key: &str) -> Result<Option<Vec<u8>>, KvError>;
    fn kv_set(&self, connection: &str, key: &str, value: &[u8], ttl: Option<Duration>) -> Result<(), KvError>;
    fn kv_set_if_absent(
        &self,
        connection: &str,
        key: &str,
        value: &[u8],
        ttl: Option<Duration>,
    ) -> Result<bool, KvError>;
    fn kv_remove(&self, connection: &str, key: &str) -> Result<bool, KvError>;
    fn kv_increment(&self, connection: &str, key: &str, by: i64) -> Result<i64, KvError>;
    fn kv_expire(&self, connection: &str, key: &str, ttl: Duration) -> Result<bool, KvError>;
    fn kv_keys(&self, connection: &str, prefix: &str, limit: u32) -> Result<Keys, KvError>;

    /// The head of the answer; its body goes into the sink as it comes.
    fn http(&self, request: &Request<'_>, sink: Sink<'_>) -> Result<Head, HttpError>;
}
