//! Dialects, numbers, names and nicknames.

use super::*;

/// The days of September 2026 (the 1st is a Tuesday) on which an expression fires at midnight.
fn september(days: &str, dialect: Dialect) -> Vec<u32> {
    use chrono::Datelike;
    let rules = Rules { dialect, ..Rules::default() };
    let cron = Cron::read(Source::Text(format!("0 0 {days}")), Tz::UTC, rules).expect(days);
    let first = cron.next_after(utc("2026-08-31T23:59:59Z"));
    std::iter::successors(first, |due| cron.next_after(*due))
        .take_while(|due| *due < utc("2026-10-01T00:00:00Z"))
        .map(|due| due.day())
        .collect()
}

const MONDAYS: [u32; 4] = [7, 14, 21, 28];
const SUNDAYS: [u32; 4] = [6, 13, 20, 27];
const SATURDAYS: [u32; 4] = [5, 12, 19, 26];

#[test]
fn each_dialect_counts_weekdays_its_own_way() {
    for (weekday, dialect, expected) in [
        ("1", Dialect::Posix, MONDAYS),
        ("0", Dialect::Posix, SUNDAYS),
        ("7", Dialect::Posix, SUNDAYS),
        ("1", Dialect::Celery, MONDAYS),
        ("0", Dialect::Celery, SUNDAYS),
        ("monday", Dialect::Celery, MONDAYS),
        ("Mon", Dialect::Celery, MONDAYS),
        ("1", Dialect::Quartz, SUNDAYS),
        ("2", Dialect::Quartz, MONDAYS),
        ("7", Dialect::Quartz, SATURDAYS),
        ("L", Dialect::Quartz, SATURDAYS),
        ("0", Dialect::Apscheduler, MONDAYS),
        ("6", Dialect::Apscheduler, SUNDAYS),
        ("sun", Dialect::Apscheduler, SUNDAYS),
        ("MON", Dialect::Quartz, MONDAYS),
        ("*/7", Dialect::Posix, SUNDAYS),
        ("*/6,*/6", Dialect::Quartz, [5, 6, 12, 13]),
    ] {
        let days = september(&format!("* * {weekday}"), dialect);
        assert_eq!(days[..4], expected, "{weekday} in {}", dialect.word());
    }
}

#[test]
fn steps_and_ranges_of_weekdays_count_in_the_numbers_of_the_dialect() {
    for (weekday, dialect, expected) in [
        ("*/2", Dialect::Posix, vec![1, 3, 5, 6]),
        ("*/2", Dialect::Quartz, vec![1, 3, 5, 6]),
        ("*/2", Dialect::Apscheduler, vec![2, 4, 6, 7]),
        ("1/2", Dialect::Posix, vec![2, 4, 6, 7]),
        ("5/1", Dialect::Posix, vec![4, 5, 6, 11]),
        ("FRI-SUN", Dialect::Posix, vec![4, 5, 6, 11]),
        ("5-7", Dialect::Posix, vec![4, 5, 6, 11]),
        ("fri-sun", Dialect::Apscheduler, vec![4, 5, 6, 11]),
        ("sun-tue", Dialect::Posix, vec![1, 6, 7, 8]),
        ("mon-WED/2,5", Dialect::Celery, vec![2, 4, 7, 9]),
        ("2-6", Dialect::Quartz, vec![1, 2, 3, 4]),
    ] {
        let days = september(&format!("* * {weekday}"), dialect);
        assert_eq!(days[..4], expected, "{weekday} in {}", dialect.word());
    }
}

#[test]
fn two_restricted_day_fields_mean_either_in_posix_and_both_elsewhere() {
    // The 13th and the 25th of September 2026; Fridays are 4, 11, 18, 25.
    assert_eq!(september("13,25 * FRI", Dialect::Posix), [4, 11, 13, 18, 25]);
    for dialect in [Dialect::Quartz, Dialect::Celery, Dialect::Apscheduler] {
        assert_eq!(september("13,25 * FRI", dialect), [25], "{}", dialect.word());
    }
    // What starts with a star or is a question mark is not restricted.
    assert_eq!(september("*/12 * FRI", Dialect::Posix), [25]);
    assert_eq!(september("1,*/12 * FRI", Dialect::Posix), [1, 4, 11, 13, 18, 25]);
    assert_eq!(september("13 * *,FRI", Dialect::Posix), [13]);
    assert_eq!(september("? * FRI", Dialect::Posix), [4, 11, 18, 25]);
    assert_eq!(september("13 * ?", Dialect::Quartz), [13]);
    assert_eq!(september("1-31 * 1-7", Dialect::Posix).len(), 30);
}

#[test]
fn nicknames_stand_for_their_fields_in_every_dialect() {
    for (nickname, expected) in [
        ("@yearly", "2027-01-01T00:00:00Z"),
        ("@Annually", "2027-01-01T00:00:00Z"),
        ("@monthly", "2026-12-01T00:00:00Z"),
        ("@weekly", "2026-11-22T00:00:00Z"),
        ("@daily", "2026-11-22T00:00:00Z"),
        ("@MIDNIGHT", "2026-11-22T00:00:00Z"),
        (" @hourly ", "2026-11-21T13:00:00Z"),
    ] {
        for dialect in [Dialect::Posix, Dialect::Quartz, Dialect::Celery, Dialect::Apscheduler] {
            let rules = Rules { dialect, ..Rules::default() };
            let cron = Cron::read(Source::Text(nickname.to_owned()), Tz::UTC, rules).expect(nickname);
            assert_eq!(cron.next_after(utc("2026-11-21T12:00:00Z")), Some(utc(expected)), "{nickname}");
        }
    }
}

#[test]
fn five_six_and_seven_fields_are_told_apart_by_their_number() {
    let after = "2026-11-21T12:00:00Z";
    assert_eq!(next("5 * * * *", Tz::UTC, after, 1), ["2026-11-21T12:05:00Z"]);
    assert_eq!(next("5 * * * * *", Tz::UTC, after, 2), ["2026-11-21T12:00:05Z", "2026-11-21T12:01:05Z"]);
    assert_eq!(next("5 0 0 1 1 ? 2030", Tz::UTC, after, 2), ["2030-01-01T00:00:05Z"]);
    assert_eq!(next("55/2 59 23 31 dec *", Tz::UTC, after, 2), ["2026-12-31T23:59:55Z", "2026-12-31T23:59:57Z"]);
    assert_eq!(next("*/20\t*  * * * *", Tz::UTC, "2026-11-21T12:00:00.5Z", 1), ["2026-11-21T12:00:20Z"]);
    assert_eq!(next("0 9 1 jan,Jul *", Tz::UTC, after, 2), ["2027-01-01T09:00:00Z", "2027-07-01T09:00:00Z"]);
    assert_eq!(
        next("50/4 * * * *", Tz::UTC, after, 3),
        ["2026-11-21T12:50:00Z", "2026-11-21T12:54:00Z", "2026-11-21T12:58:00Z"]
    );
}

#[test]
fn words_of_the_rules_are_read_back_and_others_are_told_of_them() {
    for dialect in [Dialect::Posix, Dialect::Quartz, Dialect::Celery, Dialect::Apscheduler] {
        assert_eq!(dialect.word().parse(), Ok(dialect));
    }
    assert_eq!("skip".parse(), Ok(DstGap::Skip));
    assert_eq!("both".parse(), Ok(DstOverlap::Both));
    let error = "quarz".parse::<Dialect>().expect_err("misspelt").to_string();
    assert_eq!(error, "`quarz` is no dialect — did you mean `quartz`?; there are posix, quartz, celery, apscheduler");
    let error = "both".parse::<DstGap>().expect_err("of the other rule").to_string();
    assert_eq!(error, "`both` is no dst-gap; there are vixie, skip");
}
