//! An expression in a sentence: what each language needs to know of the fields.

mod en;
mod zh;

use chrono_tz::Tz;

use super::field::{Field, Set, Span, Special};
use super::fields::Fields;
use crate::Lang;

/// More times of day than this are told by their fields.
const MOST_TIMES: u32 = 4;

pub(super) fn sentence(fields: &Fields, zone: Tz, lang: Lang) -> String {
    match lang {
        Lang::En => en::sentence(fields, zone),
        Lang::Zh => zh::sentence(fields, zone),
    }
}

/// What of a field is worth telling.
enum Shape {
    /// All of it.
    Every,
    /// Steps, and whether they begin at the field's least and go on to its end.
    Step(Span, bool),
    /// One number.
    One(u32),
    /// Several, as runs from a number to another.
    Runs(Vec<(u32, u32)>),
}

/// The shape of a field that holds `low` to `top`.
fn shape(field: &Field, low: u32, top: u32) -> Shape {
    match field.step {
        _ if field.full => Shape::Every,
        Some(span) if field.set.len() > 2 => Shape::Step(span, span.from == low && span.to + span.step > top),
        _ => match runs(field.set.iter()).as_slice() {
            [(from, to)] if from == to => Shape::One(*from),
            several => Shape::Runs(several.to_vec()),
        },
    }
}

/// Runs of numbers that follow each other.
fn runs(values: impl Iterator<Item = u32>) -> Vec<(u32, u32)> {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for value in values {
        match runs.last_mut() {
            Some((_, end)) if *end + 1 == value => *end = value,
            _ => runs.push((value, value)),
        }
    }
    runs
}

/// `1-5`, `8`, `10`: each run, two neighbours one by one.
fn spelled(runs: &[(u32, u32)], dash: &str, name: impl Fn(u32) -> String) -> Vec<String> {
    runs.iter()
        .flat_map(|(from, to)| match to - from {
            0 => vec![name(*from)],
            1 => vec![name(*from), name(*to)],
            _ => vec![format!("{}{dash}{}", name(*from), name(*to))],
        })
        .collect()
}

/// Runs of weekdays in a week that begins on Monday, as Monday = 0 … Sunday = 6.
fn weekday_runs(weekdays: Set) -> Vec<(u32, u32)> {
    runs((0..7).filter(|day| weekdays.contains((day + 1) % 7)))
}

/// `08:00`, `20:00`, where the fields are that few times of day.
fn times(fields: &Fields) -> Option<Vec<String>> {
    let [hours, minutes, seconds] = [&fields.hour, &fields.minute, &fields.second].map(|field| field.set);
    if hours.len() * minutes.len() * seconds.len() > MOST_TIMES {
        return None;
    }
    let plain = only_zero(seconds);
    let times = hours.iter().flat_map(|hour| {
        minutes.iter().flat_map(move |minute| {
            seconds.iter().map(move |second| match plain {
                true => format!("{hour:02}:{minute:02}"),
                false => format!("{hour:02}:{minute:02}:{second:02}"),
            })
        })
    });
    Some(times.collect())
}

fn only_zero(set: Set) -> bool {
    set.len() == 1 && set.contains(0)
}

/// The day field says something, or the weekday field does.
fn tells(field: &Field) -> bool {
    !field.full || !field.specials.is_empty()
}

/// The years, each span with how to say it.
fn years(field: &Field, say: impl Fn(&Span) -> String) -> Vec<String> {
    if field.full { Vec::new() } else { field.years.spans.iter().map(say).collect() }
}

/// The weekday a special day of the week field speaks of, and which one in the month (none: the last).
fn which_weekday(special: Special) -> Option<(u32, Option<u32>)> {
    match special {
        Special::LastWeekday(weekday) => Some((weekday, None)),
        Special::Nth(weekday, nth) => Some((weekday, Some(nth))),
        _ => None,
    }
}
