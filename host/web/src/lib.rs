//! Everything HTTP: the API, the dashboard, and the client the command line uses to speak to the API.
//!
//! ```text
//! server     binds TCP or a Unix socket, stops in bounded time      server.rs
//! access     who is let in, and which scope each route needs         access.rs
//! routes     one file for each resource         schedules.rs put.rs submit.rs runs.rs artifacts.rs …
//! register   tokens, sessions, the audit log                         register.rs tokens.rs session.rs audit.rs
//! body       what clients send, read strictly                       body.rs errand.rs chain.rs
//! caller     the trace that a request is part of                    caller.rs
//! keyed      a request that is sent twice is done once               keyed.rs
//! unchanged  an answer that was seen before is not sent again        unchanged.rs
//! tape       what happened lately, for who comes back               tape.rs
//! selection  which schedules a filter means                         selection.rs
//! shape      what the JSON looks like, once                          shape.rs
//! document   the OpenAPI document, made from the routes              document.rs
//! problem    every refusal, as RFC 9457 has it                       problem.rs
//! metrics    what this host does and has done, for Prometheus        metrics/
//! pages      the dashboard, drawn by the server                      pages/
//! client     the other end                                           client.rs
//! ```
//!
//! A route asks the engine to do something or the history what became of it; it decides nothing itself.

mod access;
mod alerts;
mod artifacts;
mod audit;
mod body;
mod caller;
mod chain;
mod chains;
mod client;
mod document;
mod errand;
mod events;
mod expect;
mod feed;
mod host;
mod hosts;
mod keyed;
mod metrics;
mod occurrences;
mod outbox;
mod page;
mod pages;
mod plugins;
mod problem;
mod put;
mod register;
mod runs;
mod schedules;
mod selection;
mod server;
mod session;
mod settings;
mod shape;
mod simulate;
mod submit;
mod tape;
mod tokens;
mod unchanged;

use std::sync::Arc;

use async_trait::async_trait;
use noontide_domain::Schedule;
use noontide_domain::ports::History;
use noontide_engine::EngineHandle;

pub use access::{Access, Base, Visitor, Way};
pub use client::{Client, ClientError, EventStream, ServerEvent};
pub use document::document;
pub use metrics::{Figures, LedgerFigures, ProcessFigures, Requests, SandboxFigures};
pub use register::Register;
pub use server::{Bound, Listen, Serving, Tls, WebError, bind, serve};
pub use settings::{Limits, WebSettings};

/// What the API stands on.
#[derive(Clone)]
pub struct WebParts {
    /// Does things.
    pub engine: EngineHandle,
    /// Knows what became of things.
    pub history: Arc<dyn History>,
    /// The process around the engine.
    pub host: Arc<dyn HostControl>,
    /// Who is let in over TCP; the Unix socket is guarded by its file permission.
    pub access: Access,
    /// Tokens, sessions, the audit log.
    pub register: Register,
    /// What the operator says of the API.
    pub settings: WebSettings,
    /// What was asked so far, over all listeners.
    pub requests: Arc<Requests>,
}

/// What the process around the engine offers.
#[async_trait]
pub trait HostControl: Send + Sync {
    /// Reads configuration and plugin folder again.
    async fn reload(&self) -> ReloadReport;
    /// Reads a schedule as a client wrote it, by the rules of a `[schedule.NAME]`. With `onto`, `json` is a merge patch over
    /// what was written before.
    ///
    /// # Errors
    /// All that is wrong, a line each.
    async fn read_schedule(
        &self,
        name: &str,
        json: &serde_json::Value,
        onto: Option<&serde_json::Value>,
    ) -> Result<Schedule, Vec<String>>;
    /// What is wrong with the configuration now, a line each.
    fn problems(&self) -> Vec<String>;
    /// Facts for `status`, as a JSON object.
    fn facts(&self) -> serde_json::Value;
    /// Numbers for `/metrics` of the rooms that are not known here.
    fn figures(&self) -> Figures;
}

/// What a reload found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReloadReport {
    /// A line each.
    pub problems: Vec<String>,
    /// How many schedules stand now.
    pub schedules: usize,
}

#[cfg(test)]
mod tests;
