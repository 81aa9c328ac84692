//! Zones and instants as people read and write them on the command line.

use std::str::FromStr;

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, SecondsFormat, Utc};
use chrono_tz::{TZ_VARIANTS, Tz};
use noontide_domain::trigger::{at, civil};
use noontide_domain::{Lang, suggest};

/// The zone of that name.
///
/// # Errors
/// A line with the nearest name.
pub fn named(name: &str) -> Result<Tz, String> {
    Tz::from_str(name).map_err(|_| {
        let hint = suggest::hint(name, TZ_VARIANTS.iter().map(|zone| zone.name()));
        let hint =
            if hint.is_empty() { "; write a name such as Europe/Berlin, never an offset".to_owned() } else { hint };
        format!("no time zone `{name}`{hint}")
    })
}

/// An instant, as RFC 3339 or as wall time in `zone`.
///
/// # Errors
/// A line that quotes the text and says what is taken.
pub fn instant(text: &str, zone: Tz) -> Result<DateTime<Utc>, String> {
    let year = text.trim_start().bytes().take_while(u8::is_ascii_digit).count();
    if year != 4 {
        return Err(format!("`{text}` is no date with a time: write 2026-10-01T08:00:00Z, or 2026-10-01 08:00:00"));
    }
    let instant = at::parse_instant(text, zone)?;
    if (0..=9_999).contains(&instant.year()) {
        Ok(instant)
    } else {
        Err(format!("`{text}` lies outside the years 0000 to 9999 in UTC"))
    }
}

/// An instant as [`instant`] reads it, or a day, which begins at midnight in `zone`.
///
/// # Errors
/// A line that quotes the text and says what is taken.
pub fn day_or_instant(text: &str, zone: Tz) -> Result<DateTime<Utc>, String> {
    match NaiveDate::parse_from_str(text.trim(), "%Y-%m-%d") {
        Ok(date) if text.trim().len() == 10 => Ok(civil::forward(date.and_time(NaiveTime::MIN), zone)),
        _ => instant(text, zone),
    }
}

/// `2026-03-30T07:00:00Z`, with a fraction only where there is one.
pub fn rfc3339(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// `2026-03-30 09:00:00 CEST`, for tables.
pub fn wall(instant: DateTime<Utc>, zone: Tz) -> String {
    instant.with_timezone(&zone).format("%Y-%m-%d %H:%M:%S %Z").to_string()
}

/// `Mon 2026-03-30 09:00:00 CEST`: which day of the week it is decides more often than which day of the month.
pub fn wall_and_day(instant: DateTime<Utc>, zone: Tz) -> String {
    instant.with_timezone(&zone).format("%a %Y-%m-%d %H:%M:%S %Z").to_string()
}

/// The weekday's name.
pub fn weekday(instant: DateTime<Utc>, zone: Tz, lang: Lang) -> &'static str {
    lang.weekday(instant.with_timezone(&zone).weekday())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_zone_is_answered_with_the_nearest_name() {
        let error = named("Asia/Shangai").unwrap_err();
        assert_eq!(error, "no time zone `Asia/Shangai` — did you mean `Asia/Shanghai`?");
        assert!(named("europe/berlin").unwrap_err().contains("`Europe/Berlin`"));
        assert!(named("+08:00").unwrap_err().contains("never an offset"));
    }

    #[test]
    fn a_day_is_its_midnight_in_the_zone() {
        let begun = |text| day_or_instant(text, Tz::Asia__Shanghai).map(rfc3339);
        assert_eq!(begun("2026-01-01").as_deref(), Ok("2025-12-31T16:00:00Z"));
        assert_eq!(begun("2026-01-01T00:00:00Z").as_deref(), Ok("2026-01-01T00:00:00Z"));
        assert!(begun("2026-02-30").is_err() && begun("12026-01-01").is_err());
    }

    #[test]
    fn a_year_of_more_or_less_than_four_digits_is_refused() {
        for text in
            ["0000-01-01T00:00:00+23:59", "+262142-12-31 23:59:59", "-0001-01-01 00:00:00", "12026-01-01 00:00:00", ""]
        {
            assert!(instant(text, Tz::Europe__Berlin).is_err(), "{text:?} was taken");
        }
    }
}
