//! What a Noontide plugin is written with.
//!
//! A **handler** is a plain function. It gets the [`Call`] (what is asked, by which run, and the host's ear) and its
//! typed input, and gives a result, an [`Outcome`] or a [`Failure`]:
//!
//! ```
//! use noontide_sdk::{Call, Failure, info, plugin};
//! use schemars::JsonSchema;
//! use serde::{Deserialize, Serialize};
//!
//! plugin! {
//!     name: "orders",
//!     summary: "Tidies the order folder.",
//!     wants: { folders: ["/orders"] },
//!     handlers: {
//!         "count" => count { summary: "Counts the orders.", example: { "suffix": ".json" }, timeout: "30s" },
//!     }
//! }
//!
//! /// What to count.
//! #[derive(Deserialize, JsonSchema)]
//! struct Input {
//!     /// File names that end with this are orders.
//!     suffix: String,
//! }
//!
//! #[derive(Serialize)]
//! struct Counted {
//!     orders: usize,
//! }
//!
//! fn count(call: &Call, input: Input) -> Result<Counted, Failure> {
//!     let mut orders = 0;
//!     for file in std::fs::read_dir("/orders")? {
//!         call.stop_if_cancelled()?;
//!         orders += usize::from(file?.file_name().to_string_lossy().ends_with(&input.suffix));
//!     }
//!     info!(call, folder = "/orders"; "{orders} orders");
//!     Ok(Counted { orders })
//! }
//! # fn main() {
//! assert_eq!(plugin().handlers().len(), 1);
//! assert!(count(&Call::test(), Input { suffix: ".json".into() }).is_err());
//! # }
//! ```
//!
//! | to | read |
//! |---|---|
//! | say what a plugin is | [`plugin!`], [`Plugin`] |
//! | know what is asked and tell how it goes | [`Call`], [`info!`] and its sisters |
//! | work on a timetable's payloads | [`Call::items`], [`Item`] |
//! | remember something until the next run | [`Call::state`], [`Call::shared`], [`State`] |
//! | send something once the run has succeeded | [`Call::outbox`], [`Outbox`] |
//! | leave a report or an export with the run | [`Call::attach`] |
//! | ask a database that the operator granted | [`Call::sql`], [`sql`], [`Call::kv`], [`kv`] |
//! | send a request to where the operator granted it | [`Call::http`], [`http`] |
//! | end well, in one of four ways | [`Outcome`], [`IntoOutcome`] |
//! | end badly, in one of four ways | [`Failure`] |
//! | test without a host | [`Call::test`], `TestCall` |
//!
//! Compiled for `wasm32`, [`plugin!`] also exports the component's functions and [`Call`] talks to the real host. On any
//! other target [`Call`] talks to a recording, so that a plugin's tests are ordinary `cargo test`.

mod artifacts;
mod call;
mod declare;
mod failure;
mod host;
pub mod http;
mod invocation;
mod items;
pub mod kv;
mod log;
mod outbox;
mod outcome;
mod plugin;
mod secrets;
pub mod sql;
mod state;

#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod guest;
#[cfg(not(target_arch = "wasm32"))]
mod testing;

pub use artifacts::ArtifactError;
pub use call::Call;
pub use failure::Failure;
pub use invocation::{Cause, Window};
pub use items::{Item, ItemOutcome};
pub use log::Level;
pub use outbox::{Message, Outbox, OutboxError, Webhook};
pub use outcome::{IntoOutcome, Outcome};
pub use plugin::{Handler, Plugin, Wants};
pub use secrets::SecretError;
pub use state::{State, StateError};
#[cfg(not(target_arch = "wasm32"))]
pub use testing::{Artifact, LogLine, Progress, SentRequest, TestCall};

pub use chrono;
pub use schemars;
pub use serde_json::{self, json};

#[doc(hidden)]
pub use declare::duration;
