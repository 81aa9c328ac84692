//! Instants as they are written: RFC 3339 in UTC.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

/// An instant as RFC 3339 has it, in UTC; with milliseconds only where there are any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ToSchema)]
#[schema(value_type = String, format = DateTime, example = "2026-10-01T08:00:00Z")]
pub(crate) struct Time(pub(crate) DateTime<Utc>);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&time(self.0))
    }
}

/// With milliseconds only where there are any.
pub(crate) fn time(instant: DateTime<Utc>) -> String {
    let millis = instant.timestamp_subsec_millis() != 0;
    instant.to_rfc3339_opts(if millis { SecondsFormat::Millis } else { SecondsFormat::Secs }, true)
}
