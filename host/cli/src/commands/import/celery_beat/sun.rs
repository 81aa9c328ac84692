//! Celery's `solar` by its own rules: the angles it asks ephem for, with the Astronomical Almanac's short formula for the sun. It is
//! within seconds of ephem, except where the sun only grazes the horizon.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

/// Seconds from the Unix epoch to noon on 1 January 2000.
const J2000: i64 = 946_728_000;

/// Celery searches for a year.
const DAYS: usize = 367;

/// An event at a place; degrees, north and east positive.
#[derive(Debug, Clone, Copy)]
pub struct Sun {
    /// The height of the sun's centre, and whether it rises; none at noon.
    event: Option<(f64, bool)>,
    latitude: f64,
    longitude: f64,
}

impl Sun {
    /// None if Celery has no such event.
    pub fn of(event: &str, latitude: f64, longitude: f64) -> Option<Self> {
        // The upper limb at 34' below the horizon is the centre 16' further down.
        let event = match event {
            "dawn_astronomical" => Some((-18.0, true)),
            "dawn_nautical" => Some((-12.0, true)),
            "dawn_civil" => Some((-6.0, true)),
            "sunrise" => Some((-50.0 / 60.0, true)),
            "solar_noon" => None,
            "sunset" => Some((-50.0 / 60.0, false)),
            "dusk_civil" => Some((-6.0, false)),
            "dusk_nautical" => Some((-12.0, false)),
            "dusk_astronomical" => Some((-18.0, false)),
            _ => return None,
        };
        Some(Self { event, latitude, longitude })
    }

    /// The first event after `last`.
    pub fn next(&self, last: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let first = (last - TimeDelta::days(1)).date_naive();
        first.iter_days().take(DAYS).find_map(|day| self.on(day).filter(|at| *at > last))
    }

    /// The event that belongs to the noon of that place on a day.
    fn on(&self, day: NaiveDate) -> Option<DateTime<Utc>> {
        let noon = day.and_hms_opt(12, 0, 0)?.and_utc() - turn(self.longitude);
        let transit = noon - position(noon).1;
        let Some((height, rises)) = self.event else { return Some(transit) };
        let mut at = transit;
        // Where the sun is when it happens: each round is nearer by two orders.
        for _ in 0..5 {
            let (declination, ahead) = position(at);
            let (height, latitude, declination) =
                (height.to_radians(), self.latitude.to_radians(), declination.to_radians());
            let cosine = (height.sin() - latitude.sin() * declination.sin()) / (latitude.cos() * declination.cos());
            if cosine.abs() > 1.0 {
                return None;
            }
            let away = turn(cosine.acos().to_degrees());
            at = noon - ahead + if rises { -away } else { away };
        }
        Some(at)
    }
}

/// The declination in degrees, and how far the sundial is ahead of the mean time of the place.
fn position(instant: DateTime<Utc>) -> (f64, TimeDelta) {
    let days = (instant.timestamp() - J2000) as f64 / 86_400.0;
    let mean_longitude = 280.460 + 0.985_647_4 * days;
    let anomaly = (357.528 + 0.985_600_3 * days).to_radians();
    let longitude = (mean_longitude + 1.915 * anomaly.sin() + 0.020 * (2.0 * anomaly).sin()).to_radians();
    let tilt = (23.439 - 0.000_000_4 * days).to_radians();
    let ascension = (tilt.cos() * longitude.sin()).atan2(longitude.cos()).to_degrees();
    let apart = (mean_longitude - ascension + 180.0).rem_euclid(360.0) - 180.0;
    ((tilt.sin() * longitude.sin()).asin().to_degrees(), turn(apart))
}

/// The time in which the sky turns by an angle, in degrees.
fn turn(angle: f64) -> TimeDelta {
    TimeDelta::milliseconds((angle * 240_000.0) as i64)
}
