//! The eight kinds of fields: what each may hold and what it is called.

use super::rules::Dialect;

pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
pub(super) const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// The first year of the year field, as in Quartz and the calendar engine.
pub(super) const FIRST_YEAR: u32 = 1970;
/// The last year anything fires in.
pub(super) const LAST_YEAR: u32 = 9999;

/// Which part of a time a field speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Second,
    Minute,
    Hour,
    Day,
    Month,
    Week,
    Weekday,
    Year,
}

/// What a field may hold, in the numbers of its dialect.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind {
    pub unit: Unit,
    pub name: &'static str,
    pub low: u32,
    pub high: u32,
    pub dialect: Dialect,
}

impl Kind {
    pub(super) fn of(unit: Unit, dialect: Dialect) -> Self {
        let (name, low, high) = match unit {
            Unit::Second => ("second", 0, 59),
            Unit::Minute => ("minute", 0, 59),
            Unit::Hour => ("hour", 0, 23),
            Unit::Day => ("day of month", 1, 31),
            Unit::Month => ("month", 1, 12),
            Unit::Week => ("week", 1, 53),
            Unit::Weekday => {
                let (low, high) = match dialect {
                    Dialect::Posix => (0, 7),
                    Dialect::Quartz => (1, 7),
                    Dialect::Celery | Dialect::Apscheduler => (0, 6),
                };
                ("day of week", low, high)
            }
            Unit::Year => ("year", FIRST_YEAR, LAST_YEAR),
        };
        Self { unit, name, low, high, dialect }
    }

    /// Where `*` and `a/n` end. POSIX has a second Sunday, 7, which is not counted twice.
    pub(super) fn top(&self) -> u32 {
        if self.unit == Unit::Weekday && self.dialect == Dialect::Posix { 6 } else { self.high }
    }

    /// The full names this field knows, each with its number.
    fn names(&self) -> impl Iterator<Item = (&'static str, u32)> + use<> {
        let dialect = self.dialect;
        let (weekdays, months): (&[&str], &[&str]) = match self.unit {
            Unit::Weekday => (&WEEKDAYS, &[]),
            Unit::Month => (&[], &MONTHS),
            _ => (&[], &[]),
        };
        let weekdays = weekdays.iter().zip(0..).map(move |(name, day)| (*name, dialect.number_of(day)));
        weekdays.chain(months.iter().copied().zip(1..))
    }

    /// The number of a name of three letters; Celery takes the full name too.
    pub(super) fn named(&self, text: &str) -> Option<u32> {
        let full = self.dialect == Dialect::Celery;
        self.names()
            .find(|(name, _)| name[..3].eq_ignore_ascii_case(text) || full && name.eq_ignore_ascii_case(text))
            .map(|(_, number)| number)
    }

    /// The three letters that stand for a name written out, which this dialect does not take.
    pub(super) fn short_for(&self, text: &str) -> Option<String> {
        let lower = text.to_ascii_lowercase();
        let long = |name: &str| lower.len() > 3 && name.to_ascii_lowercase().starts_with(&lower);
        self.names().find(|(name, _)| long(name)).map(|(name, _)| name[..3].to_ascii_uppercase())
    }

    /// `MON`, or the number itself in fields without names.
    pub(super) fn name_of(&self, number: u32) -> String {
        self.names()
            .find(|(_, known)| *known == number)
            .map_or_else(|| number.to_string(), |(name, _)| name[..3].to_ascii_uppercase())
    }

    pub(super) fn has_names(&self) -> bool {
        matches!(self.unit, Unit::Weekday | Unit::Month)
    }

    /// `0 to 7, 0 and 7 are Sunday`.
    pub(super) fn allowed(&self) -> String {
        let (low, high) = (self.low, self.high);
        match (self.unit, self.dialect) {
            (Unit::Weekday, Dialect::Posix) => format!("{low} to {high} or SUN to SAT (0 and 7 are Sunday)"),
            (Unit::Weekday, Dialect::Quartz) => format!("{low} to {high} or SUN to SAT (in quartz 1 is Sunday)"),
            (Unit::Weekday, Dialect::Celery) => format!("{low} to {high} or SUN to SAT (in celery 0 is Sunday)"),
            (Unit::Weekday, Dialect::Apscheduler) => {
                format!("{low} to {high} or MON to SUN (in apscheduler 0 is Monday)")
            }
            (Unit::Month, _) => format!("{low} to {high} or JAN to DEC"),
            _ => format!("{low} to {high}"),
        }
    }
}
