//! The nine events, by the names Celery gave them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use solar_positioning::Horizon;

/// Something the sun does once a day, at most latitudes on most days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum SolarEvent {
    /// Rises through 18° below the horizon.
    DawnAstronomical,
    /// Rises through 12° below the horizon.
    DawnNautical,
    /// Rises through 6° below the horizon.
    DawnCivil,
    /// The upper limb appears, with the usual refraction.
    Sunrise,
    /// Crosses the meridian.
    SolarNoon,
    /// The upper limb disappears, with the usual refraction.
    Sunset,
    /// Sinks through 6° below the horizon.
    DuskCivil,
    /// Sinks through 12° below the horizon.
    DuskNautical,
    /// Sinks through 18° below the horizon.
    DuskAstronomical,
}

/// What to look for in the sky.
pub(super) enum Crossing {
    Rise(Horizon),
    Transit,
    Set(Horizon),
}

impl SolarEvent {
    /// All of them, in the order of a day.
    pub const ALL: [SolarEvent; 9] = [
        SolarEvent::DawnAstronomical,
        SolarEvent::DawnNautical,
        SolarEvent::DawnCivil,
        SolarEvent::Sunrise,
        SolarEvent::SolarNoon,
        SolarEvent::Sunset,
        SolarEvent::DuskCivil,
        SolarEvent::DuskNautical,
        SolarEvent::DuskAstronomical,
    ];

    /// Celery's name, as in TOML and API.
    pub fn name(self) -> &'static str {
        match self {
            SolarEvent::DawnAstronomical => "dawn_astronomical",
            SolarEvent::DawnNautical => "dawn_nautical",
            SolarEvent::DawnCivil => "dawn_civil",
            SolarEvent::Sunrise => "sunrise",
            SolarEvent::SolarNoon => "solar_noon",
            SolarEvent::Sunset => "sunset",
            SolarEvent::DuskCivil => "dusk_civil",
            SolarEvent::DuskNautical => "dusk_nautical",
            SolarEvent::DuskAstronomical => "dusk_astronomical",
        }
    }

    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            SolarEvent::DawnAstronomical => "astronomical dawn",
            SolarEvent::DawnNautical => "nautical dawn",
            SolarEvent::DawnCivil => "civil dawn",
            SolarEvent::Sunrise => "sunrise",
            SolarEvent::SolarNoon => "solar noon",
            SolarEvent::Sunset => "sunset",
            SolarEvent::DuskCivil => "civil dusk",
            SolarEvent::DuskNautical => "nautical dusk",
            SolarEvent::DuskAstronomical => "astronomical dusk",
        }
    }

    pub(super) fn crossing(self) -> Crossing {
        match self {
            SolarEvent::DawnAstronomical => Crossing::Rise(Horizon::AstronomicalTwilight),
            SolarEvent::DawnNautical => Crossing::Rise(Horizon::NauticalTwilight),
            SolarEvent::DawnCivil => Crossing::Rise(Horizon::CivilTwilight),
            SolarEvent::Sunrise => Crossing::Rise(Horizon::SunriseSunset),
            SolarEvent::SolarNoon => Crossing::Transit,
            SolarEvent::Sunset => Crossing::Set(Horizon::SunriseSunset),
            SolarEvent::DuskCivil => Crossing::Set(Horizon::CivilTwilight),
            SolarEvent::DuskNautical => Crossing::Set(Horizon::NauticalTwilight),
            SolarEvent::DuskAstronomical => Crossing::Set(Horizon::AstronomicalTwilight),
        }
    }

    pub(super) fn is_before_noon(self) -> bool {
        matches!(self.crossing(), Crossing::Rise(_))
    }

    /// The height of the sun's centre that the event is about, in degrees; none for noon.
    pub(super) fn height(self) -> Option<f64> {
        match self.crossing() {
            Crossing::Rise(horizon) | Crossing::Set(horizon) => Some(horizon.elevation_angle()),
            Crossing::Transit => None,
        }
    }
}

impl FromStr for SolarEvent {
    type Err = String;

    /// Celery's name; `-` serves for `_`.
    fn from_str(text: &str) -> Result<Self, String> {
        let name = text.trim().replace('-', "_");
        SolarEvent::ALL.into_iter().find(|event| event.name() == name).ok_or_else(|| {
            let names = SolarEvent::ALL.map(SolarEvent::name);
            let hint = crate::suggest::hint(&name, names);
            let all = if hint.is_empty() { format!("; there are {}", names.join(", ")) } else { hint };
            format!("`{text}` is no event of the sun{all}")
        })
    }
}

impl TryFrom<String> for SolarEvent {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<SolarEvent> for String {
    fn from(event: SolarEvent) -> String {
        event.name().to_owned()
    }
}

impl fmt::Display for SolarEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
