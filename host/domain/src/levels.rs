//! Levels: schedules whose work is part of a larger one's, such as a daily inspection and a weekly one.
//!
//! A schedule that `includes` a smaller one is told so, and its handler does that work, too. A schedule that `supersedes` a
//! smaller one takes its place on the local day on which it fires itself. Both hold over any number of steps: what monthly
//! says of weekly and weekly of daily, monthly says of daily.
//!
//! Who is superseded is asked of the triggers, never of what became of a run: so it is known ahead of time, is the same on
//! every host and after every restart, and does not depend on which of the two comes first that day.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::trigger::civil;
use crate::{Schedule, ScheduleName, SkipReason, Standing};

/// Due instants of a larger schedule that are looked at for one day: pauses and superseded ones may be among them.
const LOOKS: usize = 100;

/// A smaller schedule whose work is part of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Included {
    /// Its name.
    pub schedule: ScheduleName,
    /// Its input.
    pub input: serde_json::Value,
}

/// The larger fire that takes the place of a smaller one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Superseding {
    /// The larger schedule; of several the one that is superseded by none.
    pub by: ScheduleName,
    /// Its due instant on that day.
    pub at: DateTime<Utc>,
}

impl From<Superseding> for SkipReason {
    fn from(Superseding { by, at }: Superseding) -> Self {
        SkipReason::Superseded { by, at }
    }
}

/// Whose fires of the past count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Looking {
    /// Of schedules as they come due: before one was first seen it has not fired.
    Ahead,
    /// Of a backfill, for which the triggers hold at any time.
    Back,
}

/// The schedules that are linked by levels.
#[derive(Debug, Clone, Default)]
pub struct Levels {
    standings: BTreeMap<ScheduleName, Standing>,
    /// Who supersedes it, each step.
    larger: BTreeMap<ScheduleName, Vec<ScheduleName>>,
}

impl Levels {
    /// Those among `standings` that say something of others, and what is said of them.
    pub fn of<'a>(standings: impl IntoIterator<Item = &'a Standing> + Clone) -> Self {
        let mut levels = Self::default();
        let mut linked = BTreeSet::new();
        for schedule in standings.clone().into_iter().map(|standing| &standing.schedule) {
            for smaller in &schedule.supersedes {
                levels.larger.entry(smaller.clone()).or_default().push(schedule.name.clone());
            }
            if !schedule.supersedes.is_empty() || !schedule.includes.is_empty() {
                linked.extend(schedule.includes.iter().chain([&schedule.name]));
            }
        }
        let kept = standings.into_iter().filter(|standing| linked.contains(&standing.schedule.name));
        levels.standings = kept.map(|standing| (standing.schedule.name.clone(), standing.clone())).collect();
        levels
    }

    /// Whether any schedule supersedes `name`.
    pub fn may_supersede(&self, name: &ScheduleName) -> bool {
        self.larger.contains_key(name)
    }

    /// What `schedule` includes, the nearest first, each once.
    pub fn included(&self, schedule: &Schedule) -> Vec<Included> {
        let mut found: Vec<Included> = Vec::new();
        let mut open: Vec<_> = schedule.includes.iter().rev().collect();
        while let Some(name) = open.pop() {
            let Some(Standing { schedule: smaller, .. }) = self.standings.get(name) else { continue };
            if *name != schedule.name && found.iter().all(|one| one.schedule != *name) {
                found.push(Included { schedule: name.clone(), input: smaller.input.clone() });
                open.extend(smaller.includes.iter().rev());
            }
        }
        found
    }

    /// What fires in the place of `schedule` on the local day of its due instant `due_at`, if anything does.
    pub fn superseding(&self, schedule: &Schedule, due_at: DateTime<Utc>, looking: Looking) -> Option<Superseding> {
        self.look(schedule, due_at, looking, self.standings.len())
    }

    /// At most `steps` up: configuration refuses circles, and a ledger that holds one must not hold the planner.
    fn look(&self, schedule: &Schedule, due_at: DateTime<Utc>, looking: Looking, steps: usize) -> Option<Superseding> {
        let above = self.above(&schedule.name);
        if above.is_empty() || steps == 0 {
            return None;
        }
        let date = civil::date(due_at, schedule.timezone);
        let begin = civil::day_start(date, schedule.timezone);
        let end = civil::day_end(date, schedule.timezone)?;
        let fires = |larger: &Standing| {
            let next = |after| larger.schedule.trigger.next_after(after, larger.anchor).filter(|at| *at < end);
            let due = std::iter::successors(next(begin - TimeDelta::milliseconds(1)), |at| next(*at)).take(LOOKS);
            let is_topmost = |at: &DateTime<Utc>| self.look(&larger.schedule, *at, looking, steps - 1).is_none();
            due.into_iter().find(|at| would_fire(larger, *at, looking) && is_topmost(at))
        };
        above.into_iter().find_map(|larger| Some(Superseding { by: larger.schedule.name.clone(), at: fires(larger)? }))
    }

    /// All that supersede `name`, over any number of steps, the nearest first.
    fn above(&self, name: &ScheduleName) -> Vec<&Standing> {
        let mut names = vec![name];
        let mut next = 0;
        while let Some(name) = names.get(next) {
            let more: Vec<_> =
                self.larger.get(*name).into_iter().flatten().filter(|one| !names.contains(one)).collect();
            names.extend(more);
            next += 1;
        }
        names[1..].iter().filter_map(|name| self.standings.get(*name)).collect()
    }
}

/// Whether a due instant of `larger` is more than a line in its trigger: nobody has paused or disabled it, it was there
/// then, and `max-runs` leaves it.
fn would_fire(larger: &Standing, at: DateTime<Utc>, looking: Looking) -> bool {
    let is_paused = larger.pause.as_ref().is_some_and(|pause| pause.since <= at && pause.covers(at));
    // Where `max-runs` was used up the cursor stays: what it has passed has run.
    let is_left = at <= larger.cursor || larger.runs_left() > 0;
    let was_there = looking == Looking::Back || at >= larger.anchor;
    larger.schedule.enabled && !is_paused && is_left && was_there
}

#[cfg(test)]
mod property;
#[cfg(test)]
mod tests;
