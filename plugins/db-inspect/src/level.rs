//! How thorough an inspection is. A larger level does all that the smaller ones do.

use chrono::TimeDelta;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::phrase::{Phrase, phrase};

/// How thorough an inspection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// State, connections, waiting, errors, backups, replication, growth.
    #[default]
    Daily,
    /// Objects and security as well.
    Weekly,
    /// Parameters and platform as well.
    Monthly,
    /// Performance as well; for half-years too.
    Yearly,
}

impl Level {
    pub const ALL: [Self; 4] = [Self::Daily, Self::Weekly, Self::Monthly, Self::Yearly];

    /// Whether this inspection takes the steps of that level too.
    pub fn includes(self, other: Self) -> bool {
        other <= self
    }

    /// The span that is looked at where the schedule sets no window.
    pub fn span(self) -> TimeDelta {
        TimeDelta::days(match self {
            Self::Daily => 1,
            Self::Weekly => 7,
            Self::Monthly => 31,
            Self::Yearly => 366,
        })
    }

    pub fn name(self) -> Phrase {
        match self {
            Self::Daily => phrase("daily", "日巡检"),
            Self::Weekly => phrase("weekly", "周巡检"),
            Self::Monthly => phrase("monthly", "月巡检"),
            Self::Yearly => phrase("yearly", "年度巡检"),
        }
    }
}
