//! Days that only a calendar tells.

use super::*;

/// The first dates from 2026 on.
fn dates(days: &str, dialect: Dialect, count: usize) -> Vec<String> {
    let rules = Rules { dialect, ..Rules::default() };
    let cron = Cron::read(Source::Text(format!("0 0 {days}")), Tz::UTC, rules).expect(days);
    std::iter::successors(cron.next_after(utc("2025-12-31T23:59:59Z")), |due| cron.next_after(*due))
        .take(count)
        .map(|due| due.format("%m-%d").to_string())
        .collect()
}

#[test]
fn the_last_days_of_a_month() {
    for (days, expected) in [
        ("L * *", ["01-31", "02-28", "03-31", "04-30"]),
        ("l * ?", ["01-31", "02-28", "03-31", "04-30"]),
        ("L-3 * *", ["01-28", "02-25", "03-28", "04-27"]),
        ("L-30 * *", ["01-01", "03-01", "05-01", "07-01"]),
        // 31 January 2026 is a Saturday, 28 February too, 31 May a Sunday.
        ("LW * *", ["01-30", "02-27", "03-31", "04-30"]),
        ("LW 5,8,11 *", ["05-29", "08-31", "11-30", "05-31"]),
        ("15,L * *", ["01-15", "01-31", "02-15", "02-28"]),
        ("L,L-1,1 2 *", ["02-01", "02-27", "02-28", "02-01"]),
    ] {
        assert_eq!(dates(days, Dialect::Posix, 4), expected, "{days}");
    }
}

#[test]
fn the_weekday_nearest_a_day_stays_in_its_month() {
    for (days, expected) in [
        // 1 February 2026 is a Sunday, 1 August a Saturday.
        ("1W 2,8,9 *", ["02-02", "08-03", "09-01", "02-01"]),
        // 15 February, March and November are Sundays, 15 August a Saturday.
        ("15W 2,3,8,9 *", ["02-16", "03-16", "08-14", "09-15"]),
        // 31 May is a Sunday, 31 January and October are Saturdays; other months have no day 31.
        ("31W * *", ["01-30", "03-31", "05-29", "07-31"]),
        ("30w 2,5,8 *", ["05-29", "08-31", "05-31", "08-30"]),
        ("1W,15W 2 *", ["02-02", "02-16", "02-01", "02-15"]),
    ] {
        assert_eq!(dates(days, Dialect::Posix, 4), expected, "{days}");
    }
}

#[test]
fn the_nth_and_the_last_weekday_of_a_month() {
    for (days, dialect, expected) in [
        ("* * FRI#2", Dialect::Posix, ["01-09", "02-13", "03-13", "04-10"]),
        ("* * 5#2", Dialect::Posix, ["01-09", "02-13", "03-13", "04-10"]),
        ("? * 6#2", Dialect::Quartz, ["01-09", "02-13", "03-13", "04-10"]),
        ("* * 4#2", Dialect::Apscheduler, ["01-09", "02-13", "03-13", "04-10"]),
        ("* * friday#2", Dialect::Celery, ["01-09", "02-13", "03-13", "04-10"]),
        ("* * FRI#5", Dialect::Posix, ["01-30", "05-29", "07-31", "10-30"]),
        ("* * FRIL", Dialect::Posix, ["01-30", "02-27", "03-27", "04-24"]),
        ("* * 5L", Dialect::Posix, ["01-30", "02-27", "03-27", "04-24"]),
        ("* * fri#l", Dialect::Posix, ["01-30", "02-27", "03-27", "04-24"]),
        ("? * 6L", Dialect::Quartz, ["01-30", "02-27", "03-27", "04-24"]),
        ("* * 7#1", Dialect::Posix, ["01-04", "02-01", "03-01", "04-05"]),
        ("* * 0L,1#1", Dialect::Posix, ["01-05", "01-25", "02-02", "02-22"]),
        // A Friday the 13th is a second Friday: both day fields, by dialect.
        ("13 * FRI#2", Dialect::Celery, ["02-13", "03-13", "11-13", "08-13"]),
        ("L * FRIL", Dialect::Quartz, ["07-31", "04-30", "12-31", "03-31"]),
        ("13 * FRI#2", Dialect::Posix, ["01-09", "01-13", "02-13", "03-13"]),
        ("LW * MON", Dialect::Posix, ["01-05", "01-12", "01-19", "01-26"]),
    ] {
        assert_eq!(dates(days, dialect, 4), expected, "{days} in {}", dialect.word());
    }
}
