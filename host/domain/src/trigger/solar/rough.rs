//! Roughly where the sun is, from the low-precision formulas of the Astronomical Almanac: a hundredth of a degree in our
//! days, under a tenth in the centuries around. Good enough to know where to look, at the cost of a few sines.

use chrono::{DateTime, TimeDelta, Utc};

/// Seconds from the Unix epoch to noon on 1 January 2000.
const J2000: i64 = 946_728_000;

/// The sun at an instant.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sun {
    /// Degrees north of the equator.
    pub declination: f64,
    /// How far the sundial is ahead of the mean time of the place; within 17 minutes.
    pub ahead: TimeDelta,
}

/// Where the sun roughly is.
pub(super) fn sun(instant: DateTime<Utc>) -> Sun {
    let days = (instant.timestamp() - J2000) as f64 / 86_400.0;
    let mean_longitude = 280.460 + 0.985_647_4 * days;
    let anomaly = (357.528 + 0.985_600_3 * days).to_radians();
    let longitude = (mean_longitude + 1.915 * anomaly.sin() + 0.020 * (2.0 * anomaly).sin()).to_radians();
    let tilt = (23.439 - 0.000_000_4 * days).to_radians();
    let ascension = (tilt.cos() * longitude.sin()).atan2(longitude.cos()).to_degrees();
    let apart = (mean_longitude - ascension + 180.0).rem_euclid(360.0) - 180.0;
    Sun { declination: (tilt.sin() * longitude.sin()).asin().to_degrees(), ahead: turn(apart) }
}

/// The time the sky takes to turn by an angle, in degrees.
pub(super) fn turn(angle: f64) -> TimeDelta {
    // An angle is at most a turn: a day.
    TimeDelta::milliseconds((angle * 240_000.0) as i64)
}
