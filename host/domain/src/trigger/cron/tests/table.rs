//! Fields by name, and both forms on disk.

use super::*;

fn table(pairs: &[(&str, &str)]) -> Source {
    Source::Table(pairs.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect())
}

fn read(pairs: &[(&str, &str)]) -> Cron {
    Cron::read(table(pairs), Tz::UTC, Rules::default()).expect("a table")
}

fn due(cron: &Cron, count: usize) -> Vec<String> {
    std::iter::successors(cron.next_after(utc("2026-11-21T12:00:00Z")), |due| cron.next_after(*due))
        .take(count)
        .map(|due| due.format("%F %T").to_string())
        .collect()
}

#[test]
fn what_is_left_out_is_any_above_the_least_significant_field_given_and_the_least_below_it() {
    for (pairs, expected) in [
        (&[("minute", "30")][..], ["2026-11-21 12:30:00", "2026-11-21 13:30:00"]),
        (&[("hour", "9")], ["2026-11-22 09:00:00", "2026-11-23 09:00:00"]),
        (&[("second", "*/30")], ["2026-11-21 12:00:30", "2026-11-21 12:01:00"]),
        (&[("day", "15")], ["2026-12-15 00:00:00", "2027-01-15 00:00:00"]),
        (&[("month", "6-8")], ["2027-06-01 00:00:00", "2027-07-01 00:00:00"]),
        (&[("year", "2030/10")], ["2030-01-01 00:00:00", "2040-01-01 00:00:00"]),
        (&[("day-of-week", "mon")], ["2026-11-23 00:00:00", "2026-11-30 00:00:00"]),
        (&[("day_of_week", " MON "), ("hour", "9")], ["2026-11-23 09:00:00", "2026-11-30 09:00:00"]),
        (&[("day", "L"), ("hour", "9"), ("minute", "30")], ["2026-11-30 09:30:00", "2026-12-31 09:30:00"]),
        (&[("year", "2027"), ("day", "1-7"), ("hour", "8")], ["2027-01-01 08:00:00", "2027-01-02 08:00:00"]),
        // A year and a week: month and day lie between them and are any.
        (&[("week", "1")], ["2027-01-04 00:00:00", "2027-01-05 00:00:00"]),
        (&[("week", "53"), ("day-of-week", "SUN")], ["2027-01-03 00:00:00", "2033-01-02 00:00:00"]),
        (&[("week", "*/2"), ("day-of-week", "1"), ("hour", "7")], ["2026-11-30 07:00:00", "2026-12-14 07:00:00"]),
    ] {
        let cron = read(pairs);
        assert_eq!(due(&cron, 2), expected, "{pairs:?}");
    }
}

#[test]
fn a_week_narrows_down_whatever_the_day_fields_mean() {
    // Either the 24th or a Monday, but in week 48 alone.
    let cron = read(&[("week", "48"), ("day", "24"), ("day-of-week", "FRI")]);
    assert_eq!(due(&cron, 3), ["2026-11-24 00:00:00", "2026-11-27 00:00:00", "2027-12-03 00:00:00"]);
}

#[test]
fn a_table_follows_the_clock_where_its_minute_or_hour_is_any() {
    assert!(!read(&[("hour", "2")]).follows_the_clock(), "the minute left out is 0, not any");
    assert!(read(&[("minute", "30")]).follows_the_clock());
    assert!(read(&[("hour", "2"), ("minute", "*/30")]).follows_the_clock());
    assert!(!read(&[("hour", "2"), ("second", "*"), ("minute", "0")]).follows_the_clock());
}

#[test]
fn a_table_is_refused_like_a_text() {
    for (pairs, said) in [
        (&[][..], "the table is empty; it needs at least one of year, month, day, week, day-of-week, hour"),
        (&[("minutes", "5")], "`minutes` is no field — did you mean `minute`?; there are year, month"),
        (&[("weekday", "5")], "`weekday` is no field"),
        (&[("hour", "25")], "hour field, column 1: `25` is out of range; write 0 to 23"),
        (&[("hour", "1, 2")], "hour field, column 3: `1, 2` has a blank in it"),
        (&[("week", "54")], "week field, column 1: `54` is out of range; write 1 to 53"),
        (&[("hour", "")], "hour field"),
        (
            &[("day_of_week", "1"), ("day-of-week", "2")],
            "`day-of-week` is given twice, once as `day_of_week`; keep one",
        ),
        (&[("month", "2"), ("day", "30")], "`month=2 day=30` never fires"),
        (&[("week", "53"), ("year", "2028")], "no date has week `53`, year `2028`"),
        (&[("week", "20"), ("month", "12")], "never fires"),
    ] {
        let error = Cron::read(table(pairs), Tz::UTC, Rules::default()).map(|_| ()).expect_err("refused").to_string();
        assert!(error.contains(said), "{error}");
    }
    // 1 to 3 January 2027 are in week 53, but of 2026; the year is that of the date.
    assert_eq!(due(&read(&[("week", "53"), ("year", "2027"), ("month", "1")]), 4).len(), 3);
}

#[test]
fn on_disk_only_what_is_unusual_is_written_and_the_old_shape_is_read() {
    let old = r#"{"expression":"0 8 * * WED","timezone":"Asia/Shanghai"}"#;
    let cron: Cron = serde_json::from_str(old).expect("the old shape");
    assert_eq!(cron, Cron::parse(" 0 8 * * WED ", Tz::Asia__Shanghai).expect("valid"));
    assert_eq!(serde_json::to_string(&cron).expect("json"), old);

    let rules = Rules { dialect: Dialect::Apscheduler, dst_gap: DstGap::Skip, dst_overlap: DstOverlap::Both };
    let cron = Cron::read(table(&[("day_of_week", "0"), ("hour", "9")]), Tz::Europe__Berlin, rules).expect("valid");
    let json = serde_json::to_string(&cron).expect("json");
    assert_eq!(
        json,
        r#"{"fields":{"day-of-week":"0","hour":"9"},"timezone":"Europe/Berlin","dialect":"apscheduler","dst-gap":"skip","dst-overlap":"both"}"#
    );
    let back: Cron = serde_json::from_str(&json).expect("its own shape");
    assert_eq!(back, cron);
    assert_eq!((back.expression(), back.rules()), ("day-of-week=0 hour=9", rules));
    assert!(serde_json::from_str::<Cron>(r#"{"timezone":"UTC"}"#).is_err());
}
