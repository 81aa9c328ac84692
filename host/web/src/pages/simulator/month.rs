//! A month of fires: how many in each hour, the busiest minutes and whose they are.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use noontide_domain::Schedule;
use noontide_domain::forecast::{ASSUMED, Lengths, Span, resolved, simulate_while, who};

use crate::pages::moment::Moment;
use crate::pages::visit::Visit;

/// The walk ends after that, wherever it is: somebody waits.
const BUDGET: TimeDelta = TimeDelta::seconds(3);

/// Busiest minutes told.
const MINUTES: usize = 8;

/// Schedules named of a minute.
const NAMED: usize = 6;

/// More schedules are not asked whose a minute is: each would be walked once more.
const ASKED: usize = 20_000;

/// What the walk came to.
pub(super) struct Told {
    pub(super) fires: u64,
    /// Fires of each hour.
    pub(super) series: Vec<u64>,
    /// Up to where it came.
    pub(super) until: DateTime<Utc>,
    /// If that is not the end.
    pub(super) cut: Option<Moment>,
    pub(super) minutes: Vec<Minute>,
    /// Seconds with so many fires at once that they queue.
    pub(super) crowded: u64,
    /// Fires by the hour of the day, the hour with most.
    pub(super) fullest_hour: Option<(usize, u64)>,
}

/// A busy minute.
pub(super) struct Minute {
    pub(super) at: Moment,
    pub(super) fires: u32,
    /// Name and fires of those with most.
    pub(super) who: Vec<(String, usize)>,
    /// And so many more.
    pub(super) others: usize,
}

/// The whole hour before `now` in `zone`.
pub(super) fn begin(now: DateTime<Utc>, zone: Tz) -> DateTime<Utc> {
    use chrono::Timelike;
    let wall = now.with_timezone(&zone);
    now - TimeDelta::seconds(i64::from(wall.minute()) * 60 + i64::from(wall.second()))
        - TimeDelta::nanoseconds(i64::from(wall.nanosecond()))
}

pub(super) fn told(
    visit: &Visit,
    schedules: Vec<Schedule>,
    span: Span,
    zone: Tz,
    now: impl Fn() -> DateTime<Utc>,
) -> Told {
    let begun = now();
    let schedules = resolved(&schedules);
    let lengths = vec![Lengths::assumed(ASSUMED); schedules.len()];
    let (told, load, until) = simulate_while(&schedules, &lengths, span, zone, || now() - begun < BUDGET);
    let whose = |minute: DateTime<Utc>| match told.len() <= ASKED {
        true => who(&told, span, minute, TimeDelta::minutes(1))
            .into_iter()
            .map(|(name, count)| (name.to_owned(), count))
            .collect(),
        false => Vec::new(),
    };
    let minutes = load.minutes.iter().filter(|busy| busy.fires > 1).take(MINUTES).map(|busy| {
        let mut who: Vec<(String, usize)> = whose(busy.begin);
        who.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let others = who.len().saturating_sub(NAMED);
        who.truncate(NAMED);
        Minute { at: visit.moment(busy.begin, zone), fires: busy.fires, who, others }
    });
    let fullest = load.hours.iter().enumerate().max_by_key(|(hour, fires)| (**fires, std::cmp::Reverse(*hour)));
    Told {
        fires: load.fires,
        minutes: minutes.collect(),
        cut: (until < span.to).then(|| visit.moment(until, zone)),
        until,
        crowded: load.crowded,
        fullest_hour: fullest.filter(|(_, fires)| **fires > 0).map(|(hour, fires)| (hour, *fires)),
        series: load.series,
    }
}
