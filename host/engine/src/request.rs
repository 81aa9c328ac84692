//! What the engine may be asked for, and why it may refuse.

use chrono::{DateTime, Utc};
use noontide_domain::ports::{LedgerError, WishRefused};
use noontide_domain::submission::{Counts, Refusal};
use noontide_domain::{Overlap, RunId, ScheduleName, Standing, Timetable, TraceParent, Unavailable, Window};

/// Why the engine did not do what it was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum EngineError {
    /// No schedule of that name stands.
    #[error("no schedule `{name}`{hint}")]
    NoSuchSchedule {
        /// As asked.
        name: String,
        /// A did-you-mean, or empty.
        hint: String,
    },
    /// The handler cannot be called with that input.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The schedule's overlap policy keeps it from running now.
    #[error(
        "schedule `{schedule}` is still busy with run {blocking} and its overlap policy is `skip`; wait for it, or cancel it"
    )]
    Busy {
        /// The schedule.
        schedule: ScheduleName,
        /// The run in the way.
        blocking: RunId,
    },
    /// The API may not change what a file defines.
    #[error("schedule `{name}` is defined at {place}; change it there, or choose another name")]
    OwnedByFile {
        /// The schedule.
        name: ScheduleName,
        /// `path:line`.
        place: String,
    },
    /// Others are `after` it.
    #[error(
        "schedule `{name}` is followed by {}, which would wait for ever; change or remove them first, or force it",
        words(by)
    )]
    Followed {
        /// The schedule.
        name: ScheduleName,
        /// Those that follow it.
        by: Vec<ScheduleName>,
    },
    /// More due instants than a backfill may have, or a span that ends before it begins.
    #[error("{0}")]
    BadSpan(String),
    /// One of several calls cannot be taken, so none is.
    #[error("call {index}: `{field}`: {problem}")]
    Errand {
        /// Which, counted from 0.
        index: usize,
        /// Its field that is wrong; in a chain with the path, such as `then[0].handler`.
        field: String,
        /// What is wrong with it.
        problem: Box<EngineError>,
    },
    /// Something about a call makes no sense.
    #[error("{reason}")]
    BadErrand {
        /// Which field.
        field: String,
        /// In words, with the next step.
        reason: String,
    },
    /// It comes due by itself; nothing can be submitted to it.
    #[error("schedule `{0}` has no timetable; give it one, or run it with `fire`")]
    NoTimetable(ScheduleName),
    /// It takes nothing now.
    #[error("schedule `{schedule}` takes nothing: {reason}")]
    Closed {
        /// The schedule.
        schedule: ScheduleName,
        /// Why, and what to do.
        reason: String,
    },
    /// The submission is not what its timetable asks for.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// What somebody wants of a plugin's versions is not done.
    #[error(transparent)]
    Version(#[from] WishRefused),
    /// The engine is draining.
    #[error("the host is shutting down and takes nothing new")]
    Stopping,
    /// The ledger did not answer.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

fn words(names: &[ScheduleName]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// A fire by hand.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FireRequest {
    /// In place of the schedule's input.
    pub input: Option<serde_json::Value>,
    /// In place of the schedule's window.
    pub window: Option<Window>,
    /// Not before this instant; now if not given. It is the run's due instant, too.
    pub at: Option<DateTime<Utc>>,
    /// Of whose trace the run is a part; of its own if not given.
    pub trace: Option<TraceParent>,
}

/// Due instants of the past that shall run now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backfill {
    /// Inclusive.
    pub from: DateTime<Utc>,
    /// Exclusive; what lies in the future is left out.
    pub to: DateTime<Utc>,
    /// How they keep out of each other's way; one after the other if not given.
    pub overlap: Option<Overlap>,
    /// How many they may be; [`Backfill::LIMIT`] if not given.
    pub limit: Option<usize>,
    /// Only tell which they would be.
    pub dry_run: bool,
}

impl Backfill {
    /// How many due instants a backfill may have unless it says so itself: a year of days, a week of quarters of an hour.
    pub const LIMIT: usize = 1_000;
}

/// What became of a [`Backfill`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Backfilled {
    /// The due instants in the span that may run, ascending.
    pub due: Vec<DateTime<Utc>>,
    /// The new runs, in the same order; none for what ran already, and none on a dry run.
    pub runs: Vec<RunId>,
    /// How many ran already, or go on.
    pub duplicate: usize,
    /// How many more due instants lie in the span, on days that belong to a larger schedule.
    pub superseded: u64,
}

/// What became of a submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handed {
    /// How many of its entries met which fate.
    pub counts: Counts,
    /// The new runs, one for each instant with entries left, in the order of the instants.
    pub runs: Vec<RunId>,
}

/// The timetable of a schedule that takes submissions now.
pub(crate) fn timetable(standing: &Standing, now: DateTime<Utc>) -> Result<Timetable, EngineError> {
    let schedule = &standing.schedule;
    let name = || schedule.name.clone();
    let timetable = schedule.trigger.timetable().ok_or_else(|| EngineError::NoTimetable(name()))?;
    if !schedule.enabled {
        let reason = "it is disabled; set `enabled = true`".to_owned();
        return Err(EngineError::Closed { schedule: name(), reason });
    }
    if let Some(pause) = standing.pause.as_ref().filter(|pause| pause.covers(now)) {
        let reason = format!("it is paused by {}; resume it first", pause.by);
        return Err(EngineError::Closed { schedule: name(), reason });
    }
    Ok(timetable.clone())
}

impl EngineError {
    /// That it is about call `index` of several, and in it about what is at `path`.
    pub(crate) fn of_errand(self, index: usize, path: &str) -> Self {
        let field = match &self {
            EngineError::BadErrand { field, .. } => field.as_str(),
            EngineError::Unavailable(Unavailable::Input { .. }) => "input",
            _ => "handler",
        };
        let field = if path.is_empty() { field.to_owned() } else { format!("{path}.{field}") };
        EngineError::Errand { index, field, problem: Box::new(self) }
    }
}
