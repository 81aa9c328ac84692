//! The schedules: which trigger each has, by its number. Nothing is kept of them, so that ten million fit.
//!
//! People write round times. Half of what is hourly or daily stands at minute 0, and most of what is every quarter of an
//! hour at the quarter.

use chrono::{DateTime, TimeDelta, Utc};
use noontide_domain::trigger::{Cron, Every};
use noontide_domain::{Schedule, ScheduleName, Standing, Trigger};
use std::time::Duration;

/// Of a thousand schedules, so many fire each minute, each quarter of an hour, each hour and each day; the rest counts an
/// hour from when it was first seen.
const MINUTELY: u64 = 5;
const QUARTERLY: u64 = 50;
const HOURLY: u64 = 200;
const DAILY: u64 = 545;

const QUARTERS: usize = 1;
const HOURS: usize = QUARTERS + 15;
const DAYS: usize = HOURS + 60;
const ELAPSED: usize = DAYS + 1_440;

/// So many schedules.
pub struct Mix {
    pub count: u32,
    triggers: Vec<Trigger>,
    template: Schedule,
}

impl Mix {
    pub fn new(count: u32) -> Self {
        let cron = |text: String| Trigger::Cron(Cron::parse(&text, chrono_tz::UTC).expect("an expression"));
        let mut triggers = vec![cron("* * * * *".to_owned())];
        triggers.extend((0..15).map(|minute| cron(format!("{minute}-59/15 * * * *"))));
        triggers.extend((0..60).map(|minute| cron(format!("{minute} * * * *"))));
        triggers.extend((0..1_440).map(|minute| cron(format!("{} {} * * *", minute % 60, minute / 60))));
        triggers.push(Trigger::Every(Every { every: Duration::from_secs(3_600), start: None, end: None }));
        let handler = "report/send".parse().expect("a handler");
        let template = Schedule::new(name(0), triggers[0].clone(), handler);
        let template = Schedule { input: serde_json::json!({ "format": "pdf" }), ..template };
        Self { count, triggers, template }
    }

    /// As the planner wants it, decided up to `cursor`.
    pub fn standing(&self, number: u32, cursor: DateTime<Utc>, begin: DateTime<Utc>) -> Standing {
        let trigger = self.triggers[kind(number)].clone();
        let schedule = Schedule { name: name(number), trigger, ..self.template.clone() };
        Standing { cursor, ..Standing::new(schedule, anchor(number, begin)) }
    }

    /// When each comes due first after `begin`, asked of the real triggers: once each, where many share one.
    pub fn first_after(&self, begin: DateTime<Utc>) -> impl Iterator<Item = (u32, DateTime<Utc>)> {
        let shared: Vec<_> = self.triggers.iter().map(|trigger| trigger.next_after(begin, begin)).collect();
        (0..self.count).filter_map(move |number| {
            let due = match kind(number) {
                ELAPSED => self.triggers[ELAPSED].next_after(begin, anchor(number, begin)),
                kind => shared[kind],
            };
            Some((number, due?))
        })
    }
}

fn kind(number: u32) -> usize {
    let dice = scattered(number);
    let minute = |of: u64, at_zero: u64| match dice >> 32 & 0xff < at_zero {
        true => 0,
        false => (dice >> 40) % of,
    } as usize;
    match dice % 1_000 {
        share if share < MINUTELY => 0,
        share if share < MINUTELY + QUARTERLY => QUARTERS + minute(15, 205),
        share if share < MINUTELY + QUARTERLY + HOURLY => HOURS + minute(60, 128),
        share if share < MINUTELY + QUARTERLY + HOURLY + DAILY => {
            DAYS + minute(60, 128) + 60 * ((dice >> 48) % 24) as usize
        }
        _ => ELAPSED,
    }
}

/// First seen in the hour before `begin`.
fn anchor(number: u32, begin: DateTime<Utc>) -> DateTime<Utc> {
    begin - TimeDelta::seconds((scattered(number) >> 32) as i64 % 3_600)
}

/// In the order of the names, as the agenda has them.
fn name(number: u32) -> ScheduleName {
    format!("customer-{number:08}-report").parse().expect("a name")
}

/// The number in a name.
pub fn number(name: &ScheduleName) -> u32 {
    name.as_str().split('-').nth(1).and_then(|number| number.parse().ok()).expect("a name of this mix")
}

/// A number without a pattern, always the same one (splitmix64).
pub fn scattered(number: u32) -> u64 {
    let mut bits = (u64::from(number) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ bits >> 31
}
