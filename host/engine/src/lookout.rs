//! The lookout: notices what others have changed on the list of schedules. Another host, or somebody with SQL.

use std::sync::Arc;
use std::time::Duration;

use noontide_domain::ports::{LedgerError, RefusedEdit};
use tracing::{info, warn};

use crate::EngineHandle;
use crate::core::Core;
use crate::event::Happening;
use crate::scheduler;

/// How often it looks. A look that finds nothing reads one row.
const EVERY: Duration = Duration::from_secs(1);

/// Pause after the ledger did not answer: within the 10 s in which an edit is promised to be seen.
const LEDGER_PAUSE: Duration = Duration::from_secs(4);

pub(crate) async fn run(core: Arc<Core>) {
    while core.rest(EVERY).await {
        if let Err(problem) = look(&core).await {
            warn!(%problem, "edits of the schedules cannot be seen; trying again");
            core.rest(LEDGER_PAUSE).await;
        }
    }
}

/// Takes a bounded number of edits at a time: what comes due between them is not kept waiting.
async fn look(core: &Arc<Core>) -> Result<(), LedgerError> {
    while core.ledger.edited(core.seen()).await?.is_some() {
        let _pass = core.pass.lock().await;
        // A draining host decides nothing any more, so it takes nothing either.
        let Some(_entered) = core.enter() else { return Ok(()) };
        scheduler::decide_before(core, core.clock.now(), &[]).await?;
        if !take(core).await? {
            break;
        }
    }
    Ok(())
}

/// Takes the next edits, for whoever holds `core.pass` and has decided all that was due before. `false` if there were none.
pub(crate) async fn take(core: &Core) -> Result<bool, LedgerError> {
    let before = core.seen();
    let edits = core.ledger.take_edits(before, core.zone(), core.clock.now()).await?;
    let (refused, revision) = (edits.refused.clone(), edits.revision);
    let is_changed = core.book().take(edits);
    core.see(revision);
    if is_changed {
        core.look_at_book.notify_one();
        core.tell(Happening::SchedulesChanged);
    }
    say(core, refused);
    Ok(revision != before)
}

/// Tells of what is refused now and was not before, and the other way round.
fn say(core: &Core, refused: Vec<RefusedEdit>) {
    let before = core.refuse(refused.clone());
    for RefusedEdit { schedule, .. } in
        before.iter().filter(|was| !refused.iter().any(|is| is.schedule == was.schedule))
    {
        info!(schedule, "the edit of its row is no longer refused");
    }
    for RefusedEdit { schedule, reason } in refused.into_iter().filter(|is| !before.contains(is)) {
        warn!(schedule, reason, "the edit of its row is refused: what stood before stands");
        core.tell(Happening::EditRefused { schedule, reason });
    }
}

impl EngineHandle {
    /// Edits in the ledger itself that are refused at present: what stood before stands.
    pub fn refused(&self) -> Vec<RefusedEdit> {
        self.core.refused()
    }

    /// From now on, new rows of the table `task` that name no zone are read in this one.
    pub fn read_in(&self, zone: chrono_tz::Tz) {
        self.core.read_in(zone);
    }
}
