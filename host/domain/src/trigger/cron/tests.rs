//! What holds of every expression; each file beside this proves one part of it.

mod changes;
mod croner;
mod dates;
mod refusals;
mod rules;
mod seen;
mod speech;
mod table;
mod years;

use super::*;

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

fn next(expression: &str, zone: Tz, after: &str, count: usize) -> Vec<String> {
    let cron = Cron::parse(expression, zone).expect(expression);
    std::iter::successors(cron.next_after(utc(after)), |due| cron.next_after(*due))
        .take(count)
        .map(|due| due.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
        .collect()
}

#[test]
fn weekday_numbers_count_from_sunday_and_seven_is_sunday_too() {
    for expression in ["0 0 * * 0", "0 0 * * 7", "0 0 * * SUN"] {
        assert_eq!(next(expression, Tz::UTC, "2026-11-21T12:00:00Z", 1), ["2026-11-22T00:00:00Z"]);
    }
    assert_eq!(next("0 0 * * 1", Tz::UTC, "2026-11-21T12:00:00Z", 1), ["2026-11-23T00:00:00Z"]);
    assert_eq!(
        next("0 0 * * fri-sun", Tz::UTC, "2026-11-23T12:00:00Z", 3),
        ["2026-11-27T00:00:00Z", "2026-11-28T00:00:00Z", "2026-11-29T00:00:00Z"]
    );
}

#[test]
fn both_days_restricted_means_either_and_a_star_with_a_step_means_both() {
    assert_eq!(
        next("0 0 13 * 5", Tz::UTC, "2026-11-01T00:00:00Z", 3),
        ["2026-11-06T00:00:00Z", "2026-11-13T00:00:00Z", "2026-11-20T00:00:00Z"]
    );
    // 2, 4, … do not start with a star, */2 does: odd days that are Fridays.
    assert_eq!(
        next("0 0 */2 * 5", Tz::UTC, "2026-11-01T00:00:00Z", 2),
        ["2026-11-13T00:00:00Z", "2026-11-27T00:00:00Z"]
    );
}

#[test]
fn a_fixed_time_in_the_gap_fires_right_after_it_and_a_repeated_one_fires_once() {
    let berlin = chrono_tz::Europe::Berlin;
    assert_eq!(next("30 2 * * *", berlin, "2026-03-28T12:00:00Z", 2), ["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]);
    assert_eq!(next("30 2 * * *", berlin, "2026-10-24T12:00:00Z", 2), ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]);
    // Several times in one gap are one fire.
    assert_eq!(
        next("0,20,40 2 * * *", berlin, "2026-03-29T00:00:00Z", 2),
        ["2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z"]
    );
}

#[test]
fn a_starred_field_follows_the_clock_through_both_changes() {
    let berlin = chrono_tz::Europe::Berlin;
    assert_eq!(
        next("*/30 2 * * *", berlin, "2026-03-28T12:00:00Z", 2),
        ["2026-03-30T00:00:00Z", "2026-03-30T00:30:00Z"]
    );
    assert_eq!(
        next("*/30 2 * * *", berlin, "2026-10-24T12:00:00Z", 5),
        [
            "2026-10-25T00:00:00Z",
            "2026-10-25T00:30:00Z",
            "2026-10-25T01:00:00Z",
            "2026-10-25T01:30:00Z",
            "2026-10-26T01:00:00Z"
        ]
    );
    let every_minute = next("* * * * *", berlin, "2026-10-25T00:30:00Z", 120);
    assert_eq!(every_minute.last().map(String::as_str), Some("2026-10-25T02:30:00Z"));
}
