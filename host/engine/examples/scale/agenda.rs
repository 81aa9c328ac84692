//! Which schedules come due when, and what the real planner decides about them.
//!
//! The agenda of a host is a tree of names; this one is a list of numbers for each second, so that ten million fit. Both hand
//! the planner a thousand at a time, in the order of due instants and names.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use noontide_domain::plan::{Candidate, Plan, plan};
use noontide_domain::{HandlerInfo, Levels};

use crate::mix::{self, Mix};

/// As many schedules as the scheduler plans in one transaction.
pub const BATCH: usize = 1_000;

/// What comes due at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// Seconds after the begin.
    pub second: usize,
    /// Schedules that were planned.
    pub schedules: usize,
    /// Rows that become runs.
    pub fires: usize,
    /// Rows that say why not.
    pub skips: usize,
}

/// All that came due, and how long each batch took to plan, with the number of its schedules.
pub struct Planned {
    pub due: Vec<Due>,
    pub took: Vec<(Duration, usize)>,
}

impl Planned {
    pub fn sum(&self, of: impl Fn(&Due) -> usize) -> usize {
        self.due.iter().map(of).sum()
    }

    /// For one schedule: half of the batches took no longer. Others work on this machine, too.
    pub fn micros_each(&self) -> f64 {
        let mut each: Vec<_> = self.took.iter().map(|(took, of)| took.as_secs_f64() * 1e6 / *of as f64).collect();
        each.sort_by(f64::total_cmp);
        each.get(each.len() / 2).copied().unwrap_or_default()
    }
}

/// Everything on time, second by second.
pub fn on_time(mix: &Mix, begin: DateTime<Utc>, seconds: usize) -> Planned {
    let mut agenda = agenda(mix, begin, seconds);
    let mut planned = Planned { due: Vec::new(), took: Vec::new() };
    for second in 0..seconds {
        let mut numbers = std::mem::take(&mut agenda[second]);
        if numbers.is_empty() {
            continue;
        }
        numbers.sort_unstable();
        let now = begin + TimeDelta::seconds(second as i64);
        let (plans, took) = plans(mix, &numbers, (now - TimeDelta::seconds(1), now, begin));
        planned.took.extend(took);
        planned.due.push(due(second, numbers.len(), &plans));
        for (name, next) in plans.iter().flat_map(|plan| &plan.next) {
            if let Some(bucket) = usize::try_from((*next - begin).num_seconds()).ok().and_then(|at| agenda.get_mut(at))
            {
                bucket.push(mix::number(name));
            }
        }
    }
    planned
}

/// Nobody was there for so many seconds from the begin on; then somebody looks, and that is second 0.
pub fn after_outage(mix: &Mix, begin: DateTime<Utc>, seconds: usize) -> Planned {
    let numbers: Vec<_> = agenda(mix, begin, seconds).into_iter().flatten().collect();
    let (plans, took) = plans(mix, &numbers, (begin, begin + TimeDelta::seconds(seconds as i64), begin));
    Planned { due: vec![due(0, numbers.len(), &plans)], took }
}

fn agenda(mix: &Mix, begin: DateTime<Utc>, seconds: usize) -> Vec<Vec<u32>> {
    let mut agenda = vec![Vec::new(); seconds];
    for (number, due) in mix.first_after(begin) {
        if let Some(bucket) = usize::try_from((due - begin).num_seconds()).ok().and_then(|at| agenda.get_mut(at)) {
            bucket.push(number);
        }
    }
    agenda
}

/// Of all of them, a thousand at a time, on all cores.
fn plans(
    mix: &Mix,
    numbers: &[u32],
    (cursor, now, begin): (DateTime<Utc>, DateTime<Utc>, DateTime<Utc>),
) -> (Vec<Small>, Vec<(Duration, usize)>) {
    let batches: Vec<_> = numbers.chunks(BATCH).collect();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let share = batches.len().div_ceil(cores).max(1);
    let one = |batch: &&[u32]| {
        let standings: Vec<_> = batch.iter().map(|number| mix.standing(*number, cursor, begin)).collect();
        let candidates: Vec<_> = standings.iter().map(|standing| Candidate { standing, handler: Ok(info()) }).collect();
        let begun = Instant::now();
        let decided = plan(candidates, &Levels::default(), now);
        let took = begun.elapsed();
        (Small::of(decided), (took, batch.len()))
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> =
            batches.chunks(share).map(|share| scope.spawn(move || share.iter().map(one).collect::<Vec<_>>())).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("a plan")).unzip()
    })
}

/// What is kept of a plan.
struct Small {
    fires: usize,
    skips: usize,
    next: Vec<(noontide_domain::ScheduleName, DateTime<Utc>)>,
}

impl Small {
    fn of(plan: Plan) -> Self {
        Self { fires: plan.claim.fire.len(), skips: plan.claim.skip.len(), next: plan.next }
    }
}

fn due(second: usize, schedules: usize, plans: &[Small]) -> Due {
    let (fires, skips) = (plans.iter().map(|plan| plan.fires).sum(), plans.iter().map(|plan| plan.skips).sum());
    Due { second, schedules, fires, skips }
}

fn info() -> HandlerInfo {
    HandlerInfo {
        name: "send".to_owned(),
        summary: String::new(),
        input_schema: None,
        example_input: None,
        timeout: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGIN: &str = "2026-07-01T07:55:00Z";

    fn begin() -> DateTime<Utc> {
        BEGIN.parse().expect("an instant")
    }

    #[test]
    fn the_full_hour_is_when_most_comes_due() {
        let planned = on_time(&Mix::new(20_000), begin(), 601);
        let busiest = planned.due.iter().max_by_key(|due| due.fires).expect("something is due");
        assert_eq!(busiest.second, 300);
        assert!(busiest.fires > planned.sum(|due| due.fires) / 2, "{busiest:?}");
        assert_eq!(planned.sum(|due| due.skips), 0);
    }

    #[test]
    fn after_an_hour_each_schedule_that_came_due_fires_once_and_the_rest_is_told_of() {
        let planned = after_outage(&Mix::new(20_000), begin(), 3_600);
        let [due] = planned.due[..] else { panic!("one look: {:?}", planned.due) };
        // The newest of each; of those of each minute two are not late yet.
        assert!((0..200).contains(&(due.fires - due.schedules)), "{due:?}");
        // Those of each minute and each quarter have older ones, too.
        assert!(due.skips > 800 && due.skips < 1_400, "{due:?}");
    }
}
