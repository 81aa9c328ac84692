//! `solar`: the sun at a place.
//!
//! The `solar-positioning` crate knows where the sun is; [`sky`] asks it, one day of the place at a time. The days are a
//! fixed grid, so an event comes out the same to the second from wherever the search starts. Refraction at the horizon
//! varies with the weather by more than a minute's worth: more digits than a second would mean nothing.

mod absent;
mod event;
mod rough;
mod sky;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

pub use event::SolarEvent;

/// How far the search for the next event goes: at a pole the sun rises once a year.
const SEARCH_DAYS: usize = 400;

/// Longest distance from the event, either way.
const LONGEST_OFFSET: TimeDelta = TimeDelta::days(1);

/// Fires at an event of the sun at a place, or a fixed time before or after it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Solar {
    event: SolarEvent,
    latitude: f64,
    longitude: f64,
    offset: TimeDelta,
    timezone: Tz,
}

/// The shape on disk.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Written {
    event: SolarEvent,
    latitude: f64,
    longitude: f64,
    #[serde(default)]
    offset_ms: i64,
    timezone: Tz,
}

impl TryFrom<Written> for Solar {
    type Error = String;
    fn try_from(written: Written) -> Result<Self, String> {
        let offset =
            TimeDelta::try_milliseconds(written.offset_ms).ok_or("`offset-ms` is no length of time".to_owned())?;
        Solar::new(written.event, written.latitude, written.longitude, offset, written.timezone)
    }
}

impl From<Solar> for Written {
    fn from(solar: Solar) -> Written {
        let Solar { event, latitude, longitude, offset, timezone } = solar;
        Written { event, latitude, longitude, offset_ms: offset.num_milliseconds(), timezone }
    }
}

impl Solar {
    /// `offset` after `event` (before it, if negative) at a place; north and east are positive. The zone decides which
    /// date a day without the event has, and nothing else.
    ///
    /// # Errors
    /// Names the coordinate or offset that is out of bounds.
    pub fn new(
        event: SolarEvent,
        latitude: f64,
        longitude: f64,
        offset: TimeDelta,
        timezone: Tz,
    ) -> Result<Self, String> {
        // A NaN is in no range, so it ends here too.
        if !(-90.0..=90.0).contains(&latitude) {
            return Err(format!("latitude {latitude} is not from -90 (south) to 90 (north)"));
        }
        if !(-180.0..=180.0).contains(&longitude) {
            return Err(format!("longitude {longitude} is not from -180 (west) to 180 (east)"));
        }
        if offset.abs() > LONGEST_OFFSET {
            return Err(format!("an offset of {} is longer than a day", signed(offset)));
        }
        Ok(Self { event, latitude, longitude, offset, timezone })
    }

    /// What the sun does.
    pub fn event(&self) -> SolarEvent {
        self.event
    }

    /// Degrees, north positive.
    pub fn latitude(&self) -> f64 {
        self.latitude
    }

    /// Degrees, east positive.
    pub fn longitude(&self) -> f64 {
        self.longitude
    }

    /// Time from the event to the fire; negative before it.
    pub fn offset(&self) -> TimeDelta {
        self.offset
    }

    /// The zone whose dates count.
    pub fn timezone(&self) -> Tz {
        self.timezone
    }

    /// The first due instant strictly after `after`; `None` if there is none within 400 days, or beyond the years 1800
    /// to 2500, where the length of a day is guesswork.
    pub fn next_after(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let sun_after = after.checked_sub_signed(self.offset)?;
        // What is rounded up to now occurred a moment ago.
        let first = self.place().day(sun_after.checked_sub_signed(TimeDelta::seconds(1))?)?;
        first
            .iter_days()
            .take(SEARCH_DAYS + 1)
            .find_map(|day| self.place().on(day).find(|instant| *instant > sun_after))?
            .checked_add_signed(self.offset)
    }

    fn place(&self) -> sky::Place {
        sky::Place { event: self.event, latitude: self.latitude, longitude: self.longitude }
    }

    /// As it was written: `sunset at 31.23, 121.47, offset -30m`.
    pub fn text(&self) -> String {
        let Self { event, latitude, longitude, .. } = self;
        let offset = if self.offset.is_zero() { String::new() } else { format!(", offset {}", signed(self.offset)) };
        format!("{event} at {latitude}, {longitude}{offset}")
    }

    /// Whether the event comes every day at that place.
    pub fn always_occurs(&self) -> bool {
        self.place().always_occurs()
    }
}

/// Reads an offset: a length of time with a sign or without one, `-30m`, `+1h30m`, `90s`.
///
/// # Errors
/// Quotes the text and says what is taken.
pub fn parse_offset(text: &str) -> Result<TimeDelta, String> {
    let text = text.trim();
    let (negative, length) = match text.strip_prefix('-') {
        Some(length) => (true, length),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let length = crate::duration::parse(length)?;
    let offset = TimeDelta::from_std(length).ok().filter(|offset| *offset <= LONGEST_OFFSET);
    let offset = offset.ok_or_else(|| format!("an offset of `{text}` is longer than a day"))?;
    Ok(if negative { -offset } else { offset })
}

/// `-30m`, `1h30m`.
fn signed(offset: TimeDelta) -> String {
    let sign = if offset < TimeDelta::zero() { "-" } else { "" };
    format!("{sign}{}", crate::duration::words(offset.abs().to_std().unwrap_or_default()))
}

#[cfg(test)]
mod tests;
