//! What an expression is read from, and by which rules.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::CronError;

/// What a [`Cron`](super::Cron) is read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Five, six or seven fields, or a nickname.
    Text(String),
    /// Fields by name: `{ day-of-week = "mon", hour = "9" }`.
    Table(BTreeMap<String, String>),
}

/// The rules an expression is read by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rules {
    /// Whose numbers weekdays have, and what two restricted day fields mean.
    pub dialect: Dialect,
    /// A fixed time that a clock change leaves out.
    pub dst_gap: DstGap,
    /// A fixed time that a clock change repeats.
    pub dst_overlap: DstOverlap,
}

/// Whose numbers weekdays have, and what two restricted day fields mean.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dialect {
    /// Weekdays 0-7, 0 and 7 are Sunday; a day that matches either day field fires.
    #[default]
    Posix,
    /// Weekdays 1-7, 1 is Sunday; a day must match both.
    Quartz,
    /// Weekdays 0-6, 0 is Sunday; a day must match both.
    Celery,
    /// Weekdays 0-6, 0 is Monday; a day must match both.
    Apscheduler,
}

/// What becomes of a fixed time that does not occur because clocks go forward over it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DstGap {
    /// It fires once, at the first instant after a gap of up to 3 h.
    #[default]
    Vixie,
    /// It does not fire.
    Skip,
}

/// What becomes of a fixed time that occurs twice because clocks go back over it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DstOverlap {
    /// It fires the first time.
    #[default]
    Vixie,
    /// It fires both times.
    Both,
}

impl Dialect {
    const WORDS: [(&'static str, Self); 4] = [
        ("posix", Self::Posix),
        ("quartz", Self::Quartz),
        ("celery", Self::Celery),
        ("apscheduler", Self::Apscheduler),
    ];

    /// The word in configuration.
    pub fn word(self) -> &'static str {
        word(self, &Self::WORDS)
    }

    /// The number of a weekday that is counted from Sunday = 0.
    pub(super) fn number_of(self, weekday: u32) -> u32 {
        match self {
            Self::Posix | Self::Celery => weekday,
            Self::Quartz => weekday + 1,
            Self::Apscheduler => (weekday + 6) % 7,
        }
    }

    /// The weekday, counted from Sunday = 0, of a number in this dialect.
    pub(super) fn weekday_of(self, number: u32) -> u32 {
        match self {
            Self::Posix | Self::Celery => number % 7,
            Self::Quartz => (number + 6) % 7,
            Self::Apscheduler => (number + 1) % 7,
        }
    }
}

impl DstGap {
    const WORDS: [(&'static str, Self); 2] = [("vixie", Self::Vixie), ("skip", Self::Skip)];

    /// The word in configuration.
    pub fn word(self) -> &'static str {
        word(self, &Self::WORDS)
    }
}

impl DstOverlap {
    const WORDS: [(&'static str, Self); 2] = [("vixie", Self::Vixie), ("both", Self::Both)];

    /// The word in configuration.
    pub fn word(self) -> &'static str {
        word(self, &Self::WORDS)
    }
}

impl FromStr for Dialect {
    type Err = CronError;
    fn from_str(text: &str) -> Result<Self, CronError> {
        named(text, "dialect", &Self::WORDS)
    }
}

impl FromStr for DstGap {
    type Err = CronError;
    fn from_str(text: &str) -> Result<Self, CronError> {
        named(text, "dst-gap", &Self::WORDS)
    }
}

impl FromStr for DstOverlap {
    type Err = CronError;
    fn from_str(text: &str) -> Result<Self, CronError> {
        named(text, "dst-overlap", &Self::WORDS)
    }
}

fn word<T: PartialEq>(value: T, words: &[(&'static str, T)]) -> &'static str {
    words.iter().find(|(_, known)| *known == value).map(|(word, _)| *word).unwrap_or_default()
}

fn named<T: Copy>(text: &str, what: &str, words: &[(&'static str, T)]) -> Result<T, CronError> {
    words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value).ok_or_else(|| {
        let known: Vec<_> = words.iter().map(|(word, _)| *word).collect();
        let hint = crate::suggest::hint(text, known.iter().copied());
        CronError::new(format!("`{}` is no {what}{hint}; there are {}", super::error::cut(text), known.join(", ")))
    })
}
