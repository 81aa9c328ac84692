//! Files that are submitted: whatever arrives in a watched place is taken, handed to its schedule as a whole, and put away.
//!
//! ```text
//! inbox/a.json ──▶ inbox/taking/ID-a.json ──▶ inbox/done/ID-a.json      with ID-a.json.counts
//!    complete         read and submitted  └─▶ inbox/refused/ID-a.json   with ID-a.json.error
//! ```
//!
//! A host that dies in between leaves the file in `taking/`, and the next one submits it again under the same id, under which
//! the ledger takes it once. Whatever keeps a schedule from taking anything lets the files wait.

mod folder;
mod hints;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use noontide_config::Watch;
use noontide_domain::ScheduleName;
use noontide_domain::submission::Data;
use noontide_engine::{EngineError, EngineHandle, Handed};
use serde_json::json;
use tracing::{info, warn};

use super::reload::Reloader;
use crate::payloads::{self, Written};
use folder::{Folder, Look, Taken};
use hints::Hints;

/// What brings no events (NFS, a folder that was replaced) is noticed by looking this often.
const SLOW: Duration = Duration::from_secs(10);
/// While somebody is writing.
const SOON: Duration = Duration::from_millis(200);

/// All watched places.
pub struct Inboxes {
    engine: EngineHandle,
    folders: BTreeMap<(ScheduleName, PathBuf), Folder>,
    problems: Vec<String>,
}

/// What became of a file.
enum End {
    Done(String),
    Refused(String),
    /// It stays in `taking/`; why.
    Later(String),
}

/// Submits what arrives, until it is dropped.
pub async fn follow(reloader: Arc<Reloader>, engine: EngineHandle) {
    let mut inboxes = Inboxes { engine, folders: BTreeMap::new(), problems: Vec::new() };
    let mut hints = Hints::new();
    loop {
        inboxes.keep(reloader.watches().await);
        hints.watch(inboxes.folders.values().map(Folder::path));
        let unsettled = inboxes.look().await;
        reloader.show_inboxes(inboxes.problems.clone());
        let period = if unsettled { SOON } else { SLOW };
        tokio::select! {
            () = hints.next() => {}
            () = reloader.taken() => {}
            () = tokio::time::sleep(period) => {}
        }
    }
}

impl Inboxes {
    /// What is watched already goes on where it was.
    fn keep(&mut self, watches: Vec<Watch>) {
        let wanted: Vec<_> = watches.into_iter().map(|watch| (watch.schedule, watch.path)).collect();
        self.folders.retain(|at, _| wanted.contains(at));
        for at in wanted {
            let path = at.1.clone();
            self.folders.entry(at).or_insert_with(|| Folder::at(&path));
        }
    }

    /// Whether somebody is still writing.
    async fn look(&mut self) -> bool {
        let (mut unsettled, mut problems) = (false, Vec::new());
        for ((schedule, path), mut folder) in std::mem::take(&mut self.folders) {
            let engine = self.engine.clone();
            let name = schedule.clone();
            // A disk far away may take its time.
            let looked = tokio::task::spawn_blocking(move || {
                let look = look(&mut folder, engine.takes_submissions(name.as_str()));
                (folder, look)
            });
            let Ok((folder, look)) = looked.await else { continue };
            unsettled |= look.unsettled;
            let mut problem = look.problem;
            for taken in look.taken {
                problem = self.hand_over(&schedule, &folder, &taken).await.or(problem);
            }
            problems.extend(problem.map(|problem| format!("schedule `{schedule}`: `watch`: {problem}")));
            self.folders.insert((schedule, path), folder);
        }
        problems.iter().filter(|problem| !self.problems.contains(problem)).for_each(|problem| warn!("{problem}"));
        self.problems.iter().filter(|was| !problems.contains(was)).for_each(|was| info!("no longer: {was}"));
        self.problems = problems;
        unsettled
    }

    /// What is in the way, if it stays.
    async fn hand_over(&self, schedule: &ScheduleName, folder: &Folder, taken: &Taken) -> Option<String> {
        let file = taken.clone();
        let read = tokio::task::spawn_blocking(move || read(&file)).await;
        let end = match read.unwrap_or_else(|panic| Err(End::Later(panic.to_string()))) {
            Ok(data) => ended(self.engine.submit(schedule.as_str(), taken.id, data, None).await, schedule, taken),
            Err(end) => end,
        };
        let file = taken.path.display();
        let put_away = match &end {
            End::Done(counts) => {
                info!(%schedule, %file, %counts, "submitted");
                folder.done(taken, counts)
            }
            End::Refused(reason) => {
                let reason = format!("{}: {reason}", taken.name);
                warn!(%schedule, submission = %taken.id, "file refused: {reason}");
                folder.refuse(taken, &reason)
            }
            End::Later(reason) => return Some(format!("{file} waits: {reason}")),
        };
        put_away
            .err()
            .map(|error| format!("{file} cannot be put away: {error}; let the host's user write in its folder"))
    }
}

/// While nobody would take them, files stay where they are.
fn look(folder: &mut Folder, takes: Result<(), EngineError>) -> Look {
    match takes {
        Ok(()) => folder.look(Instant::now()),
        Err(reason) => {
            let waiting = format!("files in {} wait: {reason}", folder.path().display());
            Look { problem: folder.has_files().then_some(waiting), ..Look::default() }
        }
    }
}

fn read(taken: &Taken) -> Result<Data, End> {
    let text = taken.open().and_then(payloads::read).map_err(|error| match error.kind() {
        std::io::ErrorKind::PermissionDenied => End::Refused(format!("{error}; let the host's user read it")),
        std::io::ErrorKind::InvalidInput | std::io::ErrorKind::FileTooLarge => End::Refused(error.to_string()),
        _ => End::Later(error.to_string()),
    })?;
    Written::of(&taken.path).unwrap_or(Written::Json).data(&text).map_err(End::Refused)
}

fn ended(handed: Result<Handed, EngineError>, schedule: &ScheduleName, taken: &Taken) -> End {
    match handed {
        Ok(Handed { counts, .. }) => {
            let counts = json!({
                "submission": taken.id.to_string(),
                "schedule": schedule.as_str(),
                "accepted": counts.accepted,
                "duplicate": counts.duplicate,
                "out_of_window": counts.out_of_window,
                "expired": counts.expired,
            });
            End::Done(counts.to_string())
        }
        Err(EngineError::Refused(refusal)) => End::Refused(refusal.to_string()),
        Err(passing) => End::Later(passing.to_string()),
    }
}
