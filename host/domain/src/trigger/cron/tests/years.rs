//! Years the calendar engine does not know.

use chrono::{Datelike, NaiveDate};

use super::*;

fn wall(text: &str) -> NaiveDateTime {
    text.parse().expect("a wall time")
}

#[test]
fn the_calendar_goes_from_the_year_0_to_the_end_of_9999() {
    assert_eq!(
        next("0 0 29 2 *", Tz::UTC, "2096-03-01T00:00:00Z", 2),
        ["2104-02-29T00:00:00Z", "2108-02-29T00:00:00Z"]
    );
    assert_eq!(next("0 0 1 1 *", Tz::UTC, "0000-01-01T00:00:00Z", 1), ["0001-01-01T00:00:00Z"]);
    assert_eq!(next("0 0 29 2 *", Tz::UTC, "0000-01-01T00:00:00Z", 1), ["0000-02-29T00:00:00Z"]);
    assert_eq!(
        next("59 23 31 12 *", Tz::UTC, "1969-06-01T00:00:00Z", 2),
        ["1969-12-31T23:59:00Z", "1970-12-31T23:59:00Z"]
    );
    assert_eq!(next("59 23 31 12 *", Tz::UTC, "9999-01-01T00:00:00Z", 2), ["9999-12-31T23:59:00Z"]);
    let cron = Cron::parse("* * * * *", Tz::Asia__Tokyo).expect("valid");
    assert_eq!(cron.next_after(DateTime::<Utc>::MAX_UTC), None);
    assert_eq!(cron.next_after(DateTime::<Utc>::MIN_UTC).map(|due| due.year()), Some(-1));
    assert_eq!(cron.next_wall(NaiveDateTime::MAX), None);
    assert_eq!(cron.next_wall(NaiveDateTime::MIN), Some(wall("0000-01-01T00:00:00")));
}

#[test]
fn every_day_of_a_far_century_comes_once_and_on_its_weekday() {
    for (from, days) in [(2_095, 4_000), (1_899, 800), (1, 800), (9_997, 1_000)] {
        let cron = Cron::parse("30 12 * * MON,THU", Tz::UTC).expect("valid");
        let mut wall = NaiveDate::from_ymd_opt(from, 1, 1).expect("a date").and_hms_opt(0, 0, 0).expect("midnight");
        let expected = wall
            .date()
            .iter_days()
            .take(days)
            .filter(|day| matches!(day.weekday(), chrono::Weekday::Mon | chrono::Weekday::Thu));
        for day in expected {
            wall = cron.next_wall(wall).expect("a date");
            assert_eq!(wall, day.and_hms_opt(12, 30, 0).expect("a time"));
        }
    }
}

#[test]
fn a_year_field_is_kept_to_and_ends_quietly() {
    assert_eq!(
        next("0 0 0 1 1 ? 2026-2030/2", Tz::UTC, "2026-06-01T00:00:00Z", 5),
        ["2028-01-01T00:00:00Z", "2030-01-01T00:00:00Z"]
    );
    assert_eq!(next("0 0 0 29 2 ? 9000/1", Tz::UTC, "2026-06-01T00:00:00Z", 1), ["9004-02-29T00:00:00Z"]);
    assert_eq!(next("0 0 0 1 1 ? */10", Tz::UTC, "2026-06-01T00:00:00Z", 1), ["2030-01-01T00:00:00Z"]);
    assert_eq!(next("0 0 0 1 1 ? */10", Tz::UTC, "1000-06-01T00:00:00Z", 1), ["1970-01-01T00:00:00Z"]);
    assert_eq!(next("0 0 0 1 1 ? 2020", Tz::UTC, "2026-06-01T00:00:00Z", 1), [""; 0]);
    assert_eq!(next("0 0 0 1 1 ? 2020,*", Tz::UTC, "2026-06-01T00:00:00Z", 1), ["2027-01-01T00:00:00Z"]);
}

#[test]
fn what_comes_once_in_many_years_is_found() {
    // A fifth Monday on 29 February: 2044, and then only 2072.
    let rules = Rules { dialect: Dialect::Celery, ..Rules::default() };
    let cron = Cron::read(Source::Text("0 0 29 2 MON#5".to_owned()), Tz::UTC, rules).expect("valid");
    let mut due = utc("2026-01-01T00:00:00Z");
    for year in [2044, 2072, 2112, 2140] {
        due = cron.next_after(due).expect("a leap day");
        assert_eq!((due.year(), due.month(), due.day()), (year, 2, 29));
    }
}
