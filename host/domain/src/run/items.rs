//! The payloads of a timetable that a run was handed.

use serde::{Deserialize, Serialize};

use crate::Key;

/// One payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Identifies it in the ledger; handlers see it in hexadecimal.
    pub key: Key,
    /// As JSON text.
    pub payload: String,
}

/// What a handler said of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemOutcome {
    /// The item.
    pub key: [u8; 16],
    /// What went wrong; `None` if it is done.
    pub error: Option<String>,
}

/// What the end of an attempt means for the items of its run. What succeeded before is not among them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemsEnd<'a> {
    /// They stand as they stood.
    Untouched,
    /// One thing for all: done, or what went wrong.
    All(Option<String>),
    /// Each for itself.
    Each(&'a [ItemOutcome]),
}

/// How the items of a run stand. What is in neither of the two is not executed yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ItemCounts {
    /// Handed over.
    pub total: u64,
    /// Done.
    pub succeeded: u64,
    /// Failed with the newest attempt.
    pub failed: u64,
}

/// Where an item stands. The numbers are those of the view `celery_timer`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ItemStatus {
    /// 0: not executed.
    Waiting,
    /// 1: succeeded.
    Succeeded,
    /// 2: failed.
    Failed,
}

impl ItemStatus {
    /// All, each at the place of its number.
    pub const ALL: [ItemStatus; 3] = [ItemStatus::Waiting, ItemStatus::Succeeded, ItemStatus::Failed];

    /// The word in API and CLI.
    pub fn as_str(self) -> &'static str {
        match self {
            ItemStatus::Waiting => "waiting",
            ItemStatus::Succeeded => "succeeded",
            ItemStatus::Failed => "failed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Outcome, PluginVersion, Report};

    fn end(outcome: Outcome, is_over: bool) -> Option<Option<String>> {
        match Report::never_began(outcome, chrono::DateTime::UNIX_EPOCH).items_end(is_over) {
            ItemsEnd::All(error) => Some(error),
            ItemsEnd::Untouched => None,
            ItemsEnd::Each(_) => panic!("nobody told them apart"),
        }
    }

    #[test]
    fn items_of_a_call_that_never_began_are_not_executed_and_of_one_that_was_stopped_have_failed() {
        assert_eq!(end(Outcome::Cancelled, true), None);
        assert_eq!(end(Outcome::Unavailable { message: "no plugin".into() }, true), None);
        let plugin = PluginVersion { name: "p".parse().expect("a name"), version: "1".into(), sha256: String::new() };
        let begun = Report::never_began(Outcome::Cancelled, chrono::DateTime::UNIX_EPOCH);
        let begun = Report { plugin: Some(plugin), ..begun };
        assert_eq!(begun.items_end(true), ItemsEnd::All(Some("cancelled".into())));
    }

    #[test]
    fn items_share_the_end_of_their_run_unless_somebody_takes_it_up_again() {
        let failed = |retryable| Outcome::Failed { message: "no".into(), retryable, after: None };
        assert_eq!(end(Outcome::Succeeded { result: None }, true), Some(None));
        assert_eq!(end(Outcome::Skipped { reason: "idle".into() }, true), Some(None));
        assert_eq!(end(failed(true), false), Some(Some("no".into())));
        assert_eq!(end(Outcome::RunAgain { after: std::time::Duration::ZERO }, false), None);
        assert_eq!(end(Outcome::Abandoned, false), None);
        assert!(end(Outcome::Abandoned, true).is_some_and(|error| error.is_some()));
    }
}
