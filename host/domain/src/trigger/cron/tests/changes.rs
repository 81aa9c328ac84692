//! Clock changes, against a model that walks the wall clock minute by minute and knows nothing of the code under test.

use super::*;

/// Thirty zones with all kinds of changes: half an hour (Lord Howe), two hours (Troll), a whole day left out (Apia
/// 2011), Ramadan (Casablanca, Cairo), at midnight (Havana, Beirut, Asuncion), at 00:01
/// (St Johns), without warning (Caracas, Pyongyang, Volgograd) and none at all.
const ZONES: [Tz; 30] = [
    Tz::Europe__Berlin,
    Tz::Europe__London,
    Tz::Europe__Dublin,
    Tz::Europe__Istanbul,
    Tz::Europe__Moscow,
    Tz::Europe__Volgograd,
    Tz::Europe__Chisinau,
    Tz::America__New_York,
    Tz::America__St_Johns,
    Tz::America__Havana,
    Tz::America__Santiago,
    Tz::America__Asuncion,
    Tz::America__Sao_Paulo,
    Tz::America__Caracas,
    Tz::America__Nuuk,
    Tz::America__Scoresbysund,
    Tz::America__Mexico_City,
    Tz::Antarctica__Troll,
    Tz::Antarctica__Casey,
    Tz::Africa__Casablanca,
    Tz::Africa__Cairo,
    Tz::Africa__Juba,
    Tz::Asia__Tehran,
    Tz::Asia__Beirut,
    Tz::Asia__Gaza,
    Tz::Asia__Pyongyang,
    Tz::Asia__Kolkata,
    Tz::Australia__Lord_Howe,
    Tz::Pacific__Apia,
    Tz::Pacific__Chatham,
];

/// An expression, and what the model makes of it: minutes, hours, and whether it is fixed.
struct Case {
    expression: &'static str,
    minutes: fn(u32) -> bool,
    hours: fn(u32) -> bool,
    fixed: bool,
    /// How far around a change it is walked.
    around: TimeDelta,
}

const DAYS: TimeDelta = TimeDelta::days(2);
const HOURS: TimeDelta = TimeDelta::hours(4);

const CASES: [Case; 8] = [
    Case { expression: "30 2 * * *", minutes: |m| m == 30, hours: |h| h == 2, fixed: true, around: DAYS },
    Case { expression: "0 0 * * *", minutes: |m| m == 0, hours: |h| h == 0, fixed: true, around: DAYS },
    Case {
        expression: "59,0,15,30 0-3,23 * * *",
        minutes: |m| [0, 15, 30, 59].contains(&m),
        hours: |h| h < 4 || h == 23,
        fixed: true,
        around: HOURS,
    },
    Case {
        expression: "1/45 1-23/2 * * *",
        minutes: |m| m == 1 || m == 46,
        hours: |h| h % 2 == 1,
        fixed: true,
        around: HOURS,
    },
    Case { expression: "15 */3 * * *", minutes: |m| m == 15, hours: |h| h % 3 == 0, fixed: false, around: DAYS },
    Case { expression: "*/30 2 * * *", minutes: |m| m % 30 == 0, hours: |h| h == 2, fixed: false, around: DAYS },
    Case { expression: "*/10 * * * *", minutes: |m| m % 10 == 0, hours: |_| true, fixed: false, around: HOURS },
    Case {
        expression: "*/5,7 0-3 * * *",
        minutes: |m| m % 5 == 0 || m == 7,
        hours: |h| h < 4,
        fixed: false,
        around: TimeDelta::hours(3),
    },
];

/// Every instant from 2000 to 2040 at which the offset of a zone changes, to the minute.
fn changes(zone: Tz) -> Vec<DateTime<Utc>> {
    let mut changes = Vec::new();
    let mut day = utc("2000-01-01T00:00:00Z");
    while day < utc("2041-01-01T00:00:00Z") {
        let next = day + TimeDelta::days(1);
        if civil::offset(day, zone) != civil::offset(next, zone) {
            let (mut low, mut high) = (day, next);
            while high - low > TimeDelta::minutes(1) {
                let middle = low + TimeDelta::minutes((high - low).num_minutes() / 2);
                if civil::offset(middle, zone) == civil::offset(day, zone) { low = middle } else { high = middle }
            }
            changes.push(high);
        }
        day = next;
    }
    changes
}

/// The wall clock, minute by minute: minutes since 1970 in UTC, and as clocks show them.
fn clock(zone: Tz, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<(i64, i64)> {
    const QUARTER: i64 = 15;
    let at = |minute: i64| DateTime::from_timestamp(minute * 60, 0).expect("in range");
    let offset = |minute: i64| civil::offset(at(minute), zone).num_minutes();
    let mut clock = Vec::new();
    for quarter in (from.timestamp() / 60..until.timestamp() / 60).step_by(QUARTER as usize) {
        // Offsets are looked up every quarter of an hour, and every minute where two differ.
        let first = offset(quarter);
        let still = offset(quarter + QUARTER) == first;
        clock.extend((quarter..quarter + QUARTER).map(|now| (now, now + if still { first } else { offset(now) })));
    }
    clock
}

/// What is due, by the rule as it is told to people.
fn model(case: &Case, clock: &[(i64, i64)], gap: DstGap, overlap: DstOverlap) -> Vec<DateTime<Utc>> {
    let minutes: Vec<bool> = (0..1_440).map(|now| (case.minutes)(now % 60) && (case.hours)(now / 60)).collect();
    let matches = |wall: i64| minutes[wall.rem_euclid(1_440) as usize];
    let mut due = Vec::new();
    let mut shown = clock[0].1 - 1;
    for &(now, wall) in clock {
        let left_out = wall - shown - 1;
        let caught_up =
            left_out > 0 && left_out <= 180 && case.fixed && gap == DstGap::Vixie && (shown + 1..wall).any(matches);
        let repeated = wall <= shown && case.fixed && overlap == DstOverlap::Vixie;
        if caught_up || matches(wall) && !repeated {
            due.push(DateTime::from_timestamp(now * 60, 0).expect("in range"));
        }
        shown = shown.max(wall);
    }
    due
}

fn every_change_agrees_with_the_model(zones: &[Tz]) {
    let millisecond = TimeDelta::milliseconds(1);
    for zone in zones {
        let crons: Vec<_> = CASES.iter().map(|case| Cron::parse(case.expression, *zone).expect("valid")).collect();
        for change in changes(*zone) {
            let clock = clock(*zone, change - DAYS, change + DAYS);
            for (case, cron) in CASES.iter().zip(&crons) {
                let (from, until) = (change - case.around, change + case.around);
                let around = clock.iter().position(|(now, _)| *now * 60 == from.timestamp()).expect("in the walk");
                let length = (until - from).num_minutes() as usize;
                let expected = model(case, &clock[around..around + length], DstGap::Vixie, DstOverlap::Vixie);
                let ours: Vec<_> =
                    std::iter::successors(cron.next_after(from - millisecond), |due| cron.next_after(*due))
                        .take_while(|due| *due < until)
                        .collect();
                assert_eq!(ours, expected, "{} in {zone} around {change}", case.expression);
                assert!(ours.is_sorted_by(|one, next| one < next), "{} in {zone}: {ours:?}", case.expression);
                for due in ours.iter().step_by(7) {
                    assert_eq!(cron.next_after(*due - millisecond), Some(*due), "{} in {zone}", case.expression);
                }
            }
        }
    }
}

#[test]
fn every_change_of_fifteen_zones_agrees_with_the_model() {
    every_change_agrees_with_the_model(&ZONES[..15]);
}

#[test]
fn every_change_of_fifteen_more_zones_agrees_with_the_model() {
    every_change_agrees_with_the_model(&ZONES[15..]);
}

#[test]
fn skip_and_both_agree_with_the_model_at_thirty_changes_of_four_zones() {
    for zone in [Tz::Europe__Berlin, Tz::Australia__Lord_Howe, Tz::Antarctica__Troll, Tz::Pacific__Apia] {
        for change in changes(zone).into_iter().take(30) {
            let (from, until) = (change - DAYS, change + DAYS);
            let clock = clock(zone, from, until);
            for case in &CASES[..4] {
                let both_rules = [
                    (DstGap::Skip, DstOverlap::Vixie),
                    (DstGap::Vixie, DstOverlap::Both),
                    (DstGap::Skip, DstOverlap::Both),
                ];
                for (dst_gap, dst_overlap) in both_rules {
                    let rules = Rules { dst_gap, dst_overlap, ..Rules::default() };
                    let cron = Cron::read(Source::Text(case.expression.to_owned()), zone, rules).expect("valid");
                    let first = cron.next_after(from - SECOND);
                    let ours: Vec<_> = std::iter::successors(first, |due| cron.next_after(*due))
                        .take_while(|due| *due < until)
                        .collect();
                    let expected = model(case, &clock, dst_gap, dst_overlap);
                    assert_eq!(ours, expected, "{cron:?} around {change}");
                }
            }
        }
    }
}

#[test]
fn six_fields_follow_the_same_rule_and_the_star_of_the_seconds_does_not_count() {
    let berlin = Tz::Europe__Berlin;
    // Fixed, though its seconds are starred: the gap is caught up with one fire.
    assert_eq!(
        next("*/30 30 2 * * *", berlin, "2026-03-28T12:00:00Z", 2),
        ["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]
    );
    assert_eq!(
        next("*/30 30 2 * * *", berlin, "2026-10-25T00:00:00Z", 3),
        ["2026-10-25T00:30:00Z", "2026-10-25T00:30:30Z", "2026-10-26T01:30:00Z"]
    );
    // Wall clock: in the repeated hour every second comes twice, in the gap none.
    let every_second = Cron::parse("* * 2 * * *", berlin).expect("valid");
    let due = |from| {
        std::iter::successors(every_second.next_after(utc(from)), |due| every_second.next_after(*due))
            .take_while(|due| *due < utc("2026-10-25T23:00:00Z"))
            .count()
    };
    assert_eq!(due("2026-10-24T22:00:00Z"), 7_200);
    assert_eq!(every_second.next_after(utc("2026-03-28T12:00:00Z")), Some(utc("2026-03-30T00:00:00Z")));
}

#[test]
fn a_repeated_hour_that_has_fired_does_not_fire_again() {
    let cron = Cron::parse("0-59 0-59 2 * * *", Tz::Europe__Berlin).expect("valid");
    let second_pass = utc("2026-10-25T01:00:00.5Z");
    assert_eq!(cron.next_after(second_pass), Some(utc("2026-10-26T01:00:00Z")));
}

#[test]
fn a_day_left_out_is_not_caught_up() {
    // Apia went from 29 December 2011 straight to the 31st.
    assert_eq!(
        next("0 12 * * *", Tz::Pacific__Apia, "2011-12-29T00:00:00Z", 2),
        ["2011-12-29T22:00:00Z", "2011-12-30T22:00:00Z"]
    );
}

#[test]
fn offsets_of_old_times_with_seconds_in_them_lead_to_whole_wall_times() {
    // Amsterdam was 19 min 32 s ahead of UTC until 1937, with summer time.
    let zone = Tz::Europe__Amsterdam;
    for expression in ["30 2 * * *", "0 */6 * * *"] {
        let cron = Cron::parse(expression, zone).expect("valid");
        let mut due = utc("1933-01-01T00:00:00Z");
        while due < utc("1938-01-01T00:00:00Z") {
            let later = cron.next_after(due).expect("there is always one");
            assert!(later > due && cron.next_after(later - TimeDelta::milliseconds(1)) == Some(later), "{later}");
            assert_eq!(civil::wall(later, zone).and_utc().timestamp() % 60, 0, "{expression}: {later}");
            due = later;
        }
    }
}
