//! Stand-ins and exams, for tests only.
//!
//! | what | stands in for | how a test steers it |
//! |---|---|---|
//! | [`ManualClock`] | `Clock` | [`advance`](ManualClock::advance), [`set`](ManualClock::set); [`asleep`](ManualClock::asleep) waits until somebody sleeps |
//! | [`MemoryLedger`] | `Ledger`, `History`, `Versions` | [`fail_next`](MemoryLedger::fail_next); [`until`](MemoryLedger::until) waits until the rows look as wanted |
//! | [`ScriptedPlugins`] | `PluginHost` | [`add`](ScriptedPlugins::add), [`script`](ScriptedPlugins::script), [`hold`](ScriptedPlugins::hold) gives a [`Gate`]; [`called`](ScriptedPlugins::called) waits for calls |
//! | [`ScriptedOutlet`] | `Outlet` | [`script`](ScriptedOutlet::script), [`hold`](ScriptedOutlet::hold); [`arrived`](ScriptedOutlet::arrived) waits for messages |
//! | [`Mailbox`] | – (a real SMTP server) | [`answer`](Mailbox::answer); [`arrived`](Mailbox::arrived) waits for letters |
//! | [`servers`] | – (real ones) | started for a test, stopped and started again |
//! | [`Proxy`] | – (before a real one) | [`cut`](Proxy::cut), [`refuse`](Proxy::refuse), [`hold`](Proxy::hold); [`lose_next`](Proxy::lose_next) loses the answers to commits |
//! | [`ledger_contract!`] | – | the one exam that every ledger passes |
//!
//! How a test moves time without ever sleeping: every move of the clock wakes all sleepers (a real clock may wake early
//! too, so callers look again), and [`asleep`](ManualClock::asleep) counts only those that went to sleep after the move.
//!
//! ```
//! # use std::{sync::Arc, time::Duration};
//! # use noontide_domain::ports::{Clock, PluginHost};
//! # use noontide_testkit::{ManualClock, MemoryLedger, ScriptedPlugins};
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let clock = ManualClock::at("2026-07-01T08:00:00Z");
//! let ledger = MemoryLedger::new(clock.clone());
//! let plugins = ScriptedPlugins::new(clock.clone());
//! plugins.add("mail/send");
//! let gate = plugins.hold("mail/send"); // calls wait until `gate.open()`
//! let sleeper = tokio::spawn({
//!     let clock = clock.clone();
//!     async move { clock.sleep_until(clock.now() + Duration::from_secs(60)).await }
//! });
//! clock.asleep(1).await;
//! clock.advance(Duration::from_secs(60));
//! sleeper.await.unwrap();
//! gate.open();
//! assert!(ledger.records().is_empty());
//! # });
//! ```

mod clock;
pub mod ledger_contract;
mod mailbox;
mod memory;
mod outlet;
mod plugins;
#[cfg(unix)]
mod proxy;
#[cfg(unix)]
pub mod servers;
mod sink;

pub use clock::ManualClock;
pub use mailbox::{AUTHORITY, Letter, Mailbox, Secrecy};
pub use memory::MemoryLedger;
pub use outlet::ScriptedOutlet;
pub use plugins::{Gate, ScriptedPlugins, Step};
#[cfg(unix)]
pub use proxy::Proxy;
pub use sink::ScriptedSinks;
