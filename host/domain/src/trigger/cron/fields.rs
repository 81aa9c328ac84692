//! The fields of an expression, from its text or its table.

use std::collections::BTreeMap;

use super::error::{CronError, cut};
use super::field::{Field, Special};
use super::kind::{FIRST_YEAR, Kind, Unit};
use super::rules::Dialect;

const NICKNAMES: [(&str, &str); 7] = [
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * SUN"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

/// Longer than this nobody writes by hand, and reading it would take its time.
const LONGEST: usize = 1_024;

/// The fields of a table from the most to the least significant, as in APScheduler.
const TABLE: [(&str, Unit); 8] = [
    ("year", Unit::Year),
    ("month", Unit::Month),
    ("day", Unit::Day),
    ("week", Unit::Week),
    ("day-of-week", Unit::Weekday),
    ("hour", Unit::Hour),
    ("minute", Unit::Minute),
    ("second", Unit::Second),
];

/// All fields of an expression, those that were left out included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fields {
    pub dialect: Dialect,
    pub second: Field,
    pub minute: Field,
    pub hour: Field,
    pub day: Field,
    pub month: Field,
    pub week: Field,
    pub weekday: Field,
    pub year: Field,
}

impl Fields {
    /// Reads five fields (from the minute), six (from the second), seven (with the year) or a nickname.
    pub(super) fn parse(expression: &str, dialect: Dialect) -> Result<Self, CronError> {
        let trimmed = expression.trim();
        not_too_long(trimmed)?;
        let text = if trimmed.starts_with('@') { nickname(trimmed)? } else { trimmed };
        let parts = columns(text);
        let (second, shown, year) = match parts.len() {
            5 => ((1, "0"), &parts[..], (1, "*")),
            6 => (parts[0], &parts[1..], (1, "*")),
            7 => (parts[0], &parts[1..6], parts[6]),
            count => return Err(wrong_count(trimmed, count)),
        };
        let [minute, hour, day, month, weekday] = shown else { return Err(wrong_count(trimmed, parts.len())) };
        let read = |unit, (column, text): (usize, &str)| Field::parse(text, column, &Kind::of(unit, dialect));
        Ok(Self {
            dialect,
            second: read(Unit::Second, second)?,
            minute: read(Unit::Minute, *minute)?,
            hour: read(Unit::Hour, *hour)?,
            day: read(Unit::Day, *day)?,
            month: read(Unit::Month, *month)?,
            week: read(Unit::Week, (1, "*"))?,
            weekday: read(Unit::Weekday, *weekday)?,
            year: read(Unit::Year, year)?,
        })
    }

    /// Reads a table whose keys [`normal`] has gone over. What is left out above the least significant field given is
    /// any; below it the least, and any week and weekday.
    pub(super) fn from_table(table: &BTreeMap<String, String>, dialect: Dialect) -> Result<Self, CronError> {
        let least = TABLE.iter().rposition(|(name, _)| table.contains_key(*name));
        let Some(least) = least else {
            return Err(CronError::new(format!("the table is empty; it needs at least one of {}", table_names())));
        };
        let read = |unit: Unit| {
            let kind = Kind::of(unit, dialect);
            let place = TABLE.iter().position(|(_, known)| *known == unit).unwrap_or_default();
            let text = match table.get(TABLE[place].0) {
                Some(text) => {
                    not_too_long(text)?;
                    text.trim().to_owned()
                }
                None if place > least && !matches!(unit, Unit::Week | Unit::Weekday) => kind.low.to_string(),
                None => "*".to_owned(),
            };
            if let Some(blank) = text.find(char::is_whitespace) {
                let (column, text) = (text[..blank].chars().count() + 1, cut(&text));
                let name = kind.name;
                return Err(CronError::new(format!("{name} field, column {column}: `{text}` has a blank in it")));
            }
            Field::parse(&text, 1, &kind)
        };
        Ok(Self {
            dialect,
            second: read(Unit::Second)?,
            minute: read(Unit::Minute)?,
            hour: read(Unit::Hour)?,
            day: read(Unit::Day)?,
            month: read(Unit::Month)?,
            week: read(Unit::Week)?,
            weekday: read(Unit::Weekday)?,
            year: read(Unit::Year)?,
        })
    }

    /// Times a clock change leaves out are left out, repeated ones repeated.
    pub(super) fn follows_the_clock(&self) -> bool {
        self.minute.starred || self.hour.starred
    }

    /// Both day fields say something.
    pub(super) fn both_days(&self) -> bool {
        !self.day.starred && !self.weekday.starred
    }

    /// A day that matches either day field fires.
    pub(super) fn either_day(&self) -> bool {
        self.dialect == Dialect::Posix && self.both_days()
    }

    /// The calendar engine's lists do not tell everything about a day.
    pub(super) fn need_dates(&self) -> bool {
        let special = !self.day.specials.is_empty() || !self.weekday.specials.is_empty();
        special || !self.week.full || !self.year.full
    }

    /// The lists the calendar engine is given: second minute hour day month weekday, weekdays from Sunday = 1. Days
    /// that only a calendar tells are in them with every day they may fall on.
    pub(super) fn canonical(&self) -> Vec<String> {
        let times = [&self.second, &self.minute, &self.hour].map(|field| list(field.set, field.full, 0)).join(" ");
        let month = list(self.month.set, self.month.full, 0);
        let mut days = self.day.set;
        self.day.specials.iter().flat_map(|special| reach(*special)).for_each(|day| days.insert(day));
        let mut weekdays = self.weekday.set;
        for special in &self.weekday.specials {
            if let Special::LastWeekday(day) | Special::Nth(day, _) = special {
                weekdays.insert(*day);
            }
        }
        let day = list(days, days.len() == 31, 0);
        let weekday = list(weekdays, weekdays.len() == 7, 1);
        if self.either_day() {
            vec![format!("{times} {day} {month} *"), format!("{times} * {month} {weekday}")]
        } else {
            vec![format!("{times} {day} {month} {weekday}")]
        }
    }
}

/// `1,2,3`; `*` for all, as the engine takes a shortcut for it.
fn list(set: super::field::Set, full: bool, shift: u32) -> String {
    if full {
        return "*".to_owned();
    }
    set.iter().map(|value| (value + shift).to_string()).collect::<Vec<_>>().join(",")
}

/// Every day of the month the special day may be.
fn reach(special: Special) -> std::ops::RangeInclusive<u32> {
    match special {
        Special::Last(back) => 28u32.saturating_sub(back).max(1)..=31 - back,
        Special::LastWorkday => 26..=31,
        Special::Nearest(day) => day.saturating_sub(2).max(1)..=(day + 2).min(31),
        Special::LastWeekday(_) | Special::Nth(..) => 1..=31,
    }
}

fn not_too_long(text: &str) -> Result<(), CronError> {
    if text.len() > LONGEST {
        return Err(CronError::new(format!("the expression is {} bytes long; {LONGEST} is the most", text.len())));
    }
    Ok(())
}

fn wrong_count(expression: &str, count: usize) -> CronError {
    let fields = if count == 1 { "field" } else { "fields" };
    CronError::new(format!(
        "`{}` has {count} {fields}; five are needed (minute hour day-of-month month day-of-week), \
         six (second first) or seven (year last)",
        cut(expression)
    ))
}

fn nickname(text: &str) -> Result<&'static str, CronError> {
    let lower = text.to_ascii_lowercase();
    NICKNAMES.iter().find(|(name, _)| *name == lower).map(|(_, expression)| *expression).ok_or_else(|| {
        let names = NICKNAMES.map(|(name, _)| name);
        let hint = crate::suggest::hint(&cut(&lower), names);
        CronError::new(format!("`{}` is no nickname{hint}; there are {}", cut(text), names.join(", ")))
    })
}

/// The fields with the column (from 1, in characters) each starts in.
fn columns(text: &str) -> Vec<(usize, &str)> {
    let mut column = 1;
    let mut found = Vec::new();
    for part in text.split([' ', '\t', '\n', '\r', '\x0c']) {
        if !part.is_empty() {
            found.push((column, part));
        }
        column += part.chars().count() + 1;
    }
    found
}

/// The table with each key spelled one way.
pub(super) fn normal(table: BTreeMap<String, String>) -> Result<BTreeMap<String, String>, CronError> {
    let mut normal = BTreeMap::new();
    for (key, text) in table {
        let name = if key == "day_of_week" { "day-of-week" } else { key.as_str() };
        if !TABLE.iter().any(|(known, _)| *known == name) {
            let hint = crate::suggest::hint(name, TABLE.map(|(known, _)| known));
            let key = cut(&key);
            return Err(CronError::new(format!("`{key}` is no field{hint}; there are {}", table_names())));
        }
        if normal.insert(name.to_owned(), text.trim().to_owned()).is_some() {
            return Err(CronError::new(format!("`{name}` is given twice, once as `day_of_week`; keep one")));
        }
    }
    Ok(normal)
}

/// `day-of-week=mon hour=9`, from the most to the least significant field.
pub(super) fn table_text(table: &BTreeMap<String, String>) -> String {
    let given = TABLE.iter().filter_map(|(name, _)| table.get(*name).map(|text| format!("{name}={text}")));
    given.collect::<Vec<_>>().join(" ")
}

fn table_names() -> String {
    TABLE.map(|(name, _)| name).join(", ")
}

/// The first year of the year field, or of all time if every year matches.
pub(super) fn first_year(fields: &Fields) -> i32 {
    let first = fields.year.years.spans.iter().map(|span| span.from).min();
    first.filter(|_| !fields.year.full).unwrap_or(FIRST_YEAR) as i32
}
