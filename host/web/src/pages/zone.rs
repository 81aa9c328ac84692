//! In which zone a reader wants times: one choice for all pages.

use chrono_tz::Tz;

/// The reader's choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Zone {
    /// Each schedule's own.
    Job,
    /// Where the reader is.
    Mine,
    /// UTC.
    Utc,
}

impl Zone {
    /// By the word of the cookie; the schedule's own if there is none.
    pub(crate) fn named(word: Option<&str>) -> Self {
        match word {
            Some("mine") => Self::Mine,
            Some("utc") => Self::Utc,
            _ => Self::Job,
        }
    }

    /// Whether `word` is its word.
    pub(crate) fn is(self, word: &str) -> bool {
        Self::named(Some(word)) == self
    }

    /// The zone it means for a schedule that goes by `job`.
    pub(crate) fn of(self, job: Tz, mine: Tz) -> Tz {
        match self {
            Self::Job => job,
            Self::Mine => mine,
            Self::Utc => Tz::UTC,
        }
    }
}
