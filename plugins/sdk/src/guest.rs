//! The contract's side: from and to the words of `wit/`. Compiled for wasm32 only.

mod http;
mod kv;
mod sql;

use std::time::Duration;

use chrono::{DateTime, Utc};

use self::bindings::exports::noontide::plugin::{describe, handler};
use self::bindings::noontide::plugin::{artifacts, kv as redis, outbox, run, secrets, state, types};
use crate::artifacts::ArtifactError;
use crate::call::Call;
use crate::failure::Failure;
use crate::host::Host;
use crate::http::{Head, HttpError, Request, Sink};
use crate::invocation::{Cause, Invocation, Window};
use crate::kv::{Keys, KvError};
use crate::log::Level;
use crate::outbox::{OutboxError, Webhook};
use crate::outcome::Outcome;
use crate::plugin::{Handler, Plugin};
use crate::secrets::SecretError;
use crate::sql::{Dialect, Rows, SqlError, Statement};
use crate::state::{Scope, StateError};

#[expect(missing_docs, reason = "written by wit-bindgen; wit/ has the documentation")]
pub mod bindings {
    wit_bindgen::generate!({
        world: "plugin",
        path: "wit",
        pub_export_macro: true,
        default_bindings_module: "noontide_sdk::guest::bindings",
    });
}

pub use bindings::export;

/// Implemented by [`plugin!`](crate::plugin!).
pub trait Declares {
    /// The declared plugin.
    fn plugin() -> Plugin;
}

impl<D: Declares> describe::Guest for D {
    fn describe() -> describe::PluginInfo {
        let plugin = D::plugin();
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let wants = plugin.wants();
        describe::PluginInfo {
            name: plugin.name().to_owned(),
            version: plugin.version().to_owned(),
            summary: plugin.summary().to_owned(),
            handlers: plugin.handlers().iter().map(handler_info).collect(),
            wants: describe::Wants {
                http: owned(&wants.http),
                tcp: owned(&wants.tcp),
                env: owned(&wants.env),
                secrets: owned(&wants.secrets),
                folders: owned(&wants.folders),
                sql: owned(&wants.sql),
                kv: owned(&wants.kv),
            },
        }
    }
}

impl<D: Declares> handler::Guest for D {
    fn run(call: types::Invocation) -> Result<types::Outcome, types::Failure> {
        let call = Call { invocation: invocation(call), host: Box::new(Imports) };
        D::plugin().run(&call).map(outcome).map_err(failure)
    }
}

struct Imports;

impl Host for Imports {
    fn log(&self, level: Level, message: &str, fields: &[(String, String)]) {
        let level = match level {
            Level::Trace => run::Level::Trace,
            Level::Debug => run::Level::Debug,
            Level::Info => run::Level::Info,
            Level::Warn => run::Level::Warn,
            Level::Error => run::Level::Error,
        };
        run::log(level, message, fields);
    }

    fn progress(&self, done: u64, total: Option<u64>, note: &str) {
        run::progress(done, total, note);
    }

    fn is_cancelled(&self) -> bool {
        run::is_cancelled()
    }

    fn time_left(&self) -> Option<Duration> {
        run::time_left().map(Duration::from_millis)
    }

    fn load(&self, scope: Scope, key: &str) -> Result<Option<(Vec<u8>, u64)>, StateError> {
        let found = state::load(scope.into(), key).map_err(state_error)?;
        Ok(found.map(|entry| (entry.value, entry.revision)))
    }

    fn save(&self, scope: Scope, key: &str, value: &[u8], expected: Option<u64>) -> Result<u64, StateError> {
        state::save(scope.into(), key, value, expected).map_err(state_error)
    }

    fn remove(&self, scope: Scope, key: &str) -> Result<(), StateError> {
        state::remove(scope.into(), key).map_err(state_error)
    }

    fn keys(
        &self,
        scope: Scope,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<(Vec<String>, bool), StateError> {
        let page = state::keys(scope.into(), prefix, after, limit).map_err(state_error)?;
        Ok((page.keys, page.more))
    }

    fn send(&self, webhook: Webhook) -> Result<String, OutboxError> {
        let Webhook { url, method, content_type, headers, body } = webhook;
        let message = outbox::Webhook { url, method: Some(method), content_type, headers, body };
        outbox::send(&message).map_err(|error| match error {
            outbox::OutboxError::NotGranted(reason) => OutboxError::NotGranted(reason),
            outbox::OutboxError::Invalid(reason) => OutboxError::Invalid(reason),
            outbox::OutboxError::TooLarge(bound) => OutboxError::TooLarge { name: bound.name, allows: bound.allows },
        })
    }

    fn attach(&self, name: &str, media_type: &str, content: &[u8]) -> Result<(), ArtifactError> {
        artifacts::attach(name, media_type, content).map_err(|error| match error {
            artifacts::ArtifactError::InvalidName(reason) => ArtifactError::InvalidName(reason),
            artifacts::ArtifactError::InvalidMediaType(reason) => ArtifactError::InvalidMediaType(reason),
            artifacts::ArtifactError::OverLimit(cap) => ArtifactError::OverLimit { key: cap.key, allows: cap.allows },
        })
    }

    fn secret(&self, name: &str) -> Result<String, SecretError> {
        secrets::get(name).map_err(|error| match error {
            secrets::SecretError::NotGranted => SecretError::NotGranted { name: name.to_owned() },
            secrets::SecretError::Unavailable(reason) => SecretError::Unavailable { name: name.to_owned(), reason },
        })
    }

    fn sql_dialect(&self, connection: &str) -> Result<Dialect, SqlError> {
        sql::dialect(connection)
    }

    fn sql_query(&self, connection: &str, statement: Statement) -> Result<Rows, SqlError> {
        sql::query(connection, statement)
    }

    fn sql_execute(&self, connection: &str, statements: Vec<Statement>) -> Result<Vec<u64>, SqlError> {
        sql::execute(connection, statements)
    }

    fn kv_get(&self, connection: &str, key: &str) -> Result<Option<Vec<u8>>, KvError> {
        redis::get(connection, key).map_err(kv::refused(connection))
    }

    fn kv_set(&self, connection: &str, key: &str, value: &[u8], ttl: Option<Duration>) -> Result<(), KvError> {
        redis::set(connection, key, value, ttl.map(millis)).map_err(kv::refused(connection))
    }

    fn kv_set_if_absent(
        &self,
        connection: &str,
        key: &str,
        value: &[u8],
        ttl: Option<Duration>,
    ) -> Result<bool, KvError> {
        redis::set_if_absent(connection, key, value, ttl.map(millis)).map_err(kv::refused(connection))
    }

    fn kv_remove(&self, connection: &str, key: &str) -> Result<bool, KvError> {
        redis::remove(connection, key).map_err(kv::refused(connection))
    }

    fn kv_increment(&self, connection: &str, key: &str, by: i64) -> Result<i64, KvError> {
        redis::increment(connection, key, by).map_err(kv::refused(connection))
    }

    fn kv_expire(&self, connection: &str, key: &str, ttl: Duration) -> Result<bool, KvError> {
        redis::expire(connection, key, millis(ttl)).map_err(kv::refused(connection))
    }

    fn kv_keys(&self, connection: &str, prefix: &str, limit: u32) -> Result<Keys, KvError> {
        let found = redis::keys(connection, prefix, limit).map_err(kv::refused(connection))?;
        Ok(Keys { keys: found.keys, more: found.more })
    }

    fn http(&self, request: &Request<'_>, sink: Sink<'_>) -> Result<Head, HttpError> {
        http::send(request, sink)
    }
}

fn handler_info(handler: &Handler) -> describe::HandlerInfo {
    describe::HandlerInfo {
        name: handler.name().to_owned(),
        summary: handler.summary().to_owned(),
        input_schema: Some(handler.input_schema()),
        example_input: handler.example().map(ToString::to_string),
        timeout_ms: handler.timeout().map(millis),
    }
}

fn invocation(call: types::Invocation) -> Invocation {
    Invocation {
        run_id: call.run_id,
        fire_key: call.fire_key,
        schedule: call.schedule,
        handler: call.handler,
        attempt: call.attempt,
        max_attempts: call.max_attempts,
        due_at: instant(call.due_at),
        fired_at: instant(call.fired_at),
        deadline: call.deadline.map(instant),
        previous_success: call.previous_success.map(instant),
        window: call.window.map(|window| Window { from: instant(window.from), to: instant(window.to) }),
        timezone: call.timezone,
        cause: match call.cause {
            types::Cause::Schedule if is_after(&call.extra) => Cause::After,
            types::Cause::Schedule => Cause::Schedule,
            types::Cause::Manual => Cause::Manual,
            types::Cause::Enqueued => Cause::Enqueued,
            types::Cause::Backfill => Cause::Backfill,
        },
        trace_parent: call.trace_parent,
        input: call.input,
        items: call.items.into_iter().map(|item| (item.key, item.payload)).collect(),
        extra: call.extra,
    }
}

/// The contract's `cause` has no word for it.
fn is_after(extra: &[(String, String)]) -> bool {
    extra.iter().any(|(name, value)| name == "cause" && value == "after")
}

fn outcome(outcome: Outcome<String>) -> types::Outcome {
    match outcome {
        Outcome::Done(json) => types::Outcome::Done((json != "null").then_some(json)),
        Outcome::Items(items) => types::Outcome::Items(
            items.into_iter().map(|item| types::ItemOutcome { key: item.key, outcome: item.outcome }).collect(),
        ),
        Outcome::Skipped(reason) => types::Outcome::Skipped(reason),
        Outcome::RunAgain(wait) => types::Outcome::RunAgain(millis(wait)),
    }
}

fn failure(failure: Failure) -> types::Failure {
    match failure {
        Failure::InvalidInput(reason) => types::Failure::InvalidInput(reason),
        Failure::Retryable { message, after } => {
            types::Failure::Retryable(types::Retryable { message, after_ms: after.map(millis) })
        }
        Failure::Permanent(reason) => types::Failure::Permanent(reason),
        Failure::Cancelled => types::Failure::Cancelled,
    }
}

impl From<Scope> for state::Scope {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::Schedule => Self::Schedule,
            Scope::Plugin => Self::Plugin,
        }
    }
}

fn state_error(error: state::StateError) -> StateError {
    match error {
        state::StateError::TooLarge(bound) => StateError::TooLarge { name: bound.name, allows: bound.allows },
        state::StateError::Conflict => StateError::Conflict,
        state::StateError::Unavailable(reason) => StateError::Unavailable(reason),
    }
}

/// An instant outside the years chrono can count is one no schedule can mean; the nearest end stands for it.
fn instant(unix_ms: i64) -> DateTime<Utc> {
    let end = if unix_ms < 0 { DateTime::<Utc>::MIN_UTC } else { DateTime::<Utc>::MAX_UTC };
    DateTime::from_timestamp_millis(unix_ms).unwrap_or(end)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
