//! Where the sun is: the one file that speaks with the `solar-positioning` crate.

use std::f64::consts::TAU;
use std::ops::RangeInclusive;

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Utc};
use solar_positioning::{Location, SolarEvents, SolarPositions, delta_t};

use super::event::{Crossing, SolarEvent};

/// Years that are answered. Outside of them nobody knows the earth's rotation to the second.
const YEARS: RangeInclusive<i32> = 1800..=2500;

/// The tilt of the earth's axis, in degrees.
const TILT: f64 = 23.44;

/// How far off, in degrees, a day's whole path across the sky may be from what [`declination`] makes of it: its own
/// error (under 1.1), the change within two days (0.8), parallax, and some room.
const MARGIN: f64 = 2.5;

/// An event at a place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub event: SolarEvent,
    pub latitude: f64,
    pub longitude: f64,
}

impl Place {
    /// When the event occurs on a UTC day, to the nearest second; ascending. Mostly once; near the poles not at all,
    /// or twice.
    pub fn on(self, day: NaiveDate) -> Vec<DateTime<Utc>> {
        if self.occurs_on(day) == Some(false) {
            return Vec::new();
        }
        let Some((mut from, until)) = bounds(day) else { return Vec::new() };
        let mut found = Vec::new();
        while let Some(instant) = self.first_within(from, until) {
            found.extend(rounded(instant));
            from = instant;
        }
        found
    }

    /// In (`from`, `until`]; `None` also where the crate has no answer.
    fn first_within(self, from: DateTime<Utc>, until: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let sun = SolarEvents::new();
        let stretch = stretch(until.year())?;
        let found = match self.event.crossing() {
            Crossing::Rise(horizon) => sun.next_rise(&from, &until, self.location(), stretch, horizon),
            Crossing::Set(horizon) => sun.next_set(&from, &until, self.location(), stretch, horizon),
            Crossing::Transit => sun.next_transit(&from, &until, self.longitude, stretch),
        };
        found.ok().flatten()
    }

    /// Whether the sun stands above the height the event is about.
    pub fn is_above(self, instant: DateTime<Utc>) -> bool {
        let position = stretch(instant.year())
            .and_then(|stretch| SolarPositions::new().at(&instant, self.location(), 0.0, stretch, None).ok());
        let height = self.event.height().unwrap_or_default();
        position.is_some_and(|position| position.elevation_angle() > height)
    }

    /// A quick look at the season: whether the event surely occurs around a day, or surely does not; `None` near the
    /// border, and where it needs a closer look.
    pub fn occurs_on(self, day: NaiveDate) -> Option<bool> {
        self.occurs_under(declination(day))
    }

    /// Whether there is no day without the event, at any time of the year.
    pub fn always_occurs(self) -> bool {
        [-TILT, TILT].into_iter().all(|declination| self.occurs_under(declination) == Some(true))
    }

    fn occurs_under(self, declination: f64) -> Option<bool> {
        let Some(height) = self.event.height() else { return Some(true) };
        let highest = 90.0 - (self.latitude - declination).abs();
        let lowest = (self.latitude + declination).abs() - 90.0;
        if height > highest + MARGIN || height < lowest - MARGIN {
            Some(false)
        } else if height < highest - MARGIN && height > lowest + MARGIN {
            Some(true)
        } else {
            None
        }
    }

    fn location(self) -> Location {
        Location { latitude: self.latitude, longitude: self.longitude }
    }
}

/// How far north the sun stands, in degrees; right to about a degree in all [`YEARS`].
pub(super) fn declination(day: NaiveDate) -> f64 {
    -TILT * (TAU * f64::from(day.ordinal() + 10) / 365.25).cos()
}

/// The seconds between the even time of the planets and the time of day (ΔT), as the crate estimates them. One value a
/// year, so that neighbouring days agree about what happens at the midnight between them; the error, under two
/// seconds, moves an event by milliseconds.
fn stretch(year: i32) -> Option<f64> {
    delta_t::estimate(f64::from(year) + 0.5).ok()
}

fn bounds(day: NaiveDate) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let begin = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
    YEARS.contains(&day.year()).then_some((begin(day), begin(day.succ_opt()?)))
}

fn rounded(instant: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let up = i64::from(instant.timestamp_subsec_millis() >= 500);
    DateTime::from_timestamp(instant.timestamp() + up, 0)
}
