use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use proptest::prelude::*;

use super::*;
use crate::trigger::{At, Cron, Every, Trigger, civil};

const SHANGHAI: Tz = chrono_tz::Asia::Shanghai;

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

fn cron(expression: &str, zone: Tz) -> Trigger {
    Trigger::Cron(Cron::parse(expression, zone).expect(expression))
}

/// The State Council's holidays for 2025, with the days worked in exchange.
fn china() -> Arc<Calendar> {
    let spans = [
        ("2025-01-01", 1, "元旦"),
        ("2025-01-28", 8, "春节"),
        ("2025-04-04", 3, "清明节"),
        ("2025-05-01", 5, "劳动节"),
        ("2025-05-31", 3, "端午节"),
        ("2025-10-01", 8, "国庆节、中秋节"),
    ];
    let holidays = spans
        .into_iter()
        .flat_map(|(first, days, name)| day(first).iter_days().take(days).map(move |day| (day, Some(name.to_owned()))));
    let workdays = ["2025-01-26", "2025-02-08", "2025-04-27", "2025-09-28", "2025-10-11"].map(day);
    Arc::new(Calendar::new("china", saturday_and_sunday(), holidays, workdays).expect("a calendar"))
}

fn on_workdays(trigger: Trigger, calendar: &Arc<Calendar>, off_days: OffDays, timezone: Tz) -> Trigger {
    Trigger::OnWorkdays(Box::new(OnWorkdays { trigger, calendar: calendar.clone(), off_days, timezone }))
}

fn walls(trigger: &Trigger, after: DateTime<Utc>, zone: Tz, count: usize) -> Vec<String> {
    let anchor = DateTime::UNIX_EPOCH;
    std::iter::successors(trigger.next_after(after, anchor), |due| trigger.next_after(*due, anchor))
        .take(count)
        .map(|due| civil::wall(due, zone).to_string())
        .collect()
}

#[test]
fn national_day_is_off_and_the_sunday_before_it_is_worked() {
    let china = china();
    let offs: Vec<_> = day("2025-09-22")
        .iter_days()
        .take(21)
        .filter(|day| !china.is_workday(*day))
        .map(|day| day.to_string())
        .collect();
    let eight = (1..=8).map(|day| format!("2025-10-0{day}"));
    let expected: Vec<_> =
        ["2025-09-27".to_owned()].into_iter().chain(eight).chain(["2025-10-12".to_owned()]).collect();
    assert_eq!(offs, expected);
    assert_eq!(
        china.why_off(day("2025-10-01")).as_deref(),
        Some("2025-10-01 is a holiday in calendar `china`: 国庆节、中秋节")
    );
    assert_eq!(
        china.why_off(day("2025-09-27")).as_deref(),
        Some("2025-09-27 is a Saturday, a weekend day in calendar `china`")
    );
    assert_eq!(china.why_off(day("2025-09-28")), None);
    assert_eq!(china.weekend_words().as_deref(), Some("Saturday and Sunday"));
}

#[test]
fn a_daily_run_skips_the_holiday_or_moves_to_its_edge() {
    let daily = |off_days| on_workdays(cron("0 8 * * *", SHANGHAI), &china(), off_days, SHANGHAI);
    let after = utc("2025-09-30T00:00:00Z"); // 08:00 in Shanghai
    assert_eq!(walls(&daily(OffDays::Skip), after, SHANGHAI, 2), ["2025-10-09 08:00:00", "2025-10-10 08:00:00"]);
    assert_eq!(walls(&daily(OffDays::After), after, SHANGHAI, 2), ["2025-10-09 08:00:00", "2025-10-10 08:00:00"]);
    // What moves back falls together with the run of the 30th.
    assert_eq!(walls(&daily(OffDays::Before), after, SHANGHAI, 1), ["2025-10-09 08:00:00"]);
    let monthly = |off_days| on_workdays(cron("30 17 1 10 *", SHANGHAI), &china(), off_days, SHANGHAI);
    assert_eq!(walls(&monthly(OffDays::Before), after, SHANGHAI, 1), ["2025-09-30 17:30:00"]);
    assert_eq!(walls(&monthly(OffDays::After), after, SHANGHAI, 1), ["2025-10-09 17:30:00"]);
    assert_eq!(walls(&monthly(OffDays::Skip), after, SHANGHAI, 1), ["2026-10-01 17:30:00"]);
}

#[test]
fn a_trigger_of_every_second_gets_over_a_holiday_of_eight_days_at_once() {
    for off_days in [OffDays::Skip, OffDays::Before, OffDays::After] {
        let every = Trigger::Every(Every { every: Duration::from_secs(1), start: None, end: None });
        let trigger = on_workdays(every, &china(), off_days, SHANGHAI);
        let begin = Instant::now();
        let due = trigger.next_after(utc("2025-09-30T15:59:59Z"), DateTime::UNIX_EPOCH);
        assert!(begin.elapsed() < Duration::from_millis(500), "{:?} for {off_days:?}", begin.elapsed());
        assert_eq!(due, Some(utc("2025-10-08T16:00:00Z")), "{off_days:?}");
    }
}

#[test]
fn a_trigger_that_never_meets_a_workday_ends_the_search() {
    let begin = Instant::now();
    for off_days in [OffDays::Skip, OffDays::Before, OffDays::After] {
        let sundays = on_workdays(cron("0 8 * * SUN", Tz::UTC), &china(), off_days, Tz::UTC);
        let found = sundays.next_after(utc("2025-10-12T09:00:00Z"), DateTime::UNIX_EPOCH);
        assert_eq!(found.is_some(), off_days != OffDays::Skip, "{off_days:?}: {found:?}");
    }
    let never = Calendar::new(
        "never",
        saturday_and_sunday().into_iter().chain([Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri]),
        [],
        [day("1999-12-31")],
    );
    let never = Arc::new(never.expect("one workday"));
    for off_days in [OffDays::Skip, OffDays::Before, OffDays::After] {
        let trigger = on_workdays(cron("* * * * *", Tz::UTC), &never, off_days, Tz::UTC);
        assert_eq!(trigger.next_after(utc("2026-01-01T00:00:00Z"), DateTime::UNIX_EPOCH), None);
    }
    assert!(begin.elapsed() < Duration::from_secs(5));
    assert!(Calendar::new("none", (0..7).filter_map(|day| Weekday::try_from(day).ok()), [], []).is_err());
}

#[test]
fn each_day_off_is_told_once_with_its_first_and_last_instant_and_the_reason() {
    let trigger = on_workdays(cron("0 8,20 * * *", SHANGHAI), &china(), OffDays::Skip, SHANGHAI);
    let absent = trigger.absent(utc("2025-10-04T01:00:00Z"), utc("2025-10-06T01:00:00Z"), DateTime::UNIX_EPOCH);
    let spans: Vec<_> = absent.iter().map(|absent| (absent.first, absent.last)).collect();
    let expected = [
        ("2025-10-04T12:00:00Z", "2025-10-04T12:00:00Z"),
        ("2025-10-05T00:00:00Z", "2025-10-05T12:00:00Z"),
        ("2025-10-06T00:00:00Z", "2025-10-06T00:00:00Z"),
    ];
    assert_eq!(spans, expected.map(|(first, last)| (utc(first), utc(last))));
    assert!(absent[0].reason.ends_with("国庆节、中秋节"));
    let end = trigger.first_absent_day_end(utc("2025-10-08T13:00:00Z"), DateTime::UNIX_EPOCH);
    assert_eq!(end, Some(utc("2025-10-12T16:00:00Z")), "the end of Sunday the 12th in Shanghai");
    let moved = on_workdays(cron("0 8 * * *", SHANGHAI), &china(), OffDays::After, SHANGHAI);
    assert_eq!(moved.first_absent_day_end(utc("2025-10-01T00:00:00Z"), DateTime::UNIX_EPOCH), None);
}

#[test]
fn a_calendar_is_stored_with_its_schedule() {
    let trigger = on_workdays(cron("0 8 * * *", SHANGHAI), &china(), OffDays::Before, SHANGHAI);
    let json = serde_json::to_string(&trigger).expect("json");
    assert!(json.contains(r#""off-days":"before""#) && json.contains(r#""weekend":["Sat","Sun"]"#), "{json}");
    assert_eq!(serde_json::from_str::<Trigger>(&json).expect("a trigger"), trigger);
}

/// A trigger of one of several kinds with odd instants, around the clock changes of 2026.
fn odd_trigger() -> impl Strategy<Value = Trigger> {
    let minutes = (7i64..400).prop_map(|minutes| {
        let every = Duration::from_secs(60 * minutes.unsigned_abs() + 11);
        Trigger::Every(Every { every, start: Some(utc("2026-01-01T00:00:00Z")), end: None })
    });
    let list = proptest::collection::vec(0i64..86_400 * 14, 1..40).prop_map(|seconds| {
        let begin = utc("2026-03-24T00:00:00Z");
        Trigger::At(At::new(seconds.into_iter().map(|second| begin + TimeDelta::seconds(second)).collect()))
    });
    let expressions = ["*/20 * * * *", "30 2 * * *", "15 1,2,3 * * 0,6", "0 0 * * *", "59 23 * * 5"];
    let cron = proptest::sample::select(expressions.to_vec()).prop_map(|text| cron(text, chrono_tz::Europe::Berlin));
    prop_oneof![minutes, list, cron]
}

/// A calendar in which also the days of the clock changes are worked at times.
fn odd_calendar() -> impl Strategy<Value = Arc<Calendar>> {
    let dates = |most| proptest::collection::vec(0u64..21, 0..most);
    (proptest::collection::vec(0u8..7, 0..4), dates(8), dates(6)).prop_map(|(weekend, holidays, workdays)| {
        let date = |offset: u64| day("2026-03-20") + chrono::Days::new(offset);
        let weekend = weekend.into_iter().filter_map(|day| Weekday::try_from(day).ok());
        let holidays = holidays.into_iter().map(|offset| (date(offset), None));
        Arc::new(Calendar::new("odd", weekend, holidays, workdays.into_iter().map(date)).expect("a calendar"))
    })
}

fn zones() -> impl Strategy<Value = Tz> {
    // A change on Sunday; one at midnight on Friday; one by half an hour; none.
    let zones = [chrono_tz::Europe::Berlin, chrono_tz::Asia::Jerusalem, chrono_tz::Australia::Lord_Howe, Tz::UTC];
    proptest::sample::select(zones.to_vec())
}

fn all(trigger: &Trigger, after: DateTime<Utc>, until: DateTime<Utc>) -> Vec<DateTime<Utc>> {
    let anchor = DateTime::UNIX_EPOCH;
    std::iter::successors(trigger.next_after(after, anchor), |due| trigger.next_after(*due, anchor))
        .take_while(|due| *due <= until)
        .collect()
}

/// Every instant looked at by itself.
fn by_hand(workdays: &OnWorkdays, after: DateTime<Utc>, until: DateTime<Utc>) -> Vec<DateTime<Utc>> {
    let margin = TimeDelta::days(30);
    let mut due: Vec<_> = all(&workdays.trigger, after - margin, until + margin)
        .into_iter()
        .filter_map(|due| {
            let date = civil::date(due, workdays.timezone);
            let target = match workdays.off_days {
                _ if workdays.calendar.is_workday(date) => return Some(due),
                OffDays::Skip => return None,
                OffDays::Before => workdays.calendar.workday_up_to(date)?,
                OffDays::After => workdays.calendar.workday_from(date)?,
            };
            let time = civil::wall(due, workdays.timezone).time();
            Some(civil::forward(target.and_time(time), workdays.timezone))
        })
        .filter(|due| after < *due && *due <= until)
        .collect();
    due.sort_unstable();
    due.dedup();
    due
}

#[test]
fn what_moves_onto_the_day_of_a_clock_change_comes_in_the_order_of_that_day() {
    // Clocks go forward on a worked Friday in Jerusalem and a worked Sunday in Berlin, back on a worked Sunday there.
    let cases = [
        (chrono_tz::Asia::Jerusalem, "2026-03-26", "2026-03-27"),
        (chrono_tz::Europe::Berlin, "2026-03-28", "2026-03-29"),
        (chrono_tz::Europe::Berlin, "2026-10-24", "2026-10-25"),
    ];
    for (zone, off, worked) in cases {
        for (off, worked, off_days) in [(off, worked, OffDays::After), (worked, off, OffDays::Before)] {
            for step in [431, 600, 3_600, 5_003] {
                let calendar = Calendar::new("odd", [], [(day(off), None)], [day(worked)]).expect("a calendar");
                let every =
                    Every { every: Duration::from_secs(step), start: Some(utc("2026-01-01T00:00:00Z")), end: None };
                let workdays = OnWorkdays {
                    trigger: Trigger::Every(every),
                    calendar: Arc::new(calendar),
                    off_days,
                    timezone: zone,
                };
                let begin = civil::day_start(day(off), zone);
                let (after, until) = (begin - TimeDelta::days(2), begin + TimeDelta::days(3));
                let expected = by_hand(&workdays, after, until);
                assert_eq!(
                    all(&Trigger::OnWorkdays(Box::new(workdays)), after, until),
                    expected,
                    "{zone} {worked} {step}"
                );
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn moved_and_skipped_instants_are_those_found_by_looking_at_each(
        trigger in odd_trigger(),
        calendar in odd_calendar(),
        zone in zones(),
        off_days in proptest::sample::select(vec![OffDays::Skip, OffDays::Before, OffDays::After]),
    ) {
        let workdays = OnWorkdays { trigger, calendar, off_days, timezone: zone };
        let (after, until) = (utc("2026-03-25T05:00:00Z"), utc("2026-04-07T22:00:00Z"));
        let expected = by_hand(&workdays, after, until);
        let trigger = Trigger::OnWorkdays(Box::new(workdays));
        let found = all(&trigger, after, until);
        prop_assert_eq!(&found, &expected);
        for due in found {
            let before = due - TimeDelta::milliseconds(1);
            prop_assert_eq!(trigger.next_after(before, DateTime::UNIX_EPOCH), Some(due));
        }
    }

    #[test]
    fn every_instant_is_either_due_or_told_of_as_left_out(
        trigger in odd_trigger(),
        calendar in odd_calendar(),
        zone in zones(),
    ) {
        let (after, until) = (utc("2026-03-25T05:00:00Z"), utc("2026-04-07T22:00:00Z"));
        let kept = on_workdays(trigger.clone(), &calendar, OffDays::Skip, zone);
        let absent = kept.absent(after, until, DateTime::UNIX_EPOCH);
        prop_assert!(absent.windows(2).all(|pair| pair[0].last < pair[1].first));
        let due = all(&kept, after, until);
        for instant in all(&trigger, after, until) {
            let spans = absent.iter().filter(|absent| absent.first <= instant && instant <= absent.last).count();
            prop_assert_eq!(spans + usize::from(due.contains(&instant)), 1, "{}", instant);
        }
        for absent in &absent {
            let end = kept.first_absent_day_end(absent.first - TimeDelta::milliseconds(1), DateTime::UNIX_EPOCH);
            prop_assert_eq!(end, civil::day_end(civil::date(absent.first, zone), zone));
        }
    }
}
