//! The loops that carry the plan out.
//!
//! [`start`] begins those of this host's roles and gives back an [`EngineHandle`], through which the rest of the house asks
//! for things. Of hosts with the role `scheduler`:
//!
//! * the **scheduler** sleeps until the next due instant, plans, and claims what is due in one transaction;
//! * the **watcher** tells of schedules whose success is overdue, and of runs that starve;
//! * the **alerter** has what went wrong judged by the rules, and tells who is on call;
//! * the **accountant** has ends counted, for pictures of the past;
//! * the **pruner** deletes what is past the retention.
//!
//! With the role `worker`:
//!
//! * the **runner** leases ready runs, calls their handlers and records how they ended;
//! * the **courier** sends what handlers handed to the outbox, once their success is on record.
//!
//! With either of them, the **rescuer** settles runs whose host went away. And of every host:
//!
//! * the **keeper** prolongs the leases of what is going on here, and hears who shall be cancelled;
//! * the **fence** stops what is going on here before its lease can lapse unheard, where other hosts could take it;
//! * the **announcer** says that the host lives, and compares its clock with the ledger's;
//! * the **lookout** notices what others have changed on the list of schedules, in another host or with SQL;
//! * the **steward** has the versions of plugins looked at, and tells what was decided about them.
//!
//! A nudge between them says "look", never "what": each looks at the truth itself. None of them knows which database
//! it is, nor that handlers are wasm.

mod accountant;
mod alerter;
mod announcer;
mod book;
mod calls;
mod core;
mod courier;
mod desk;
mod event;
mod fence;
mod handle;
mod keeper;
mod lookout;
mod nudges;
mod places;
mod pruner;
mod recorder;
mod request;
mod rescuer;
mod rest;
mod runner;
mod scheduler;
mod settings;
mod steward;
pub mod story;
mod submit;
mod tally;
mod tap;
mod watcher;

pub use alerter::Tried;
pub use calls::Enqueued;
pub use event::{Event, Happening};
pub use handle::{EngineHandle, EngineStatus, Outlook, Progress};
pub use request::{Backfill, Backfilled, EngineError, FireRequest, Handed};
pub use settings::Settings;
pub use tally::{AttemptEnd, AttemptWitness, Ending, Ends, Handled, Tally};
pub use tap::Listener;

use std::sync::Arc;

use noontide_domain::ports::{Clock, Ledger, LedgerError, Outlet, PluginHost};
use noontide_domain::{Role, Schedule};

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
    let (schedules, works) = (core.has(Role::Scheduler), core.has(Role::Worker));
    let mut loops = vec![
        tokio::spawn(keeper::run(Arc::clone(&core))),
        tokio::spawn(announcer::run(Arc::clone(&core))),
        tokio::spawn(lookout::run(Arc::clone(&core))),
        tokio::spawn(steward::run(Arc::clone(&core))),
    ];
    if core.settings.is_shared {
        loops.push(tokio::spawn(fence::run(Arc::clone(&core))));
    }
    if schedules {
        loops.push(tokio::spawn(scheduler::run(Arc::clone(&core))));
        loops.push(tokio::spawn(watcher::run(Arc::clone(&core))));
        loops.push(tokio::spawn(accountant::run(Arc::clone(&core))));
        loops.push(tokio::spawn(alerter::run(Arc::clone(&core))));
        loops.push(tokio::spawn(pruner::run(Arc::clone(&core))));
    }
    if works {
        loops.push(tokio::spawn(runner::run(Arc::clone(&core))));
        loops.push(tokio::spawn(courier::run(Arc::clone(&core))));
        loops.push(tokio::spawn(nudges::run(Arc::clone(&core))));
    }
    if schedules || works {
        loops.push(tokio::spawn(rescuer::run(Arc::clone(&core))));
    }
    Ok(EngineHandle::new(core, loops))
}

#[cfg(test)]
mod tests;
