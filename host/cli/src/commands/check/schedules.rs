//! What people stumble over in their schedules: no mistakes, and yet worth a word each.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use noontide_domain::forecast::{ASSUMED, CROWD, Lengths, Span, simulate, who};
use noontide_domain::trigger::Cron;
use noontide_domain::trigger::cron::{Dialect, Source};
use noontide_domain::{Lang, Schedule, Trigger, duration};

use crate::changes::{self, Change, Fate};
use crate::zone;

/// How far ahead clock changes are looked at: each zone's next ones.
const YEAR: TimeDelta = TimeDelta::days(366);

/// How many days ahead crowds are looked for.
const CROWDED_DAYS: i32 = 7;

/// Gaps between due instants of which the shortest is taken for the interval.
const GAPS: usize = 50;

/// Names told of a crowd.
const NAMES: usize = 3;

/// The time that lies ahead, as seen from `now`.
pub struct Outlook {
    now: DateTime<Utc>,
    /// Many schedules share a few zones.
    changes: HashMap<Tz, Vec<Change>>,
}

impl Outlook {
    /// From `now` on.
    pub fn from(now: DateTime<Utc>) -> Self {
        Self { now, changes: HashMap::new() }
    }

    fn changes(&mut self, zone: Tz) -> Vec<Change> {
        let now = self.now;
        self.changes.entry(zone).or_insert_with(|| changes::all(zone, now, now + YEAR)).clone()
    }
}

/// On one schedule by itself.
pub fn notes(schedule: &Schedule, outlook: &mut Outlook) -> Vec<String> {
    let now = outlook.now;
    let trigger = &schedule.trigger;
    let mut notes: Vec<_> =
        trigger.notes(Lang::En).into_iter().map(|note| format!("{note}; next: {}", next(trigger, now))).collect();
    notes.extend(crons(trigger).into_iter().filter_map(weekday_numbers));
    if schedule.enabled && !matches!(trigger.kind(), "manual" | "after") && trigger.next_after(now, now).is_none() {
        notes.push(
            "never fires again: its last due instant has passed; give it another time, or take it out".to_owned(),
        );
    }
    notes.extend(lost_times(schedule, outlook));
    notes.into_iter().map(|note| format!("schedule `{}`: {note}", schedule.name)).collect()
}

fn next(trigger: &Trigger, now: DateTime<Utc>) -> String {
    let dates = std::iter::successors(trigger.next_after(now, now), |due| trigger.next_after(*due, now));
    dates.take(3).map(zone::rfc3339).collect::<Vec<_>>().join(", ")
}

/// The cron expressions in a trigger.
fn crons(trigger: &Trigger) -> Vec<&Cron> {
    match trigger {
        Trigger::Cron(cron) => vec![cron],
        Trigger::Within(within) => crons(within.trigger()),
        Trigger::OnWorkdays(on) => crons(&on.trigger),
        Trigger::Several(triggers) => triggers.iter().flat_map(crons).collect(),
        _ => Vec::new(),
    }
}

/// Numbers of weekdays mean other days elsewhere. The other dialects have a note of their own.
fn weekday_numbers(cron: &Cron) -> Option<String> {
    let Source::Text(text) = cron.source() else { return None };
    let fields: Vec<_> = text.split_ascii_whitespace().collect();
    let weekday = match fields.len() {
        5 => fields[4],
        6 | 7 => fields[5],
        _ => return None,
    };
    // `*/2` and `FRI#2` count, and name no day.
    let names_a_day = |part: &str| part.split(['/', '#']).next().is_some_and(|day| day.contains(char::is_numeric));
    (cron.rules().dialect == Dialect::Posix && weekday.split(',').any(names_a_day)).then(|| {
        let words = cron.words(Lang::En);
        format!("weekdays in numbers (`{weekday}`, 0 and 7 are Sunday) mean: {words}; names such as MON leave no doubt")
    })
}

/// A time that the zone's next change of clocks leaves out.
fn lost_times(schedule: &Schedule, outlook: &mut Outlook) -> Option<String> {
    let zones = crons(&schedule.trigger).into_iter().map(Cron::timezone);
    let all = zones.flat_map(|zone| outlook.changes(zone));
    let effects = all.flat_map(|change| changes::effects(&schedule.trigger, change));
    let lost = |fate| matches!(fate, Fate::Moved | Fate::Skipped);
    effects.into_iter().find(|effect| effect.counted_on && lost(effect.fate)).map(|effect| effect.words())
}

/// Runs that take longer than there is time between them.
pub fn too_long(schedule: &Schedule, lengths: Lengths, now: DateTime<Utc>) -> Option<String> {
    let next = |after| schedule.trigger.next_after(after, now);
    let due: Vec<_> = std::iter::successors(next(now), |due| next(*due)).take(GAPS).collect();
    let interval = due.windows(2).filter_map(|pair| (pair[1] - pair[0]).to_std().ok()).min()?;
    (lengths.p95 > interval).then(|| {
        format!(
            "schedule `{}`: slow runs take {} (p95 of the last {}), longer than the {} between two due instants; \
             overlap `{}` decides what happens then",
            schedule.name,
            duration::words(lengths.p95),
            lengths.runs,
            duration::words(interval),
            schedule.overlap.as_str(),
        )
    })
}

/// Schedules that start in one second, within the next days. The first such second is told.
pub fn crowd(schedules: &[Schedule], now: DateTime<Utc>) -> Option<String> {
    let few = schedules.len() < CROWD as usize;
    if few {
        return None;
    }
    let lengths = vec![Lengths::assumed(ASSUMED); schedules.len()];
    (0..CROWDED_DAYS).find_map(|day| {
        let from = now + TimeDelta::days(1) * day;
        let span = Span { from, to: from + TimeDelta::days(1) };
        let (told, load) = simulate(schedules, &lengths, span, chrono_tz::UTC);
        let fullest = load.seconds.first().filter(|second| second.fires >= CROWD)?;
        let who: Vec<_> = who(&told, span, fullest.begin, TimeDelta::seconds(1)).into_keys().collect();
        (who.len() >= CROWD as usize).then(|| {
            format!(
                "{} schedules start in the same second, {} ({}, …): `spread = \"1m\"` in each spreads them over a minute",
                who.len(),
                zone::rfc3339(fullest.begin),
                who[..NAMES].join(", "),
            )
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn now() -> DateTime<Utc> {
        "2026-01-01T00:00:00Z".parse().unwrap()
    }

    fn cron(expression: &str) -> Schedule {
        named("a", expression)
    }

    fn named(name: &str, expression: &str) -> Schedule {
        let trigger = Trigger::Cron(Cron::parse(expression, chrono_tz::Europe::Berlin).unwrap());
        Schedule::new(name.parse().unwrap(), trigger, "p/h".parse().unwrap())
    }

    fn noted(schedule: &Schedule) -> String {
        notes(schedule, &mut Outlook::from(now())).join("\n")
    }

    #[test]
    fn a_time_that_clocks_leave_out_is_told_with_its_date_and_what_happens() {
        assert!(noted(&cron("30 2 * * *")).contains("2026-03-29 02:30:00 does not occur and fires at"));
        assert!(
            noted(&cron("*/30 2 * * *")).contains("2 times from 2026-03-29 02:00:00 do not occur and will be skipped")
        );
        for quiet in ["0 * * * *", "*/5 * * * *", "30 3 * * *", "30 2 * * MON"] {
            assert_eq!(noted(&cron(quiet)), "", "{quiet}");
        }
    }

    #[test]
    fn weekdays_in_numbers_are_told_by_name() {
        let words = noted(&cron("0 12 * * 1-5"));
        assert!(words.contains("`1-5`, 0 and 7 are Sunday") && words.contains("Monday"), "{words}");
        assert!(noted(&cron("0 0 12 * * 7")).contains("Sunday"));
        for quiet in ["0 12 * * MON-FRI", "0 12 * * */2", "0 12 * * FRI#2", "@weekly"] {
            assert!(!noted(&cron(quiet)).contains("weekdays in numbers"), "{quiet}");
        }
    }

    #[test]
    fn a_schedule_that_never_fires_again_is_told_so_unless_it_is_off() {
        let at = noontide_domain::trigger::At::new(vec!["2025-12-31T00:00:00Z".parse().unwrap()]);
        let past = Schedule { trigger: Trigger::At(at), ..cron("@daily") };
        assert!(noted(&past).contains("never fires again"));
        assert_eq!(noted(&Schedule { enabled: false, ..past }), "");
        assert_eq!(noted(&Schedule { trigger: Trigger::Manual, ..cron("@daily") }), "");
    }

    #[test]
    fn runs_longer_than_the_interval_are_told() {
        let ten = Lengths::assumed(Duration::from_secs(600));
        let told = too_long(&cron("*/5 * * * *"), ten, now()).unwrap();
        assert!(told.contains("take 10m") && told.contains("the 5m between") && told.contains("`skip`"), "{told}");
        assert_eq!(too_long(&cron("*/10 * * * *"), ten, now()), None);
    }

    #[test]
    fn forty_schedules_in_one_second_are_told_and_spread_ends_it() {
        let forty = |spread: Option<u64>| -> Vec<Schedule> {
            let spread = spread.map(Duration::from_secs);
            (0..40).map(|n| Schedule { spread, ..named(&format!("s{n}"), "0 12 * * SUN") }).collect()
        };
        let told = crowd(&forty(None), now()).unwrap();
        assert!(
            told.starts_with("40 schedules start in the same second, 2026-01-04T11:00:00Z (s0, s1, s10, …)"),
            "{told}"
        );
        assert!(told.contains("spread"), "{told}");
        assert_eq!(crowd(&forty(Some(60)), now()), None);
        assert_eq!(crowd(&forty(None)[1..], now()), None);
    }
}
