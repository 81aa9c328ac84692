//! `FROM..TO` and moments in the future, as flags have them.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use noontide_domain::{Window, duration};

use crate::exit::Stop;
use crate::zone;

/// Reads `FROM..TO`: instants, or days, which begin at midnight.
///
/// # Errors
/// Usage: which end is wrong, and how to write it.
pub fn read(text: &str, zone: Tz) -> Result<Window, Stop> {
    let (from, to) = text
        .split_once("..")
        .ok_or_else(|| Stop::usage(format!("--window: `{text}` has no `..`; write FROM..TO, two instants or days")))?;
    let end =
        |text: &str| zone::day_or_instant(text, zone).map_err(|reason| Stop::usage(format!("--window: {reason}")));
    let window = Window { from: end(from)?, to: end(to)? };
    if window.to <= window.from {
        return Err(Stop::usage(format!("--window: `{text}` ends before it begins; write FROM..TO")));
    }
    Ok(window)
}

/// The instant that `--delay` or `--at` names.
///
/// # Errors
/// Usage: what is wrong with either.
pub fn moment(
    delay: Option<&str>,
    at: Option<&str>,
    zone: Tz,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, Stop> {
    match (delay, at) {
        (Some(delay), _) => {
            let delay = duration::parse(delay).map_err(|reason| Stop::usage(format!("--delay: {reason}")))?;
            Ok(Some(now + delay))
        }
        (None, Some(at)) => zone::instant(at, zone).map(Some).map_err(|reason| Stop::usage(format!("--at: {reason}"))),
        (None, None) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_two_instants_in_order() {
        let window = read("2026-01-01T00:00:00Z..2026-01-02 00:00:00", Tz::UTC).unwrap();
        assert_eq!((window.to - window.from).num_hours(), 24);
        let days = read("2025-08-01..2025-08-15 12:30:05", Tz::Asia__Shanghai).unwrap();
        assert_eq!(days.from.to_rfc3339(), "2025-07-31T16:00:00+00:00");
        for text in ["2026-01-01T00:00:00Z", "2026-01-02 00:00..2026-01-01 00:00", "..", "a..b"] {
            assert!(read(text, Tz::UTC).is_err(), "{text} was taken");
        }
    }

    #[test]
    fn a_delay_counts_from_now() {
        let now = DateTime::UNIX_EPOCH;
        assert_eq!(moment(Some("90s"), None, Tz::UTC, now).unwrap().map(|at| at.timestamp()), Some(90));
        assert_eq!(moment(None, None, Tz::UTC, now), Ok(None));
    }
}
