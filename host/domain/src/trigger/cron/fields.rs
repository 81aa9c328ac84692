//! From the text of an expression to sets of numbers.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

/// Why a text is no cron expression: one line that names the field, the text and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CronError(String);

impl CronError {
    pub(super) fn new(message: String) -> Self {
        Self(message)
    }
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const WEEKDAY_WORDS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

const NICKNAMES: [(&str, &str); 7] = [
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

/// What a field may hold.
struct Kind {
    name: &'static str,
    range: RangeInclusive<u32>,
    names: &'static [&'static str],
    first_name: u32,
}

const MINUTE: Kind = Kind { name: "minute", range: 0..=59, names: &[], first_name: 0 };
const HOUR: Kind = Kind { name: "hour", range: 0..=23, names: &[], first_name: 0 };
const DAY: Kind = Kind { name: "day of month", range: 1..=31, names: &[], first_name: 0 };
const MONTH: Kind = Kind { name: "month", range: 1..=12, names: &MONTHS, first_name: 1 };
const WEEKDAY: Kind = Kind { name: "day of week", range: 0..=7, names: &WEEKDAYS, first_name: 0 };

/// A field as a set, with what its text tells beyond it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Field {
    values: BTreeSet<u32>,
    /// The text starts with `*`: it follows the clock, and as a day field it is not restricted.
    starred: bool,
    text: String,
}

/// The five fields of an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fields {
    minute: Field,
    hour: Field,
    day: Field,
    month: Field,
    weekday: Field,
}

impl Fields {
    pub(super) fn parse(expression: &str) -> Result<Self, CronError> {
        let trimmed = expression.trim();
        if trimmed.len() > 1_024 {
            return Err(CronError::new(format!(
                "the expression is {} characters long; 1024 is the most",
                trimmed.len()
            )));
        }
        let text = match trimmed.strip_prefix('@') {
            Some(_) => nickname(trimmed)?,
            None => trimmed,
        };
        let parts = columns(text);
        let [minute, hour, day, month, weekday] = parts.as_slice() else {
            return Err(CronError::new(format!(
                "`{trimmed}` has {} fields; five are needed: minute hour day-of-month month day-of-week",
                parts.len()
            )));
        };
        let fields = Self {
            minute: field(minute, &MINUTE)?,
            hour: field(hour, &HOUR)?,
            day: field(day, &DAY)?,
            month: field(month, &MONTH)?,
            weekday: field(weekday, &WEEKDAY)?,
        };
        fields.fires_some_day(trimmed)?;
        Ok(fields)
    }

    /// Times a clock change leaves out are left out, repeated ones repeated.
    pub(super) fn follows_the_clock(&self) -> bool {
        self.minute.starred || self.hour.starred
    }

    /// A day that matches either day field fires.
    pub(super) fn either_day(&self) -> bool {
        !self.day.starred && !self.weekday.starred
    }

    /// The lists the calendar engine is given: second minute hour day month weekday, weekdays from Sunday = 1.
    pub(super) fn canonical(&self) -> Vec<String> {
        let list = |field: &Field, shift: u32| {
            field.values.iter().map(|value| (value + shift).to_string()).collect::<Vec<_>>().join(",")
        };
        let line = |day: &str, weekday: &str| {
            format!("0 {} {} {day} {} {weekday}", list(&self.minute, 0), list(&self.hour, 0), list(&self.month, 0))
        };
        let day = list(&self.day, 0);
        let weekday = list(&self.weekday, 1);
        // `*` and not the full list: the engine takes a shortcut for it.
        let weekday_or_all = if self.weekday.values.len() == 7 { "*" } else { weekday.as_str() };
        if self.either_day() {
            vec![line(&day, "*"), line("*", weekday_or_all)]
        } else {
            vec![line(&day, weekday_or_all)]
        }
    }

    /// 30 February never comes. Without a weekday to save it, a day must exist in one of the months.
    fn fires_some_day(&self, expression: &str) -> Result<(), CronError> {
        const LONGEST: [u32; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        let reachable = self
            .month
            .values
            .iter()
            .any(|month| self.day.values.iter().next().is_some_and(|first| *first <= LONGEST[*month as usize - 1]));
        if reachable || self.either_day() {
            return Ok(());
        }
        Err(CronError::new(format!(
            "`{expression}` never fires: day of month `{}` does not exist in month `{}`",
            self.day.text, self.month.text
        )))
    }

    /// A sentence: when on a day, then on which days.
    pub(super) fn words(&self) -> String {
        let time = match (self.minute.values.len(), self.hour.values.len()) {
            (1, 1) => format!("at {:02}:{:02}", only(&self.hour), only(&self.minute)),
            (60, 24) => "every minute".to_owned(),
            (60, _) => format!("every minute of the hours {}", spelled(&self.hour.values)),
            (1, 24) => format!("at minute {} of every hour", only(&self.minute)),
            (_, 24) => format!("{} of every hour", minutes(&self.minute)),
            _ => format!("{} of the hours {}", minutes(&self.minute), spelled(&self.hour.values)),
        };
        let weekdays = || {
            let names: Vec<_> = self.weekday.values.iter().map(|day| WEEKDAY_WORDS[*day as usize]).collect();
            names.join(", ")
        };
        let day = self.day.values.len() < 31;
        let weekday = self.weekday.values.len() < 7;
        let days = match (day, weekday) {
            (false, false) => String::new(),
            (true, false) => format!(" on day {} of the month", spelled(&self.day.values)),
            (false, true) => format!(" on {}", weekdays()),
            (true, true) => {
                let joint = if self.either_day() { "or" } else { "if it is" };
                format!(" on day {} of the month {joint} {}", spelled(&self.day.values), weekdays())
            }
        };
        let months = if self.month.values.len() == 12 {
            String::new()
        } else {
            let names: Vec<_> = self.month.values.iter().map(|month| capital(MONTHS[*month as usize - 1])).collect();
            format!(" in {}", names.join(", "))
        };
        format!("{time}{days}{months}")
    }
}

fn nickname(text: &str) -> Result<&'static str, CronError> {
    let lower = text.to_ascii_lowercase();
    NICKNAMES.iter().find(|(name, _)| *name == lower).map(|(_, expression)| *expression).ok_or_else(|| {
        let names = NICKNAMES.map(|(name, _)| name);
        let hint = crate::suggest::hint(&lower, names);
        CronError::new(format!("`{text}` is no nickname{hint}; there are {}", names.join(", ")))
    })
}

/// The fields with the column (from 1) each starts in.
fn columns(text: &str) -> Vec<(usize, &str)> {
    text.split_ascii_whitespace().map(|part| (part.as_ptr() as usize - text.as_ptr() as usize + 1, part)).collect()
}

fn field((column, text): &(usize, &str), kind: &Kind) -> Result<Field, CronError> {
    let wrong = |part: &str, reason: String| {
        CronError::new(format!("{} field `{text}` (column {column}): `{part}` {reason}", kind.name))
    };
    let mut values = BTreeSet::new();
    for part in text.split(',') {
        if part.is_empty() {
            return Err(wrong(part, "is empty; a list is written 1,2,3".to_owned()));
        }
        values.extend(part_values(part, kind).map_err(|reason| wrong(part, reason))?);
    }
    if kind.name == WEEKDAY.name && values.remove(&7) {
        values.insert(0);
    }
    Ok(Field { values, starred: text.starts_with('*'), text: (*text).to_owned() })
}

/// `*`, `5`, `1-5`, `*/15`, `1-30/5`, `3/10`.
fn part_values(part: &str, kind: &Kind) -> Result<Vec<u32>, String> {
    let (span, step) = match part.split_once('/') {
        Some((span, step)) => (span, Some(step_of(step, kind)?)),
        None => (part, None),
    };
    let top = if kind.name == WEEKDAY.name { 6 } else { *kind.range.end() };
    let range = if span == "*" {
        *kind.range.start()..=top
    } else if let Some((from, to)) = span.split_once('-') {
        let (from, mut to) = (value(from, kind)?, value(to, kind)?);
        // FRI-SUN: at the end of a range Sunday is 7.
        if kind.name == WEEKDAY.name && to == 0 && from > 0 {
            to = 7;
        }
        if from > to {
            return Err(format!("runs backwards; write it as two ranges: {from}-{top},{}-{to}", kind.range.start()));
        }
        from..=to
    } else {
        let from = value(span, kind)?;
        from..=if step.is_some() { top.max(from) } else { from }
    };
    Ok(range.step_by(step.unwrap_or(1) as usize).collect())
}

fn step_of(text: &str, kind: &Kind) -> Result<u32, String> {
    let most = kind.range.end() - kind.range.start() + 1;
    match number(text) {
        Some(0) => Err("has step 0, which never ends".to_owned()),
        Some(step) if step < most => Ok(step),
        Some(step) => {
            Err(format!("has step {step}, larger than the field ({} to {})", kind.range.start(), kind.range.end()))
        }
        None => Err(format!("has `{text}` where a step in digits is expected")),
    }
}

fn value(text: &str, kind: &Kind) -> Result<u32, String> {
    let (low, high) = (kind.range.start(), kind.range.end());
    if let Some(index) = kind.names.iter().position(|name| text.eq_ignore_ascii_case(name)) {
        return Ok(index as u32 + kind.first_name);
    }
    match number(text) {
        Some(value) if kind.range.contains(&value) => Ok(value),
        Some(value) => Err(format!("has {value}, out of range ({low} to {high})")),
        None if kind.names.is_empty() => Err(format!("is no number, `*`, range, list or step ({low} to {high})")),
        None => Err(format!("is no number ({low} to {high}) or name ({})", kind.names.join(", "))),
    }
}

/// ASCII digits only, at most four: nothing else is a number here.
fn number(text: &str) -> Option<u32> {
    let plain = !text.is_empty() && text.len() <= 4 && text.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

fn only(field: &Field) -> u32 {
    field.values.first().copied().unwrap_or_default()
}

/// `*/15` stays a step in words; anything else is listed.
fn minutes(field: &Field) -> String {
    match field.text.strip_prefix("*/") {
        Some(step) if !step.contains(',') => format!("every {step} minutes"),
        _ => format!("at minutes {}", spelled(&field.values)),
    }
}

/// `1-5, 8, 10`.
fn spelled(values: &BTreeSet<u32>) -> String {
    let mut spans: Vec<(u32, u32)> = Vec::new();
    for value in values {
        match spans.last_mut() {
            Some((_, end)) if *end + 1 == *value => *end = *value,
            _ => spans.push((*value, *value)),
        }
    }
    let texts: Vec<_> = spans
        .into_iter()
        .flat_map(|(from, to)| match to - from {
            0 => vec![from.to_string()],
            1 => vec![from.to_string(), to.to_string()],
            _ => vec![format!("{from}-{to}")],
        })
        .collect();
    texts.join(", ")
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
}
