//! When an event occurs: the one file that speaks with the `solar-positioning` crate.
//!
//! Days are those of the place's mean sun, from midnight to midnight. Where the season leaves no doubt, such a day has
//! each event once, well away from its ends, and a rough guess says where to look; elsewhere the whole day is searched.

use std::ops::RangeInclusive;

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use solar_positioning::{Location, SolarEvents, SolarPositions, delta_t};

use super::event::{Crossing, SolarEvent};
use super::rough;

/// Years that are answered. Outside of them nobody knows the earth's rotation to the second.
const YEARS: RangeInclusive<i32> = 1800..=2500;

/// The tilt of the earth's axis in degrees, at its most within [`YEARS`].
const TILT: f64 = 23.47;

/// How far off, in degrees, the sun's path over a whole day may be from what its declination at noon makes of it: half
/// a day's change, and the day's before and after (0.6), parallax and a rough guess (0.1), and some room.
const MARGIN: f64 = 1.2;

/// How far from the guess a closer look goes; it is rarely a minute off.
const NEAR: TimeDelta = TimeDelta::minutes(4);

/// An event at a place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub event: SolarEvent,
    pub latitude: f64,
    pub longitude: f64,
}

impl Place {
    /// The day of the place, in its mean solar time, that an instant lies in.
    pub fn day(self, instant: DateTime<Utc>) -> Option<NaiveDate> {
        Some(instant.checked_add_signed(rough::turn(self.longitude))?.date_naive())
    }

    /// When the event occurs on a day of the place, to the nearest second; ascending. Mostly once; near the poles not at
    /// all, or twice.
    pub fn on(self, day: NaiveDate) -> impl Iterator<Item = DateTime<Utc>> {
        let mut left = self.span(day);
        let sure = self.occurs_on(day);
        std::iter::from_fn(move || {
            let (from, until) = left.take()?;
            match sure {
                Some(true) => self.near_guess(from, until),
                Some(false) => None,
                None => {
                    let found = self.first_within(from, until)?;
                    left = Some((found, until));
                    Some(found)
                }
            }
        })
        .filter_map(rounded)
    }

    /// The one event of a day that surely has one.
    fn near_guess(self, from: DateTime<Utc>, until: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let guess = self.guess(from + (until - from) / 2);
        self.first_within(guess - NEAR, guess + NEAR).or_else(|| self.first_within(from, until))
    }

    /// About when the event occurs, from the mean noon of a day.
    fn guess(self, noon: DateTime<Utc>) -> DateTime<Utc> {
        let mut guess = noon;
        // The second time with the declination of the event itself.
        for _ in 0..2 {
            let sun = rough::sun(guess);
            let away = rough::turn(self.hour_angle(sun.declination));
            guess = noon - sun.ahead + if self.event.is_before_noon() { -away } else { away };
        }
        guess
    }

    /// How far the sky turns between noon and the event, in degrees.
    fn hour_angle(self, declination: f64) -> f64 {
        let Some(height) = self.event.height() else { return 0.0 };
        let (latitude, declination) = (self.latitude.to_radians(), declination.to_radians());
        let cosine =
            (height.to_radians().sin() - latitude.sin() * declination.sin()) / (latitude.cos() * declination.cos());
        cosine.clamp(-1.0, 1.0).acos().to_degrees()
    }

    /// In (`from`, `until`]; `None` also where the crate has no answer.
    fn first_within(self, from: DateTime<Utc>, until: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let sun = SolarEvents::new();
        let location = Location { latitude: self.latitude, longitude: self.longitude };
        let stretch = stretch(until.year())?;
        let found = match self.event.crossing() {
            Crossing::Rise(horizon) => sun.next_rise(&from, &until, location, stretch, horizon),
            Crossing::Set(horizon) => sun.next_set(&from, &until, location, stretch, horizon),
            Crossing::Transit => sun.next_transit(&from, &until, self.longitude, stretch),
        };
        found.ok().flatten()
    }

    /// Whether the sun stands above the height the event is about.
    pub fn is_above(self, instant: DateTime<Utc>) -> bool {
        let wanted = self.event.height().unwrap_or_default();
        height(instant, self.latitude, self.longitude).is_some_and(|height| height > wanted)
    }

    /// A quick look at the season: whether the event surely occurs on a day, or surely does not; `None` near the border
    /// between the two, where only a closer look can tell.
    pub fn occurs_on(self, day: NaiveDate) -> Option<bool> {
        let (from, _) = self.span(day)?;
        self.occurs_under(rough::sun(from + TimeDelta::hours(12)).declination)
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

    /// As [`on`](Self::on), without a guess about anything.
    #[cfg(test)]
    pub fn all_on(self, day: NaiveDate) -> Vec<DateTime<Utc>> {
        let Some((from, until)) = self.span(day) else { return Vec::new() };
        let next = |from| self.first_within(from, until);
        std::iter::successors(next(from), |found| next(*found)).filter_map(rounded).collect()
    }

    /// A day of the place, if it is in a year that is answered.
    fn span(self, day: NaiveDate) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        if !YEARS.contains(&day.year()) {
            return None;
        }
        let begin = day.and_time(NaiveTime::MIN).and_utc() - rough::turn(self.longitude);
        Some((begin, begin + Days::new(1)))
    }
}

/// The height of the sun's centre above the horizon, in degrees, without refraction.
pub(super) fn height(instant: DateTime<Utc>, latitude: f64, longitude: f64) -> Option<f64> {
    let location = Location { latitude, longitude };
    let position = SolarPositions::new().at(&instant, location, 0.0, stretch(instant.year())?, None);
    Some(position.ok()?.elevation_angle())
}

/// The seconds between the even time of the planets and the time of day (ΔT), as the crate estimates them. One value a
/// year, so that neighbouring days agree about what happens at the midnight between them; the error, a few seconds at
/// most, moves an event by hundredths of one.
fn stretch(year: i32) -> Option<f64> {
    delta_t::estimate(f64::from(year) + 0.5).ok()
}

fn rounded(instant: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let up = i64::from(instant.timestamp_subsec_millis() >= 500);
    DateTime::from_timestamp(instant.timestamp() + up, 0)
}
