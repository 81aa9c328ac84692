//! From the text of one field to what it holds.

use super::error::{CronError, cut};
use super::kind::{FIRST_YEAR, Kind, LAST_YEAR, Unit};
use super::rules::Dialect;

/// Small numbers, as bits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Set(u64);

impl Set {
    pub(super) fn insert(&mut self, value: u32) {
        self.0 |= 1 << value;
    }

    pub(super) fn contains(self, value: u32) -> bool {
        self.0 >> value & 1 == 1
    }

    pub(super) fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// How many smaller ones there are.
    pub(super) fn below(self, value: u32) -> u32 {
        (self.0 & ((1 << value) - 1)).count_ones()
    }

    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) fn iter(self) -> impl Iterator<Item = u32> + Clone {
        (0..64).filter(move |value| self.contains(*value))
    }
}

/// `from`, `from + step`, … up to `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub from: u32,
    pub to: u32,
    pub step: u32,
}

impl Span {
    pub(super) fn iter(&self) -> impl Iterator<Item = u32> + use<> {
        (self.from..=self.to).step_by(self.step as usize)
    }

    fn covers(&self, other: &Span) -> bool {
        self.step == 1 && self.from <= other.from && other.to <= self.to
    }
}

/// Years as they were written, and as bits from [`FIRST_YEAR`]: a list of two hundred is asked about eight thousand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Years {
    pub spans: Vec<Span>,
    bits: Vec<u64>,
}

impl Years {
    fn insert(&mut self, span: Span) {
        if self.spans.iter().any(|known| known.covers(&span)) {
            return;
        }
        self.bits.resize(1 + (LAST_YEAR - FIRST_YEAR) as usize / 64, 0);
        for index in span.iter().map(|year| (year - FIRST_YEAR) as usize) {
            self.bits[index / 64] |= 1 << (index % 64);
        }
        self.spans.push(span);
    }

    fn contains(&self, year: u32) -> bool {
        let index = year.checked_sub(FIRST_YEAR).map(|index| index as usize);
        index.is_some_and(|index| self.bits.get(index / 64).is_some_and(|bits| bits >> (index % 64) & 1 == 1))
    }
}

/// Days that only a calendar tells. Weekdays count from Sunday = 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Special {
    /// `L`, `L-3`: so many days before the last of the month.
    Last(u32),
    /// `LW`: the last Monday to Friday of the month.
    LastWorkday,
    /// `15W`: the Monday to Friday nearest that day, in its month.
    Nearest(u32),
    /// `5L`: the last such weekday of the month.
    LastWeekday(u32),
    /// `5#2`: the second such weekday of the month.
    Nth(u32, u32),
}

/// A field as numbers, with what its text tells beyond them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    pub kind_name: &'static str,
    pub text: String,
    /// All but years; weekdays count from Sunday = 0.
    pub set: Set,
    /// Years, none of them if all are meant.
    pub years: Years,
    pub specials: Vec<Special>,
    /// The text starts with `*` or `?`: it follows the clock, and as a day field it is not restricted.
    pub starred: bool,
    /// Every number it may hold is in it.
    pub full: bool,
    /// The whole text is one span with a step, in the numbers of the dialect.
    pub step: Option<Span>,
    /// A weekday or month is written as a number.
    pub numeric: bool,
}

impl Field {
    /// Reads `text`, which starts in `column` of the expression.
    pub(super) fn parse(text: &str, column: usize, kind: &Kind) -> Result<Self, CronError> {
        let mut field = Self {
            kind_name: kind.name,
            text: text.to_owned(),
            set: Set::default(),
            years: Years::default(),
            specials: Vec::new(),
            starred: text.starts_with(['*', '?']),
            full: false,
            step: None,
            numeric: false,
        };
        let mut column = column;
        let alone = !text.contains(',');
        for part in text.split(',') {
            field.take(part, alone, kind).map_err(|reason| {
                let (name, part, text) = (kind.name, cut(part), cut(text));
                let reason = reason.strip_prefix(&format!("has `{part}`, which ")).unwrap_or(&reason);
                CronError::new(if alone {
                    format!("{name} field, column {column}: `{text}` {reason}")
                } else {
                    format!("{name} field `{text}`, column {column}: `{part}` {reason}")
                })
            })?;
            column += part.chars().count() + 1;
        }
        field.full |= match kind.unit {
            Unit::Year => false,
            _ => field.set.len() == kind.top() - kind.low + 1,
        };
        Ok(field)
    }

    fn take(&mut self, part: &str, alone: bool, kind: &Kind) -> Result<(), String> {
        if part.is_empty() {
            return Err("is where a number is missing; a list is written 1,2,3".to_owned());
        }
        if !part.is_ascii() {
            return Err(format!("has a character that does not belong here; write {}, in ASCII", kind.allowed()));
        }
        // Alone in Quartz's weekday field, `L` is the last day of its week.
        let saturday = kind.unit == Unit::Weekday && kind.dialect == Dialect::Quartz && part.eq_ignore_ascii_case("l");
        let part = if saturday { "SAT" } else { part };
        let special = match kind.unit {
            Unit::Day => special_day(part)?,
            Unit::Weekday => special_weekday(part, kind)?,
            _ => None,
        };
        if let Some(special) = special {
            self.numeric |= part.starts_with(|c: char| c.is_ascii_digit());
            self.specials.push(special);
            return Ok(());
        }
        let span = match part {
            "?" if !matches!(kind.unit, Unit::Day | Unit::Weekday) => {
                return Err("stands only in the two day fields; write `*`".to_owned());
            }
            "?" if !alone => return Err("stands alone; it means any day".to_owned()),
            "*" | "?" => {
                self.full = true;
                Span { from: kind.low, to: kind.top(), step: 1 }
            }
            _ => span(part, kind)?,
        };
        self.numeric |= kind.has_names() && part.bytes().next().is_some_and(|first| first.is_ascii_digit());
        if alone && span.step > 1 {
            self.step = Some(span);
        }
        match kind.unit {
            Unit::Year if part == "*" => {}
            Unit::Year => self.years.insert(span),
            Unit::Weekday => span.iter().for_each(|number| self.set.insert(kind.dialect.weekday_of(number))),
            _ => span.iter().for_each(|number| self.set.insert(number)),
        }
        Ok(())
    }

    /// A list with a `*` in it holds every year.
    pub(super) fn has_year(&self, year: u32) -> bool {
        self.full || self.years.contains(year)
    }
}

/// `*/15`, `5`, `1-5`, `1-30/5`, `3/10`.
fn span(part: &str, kind: &Kind) -> Result<Span, String> {
    let (body, step) = match part.split_once('/') {
        Some((body, step)) => (body, Some(step_of(body, step, kind)?)),
        None => (part, None),
    };
    let (from, to) = if body == "*" {
        (kind.low, kind.top())
    } else if body.contains(['*', '?']) {
        return Err("has a `*` or `?` beside something else; it stands alone or before a step: `*/5`".to_owned());
    } else if let Some((from, to)) = body.split_once('-') {
        range(from, to, step, kind)?
    } else {
        let from = value(body, kind)?;
        (from, if step.is_some() { kind.high } else { from })
    };
    Ok(Span { from, to, step: step.unwrap_or(1) })
}

fn range(from_text: &str, to_text: &str, step: Option<u32>, kind: &Kind) -> Result<(u32, u32), String> {
    let (from, mut to) = (value(from_text, kind)?, value(to_text, kind)?);
    // FRI-SUN: at the end of a POSIX range Sunday is 7.
    if kind.unit == Unit::Weekday && kind.dialect == Dialect::Posix && from > 0 && to_text.eq_ignore_ascii_case("sun") {
        to = 7;
    }
    if from <= to {
        return Ok((from, to));
    }
    let shown = |number| {
        let by_name = from_text.starts_with(|c: char| c.is_ascii_alphabetic());
        if by_name { kind.name_of(number) } else { number.to_string() }
    };
    let dash = |low, high| if low == high { shown(low) } else { format!("{}-{}", shown(low), shown(high)) };
    let instead = match step {
        None | Some(1) => format!("{},{}", dash(from, kind.top().max(from)), dash(kind.low, to)),
        Some(step) => {
            let round = kind.top() - kind.low + 1;
            let numbers = (from..=to + round).step_by(step as usize);
            numbers.map(|number| shown(kind.low + (number - kind.low) % round)).collect::<Vec<_>>().join(",")
        }
    };
    Err(format!("runs backwards; write {instead}"))
}

fn step_of(body: &str, text: &str, kind: &Kind) -> Result<u32, String> {
    match number(text) {
        Some(0) => Err("has step 0, which never moves on; the least is 1".to_owned()),
        Some(step) if step <= kind.high => Ok(step),
        Some(step) => {
            let only = if body == "*" { kind.low.to_string() } else { body.to_owned() };
            Err(format!(
                "has step {step}, but the largest {} is {}; write `{}` if it is to fire there only",
                kind.name,
                kind.high,
                cut(only.split('-').next().unwrap_or_default())
            ))
        }
        None => Err(format!("has `{}` where a step in digits is expected: `*/5`", cut(text))),
    }
}

fn value(text: &str, kind: &Kind) -> Result<u32, String> {
    if let Some(named) = kind.named(text) {
        return Ok(named);
    }
    match number(text) {
        Some(value) if (kind.low..=kind.high).contains(&value) => Ok(value),
        Some(60) if kind.unit == Unit::Second => {
            Err(format!("has `{text}`, which is out of range; write 0 to 59, leap seconds are not scheduled"))
        }
        Some(_) => Err(format!("has `{text}`, which is out of range; write {}", kind.allowed())),
        None => Err(misread(text, kind)),
    }
}

/// What is wrong with something that is neither a name nor a number.
fn misread(text: &str, kind: &Kind) -> String {
    if text.is_empty() {
        return format!("lacks a number; write {}, a range as {}-{}", kind.allowed(), kind.low, kind.low + 1);
    }
    if let Some(short) = kind.short_for(text) {
        return format!("has `{}`, which is a name written out; write {short}", cut(text));
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return format!("has `{}`, which is too long a number; write {}", cut(text), kind.allowed());
    }
    let upper = text.to_ascii_uppercase();
    if upper.ends_with(['L', 'W']) && !kind.has_names() && upper.len() <= 4 {
        return format!("has `{}`, which belongs in the day fields; write {}", cut(text), kind.allowed());
    }
    format!("has `{}`, which is no number here; write {}", cut(text), kind.allowed())
}

/// ASCII digits only, at most four: nothing else is a number here.
fn number(text: &str) -> Option<u32> {
    let plain = !text.is_empty() && text.len() <= 4 && text.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten().filter(|number| *number <= LAST_YEAR)
}

/// `L`, `LW`, `L-3`, `15W`; `None` if it is something else.
fn special_day(part: &str) -> Result<Option<Special>, String> {
    let upper = part.to_ascii_uppercase();
    Ok(Some(match upper.as_str() {
        "L" => Special::Last(0),
        "LW" => Special::LastWorkday,
        "W" => return Err("lacks a day: 15W is the weekday nearest day 15".to_owned()),
        _ => {
            if let Some(back) = upper.strip_prefix("L-") {
                match number(back) {
                    Some(back) if (1..=30).contains(&back) => Special::Last(back),
                    _ => return Err("is not `L-` and 1 to 30; L-3 is three days before the last".to_owned()),
                }
            } else if let Some(day) = upper.strip_suffix('W') {
                match number(day) {
                    Some(day) if (1..=31).contains(&day) => Special::Nearest(day),
                    _ => return Err("is not one day from 1 to 31 and `W`: 15W, or LW for the last".to_owned()),
                }
            } else if upper.ends_with('L') {
                return Err("has `L` behind a day; L is the last day, L-3 three days before it".to_owned());
            } else if upper.contains('#') {
                return Err("has `#`, which belongs in day of week: 5#2".to_owned());
            } else {
                return Ok(None);
            }
        }
    }))
}

/// `5L`, `FRIL`, `5#2`, `FRI#L`, and in Quartz `L`; `None` if it is something else.
fn special_weekday(part: &str, kind: &Kind) -> Result<Option<Special>, String> {
    let upper = part.to_ascii_uppercase();
    let weekday = |text: &str| value(text, kind).map(|number| kind.dialect.weekday_of(number));
    if upper == "L" {
        return Err("lacks a weekday: FRIL is the last Friday of the month".to_owned());
    }
    if let Some((day, nth)) = upper.split_once('#') {
        let day = weekday(day)?;
        return match number(nth) {
            Some(nth) if (1..=5).contains(&nth) => Ok(Some(Special::Nth(day, nth))),
            _ if nth == "L" => Ok(Some(Special::LastWeekday(day))),
            _ => Err("is not `#` and 1 to 5 or L: FRI#2 is the second Friday of the month".to_owned()),
        };
    }
    if kind.named(part).is_none() {
        if let Some(day) = upper.strip_suffix('L') {
            return weekday(day).map(|day| Some(Special::LastWeekday(day)));
        }
        if upper.ends_with('W') {
            return Err("has `W`, which belongs in day of month: 15W is the weekday nearest day 15".to_owned());
        }
    }
    Ok(None)
}
