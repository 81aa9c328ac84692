//! What a call without a host remembers, and what it answers.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use super::{Artifact, LogLine, Progress, http, kv, sql};
use crate::artifacts::ArtifactError;
use crate::host::Host;
use crate::http::{Head, HttpError, Request, Sink};
use crate::kv::{Keys, KvError};
use crate::log::Level;
use crate::outbox::{OutboxError, Webhook};
use crate::secrets::SecretError;
use crate::sql::{Dialect, Rows, SqlError, Statement};
use crate::state::{Scope, StateError};

/// By memory and key: a value, and how often it was written.
type Memories = BTreeMap<(Scope, String), (Vec<u8>, u64)>;

/// All of it.
#[derive(Debug, Default)]
pub(super) struct Recording {
    pub(super) lines: RefCell<Vec<LogLine>>,
    pub(super) steps: RefCell<Vec<Progress>>,
    pub(super) state: RefCell<Memories>,
    pub(super) fire_key: RefCell<String>,
    pub(super) messages: RefCell<Vec<Webhook>>,
    pub(super) message_refusal: RefCell<Option<OutboxError>>,
    pub(super) secrets: RefCell<BTreeMap<String, String>>,
    pub(super) artifacts: RefCell<BTreeMap<String, Artifact>>,
    pub(super) artifact_refusal: RefCell<Option<ArtifactError>>,
    pub(super) sql: RefCell<sql::Scripts>,
    pub(super) kv: RefCell<kv::Stores>,
    pub(super) http: RefCell<http::Script>,
    pub(super) time_left: Cell<Option<Duration>>,
    pub(super) looks_left: Cell<Option<u32>>,
}

impl Host for Rc<Recording> {
    fn log(&self, level: Level, message: &str, fields: &[(String, String)]) {
        self.lines.borrow_mut().push(LogLine { level, message: message.to_owned(), fields: fields.to_vec() });
    }

    fn progress(&self, done: u64, total: Option<u64>, note: &str) {
        self.steps.borrow_mut().push(Progress { done, total, note: note.to_owned() });
    }

    fn is_cancelled(&self) -> bool {
        let left = self.looks_left.get();
        self.looks_left.set(left.map(|looks| looks.saturating_sub(1)));
        left == Some(0)
    }

    fn time_left(&self) -> Option<Duration> {
        self.time_left.get()
    }

    fn load(&self, scope: Scope, key: &str) -> Result<Option<(Vec<u8>, u64)>, StateError> {
        Ok(self.state.borrow().get(&(scope, key.to_owned())).cloned())
    }

    fn save(&self, scope: Scope, key: &str, value: &[u8], expected: Option<u64>) -> Result<u64, StateError> {
        let mut state = self.state.borrow_mut();
        let name = (scope, key.to_owned());
        let revision = state.get(&name).map_or(0, |(_, revision)| *revision);
        if expected.is_some_and(|expected| expected != revision) {
            return Err(StateError::Conflict);
        }
        state.insert(name, (value.to_vec(), revision + 1));
        Ok(revision + 1)
    }

    fn remove(&self, scope: Scope, key: &str) -> Result<(), StateError> {
        self.state.borrow_mut().remove(&(scope, key.to_owned()));
        Ok(())
    }

    fn keys(
        &self,
        scope: Scope,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<(Vec<String>, bool), StateError> {
        let state = self.state.borrow();
        let own = state.keys().filter(|(of, _)| *of == scope).map(|(_, key)| key.as_str());
        let mut found = own.filter(|key| key.starts_with(prefix) && Some(*key) > after);
        let keys = found.by_ref().take(limit as usize).map(str::to_owned).collect();
        Ok((keys, found.next().is_some()))
    }

    fn send(&self, webhook: Webhook) -> Result<String, OutboxError> {
        if let Some(refusal) = self.message_refusal.borrow().clone() {
            return Err(refusal);
        }
        let mut messages = self.messages.borrow_mut();
        messages.push(webhook);
        Ok(format!("{}-{}", self.fire_key.borrow(), messages.len() - 1))
    }

    fn attach(&self, name: &str, media_type: &str, content: &[u8]) -> Result<(), ArtifactError> {
        if let Some(refusal) = self.artifact_refusal.borrow().clone() {
            return Err(refusal);
        }
        let file = Artifact { media_type: media_type.to_owned(), content: content.to_vec() };
        self.artifacts.borrow_mut().insert(name.to_owned(), file);
        Ok(())
    }

    fn secret(&self, name: &str) -> Result<String, SecretError> {
        let granted = self.secrets.borrow().get(name).cloned();
        granted.ok_or_else(|| SecretError::NotGranted { name: name.to_owned() })
    }

    fn sql_dialect(&self, connection: &str) -> Result<Dialect, SqlError> {
        self.script(connection, |script| Ok(script.dialect))
    }

    fn sql_query(&self, connection: &str, statement: Statement) -> Result<Rows, SqlError> {
        self.script(connection, |script| script.query(statement))
    }

    fn sql_execute(&self, connection: &str, statements: Vec<Statement>) -> Result<Vec<u64>, SqlError> {
        self.script(connection, |script| {
            let allowed = script.writable.then_some(());
            allowed.ok_or_else(|| SqlError::ReadOnly { connection: connection.to_owned() })?;
            script.execute(statements)
        })
    }

    fn kv_get(&self, connection: &str, key: &str) -> Result<Option<Vec<u8>>, KvError> {
        self.store(connection, false, |store| Ok(store.values.get(key).map(|(value, _)| value.clone())))
    }

    fn kv_set(&self, connection: &str, key: &str, value: &[u8], ttl: Option<Duration>) -> Result<(), KvError> {
        self.store(connection, true, |store| {
            store.values.insert(key.to_owned(), (value.to_vec(), ttl));
            Ok(())
        })
    }

    fn kv_set_if_absent(
        &self,
        connection: &str,
        key: &str,
        value: &[u8],
        ttl: Option<Duration>,
    ) -> Result<bool, KvError> {
        self.store(connection, true, |store| {
            let absent = !store.values.contains_key(key);
            store.values.entry(key.to_owned()).or_insert_with(|| (value.to_vec(), ttl));
            Ok(absent)
        })
    }

    fn kv_remove(&self, connection: &str, key: &str) -> Result<bool, KvError> {
        self.store(connection, true, |store| Ok(store.values.remove(key).is_some()))
    }

    fn kv_increment(&self, connection: &str, key: &str, by: i64) -> Result<i64, KvError> {
        self.store(connection, true, |store| store.increment(key, by))
    }

    fn kv_expire(&self, connection: &str, key: &str, ttl: Duration) -> Result<bool, KvError> {
        self.store(connection, true, |store| {
            let kept = store.values.get_mut(key);
            Ok(kept.map(|(_, lives)| *lives = Some(ttl)).is_some())
        })
    }

    fn kv_keys(&self, connection: &str, prefix: &str, limit: u32) -> Result<Keys, KvError> {
        self.store(connection, false, |store| Ok(store.keys(prefix, limit)))
    }

    fn http(&self, request: &Request<'_>, sink: Sink<'_>) -> Result<Head, HttpError> {
        let (head, body) = self.http.borrow_mut().answer(request)?;
        sink(&body).map_err(HttpError::Sink)?;
        Ok(head)
    }
}

impl Recording {
    fn script<T>(
        &self,
        connection: &str,
        ask: impl FnOnce(&mut sql::Script) -> Result<T, SqlError>,
    ) -> Result<T, SqlError> {
        let mut scripts = self.sql.borrow_mut();
        let script = scripts.get_mut(connection);
        ask(script.ok_or_else(|| SqlError::NotGranted { connection: connection.to_owned() })?)
    }

    fn store<T>(
        &self,
        connection: &str,
        writes: bool,
        ask: impl FnOnce(&mut kv::Store) -> Result<T, KvError>,
    ) -> Result<T, KvError> {
        let mut stores = self.kv.borrow_mut();
        let store = stores.get_mut(connection);
        let store = store.ok_or_else(|| KvError::NotGranted { connection: connection.to_owned() })?;
        if writes && !store.writable {
            return Err(KvError::ReadOnly { connection: connection.to_owned() });
        }
        ask(store)
    }
}
