//! From the newer words to those of this host, and back. All that a break costs the rest of the house is in here.

use super::bindings::exports::noontide::plugin::describe as next;
use super::bindings::noontide::plugin::run::{Host, Level};
use super::bindings::noontide::plugin::types;
use crate::bindings::exports::noontide::plugin::describe as now;
use crate::bindings::types::{Failure, Invocation, Outcome, Retryable};
use crate::guest::Guest;

pub(super) fn info(said: next::PluginInfo) -> now::PluginInfo {
    let handler = |name: String| now::HandlerInfo {
        summary: String::new(),
        input_schema: None,
        example_input: None,
        timeout_ms: None,
        name,
    };
    now::PluginInfo {
        name: said.name,
        version: said.version,
        summary: String::new(),
        handlers: said.handlers.into_iter().map(handler).collect(),
        wants: now::Wants {
            http: Vec::new(),
            tcp: Vec::new(),
            env: Vec::new(),
            secrets: Vec::new(),
            folders: Vec::new(),
            sql: Vec::new(),
            kv: Vec::new(),
        },
    }
}

pub(super) fn invocation(call: &Invocation) -> types::Invocation {
    types::Invocation {
        run_id: call.run_id.clone(),
        handler: call.handler.clone(),
        due_at: u64::try_from(call.due_at).unwrap_or(0),
        input: call.input.clone(),
        attempt: call.attempt,
    }
}

pub(super) fn answer(answer: Result<types::Outcome, types::Failure>) -> Result<Outcome, Failure> {
    match answer {
        Ok(types::Outcome::Done(result)) => Ok(Outcome::Done(result)),
        Ok(types::Outcome::Skipped(reason)) => Ok(Outcome::Skipped(reason)),
        Err(types::Failure::Retryable(message)) => Err(Failure::Retryable(Retryable { message, after_ms: None })),
        Err(types::Failure::Permanent(message)) => Err(Failure::Permanent(message)),
    }
}

impl types::Host for Guest {}

impl Host for Guest {
    fn log(&mut self, level: Level, message: String) {
        let level = match level {
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warn => "warn",
            Level::Error => "error",
        };
        self.journal.lock().log(level, &message, &[]);
    }

    fn peak_memory(&mut self) -> u64 {
        self.meter.peak()
    }
}
