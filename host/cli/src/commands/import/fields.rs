//! APScheduler's cron fields as tables of ours. The numbers of weekdays and the rule for two day fields are a dialect;
//! what is left is its day field, which knows weekdays: `last`, `2nd fri`, `last sun`.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use noontide_domain::trigger::Cron;
use noontide_domain::trigger::civil;
use noontide_domain::trigger::cron::{Dialect, DstGap, DstOverlap, Rules, Source};

use super::write::Toml;

/// From the most to the least significant, as people read them.
const ORDER: [&str; 8] = ["year", "month", "day", "week", "day_of_week", "hour", "minute", "second"];

/// How far ahead clock changes are looked for.
const AHEAD: i64 = 800;

/// Fields by APScheduler's names.
pub type Fields = BTreeMap<String, String>;

/// The same fields in our words: one table, or two of which either may fire.
///
/// # Errors
/// A sentence that names the field and says what to do.
pub fn translated(fields: &Fields) -> Result<Vec<Fields>, String> {
    if let Some(name) = fields.keys().find(|name| !ORDER.contains(&name.as_str())) {
        return Err(format!("`{name}` is no field of APScheduler's cron; there are {}", ORDER.join(", ")));
    }
    if fields.is_empty() {
        return Ok(vec![Fields::from([("second".to_owned(), "*".to_owned())])]);
    }
    let mut plain = fields.clone();
    let Some(day) = plain.remove("day") else { return Ok(vec![plain]) };
    let (mut days, mut weekdays) = (Vec::new(), Vec::new());
    for part in day.split(',').map(str::trim) {
        match part.split_once(' ') {
            Some((which, weekday)) => weekdays.push(position(which, weekday.trim())?),
            None if part.eq_ignore_ascii_case("last") => days.push("L"),
            None => days.push(part),
        }
    }
    let restricted = plain.get("day_of_week").is_some_and(|weekdays| weekdays != "*");
    if !weekdays.is_empty() && restricted {
        return Err(format!(
            "day `{day}` beside day_of_week: both name weekdays; keep one of them in APScheduler and export again"
        ));
    }
    let with = |name: &str, parts: &[String]| {
        let mut table = plain.clone();
        table.insert(name.to_owned(), parts.join(","));
        table
    };
    let days: Vec<String> = days.into_iter().map(str::to_owned).collect();
    let mut tables = Vec::new();
    tables.extend((!days.is_empty()).then(|| with("day", &days)));
    tables.extend((!weekdays.is_empty()).then(|| with("day_of_week", &weekdays)));
    Ok(tables)
}

/// `2nd fri` as `FRI#2`, `last sun` as `SUNL`.
fn position(which: &str, weekday: &str) -> Result<String, String> {
    let weekday = weekday.to_ascii_uppercase();
    let nth = ["1st", "2nd", "3rd", "4th", "5th"].iter().position(|known| known.eq_ignore_ascii_case(which));
    match nth {
        Some(index) => Ok(format!("{weekday}#{}", index + 1)),
        None if which.eq_ignore_ascii_case("last") => Ok(format!("{weekday}L")),
        None => Err(format!("day `{which} {weekday}`: write 1st to 5th or last before a weekday")),
    }
}

/// The table as it is read best.
pub fn table(fields: &Fields) -> Toml {
    let value = |text: &String| match text.parse::<u32>() {
        Ok(number) => Toml::Number(number.into()),
        Err(_) => Toml::Text(text.clone()),
    };
    let given = ORDER.iter().filter_map(|name| Some((name.replace('_', "-"), value(fields.get(*name)?))));
    Toml::Table(given.collect())
}

/// Whether a repeated wall time has to be asked for twice, as APScheduler fires on both.
///
/// # Errors
/// What the fields lack, in the words of our own reader.
pub fn fires_twice(source: &Source, zone: Tz, from: DateTime<Utc>) -> Result<bool, String> {
    let read = |dst_overlap| {
        let rules = Rules { dialect: Dialect::Apscheduler, dst_gap: DstGap::default(), dst_overlap };
        Cron::read(source.clone(), zone, rules).map_err(|error| error.to_string())
    };
    let (once, both) = (read(DstOverlap::Vixie)?, read(DstOverlap::Both)?);
    let mut days = (0..AHEAD).map(|day| from + TimeDelta::days(day));
    Ok(days.any(|day| {
        let Some(change) = civil::change_within(day, day + TimeDelta::days(1), zone) else { return false };
        around(&once, change) != around(&both, change)
    }))
}

/// The first fires around a clock change; a schedule with more of them follows the clock in any case.
fn around(cron: &Cron, change: DateTime<Utc>) -> BTreeSet<DateTime<Utc>> {
    let until = change + TimeDelta::hours(4);
    let next = |after| cron.next_after(after).filter(|due| *due <= until);
    std::iter::successors(next(change - TimeDelta::hours(4)), |due| next(*due)).take(5_000).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(&str, &str)]) -> Fields {
        pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn weekdays_in_the_day_field_become_weekdays() {
        let translated = |day| translated(&of(&[("day", day), ("hour", "4")])).unwrap();
        assert_eq!(translated("last sun"), [of(&[("day_of_week", "SUNL"), ("hour", "4")])]);
        assert_eq!(translated("2nd fri,4th fri"), [of(&[("day_of_week", "FRI#2,FRI#4"), ("hour", "4")])]);
        assert_eq!(translated("15,last"), [of(&[("day", "15,L"), ("hour", "4")])]);
        let either = [of(&[("day", "1"), ("hour", "4")]), of(&[("day_of_week", "WED#3"), ("hour", "4")])];
        assert_eq!(translated("1,3rd wed"), either);
    }

    #[test]
    fn weekdays_in_both_fields_are_refused() {
        let error = translated(&of(&[("day", "2nd fri"), ("day_of_week", "mon")])).unwrap_err();
        assert!(error.contains("keep one of them"), "{error}");
        assert!(translated(&of(&[("fortnight", "1")])).unwrap_err().contains("no field"));
    }

    #[test]
    fn a_fixed_time_within_the_repeated_hour_has_to_be_asked_for_twice() {
        let source = |hour| Source::Table(of(&[("hour", hour), ("minute", "30")]));
        let twice = |hour, zone| fires_twice(&source(hour), zone, DateTime::UNIX_EPOCH);
        assert_eq!(twice("1", Tz::America__New_York), Ok(true));
        assert_eq!(twice("9", Tz::America__New_York), Ok(false));
        assert_eq!(twice("1", Tz::Asia__Tokyo), Ok(false));
    }
}
