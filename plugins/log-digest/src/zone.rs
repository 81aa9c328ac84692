//! The zone in which times without one are read.

use chrono::{DateTime, FixedOffset, NaiveDateTime, TimeZone, Utc};
use chrono_tz::Tz;

/// The zone in which times without one are read.
#[derive(Debug)]
pub enum Zone {
    Named(Tz),
    /// The host's zone data is newer than this plugin's, or the name is wrong.
    Unknown,
}

impl Zone {
    pub fn named(name: &str) -> Self {
        name.parse().map_or(Self::Unknown, Self::Named)
    }

    pub fn is_known(&self) -> bool {
        matches!(self, Self::Named(_))
    }

    pub fn name(&self) -> &str {
        match self {
            Self::Named(zone) => zone.name(),
            Self::Unknown => "UTC",
        }
    }

    /// The hour that comes twice is read as its first coming; the hour that never comes as if the clock had not moved.
    pub fn instant(&self, local: NaiveDateTime, offset: Option<FixedOffset>) -> DateTime<Utc> {
        match (offset, self) {
            (Some(offset), _) => local.and_utc() - offset,
            (None, Self::Unknown) => local.and_utc(),
            (None, Self::Named(zone)) => match zone.from_local_datetime(&local).earliest() {
                Some(instant) => instant.to_utc(),
                None => self.instant(local - HOUR, None) + HOUR,
            },
        }
    }
}

const HOUR: chrono::TimeDelta = chrono::TimeDelta::hours(1);
