use proptest::prelude::*;

use super::*;
use std::time::Duration;

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

#[test]
fn the_last_instant_of_a_long_span_is_the_one_that_walking_finds() {
    let anchor = utc("2026-01-01T00:00:00Z");
    let triggers = [
        Trigger::Cron(Cron::parse("*/7 3-5 * * *", chrono_tz::UTC).expect("cron")),
        Trigger::Cron(Cron::parse("0 0 29 2 *", chrono_tz::UTC).expect("cron")),
        Trigger::Every(Every { every: Duration::from_millis(1_700), start: None, end: None }),
    ];
    for trigger in triggers {
        for hours in [1, 5, 27, 100] {
            let until = anchor + Duration::from_secs(hours * 3_600);
            let walked =
                std::iter::successors(trigger.next_after(anchor, anchor), |due| trigger.next_after(*due, anchor))
                    .take_while(|due| *due <= until)
                    .last();
            assert_eq!(trigger.last_within(anchor, until, anchor), walked, "{}", trigger.text());
        }
    }
}

fn within(trigger: Trigger, start: &str, end: &str) -> Trigger {
    let bounds = [start, end].map(|bound| (!bound.is_empty()).then(|| utc(bound)));
    Trigger::Within(Box::new(Within::new(trigger, bounds[0], bounds[1]).expect("bounds in order")))
}

fn cron(expression: &str) -> Trigger {
    Trigger::Cron(Cron::parse(expression, chrono_tz::UTC).expect(expression))
}

fn tromso(event: SolarEvent) -> Trigger {
    Trigger::Solar(Solar::new(event, 69.65, 18.96, TimeDelta::zero(), chrono_tz::Europe::Oslo).expect("a place"))
}

/// Saturday and Sunday off, and 1 January.
fn office(trigger: Trigger, off_days: OffDays) -> Trigger {
    let holiday = "2026-01-01".parse().expect("a date");
    let calendar = Calendar::new("office", calendar::saturday_and_sunday(), [(holiday, None)], []).expect("a calendar");
    let timezone = chrono_tz::UTC;
    Trigger::OnWorkdays(Box::new(OnWorkdays { trigger, calendar: calendar.into(), off_days, timezone }))
}

fn all(trigger: &Trigger, after: &str, until: &str) -> Vec<DateTime<Utc>> {
    let (after, until) = (utc(after), utc(until));
    std::iter::successors(trigger.next_after(after, DateTime::UNIX_EPOCH), |due| {
        trigger.next_after(*due, DateTime::UNIX_EPOCH)
    })
    .take_while(|due| *due <= until)
    .collect()
}

#[test]
fn bounds_let_through_what_lies_on_them() {
    let hourly = within(cron("0 * * * *"), "2026-01-01T03:00:00Z", "2026-01-01T05:00:00Z");
    let due = all(&hourly, "2025-01-01T00:00:00Z", "2027-01-01T00:00:00Z");
    assert_eq!(due, ["2026-01-01T03:00:00Z", "2026-01-01T04:00:00Z", "2026-01-01T05:00:00Z"].map(utc));
    assert_eq!(
        hourly.last_within(utc("2025-01-01T00:00:00Z"), utc("2027-01-01T00:00:00Z"), utc("2025-01-01T00:00:00Z")),
        due.last().copied()
    );
    let odd = Within::new(cron("0 * * * *"), Some(utc("2026-01-02T00:00:00Z")), Some(utc("2026-01-01T00:00:00Z")));
    assert!(odd.expect_err("it would never fire").contains("lies before the start"));
    assert_eq!(
        hourly.words(crate::Lang::En),
        format!("{}, from 2026-01-01T03:00:00Z, until 2026-01-01T05:00:00Z", cron("0 * * * *").words(crate::Lang::En))
    );
}

#[test]
fn several_triggers_are_their_instants_merged_and_equal_ones_are_one() {
    let parts = [
        cron("0 */6 * * *"),
        cron("0 0 * * 1"),
        tromso(SolarEvent::SolarNoon),
        office(cron("30 9 * * *"), OffDays::After),
    ];
    let span = ("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z");
    let mut merged: Vec<_> = parts.iter().flat_map(|part| all(part, span.0, span.1)).collect();
    merged.sort_unstable();
    merged.dedup();
    let several = Trigger::Several(parts.to_vec());
    assert_eq!(all(&several, span.0, span.1), merged);
    assert_eq!(several.last_within(utc(span.0), utc(span.1), DateTime::UNIX_EPOCH), merged.last().copied());
    for due in merged {
        assert_eq!(several.next_after(due - TimeDelta::milliseconds(1), DateTime::UNIX_EPOCH), Some(due));
    }
}

#[test]
fn what_follows_another_schedule_has_no_instants_and_is_found_inside_others() {
    let load: ScheduleName = "load".parse().expect("a name");
    let after = Trigger::After(load.clone());
    assert_eq!(after.next_after(DateTime::UNIX_EPOCH, DateTime::UNIX_EPOCH), None);
    assert_eq!(after.words(crate::Lang::En), "after each success of `load`");
    let inside =
        Trigger::Several(vec![cron("0 0 * * *"), within(office(after, OffDays::Skip), "", "2027-01-01T00:00:00Z")]);
    assert_eq!(inside.follows(), [&load]);
    assert!(cron("0 0 * * *").follows().is_empty());
}

#[test]
fn what_is_left_out_is_seen_through_bounds_and_choices() {
    let (after, until) = (utc("2025-12-31T00:00:00Z"), utc("2026-01-05T00:00:00Z"));
    let reasons = |trigger: &Trigger| -> Vec<String> {
        trigger.absent(after, until, DateTime::UNIX_EPOCH).into_iter().map(|absent| absent.reason).collect()
    };
    let eight = office(cron("0 8 * * *"), OffDays::Skip);
    let expected = [
        "2026-01-01 is a holiday in calendar `office`",
        "2026-01-03 is a Saturday, a weekend day in calendar `office`",
        "2026-01-04 is a Sunday, a weekend day in calendar `office`",
    ];
    assert_eq!(reasons(&eight), expected);
    assert_eq!(reasons(&within(eight.clone(), "2026-01-01T08:00:00Z", "2026-01-03T08:00:00Z")), expected[..2]);
    assert_eq!(reasons(&within(eight.clone(), "2026-01-01T08:00:01Z", "2026-01-03T07:59:59Z")).len(), 0);
    // Where another trigger fires there is a run, and no row to tell that there is none.
    assert_eq!(reasons(&Trigger::Several(vec![eight.clone(), cron("0 8 3 * *")])), [expected[0], expected[2]]);
    assert_eq!(reasons(&Trigger::Several(vec![eight.clone(), eight.clone()])), expected);
    // A holiday without sunrise is told of as a holiday would be if there were one: not at all.
    assert_eq!(reasons(&office(tromso(SolarEvent::Sunrise), OffDays::Skip)).len(), 2);

    let end = |trigger: &Trigger| trigger.first_absent_day_end(after, DateTime::UNIX_EPOCH);
    assert_eq!(end(&eight), Some(utc("2026-01-02T00:00:00Z")));
    assert_eq!(end(&within(eight.clone(), "2026-01-01T08:00:01Z", "")), Some(utc("2026-01-04T00:00:00Z")));
    assert_eq!(end(&within(eight.clone(), "2026-01-01T08:00:01Z", "2026-01-03T07:59:59Z")), None);
    assert_eq!(end(&Trigger::Several(vec![eight, cron("0 8 1 1 *")])), Some(utc("2026-01-04T00:00:00Z")));
    assert_eq!(end(&tromso(SolarEvent::Sunrise)), Some(utc("2025-12-31T23:00:00Z")), "midnight in Oslo");
    assert_eq!(end(&cron("0 8 * * *")), None);
}

#[test]
fn stored_triggers_are_read_back_and_those_of_older_versions_too() {
    let every = Every { every: Duration::from_secs(60), start: None, end: None };
    let triggers = [
        cron("0 8 * * *"),
        Trigger::Every(every),
        Trigger::Step(Step::new(3, Some(utc("2026-01-31T00:00:00Z")), chrono_tz::UTC).expect("a step")),
        Trigger::At(At::new(vec![utc("2026-01-31T00:00:00Z")])),
        tromso(SolarEvent::DuskCivil),
        within(cron("0 8 * * *"), "2026-01-01T00:00:00Z", ""),
        office(tromso(SolarEvent::Sunset), OffDays::Before),
        Trigger::Several(vec![cron("0 8 * * *"), Trigger::Manual]),
        Trigger::After("load".parse().expect("a name")),
        Trigger::Manual,
    ];
    for trigger in triggers {
        let json = serde_json::to_string(&trigger).expect("json");
        assert_eq!(serde_json::from_str::<Trigger>(&json).expect(&json), trigger);
        assert!(!trigger.kind().is_empty() && !trigger.text().is_empty() && !trigger.words(crate::Lang::En).is_empty());
    }
    for old in [
        r#"{"cron":{"expression":"0 8 * * *","timezone":"Asia/Shanghai"}}"#,
        r#"{"every":{"every":{"secs":60,"nanos":0},"start":null,"end":null}}"#,
        r#"{"at":{"instants":["2026-01-31T00:00:00Z"]}}"#,
        r#""manual""#,
    ] {
        assert!(serde_json::from_str::<Trigger>(old).is_ok(), "{old}");
    }
    for wrong in [
        r#"{"within":{"trigger":"manual","start":"2026-01-02T00:00:00Z","end":"2026-01-01T00:00:00Z"}}"#,
        r#"{"step":{"months":0,"start":null,"timezone":"UTC"}}"#,
        r#"{"solar":{"event":"noon","latitude":0.0,"longitude":0.0,"timezone":"UTC"}}"#,
    ] {
        assert!(serde_json::from_str::<Trigger>(wrong).is_err(), "{wrong}");
    }
}

fn zone() -> impl Strategy<Value = chrono_tz::Tz> {
    proptest::sample::select(vec![chrono_tz::UTC, chrono_tz::Europe::Berlin, chrono_tz::Asia::Jerusalem])
}

/// Any trigger, some of them made of others.
fn any_trigger() -> impl Strategy<Value = Trigger> {
    let bound =
        || proptest::option::of((0i64..200).prop_map(|hours| utc("2026-03-20T00:00:00Z") + TimeDelta::hours(hours)));
    let expressions = ["*/20 * * * *", "30 2 * * *", "15 1,2,3 * * 0,6", "0 0 29 * *"].to_vec();
    let leaf = prop_oneof![
        (proptest::sample::select(expressions), zone())
            .prop_map(|(text, zone)| Trigger::Cron(Cron::parse(text, zone).expect(text))),
        (400u64..200_000, bound()).prop_map(|(seconds, start)| Trigger::Every(Every {
            every: Duration::from_secs(seconds),
            start,
            end: None
        })),
        (1u32..30, bound(), zone())
            .prop_map(|(months, start, zone)| Trigger::Step(Step::new(months, start, zone).expect("a step"))),
        (proptest::sample::select(SolarEvent::ALL.to_vec()), 50.0..72.0).prop_map(|(event, latitude)| {
            Trigger::Solar(Solar::new(event, latitude, 20.0, TimeDelta::minutes(-7), chrono_tz::UTC).expect("a place"))
        }),
        proptest::collection::vec(0i64..900_000, 1..9).prop_map(|seconds| {
            let begin = utc("2026-03-20T00:00:00Z");
            Trigger::At(At::new(seconds.into_iter().map(|second| begin + TimeDelta::seconds(second)).collect()))
        }),
        Just(Trigger::Manual),
    ];
    leaf.prop_recursive(3, 8, 3, move |inner| {
        let modes = proptest::sample::select(vec![OffDays::Skip, OffDays::Before, OffDays::After]);
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Trigger::Several),
            (inner.clone(), bound(), bound()).prop_map(|(trigger, one, other)| {
                let (start, end) = if one <= other { (one, other) } else { (other, one) };
                Trigger::Within(Box::new(Within::new(trigger, start, end).expect("in order")))
            }),
            (inner, modes, proptest::collection::vec(0u8..7, 0..4), zone()).prop_map(
                |(trigger, off_days, weekend, timezone)| {
                    let weekend = weekend.into_iter().filter_map(|day| chrono::Weekday::try_from(day).ok());
                    let calendar = Calendar::new("odd", weekend, [], []).expect("a calendar").into();
                    Trigger::OnWorkdays(Box::new(OnWorkdays { trigger, calendar, off_days, timezone }))
                }
            ),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn however_triggers_are_combined_time_runs_forward_and_nothing_is_both_due_and_left_out(
        trigger in any_trigger(),
        probes in proptest::collection::vec(0i64..864_000, 8),
    ) {
        let (anchor, from) = (utc("2025-11-30T23:10:00Z"), utc("2026-03-20T00:00:00Z"));
        let until = from + TimeDelta::days(10);
        let due: Vec<_> = std::iter::successors(trigger.next_after(from, anchor), |due| trigger.next_after(*due, anchor))
            .take_while(|due| *due <= until)
            .take(150)
            .collect();
        prop_assert!(due.windows(2).all(|pair| pair[0] < pair[1]));
        for due in due.iter().step_by(7) {
            prop_assert_eq!(trigger.next_after(*due - TimeDelta::milliseconds(1), anchor), Some(*due));
        }
        let end = due.last().copied().unwrap_or(from);
        for probe in probes.iter().map(|second| from + TimeDelta::seconds(*second)).filter(|probe| *probe < end) {
            prop_assert_eq!(trigger.next_after(probe, anchor), due.iter().find(|due| **due > probe).copied());
        }

        let absent = trigger.absent(from, until, anchor);
        prop_assert!(absent.windows(2).all(|pair| pair[0].first < pair[1].first));
        for absent in &absent {
            prop_assert!(from < absent.first && absent.first <= absent.last && absent.last <= until);
            prop_assert!(!due.contains(&absent.first), "{:?}", absent);
        }
        let told = trigger.first_absent_day_end(from, anchor);
        prop_assert_eq!(told.is_some_and(|end| trigger.absent(from, end, anchor).is_empty()), false);
        if let Some(first) = absent.first() {
            prop_assert!(told.is_some_and(|end| first.first < end), "{:?} after {:?}", told, first);
        }
        let json = serde_json::to_string(&trigger).expect("json");
        prop_assert_eq!(serde_json::from_str::<Trigger>(&json).expect("a trigger"), trigger);
    }
}
