//! Changes of definitions, as clients see them.

use noontide_domain::change;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Time, words};

/// A change of a schedule's definition.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ScheduleChange {
    /// Counted from 1 for each schedule.
    number: u64,
    at: Time,
    /// A file with its line, a client of the API, or the table of the ledger that somebody edited.
    #[schema(example = "conf/schedules.toml:12")]
    by: String,
    #[schema(value_type = words::ChangeKind)]
    kind: &'static str,
    /// What says something else now. Long values are cut.
    keys: Vec<ChangedKey>,
}

/// A key that says something else now.
#[derive(Debug, Serialize, ToSchema)]
struct ChangedKey {
    #[schema(example = "retry.attempts")]
    key: String,
    /// `null` if nothing was said.
    before: Option<String>,
    /// `null` if nothing is said any more.
    after: Option<String>,
}

impl From<&change::ScheduleChange> for ScheduleChange {
    fn from(change: &change::ScheduleChange) -> Self {
        let key = |one: &change::ChangedKey| ChangedKey {
            key: one.key.clone(),
            before: one.before.clone(),
            after: one.after.clone(),
        };
        Self {
            number: change.number,
            at: Time(change.at),
            by: change.by.clone(),
            kind: change.kind.as_str(),
            keys: change.keys.iter().map(key).collect(),
        }
    }
}
