//! Instants as databases write them. What has no zone is UTC.

use chrono::{DateTime, NaiveDateTime, Utc};

/// `2026-01-31 08:00:00.000001`, for databases that take text.
pub(super) fn written(instant: DateTime<Utc>) -> String {
    instant.format("%Y-%m-%d %H:%M:%S%.6f").to_string()
}

/// Reads it back, also with `T` and with a zone. `None` is no instant that we can count, such as `infinity`.
pub(super) fn read(text: &str) -> Option<DateTime<Utc>> {
    let zoned = ["%Y-%m-%d %H:%M:%S%.f%#z", "%Y-%m-%dT%H:%M:%S%.f%#z"];
    let zoned = zoned.iter().find_map(|form| DateTime::parse_from_str(text, form).ok());
    let naive = ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"];
    let naive = || naive.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    zoned.map(|instant| instant.with_timezone(&Utc)).or_else(|| naive().map(|naive| naive.and_utc()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_read_with_and_without_a_zone() {
        let instant = DateTime::from_timestamp_micros(1_769_846_400_000_001).unwrap();
        assert_eq!(written(instant), "2026-01-31 08:00:00.000001");
        for text in [
            "2026-01-31 08:00:00.000001",
            "2026-01-31 08:00:00.000001+00",
            "2026-01-31T16:00:00.000001+08:00",
            "2026-01-31T08:00:00.000001Z",
        ] {
            assert_eq!(read(text), Some(instant), "{text}");
        }
        for none in ["infinity", "2026-01-31", "", "0001-01-01 00:00:00+00 BC"] {
            assert_eq!(read(none), None, "{none}");
        }
    }
}
