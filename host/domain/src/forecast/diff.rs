//! Two configurations over the same span: which fires a change adds, drops and moves.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::{Levels, Schedule, ScheduleName};
use chrono::{DateTime, TimeDelta, Utc};

use super::walk::{self, Span, fires};

/// A fire that goes and one that comes within this time are one that moves.
const NEAR: TimeDelta = TimeDelta::hours(24);

/// What a change does to one schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// Which.
    pub name: ScheduleName,
    /// `new`, `gone` or `changed`.
    pub what: &'static str,
    /// Fires before the change.
    pub before: usize,
    /// And after it.
    pub after: usize,
    /// Fires that there were none of.
    pub added: Instants,
    /// Fires that there are no more.
    pub dropped: Instants,
    /// From when to when.
    pub moved: Moves,
}

/// What changes in `span` from the schedules `old` to `new`; schedules that fire as before are left out.
pub fn diff(old: &[Schedule], new: &[Schedule], span: Span) -> Vec<Changed> {
    let by_name = |schedules: &'_ [Schedule]| -> BTreeMap<ScheduleName, Schedule> {
        schedules.iter().map(|schedule| (schedule.name.clone(), schedule.clone())).collect()
    };
    let levels = [walk::levels(old, span), walk::levels(new, span)];
    let (old, new) = (by_name(old), by_name(new));
    let names: Vec<_> = old.keys().chain(new.keys()).cloned().collect::<BTreeSet<_>>().into_iter().collect();
    let one = |name: &ScheduleName| changed((old.get(name), new.get(name)), &levels, name.clone(), span);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let share = names.chunks(names.len().div_ceil(threads).max(1));
        let work: Vec<_> =
            share.map(|names| scope.spawn(|| names.iter().filter_map(one).collect::<Vec<_>>())).collect();
        // A panic in there is a bug of ours, and goes on here.
        work.into_iter().flat_map(|done| done.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    })
}

fn changed(
    (old, new): (Option<&Schedule>, Option<&Schedule>),
    levels: &[Arc<Levels>; 2],
    name: ScheduleName,
    span: Span,
) -> Option<Changed> {
    // Others may have changed on whose days it is left out.
    let is_superseded = levels.iter().any(|levels| levels.may_supersede(&name));
    let what = match (old, new) {
        (None, _) => "new",
        (_, None) => "gone",
        (Some(old), Some(new)) if same_times(old, new) && !is_superseded => return None,
        _ => "changed",
    };
    let all = |schedule: Option<&Schedule>, levels: &Arc<Levels>| {
        schedule.map(|schedule| fires(schedule, levels, span)).unwrap_or_default()
    };
    let (old, new) = (all(old, &levels[0]), all(new, &levels[1]));
    if what == "changed" && old == new {
        return None;
    }
    let (before, after) = (old.len(), new.len());
    let (dropped, added) = (without(&old, &new), without(&new, &old));
    let (dropped, added, moved) = paired(dropped, added);
    Some(Changed { name, what, before, after, added, dropped, moved })
}

/// Whether nothing differs that decides when they fire.
fn same_times(old: &Schedule, new: &Schedule) -> bool {
    let times = |schedule: &Schedule| {
        (
            schedule.enabled,
            schedule.max_runs,
            schedule.start_deadline,
            schedule.expires,
            schedule.jitter,
            schedule.spread,
        )
    };
    old.trigger == new.trigger && times(old) == times(new)
}

/// Those of `these` that are not among `those`; both ascending.
fn without(these: &[DateTime<Utc>], those: &[DateTime<Utc>]) -> Vec<DateTime<Utc>> {
    let mut those = those.iter().peekable();
    let mut is_there = |due: &DateTime<Utc>| {
        while those.next_if(|other| *other < due).is_some() {}
        those.peek() == Some(&due)
    };
    these.iter().filter(|due| !is_there(due)).copied().collect()
}

/// In their order.
pub type Instants = Vec<DateTime<Utc>>;
/// From when to when, in their order.
pub type Moves = Vec<(DateTime<Utc>, DateTime<Utc>)>;

/// In order of time, one that goes with the next that comes near it: it moves.
fn paired(dropped: Instants, added: Instants) -> (Instants, Instants, Moves) {
    let (mut gone, mut come, mut moved) = (Vec::new(), Vec::new(), Vec::new());
    let (mut from, mut to) = (dropped.into_iter().peekable(), added.into_iter().peekable());
    while let (Some(old), Some(new)) = (from.peek().copied(), to.peek().copied()) {
        if (new - old).abs() <= NEAR {
            moved.push((old, new));
            from.next();
            to.next();
        } else if old < new {
            gone.extend(from.next());
        } else {
            come.extend(to.next());
        }
    }
    gone.extend(from);
    come.extend(to);
    (gone, come, moved)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Trigger;
    use crate::trigger::Cron;

    fn daily(name: &str, expression: &str) -> Schedule {
        let trigger = Trigger::Cron(Cron::parse(expression, chrono_tz::UTC).unwrap());
        Schedule::new(name.parse().unwrap(), trigger, "p/h".parse().unwrap())
    }

    fn week() -> Span {
        let utc = |text: &str| text.parse().unwrap();
        Span { from: utc("2026-01-05T00:00:00Z"), to: utc("2026-01-12T00:00:00Z") }
    }

    fn counts(old: &[Schedule], new: &[Schedule]) -> Vec<(&'static str, usize, usize, usize)> {
        let changes = diff(old, new, week());
        changes.iter().map(|c| (c.what, c.added.len(), c.dropped.len(), c.moved.len())).collect()
    }

    #[test]
    fn a_later_hour_moves_every_fire_and_another_handler_moves_none() {
        let old = [daily("a", "0 2 * * *")];
        assert_eq!(counts(&old, &[daily("a", "0 3 * * *")]), [("changed", 0, 0, 7)]);
        let other = Schedule { handler: "p/other".parse().unwrap(), ..daily("a", "0 2 * * *") };
        assert_eq!(counts(&old, &[other]), []);
        assert_eq!(counts(&old, &[daily("a", "00 02 * * *")]), [], "the same times in other words");
    }

    #[test]
    fn twice_as_often_adds_and_workdays_only_drops() {
        let old = [daily("a", "0 * * * *")];
        assert_eq!(counts(&old, &[daily("a", "*/30 * * * *")]), [("changed", 168, 0, 0)]);
        assert_eq!(counts(&[daily("a", "0 2 * * *")], &[daily("a", "0 2 * * MON-FRI")]), [("changed", 0, 2, 0)]);
    }

    #[test]
    fn new_schedules_and_gone_ones_are_told_with_all_their_fires() {
        let told = counts(&[daily("a", "@daily")], &[daily("b", "@daily")]);
        assert_eq!(told, [("gone", 0, 7, 0), ("new", 7, 0, 0)]);
    }

    #[test]
    fn what_lies_further_apart_than_a_day_is_not_moved() {
        assert_eq!(counts(&[daily("a", "0 0 * * MON")], &[daily("a", "0 0 * * FRI")]), [("changed", 1, 1, 0)]);
        assert_eq!(counts(&[daily("a", "0 0 * * MON")], &[daily("a", "0 0 * * TUE")]), [("changed", 0, 0, 1)]);
    }
}
