//! The loops that carry the plan out.
//!
//! [`start`] begins eight of them and gives back an [`EngineHandle`], through which the rest of the house asks for things:
//!
//! * the **scheduler** sleeps until the next due instant, plans, and claims what is due in one transaction;
//! * the **runner** leases ready runs, calls their handlers and records how they ended;
//! * the **keeper** prolongs the leases of what is going on here, and hears who shall be cancelled;
//! * the **rescuer** settles runs whose host went away;
//! * the **courier** sends what handlers handed to the outbox, once their success is on record;
//! * the **lookout** notices what others have changed on the list of schedules, in another host or with SQL;
//! * the **watcher** tells of schedules whose success is overdue, and of runs that starve;
//! * the **pruner** deletes what is past the retention.
//!
//! A nudge between them says "look", never "what": each looks at the truth itself. None of them knows which database
//! it is, nor that handlers are wasm.

mod book;
mod calls;
mod core;
mod courier;
mod desk;
mod event;
mod handle;
mod keeper;
mod lookout;
mod places;
mod pruner;
mod recorder;
mod request;
mod rescuer;
mod runner;
mod scheduler;
mod settings;
pub mod story;
mod submit;
mod watcher;

pub use calls::Enqueued;
pub use event::{Event, Happening};
pub use handle::{EngineHandle, EngineStatus, Progress};
pub use request::{Backfill, Backfilled, EngineError, FireRequest, Handed};
pub use settings::Settings;

use std::sync::Arc;

use noontide_domain::Schedule;
use noontide_domain::ports::{Clock, Ledger, LedgerError, Outlet, PluginHost};

/// What the engine stands on.
#[derive(Clone)]
pub struct Parts {
    /// Where time comes from.
    pub clock: Arc<dyn Clock>,
    /// The durable record.
    pub ledger: Arc<dyn Ledger>,
    /// Where handlers live.
    pub plugins: Arc<dyn PluginHost>,
    /// Where messages go out.
    pub outlet: Arc<dyn Outlet>,
    /// Numbers.
    pub settings: Settings,
}

/// Declares `schedules` (those that files own) and begins the loops.
///
/// # Errors
/// If the ledger cannot take the schedules; nothing has begun then.
pub async fn start(parts: Parts, schedules: Vec<Schedule>) -> Result<EngineHandle, LedgerError> {
    let core = core::Core::new(parts);
    core.begin(schedules).await?;
    let loops = vec![
        tokio::spawn(scheduler::run(Arc::clone(&core))),
        tokio::spawn(runner::run(Arc::clone(&core))),
        tokio::spawn(keeper::run(Arc::clone(&core))),
        tokio::spawn(rescuer::run(Arc::clone(&core))),
        tokio::spawn(courier::run(Arc::clone(&core))),
        tokio::spawn(lookout::run(Arc::clone(&core))),
        tokio::spawn(watcher::run(Arc::clone(&core))),
        tokio::spawn(pruner::run(Arc::clone(&core))),
    ];
    Ok(EngineHandle::new(core, loops))
}

#[cfg(test)]
mod tests;
