//! What is done to many schedules at once.

use std::sync::Arc;

use noontide_domain::ports::LedgerError;
use noontide_domain::{Pause, ScheduleName};
use tokio::task::JoinSet;

use super::EngineHandle;
use crate::core::Core;
use crate::request::EngineError;
use crate::scheduler;

/// So many are changed between two passes of the scheduler: it never waits long.
const BETWEEN_PASSES: usize = 200;

impl EngineHandle {
    /// Pauses schedules, or resumes them with `None`, each as [`EngineHandle::pause`] does. Gives back how many that were: one
    /// that has left the list is passed over.
    ///
    /// # Errors
    /// No ledger; those before are changed then.
    pub async fn pause_many(&self, names: Vec<ScheduleName>, pause: Option<Pause>) -> Result<usize, EngineError> {
        let mut changed = 0;
        for some in names.chunks(BETWEEN_PASSES) {
            let (core, some, pause) = (Arc::clone(&self.core), some.to_vec(), pause.clone());
            // A client that goes away must not stop it half way.
            let work = tokio::spawn(pause_some(core, some, pause));
            changed += work.await.map_err(|panic| LedgerError::Broken(panic.to_string()))??;
        }
        Ok(changed)
    }
}

async fn pause_some(core: Arc<Core>, names: Vec<ScheduleName>, pause: Option<Pause>) -> Result<usize, LedgerError> {
    let _pass = core.pass.lock().await;
    let now = core.clock.now();
    scheduler::decide_before(&core, now, &names).await?;
    // Asked together, so that they share what it takes to write.
    let mut asked = JoinSet::new();
    for name in names {
        let (core, pause) = (Arc::clone(&core), pause.clone());
        asked.spawn(async move {
            let is_there = core.ledger.pause(&name, pause.clone(), now).await?;
            if is_there {
                core.book().pause(&name, pause, now);
            }
            Ok::<_, LedgerError>(is_there)
        });
    }
    let (mut changed, mut failure) = (0, None);
    while let Some(answer) = asked.join_next().await {
        match answer.map_err(|panic| LedgerError::Broken(panic.to_string())).flatten() {
            Ok(is_there) => changed += usize::from(is_there),
            Err(problem) => failure = Some(problem),
        }
    }
    core.look_at_book.notify_one();
    failure.map_or(Ok(changed), Err)
}
