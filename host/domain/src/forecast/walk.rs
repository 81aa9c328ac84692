//! The virtual clock: from due instant to due instant, day by day, all schedules.
//!
//! Nothing on it is paused, late or without its handler. So all that [`plan`] can decide of a due instant beyond "it
//! fires" is what does not occur and what is superseded: schedules whose triggers may leave something out, and those that
//! others supersede, go through the planner, fire by fire. For
//! the rest the trigger's next instant is the whole answer, ten times as fast; a test holds both ways against each other.
//! Schedules with the same trigger share its walk.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::plan::{Candidate, Plan, plan};
use crate::{HandlerInfo, Levels, Schedule, Standing, Trigger};
use chrono::{DateTime, TimeDelta, Utc};

use super::lengths::Lengths;
use super::load::{DAY, Day, Load};
use super::overlap::{Judge, Overlaps};

/// From when, inclusive, to when, exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Inclusive.
    pub from: DateTime<Utc>,
    /// Exclusive.
    pub to: DateTime<Utc>,
}

/// What became of one schedule.
#[derive(Debug, Clone)]
pub struct Told {
    /// As configured, without its input.
    pub schedule: Schedule,
    /// Due instants that fired.
    pub fires: u64,
    /// Due instants with a row that says why not.
    pub left_out: u64,
    /// The first that fired.
    pub first: Option<DateTime<Utc>>,
    /// The last that fired.
    pub last: Option<DateTime<Utc>>,
    /// How long its runs take.
    pub lengths: Lengths,
    /// With runs of the usual length.
    pub usual: Overlaps,
    /// With runs as slow as one in twenty.
    pub slow: Overlaps,
}

/// Walks through `span`. `lengths` stand in the order of `schedules`.
pub fn simulate(schedules: &[Schedule], lengths: &[Lengths], span: Span, zone: chrono_tz::Tz) -> (Vec<Told>, Load) {
    let (told, load, _) = simulate_while(schedules, lengths, span, zone, || true);
    (told, load)
}

/// The same, a day at a time, as long as `goes_on` says so; up to where it came.
pub fn simulate_while(
    schedules: &[Schedule],
    lengths: &[Lengths],
    span: Span,
    zone: chrono_tz::Tz,
    goes_on: impl Fn() -> bool,
) -> (Vec<Told>, Load, DateTime<Utc>) {
    let mut groups = grouped(schedules, lengths, &levels(schedules, span), span);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = groups.len().div_ceil(threads).max(1);
    let mut days: Vec<Day> = groups.chunks(share).map(|_| Day::new(span.from)).collect();
    let mut load = Load::new(zone);
    let mut begin = span.from;
    while begin < span.to && goes_on() {
        let end = (begin + DAY).min(span.to);
        std::thread::scope(|scope| {
            for (groups, day) in groups.chunks_mut(share).zip(&mut days) {
                scope.spawn(move || groups.iter_mut().for_each(|group| group.go(end, day)));
            }
        });
        load.add(begin, &days);
        days.iter_mut().for_each(Day::turn);
        begin += DAY;
    }
    let mut walkers: Vec<_> = groups.into_iter().flat_map(|group| group.walkers).collect();
    walkers.sort_by_key(|walker| walker.index);
    (walkers.into_iter().map(Walker::told).collect(), load, begin.min(span.to))
}

/// Which schedules start runs from `begin` on, for `width`, and how many.
pub fn who(told: &[Told], span: Span, begin: DateTime<Utc>, width: TimeDelta) -> BTreeMap<&str, usize> {
    let end = begin + width;
    let starts = |told: &Told| {
        let schedule = &told.schedule;
        let latest = schedule.jitter.unwrap_or_default() + schedule.spread.unwrap_or_default();
        let after = begin - TimeDelta::from_std(latest).unwrap_or_default() - TimeDelta::milliseconds(1);
        let next = |after| schedule.trigger.next_after(after, span.from).filter(|due| *due < end);
        let fired = |due: &DateTime<Utc>| told.first <= Some(*due) && Some(*due) <= told.last;
        let inside = |due: &DateTime<Utc>| (begin..end).contains(&(*due + schedule.delay(*due)));
        std::iter::successors(next(after), |due| next(*due)).filter(|due| fired(due) && inside(due)).count()
    };
    let active = told.iter().filter(|told| told.fires > 0);
    active.map(|told| (told.schedule.name.as_str(), starts(told))).filter(|(_, count)| *count > 0).collect()
}

/// What the schedules say of each other, each first seen when `span` begins.
pub fn levels(schedules: &[Schedule], span: Span) -> Arc<Levels> {
    let standings: Vec<_> = schedules.iter().map(|schedule| Standing::new(schedule.clone(), span.from)).collect();
    Arc::new(Levels::of(&standings))
}

/// The due instants of `schedule` in `span` that fire.
pub fn fires(schedule: &Schedule, levels: &Arc<Levels>, span: Span) -> Vec<DateTime<Utc>> {
    let mut clock = VirtualClock::new(schedule, levels, span);
    let mut found = Vec::new();
    while let Some(pass) = clock.pass(span.to) {
        found.extend(pass.fire);
    }
    found
}

/// One schedule on the virtual clock.
struct VirtualClock {
    standing: Standing,
    levels: Arc<Levels>,
    handler: HandlerInfo,
    next: Option<DateTime<Utc>>,
    planned: bool,
}

/// What one pass came to.
struct Pass {
    /// The due instant.
    fire: Option<DateTime<Utc>>,
    left_out: u64,
}

impl VirtualClock {
    fn new(schedule: &Schedule, levels: &Arc<Levels>, span: Span) -> Self {
        let schedule = Schedule { input: serde_json::Value::Null, ..schedule.clone() };
        let handler = HandlerInfo {
            name: schedule.handler.to_string(),
            summary: String::new(),
            input_schema: None,
            example_input: None,
            timeout: None,
        };
        let planned = leaves_out(&schedule.trigger) || levels.may_supersede(&schedule.name);
        let mut standing = Standing::new(schedule, span.from);
        // An instant right at the begin is in the span.
        standing.cursor = span.from - TimeDelta::milliseconds(1);
        let levels = Arc::clone(levels);
        let mut clock = Self { next: standing.next_due(), standing, levels, handler, planned };
        if planned {
            // The planner may want to look before: at the end of a day that leaves something out.
            clock.plan(clock.standing.cursor);
        }
        clock
    }

    /// Whether both come due at the same instants, for certain.
    fn beats_like(&self, other: &Self) -> bool {
        let (this, that) = (&self.standing.schedule, &other.standing.schedule);
        let same_end = (this.enabled, this.max_runs) == (that.enabled, that.max_runs);
        !self.planned && !other.planned && same_end && this.trigger == that.trigger
    }

    /// Goes to the next due instant before `until`; `None` if there is none.
    fn pass(&mut self, until: DateTime<Utc>) -> Option<Pass> {
        let due = self.next.filter(|due| *due < until)?;
        if self.planned {
            return Some(self.plan(due));
        }
        self.standing.runs += 1;
        self.next = self.standing.next_after(due);
        Some(Pass { fire: Some(due), left_out: 0 })
    }

    fn plan(&mut self, now: DateTime<Utc>) -> Pass {
        let candidate = Candidate { standing: &self.standing, handler: Ok(self.handler.clone()) };
        let Plan { claim, next } = plan([candidate], &self.levels, now);
        // At least past `now`: a planner that decides nothing must not hold the clock.
        self.standing.cursor = claim.cursors.first().map_or(now, |(_, cursor)| *cursor).max(now);
        self.standing.runs += claim.fire.len() as u64;
        let goes_on = self.standing.runs_left() > 0;
        self.next = next.first().map(|(_, at)| *at).filter(|at| goes_on && *at > now);
        Pass {
            fire: claim.fire.first().map(|fire| fire.order.due_at),
            left_out: claim.skip.iter().map(|skip| skip.count).sum(),
        }
    }
}

/// Whether a trigger may leave something out that the planner writes rows for.
fn leaves_out(trigger: &Trigger) -> bool {
    match trigger {
        Trigger::Solar(_) | Trigger::OnWorkdays(_) => true,
        Trigger::Within(within) => leaves_out(within.trigger()),
        Trigger::Several(triggers) => triggers.iter().any(leaves_out),
        _ => false,
    }
}

/// Schedules that come due at the same instants, each.
struct Group {
    clock: VirtualClock,
    walkers: Vec<Walker>,
}

/// Those with equal triggers together, those that go through the planner each alone.
fn grouped(schedules: &[Schedule], lengths: &[Lengths], levels: &Arc<Levels>, span: Span) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut by_text: HashMap<String, Vec<usize>> = HashMap::new();
    for (index, (schedule, lengths)) in schedules.iter().zip(lengths).enumerate() {
        let walker = Walker::new(index, schedule, *lengths);
        let clock = VirtualClock::new(schedule, levels, span);
        let alike = by_text.entry(format!("{:?}", schedule.trigger)).or_default();
        let same = alike.iter().find(|group| groups[**group].clock.beats_like(&clock));
        match same {
            Some(group) => groups[*group].walkers.push(walker),
            None => {
                alike.push(groups.len());
                groups.push(Group { clock, walkers: vec![walker] });
            }
        }
    }
    groups
}

impl Group {
    fn go(&mut self, until: DateTime<Utc>, day: &mut Day) {
        while let Some(pass) = self.clock.pass(until) {
            self.walkers.iter_mut().for_each(|walker| walker.take(&pass, day));
        }
    }
}

/// A schedule that leaves its traces in the load.
struct Walker {
    index: usize,
    told: Told,
    usual: Judge,
    slow: Judge,
}

impl Walker {
    fn new(index: usize, schedule: &Schedule, lengths: Lengths) -> Self {
        let overlap = schedule.overlap;
        let told = Told {
            schedule: Schedule { input: serde_json::Value::Null, ..schedule.clone() },
            fires: 0,
            left_out: 0,
            first: None,
            last: None,
            lengths,
            usual: Overlaps::default(),
            slow: Overlaps::default(),
        };
        Self { index, told, usual: Judge::new(overlap, lengths.p50), slow: Judge::new(overlap, lengths.p95) }
    }

    fn take(&mut self, pass: &Pass, day: &mut Day) {
        self.told.left_out += pass.left_out;
        let Some(due) = pass.fire else { return };
        self.told.fires += 1;
        self.told.first.get_or_insert(due);
        self.told.last = Some(due);
        let starts = (due + self.told.schedule.delay(due)).timestamp_millis();
        day.starts(starts);
        self.usual.judge(starts);
        let verdict = self.slow.judge(starts);
        if let Some((from, to)) = verdict.cut {
            day.runs_no_more(from, to);
        }
        if let Some((from, to)) = verdict.runs {
            day.runs(from, to);
        }
    }

    fn told(self) -> Told {
        Told { usual: self.usual.overlaps, slow: self.slow.overlaps, ..self.told }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trigger::calendar::saturday_and_sunday;
    use crate::trigger::{At, Calendar, Cron, Every, OffDays, OnWorkdays};
    use std::sync::Arc;
    use std::time::Duration;

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn schedule(trigger: Trigger) -> Schedule {
        Schedule::new("a".parse().unwrap(), trigger, "p/h".parse().unwrap())
    }

    fn cron(expression: &str) -> Trigger {
        Trigger::Cron(Cron::parse(expression, chrono_tz::Europe::Berlin).unwrap())
    }

    fn year() -> Span {
        Span { from: utc("2026-01-01T00:00:00Z"), to: utc("2027-01-01T00:00:00Z") }
    }

    #[test]
    fn walking_with_the_trigger_alone_is_what_the_planner_decides() {
        let every = Every { every: Duration::from_secs(40_001), start: None, end: None };
        let at = At::new(vec![utc("2026-03-01T00:00:00Z"), utc("2026-01-01T00:00:00Z"), utc("2027-01-01T00:00:00Z")]);
        let triggers = [
            cron("*/20 1-3 * * *"),
            cron("30 2 * * *"),
            cron("0 0 13 * FRI"),
            cron("15 2,3 * * SUN"),
            Trigger::Every(every),
            Trigger::At(at),
            Trigger::Manual,
        ];
        for trigger in triggers {
            let mut plain = schedule(trigger);
            plain.jitter = Some(Duration::from_secs(90));
            plain.start_deadline = Some(Duration::ZERO);
            plain.expires = Some(Duration::from_secs(1));
            plain.max_runs = Some(2_000);
            let walk = |planned| {
                let mut clock = VirtualClock { planned, ..VirtualClock::new(&plain, &Arc::default(), year()) };
                std::iter::from_fn(move || clock.pass(year().to)).map(|pass| pass.fire).collect::<Vec<_>>()
            };
            assert_eq!(walk(false), walk(true), "{}", plain.trigger.text());
        }
    }

    #[test]
    fn an_instant_at_the_begin_counts_and_one_at_the_end_does_not() {
        let found =
            fires(&schedule(Trigger::Cron(Cron::parse("@daily", chrono_tz::UTC).unwrap())), &Arc::default(), year());
        assert_eq!(found.len(), 365);
        assert_eq!((found[0], found[364]), (year().from, utc("2026-12-31T00:00:00Z")));
    }

    #[test]
    fn a_smaller_schedule_is_left_out_on_the_days_of_a_larger_one() {
        let named = |name: &str, text: &str| Schedule { name: name.parse().unwrap(), ..schedule(cron(text)) };
        let weekly = Schedule { supersedes: vec!["daily".parse().unwrap()], ..named("weekly", "0 8 * * WED") };
        let (told, _) = simulate(
            &[named("daily", "0 7 * * *"), weekly],
            &[Lengths::assumed(Duration::from_secs(1)); 2],
            year(),
            chrono_tz::UTC,
        );
        let counts: Vec<_> = told.iter().map(|told| (told.fires, told.left_out)).collect();
        assert_eq!(counts, [(313, 52), (52, 0)]);
    }

    #[test]
    fn a_schedule_ends_with_its_last_allowed_run_and_a_disabled_one_never_fires() {
        let three = Schedule { max_runs: Some(3), ..schedule(cron("0 * * * *")) };
        assert_eq!(fires(&three, &Arc::default(), year()).len(), 3);
        let disabled = Schedule { enabled: false, ..three };
        assert_eq!(fires(&disabled, &Arc::default(), year()).len(), 0);
    }

    #[test]
    fn what_a_calendar_leaves_out_is_counted_apart() {
        let calendar = Calendar::new("office", saturday_and_sunday(), [], []).unwrap();
        let (trigger, timezone) = (cron("0 8 * * *"), chrono_tz::Europe::Berlin);
        let on = OnWorkdays { trigger, calendar: Arc::new(calendar), off_days: OffDays::Skip, timezone };
        let schedules = [schedule(Trigger::OnWorkdays(Box::new(on)))];
        let (told, _) = simulate(&schedules, &[Lengths::assumed(Duration::from_secs(1))], year(), chrono_tz::UTC);
        assert_eq!((told[0].fires, told[0].left_out), (261, 104));
    }

    #[test]
    fn the_load_counts_each_fire_once_and_the_histogram_adds_up() {
        let schedules = [schedule(cron("0 * * * *")), schedule(cron("0 8 * * *")), schedule(cron("30 2 * * *"))];
        let lengths = [Lengths::assumed(Duration::from_secs(1)); 3];
        let (told, load) = simulate(&schedules, &lengths, year(), chrono_tz::UTC);
        assert_eq!(told.iter().map(|told| told.fires).collect::<Vec<_>>(), [8760, 365, 365]);
        assert_eq!((load.fires, load.hours.iter().sum::<u64>()), (9490, 9490));
        assert_eq!(load.minutes[0].fires, 2, "one fires each hour, the other at eight");
        assert_eq!(load.peak.running, 2);
    }
}
