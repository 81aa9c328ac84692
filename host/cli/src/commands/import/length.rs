//! Lengths of time and instants, as the sources have them and as they are written.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, SubsecRound, TimeZone};

/// Seconds as a length of time.
///
/// # Errors
/// It is finer than a millisecond, or too long.
pub fn length(seconds: f64) -> Result<Duration, String> {
    let wrong =
        || format!("{seconds} seconds are no length of time here; whole milliseconds up to a thousand years are");
    let length = Duration::try_from_secs_f64(seconds).map_err(|_| wrong())?;
    let whole = Duration::from_millis(u64::try_from((length.as_micros() + 500) / 1_000).map_err(|_| wrong())?);
    let fine = length.abs_diff(whole) > Duration::from_micros(1);
    if fine || whole.is_zero() { Err(wrong()) } else { Ok(whole) }
}

/// To the millisecond, with its offset, which people recognise.
pub fn instant<Z: TimeZone<Offset: std::fmt::Display>>(at: DateTime<Z>) -> String {
    at.round_subsecs(3).to_rfc3339_opts(SecondsFormat::AutoSi, false)
}
