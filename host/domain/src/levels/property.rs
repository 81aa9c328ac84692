//! Three levels against a calendar counted on fingers: whatever the hours, zones, clock changes, naps of the host and policies
//! are, each day belongs to the largest level that is due on it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate, TimeDelta, Weekday};
use proptest::prelude::*;

use super::*;
use crate::plan::{Candidate, backfill, plan};
use crate::trigger::Cron;
use crate::{CatchUp, CatchUpMode, HandlerInfo, Overlap, Trigger};

const NAMES: [&str; 3] = ["daily", "weekly", "monthly"];

#[derive(Debug, Clone)]
struct Case {
    zone: chrono_tz::Tz,
    /// Hour and minute of each level; late enough for every clock change.
    times: [(u32, u32); 3],
    weekday: u8,
    day: u32,
    /// Lengths between the passes, in minutes.
    naps: Vec<i64>,
}

fn cases() -> impl Strategy<Value = Case> {
    let zones = prop::sample::select(vec![
        chrono_tz::UTC,
        chrono_tz::Asia::Shanghai,
        chrono_tz::Europe::Berlin,
        chrono_tz::America::New_York,
        chrono_tz::Australia::Lord_Howe,
    ]);
    let time = || (4..24u32, 0..60u32);
    let times = [time(), time(), time()];
    (zones, times, 0..7u8, 1..=28u32, prop::collection::vec(1..5 * 24 * 60i64, 12..30))
        .prop_map(|(zone, times, weekday, day, naps)| Case { zone, times, weekday, day, naps })
}

fn standings(case: &Case, from: DateTime<Utc>) -> Vec<Standing> {
    let days = ["* * *".to_owned(), format!("* * {}", case.weekday), format!("{} * *", case.day)];
    let level = |index: usize| {
        let (hour, minute) = case.times[index];
        let cron = Cron::parse(&format!("{minute} {hour} {}", days[index]), case.zone).expect("cron");
        let name = NAMES[index].parse().expect("a name");
        let schedule = Schedule {
            timezone: case.zone,
            supersedes: index.checked_sub(1).map(|below| NAMES[below].parse().expect("a name")).into_iter().collect(),
            catch_up: CatchUp { mode: CatchUpMode::All, within: std::time::Duration::from_secs(1 << 30), limit: 1_000 },
            ..Schedule::new(name, Trigger::Cron(cron), "p/h".parse().expect("a handler"))
        };
        Standing::new(schedule, from)
    };
    (0..3).map(level).collect()
}

/// The level that a day belongs to.
fn owner(case: &Case, date: NaiveDate) -> usize {
    let weekday = Weekday::try_from((case.weekday + 6) % 7).expect("a weekday");
    match date {
        date if date.day() == case.day => 2,
        date if date.weekday() == weekday => 1,
        _ => 0,
    }
}

/// What many passes came to.
struct Lived {
    /// For each level the local days on which it fired.
    fired: Vec<BTreeSet<NaiveDate>>,
    /// The instants with a row: of which level, and who took its place.
    rows: Vec<(String, DateTime<Utc>, Superseding)>,
    now: DateTime<Utc>,
}

/// Passes at the ends of the naps.
fn live(case: &Case, from: DateTime<Utc>) -> Lived {
    let mut standings = standings(case, from);
    let mut fired = vec![BTreeSet::new(); 3];
    let mut rows = Vec::new();
    let mut now = from;
    for nap in &case.naps {
        now += TimeDelta::minutes(*nap);
        let levels = Levels::of(&standings);
        let handler = HandlerInfo {
            name: "h".into(),
            summary: String::new(),
            input_schema: None,
            example_input: None,
            timeout: None,
        };
        let candidates = standings.iter().map(|standing| Candidate { standing, handler: Ok(handler.clone()) });
        let plan = plan(candidates, &levels, now);
        for fire in &plan.claim.fire {
            let name = fire.order.schedule.as_ref().expect("of a schedule").as_str();
            let index = NAMES.iter().position(|level| *level == name).expect("a level");
            assert!(fired[index].insert(civil::date(fire.order.due_at, case.zone)), "{name} twice that day");
        }
        for skip in &plan.claim.skip {
            let SkipReason::Superseded { by, at } = &skip.reason else { panic!("{skip:?}") };
            assert_eq!((skip.due_at, skip.count), (skip.until, 1), "days of a day each");
            rows.push((skip.schedule.to_string(), skip.due_at, Superseding { by: by.clone(), at: *at }));
        }
        let moved: BTreeMap<_, _> = plan.claim.cursors.into_iter().collect();
        for standing in &mut standings {
            standing.cursor = moved.get(&standing.schedule.name).copied().unwrap_or(standing.cursor);
        }
    }
    Lived { fired, rows, now }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn each_day_belongs_to_the_largest_level_that_is_due_on_it(case in cases()) {
        let first = NaiveDate::from_ymd_opt(2026, 2, 20).expect("a date");
        let from = civil::day_start(first, case.zone);
        let Lived { fired, rows, now } = live(&case, from);
        // The last day may be half over.
        let last = civil::date(now, case.zone);
        for date in first.iter_days().take_while(|date| *date < last) {
            let firing: Vec<_> = (0..3).filter(|level| fired[*level].contains(&date)).collect();
            prop_assert_eq!(&firing, &[owner(&case, date)], "on {}", date);
        }
        for (name, due_at, superseding) in rows {
            let date = civil::date(due_at, case.zone);
            prop_assert_eq!(superseding.by.as_str(), NAMES[owner(&case, date)], "of {} on {}", name, date);
            prop_assert_eq!(civil::date(superseding.at, case.zone), date);
        }
    }

    #[test]
    fn a_backfill_leaves_out_the_same_days(case in cases()) {
        let first = NaiveDate::from_ymd_opt(2026, 2, 20).expect("a date");
        let from = civil::day_start(first, case.zone);
        let Lived { fired, now, .. } = live(&case, from);
        let last = civil::date(now, case.zone);
        let end = civil::day_start(last, case.zone);
        // First seen only now: a backfill looks back all the same.
        let standings = standings(&case, now);
        let levels = Levels::of(&standings);
        for (index, standing) in standings.iter().enumerate() {
            let claim = backfill(standing, &levels, (from, end), 1_000, Overlap::QueueAll, now).expect("few");
            let dates: BTreeSet<_> = claim.fire.iter().map(|fire| civil::date(fire.order.due_at, case.zone)).collect();
            let wanted: BTreeSet<_> = fired[index].iter().copied().filter(|date| *date < last).collect();
            prop_assert_eq!(dates, wanted, "of {}", NAMES[index]);
        }
    }
}
