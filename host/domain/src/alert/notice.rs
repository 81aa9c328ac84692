//! A notice: something went wrong, or went well again. Written in the transaction that records it, and read once, when it is
//! judged by the rules.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Condition;
use crate::{HandlerRef, PluginName, RunId, ScheduleName};

/// What a notice is about. All that happens to one subject is one story.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", content = "name", rename_all = "kebab-case")]
pub enum Subject {
    /// A schedule.
    Schedule(ScheduleName),
    /// A handler, of calls without a schedule.
    Handler(HandlerRef),
    /// A plugin, by its name or, if nothing of it was ever loaded, by its file.
    Plugin(String),
    /// A host, as people call it.
    Host(String),
    /// What a plugin sends by its outbox.
    Outbox(PluginName),
}

impl Subject {
    /// Of a run.
    pub fn of_run(schedule: Option<&ScheduleName>, handler: &HandlerRef) -> Self {
        match schedule {
            Some(schedule) => Self::Schedule(schedule.clone()),
            None => Self::Handler(handler.clone()),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Schedule(name) => write!(f, "schedule/{name}"),
            Self::Handler(name) => write!(f, "handler/{name}"),
            Self::Plugin(name) => write!(f, "plugin/{name}"),
            Self::Host(name) => write!(f, "host/{name}"),
            Self::Outbox(name) => write!(f, "outbox/{name}"),
        }
    }
}

/// Where to look for more. What is not known is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The handler that is called, or would be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handler: Option<HandlerRef>,
    /// The run that ended so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// The nominal instant; of several, the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<DateTime<Utc>>,
    /// How many attempts were made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
}

/// Something a rule may be about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// When it was recorded.
    pub at: DateTime<Utc>,
    /// What it is about.
    pub subject: Subject,
    /// What is wrong; `None` if all is well again.
    pub condition: Option<Condition>,
    /// In a line: what went wrong, or why it is well again.
    pub words: String,
    /// Where to look for more.
    #[serde(flatten)]
    pub facts: Facts,
}

/// Longer words are cut in the middle, in characters: a chat takes 4 KiB, and the run has all of it. What went wrong stands in
/// the first line, or in the last ones where there is a backtrace.
const HEAD: usize = 200;
const TAIL: usize = 400;

impl Notice {
    /// Something is wrong.
    pub fn wrong(at: DateTime<Utc>, subject: Subject, condition: Condition, words: impl AsRef<str>) -> Self {
        let words = shortened(words.as_ref());
        Self { at, subject, condition: Some(condition), words, facts: Facts::default() }
    }

    /// All is well again.
    pub fn well(at: DateTime<Utc>, subject: Subject, words: impl AsRef<str>) -> Self {
        Self { at, subject, condition: None, words: shortened(words.as_ref()), facts: Facts::default() }
    }

    /// With where to look for more.
    #[must_use]
    pub fn with(self, facts: Facts) -> Self {
        Self { facts, ..self }
    }
}

/// Its beginning and its end; control characters other than line breaks go.
fn shortened(words: &str) -> String {
    let shown: Vec<char> = words.chars().filter(|sign| *sign == '\n' || !sign.is_control()).collect();
    if shown.len() <= HEAD + TAIL {
        return shown.into_iter().collect();
    }
    let (head, tail) = (&shown[..HEAD], &shown[shown.len() - TAIL..]);
    head.iter().chain(&['…', '\n', '…']).chain(tail).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_reads_as_a_path_and_comes_back_from_json() {
        let subject = Subject::Schedule("nightly".parse().expect("a name"));
        assert_eq!(subject.to_string(), "schedule/nightly");
        let json = serde_json::to_string(&subject).expect("json");
        assert_eq!(serde_json::from_str::<Subject>(&json).expect("a subject"), subject);
    }

    #[test]
    fn long_words_keep_their_first_and_their_last_lines_and_escapes_of_terminals_go() {
        let words = format!("{}IndexError: 7", "x\u{1b}[0m\ny".repeat(200));
        let notice = Notice::well(DateTime::UNIX_EPOCH, Subject::Host("a".into()), words);
        assert_eq!(notice.words.chars().count(), HEAD + TAIL + 3);
        assert!(notice.words.starts_with("x[0m\ny") && notice.words.ends_with("IndexError: 7"));
    }
}
