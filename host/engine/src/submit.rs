//! Submissions to schedules with a timetable.

use std::sync::Arc;

use noontide_domain::ports::{Claimed, LedgerError};
use noontide_domain::submission::{self, Data};
use noontide_domain::{Standing, Submission, SubmissionId, Timetable, TraceParent};

use crate::handle::EngineHandle;
use crate::request::{self, EngineError, Handed};
use crate::scheduler;

impl EngineHandle {
    /// Takes a submission for a schedule with a timetable: all of it, or nothing. What is overdue begins now. What was taken
    /// under `id` before is told again. The runs are part of `trace`; each of its own if not given.
    ///
    /// # Errors
    /// No such schedule, or none with a timetable; paused or disabled; handler missing; a payload that is wrong; stopping;
    /// no ledger.
    pub async fn submit(
        &self,
        name: &str,
        id: SubmissionId,
        data: Data,
        trace: Option<TraceParent>,
    ) -> Result<Handed, EngineError> {
        let entered = self.open()?;
        let (standing, timetable) = self.open_timetable(name)?;
        let now = self.core.clock.now();
        let core = Arc::clone(&self.core);
        // A client that goes away must not stop it half way.
        let work = tokio::spawn(async move {
            // A hundred thousand keys are hashed for a while.
            let read = move || submission::read(&standing, &timetable, data, now);
            let mut submission = Submission { id, ..tokio::task::spawn_blocking(read).await.map_err(broken)?? };
            for order in submission.buckets.iter_mut().map(|bucket| &mut bucket.fire.order) {
                trace.iter().for_each(|trace| order.trace_id.clone_from(&trace.trace_id));
            }
            let schedule = submission.schedule.clone();
            let asked_at = core.clock.elapsed();
            let submitted = core.ledger.submit(submission, core.lessee(core.room())).await;
            core.heard(&submitted);
            let submitted = submitted?;
            let runs: Vec<_> = submitted.claimed.iter().filter_map(Claimed::new_run).collect();
            core.book().ran(&schedule, runs.len() as u64);
            scheduler::take(&core, submitted.claimed, asked_at);
            drop(entered);
            Ok::<_, EngineError>(Handed { counts: submitted.counts, runs })
        });
        work.await.map_err(broken)?
    }

    /// Whether a submission would be looked at now.
    ///
    /// # Errors
    /// No such schedule, or none with a timetable; paused or disabled; handler missing; stopping.
    pub fn takes_submissions(&self, name: &str) -> Result<(), EngineError> {
        let _entered = self.open()?;
        self.open_timetable(name).map(drop)
    }

    fn open_timetable(&self, name: &str) -> Result<(Standing, Timetable), EngineError> {
        let standing = self.standing(name)?;
        let timetable = request::timetable(&standing, self.core.clock.now())?;
        self.core.plugins.check(&standing.schedule.handler, &standing.schedule.input)?;
        Ok((standing, timetable))
    }
}

fn broken(panic: tokio::task::JoinError) -> LedgerError {
    LedgerError::Broken(panic.to_string())
}
