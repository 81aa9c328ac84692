//! What is likely to be a mistake in the source, and how close a comparison with it can be.

use chrono::{DateTime, TimeDelta};
use chrono_tz::Tz;
use noontide_domain::trigger::civil;

use super::super::Span;
use super::super::recorded::Recorded;
use super::Found;
use super::oracle::Rule;
use super::task::Schedule;
use crate::zone;

/// The sky turns by so many degrees in an hour.
const DEGREES_AN_HOUR: f64 = 15.0;

/// A zone's clock is seldom further than this from its sun, in degrees.
const WIDE: f64 = 40.0;

/// When two calculations of the sun mean the same event: ephem's and ours are seconds apart.
const SUN: TimeDelta = TimeDelta::seconds(90);

/// The zones that the source knows of, which say roughly where it is.
pub fn zones(found: &[Found], crontabs_in: Option<Tz>) -> Vec<Tz> {
    let of_rows = found.iter().filter_map(|(_, task)| match &task.as_ref().ok()?.schedule {
        Schedule::Crontab(fields) => zone::named(&fields.timezone).ok(),
        _ => None,
    });
    let mut zones: Vec<Tz> = crontabs_in.into_iter().chain(of_rows).filter(|zone| *zone != Tz::UTC).collect();
    zones.sort_by_key(|zone| zone.name());
    zones.dedup();
    zones
}

/// Whether the longitude would fit the clocks of the other crontabs if its sign were turned: the documentation of
/// django-celery-beat itself gives New York a positive one.
pub fn sign(schedule: &Schedule, zones: &[Tz]) -> Option<String> {
    let Schedule::Solar { latitude, longitude, .. } = schedule else { return None };
    let fits = |longitude: f64| {
        zones.iter().any(|zone| {
            let hours = civil::offset(DateTime::UNIX_EPOCH, *zone).num_minutes() as f64 / 60.0;
            (hours * DEGREES_AN_HOUR - longitude).abs() < WIDE
        })
    };
    let documented = (*latitude - 40.7128).abs() < 0.01 && (*longitude - 74.006).abs() < 0.01;
    (documented || fits(-longitude) && !fits(*longitude)).then(|| {
        format!(
            "longitude {longitude} is east of Greenwich if positive, west if negative; if the place is elsewhere, write \
             lon = {}",
            -longitude
        )
    })
}

/// The export's fires, from the instant after it on: what is due at the instant itself is not the next fire.
pub fn after_the_export(recorded: &Recorded, rule: &Rule, once: bool) -> Vec<Span> {
    let mut spans = recorded.spans();
    // Around each clock change it would be the first and only fire.
    spans.truncate(if once { 1 } else { spans.len() });
    for span in &mut spans {
        if span.fires.first() != Some(&span.from) {
            span.from += TimeDelta::milliseconds(1);
        }
        if matches!(rule, Rule::Sun(_)) {
            span.tolerance = SUN;
        }
    }
    spans
}
