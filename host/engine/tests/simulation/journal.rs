//! What happened, line by line, and what was seen that must not be.

use std::fmt::Display;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, SecondsFormat, Utc};

#[derive(Default)]
pub struct Journal {
    pages: Mutex<Pages>,
}

#[derive(Default)]
struct Pages {
    lines: Vec<String>,
    broken: Option<String>,
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
