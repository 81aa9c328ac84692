//! What happened, line by line, and what was seen that must not be.

use std::fmt::Display;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, SecondsFormat, Utc};
use noontide_domain::{RunId, ScheduleName};

#[derive(Default)]
pub struct Journal {
    pages: Mutex<Pages>,
}

#[derive(Default)]
struct Pages {
    lines: Vec<String>,
    broken: Option<String>,
    going: Vec<Going>,
}

/// A call that goes on.
#[derive(Clone, PartialEq, Eq)]
pub struct Going {
    pub host: usize,
    pub run: RunId,
    pub schedule: Option<ScheduleName>,
    /// Its host was frozen meanwhile, so nobody could tell it to stop.
    pub is_excused: bool,
}

impl Journal {
    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn note(&self, at: DateTime<Utc>, what: impl Display) {
        self.pages().lines.push(format!("{} {what}", at.to_rfc3339_opts(SecondsFormat::Millis, true)));
    }

    /// A promise is broken; the first one counts.
    pub fn broken(&self, at: DateTime<Utc>, what: String) {
        self.note(at, format_args!("BROKEN: {what}"));
        self.pages().broken.get_or_insert(what);
    }

    pub fn verdict(&self) -> Result<(), String> {
        self.pages().broken.clone().map_or(Ok(()), Err)
    }

    /// A call begins; tells of the others that go on.
    pub fn begin(&self, call: Going) -> Vec<Going> {
        let mut pages = self.pages();
        let others = pages.going.clone();
        pages.going.push(call);
        others
    }

    /// It is over, or its host is.
    pub fn end(&self, host: usize, run: RunId) {
        self.pages().going.retain(|one| (one.host, one.run) != (host, run));
    }

    /// What goes on there cannot hear that it shall stop.
    pub fn excuse(&self, host: usize) {
        self.pages().going.iter_mut().filter(|one| one.host == host).for_each(|one| one.is_excused = true);
    }

    /// How much has happened: who sees it stand still sees that nothing moves.
    pub fn len(&self) -> usize {
        self.pages().lines.len()
    }

    /// The last lines.
    pub fn told(&self, lines: usize) -> String {
        let pages = self.pages();
        pages.lines[pages.lines.len().saturating_sub(lines)..].join("\n")
    }
}
