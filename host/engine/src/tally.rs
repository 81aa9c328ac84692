//! What the loops have counted since the start, for whoever wants to watch a host over time. Whichever host did a thing has
//! counted it: hosts that share a ledger add up.

mod ending;
mod spans;

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use noontide_domain::ports::Skip;
use noontide_domain::tally::{Count, Each, Lengths, Peak};
use noontide_domain::{Cause, HandlerRef, Leased, Order, Outcome, QueueName, ScheduleName};

pub use ending::{Ending, Ends};
pub use spans::{AttemptEnd, AttemptWitness};

use crate::core::Core;
use spans::Spans;

/// What the loops have counted.
#[derive(Debug, Default)]
pub struct Tally {
    /// Handlers that were called, or should have been.
    pub handlers: Each<HandlerRef, Handled>,
    /// How the runs of each schedule ended: a part of what their handlers have.
    pub schedules: Each<ScheduleName, Ends>,
    /// From the instant at which a run was to begin to the call of its handler, by queue. Not counted: what follows another run,
    /// a backfill, a second attempt.
    pub start_delay: Each<QueueName, Lengths>,
    /// How long after the first due instant the scheduler looked, each time that something was due.
    pub tick_lag: Lengths,
    /// The wall clock was set, or stood still with the machine, by more than a second.
    pub clock_jumps: Count,
    /// Leases of hosts that went away, whose attempts this host has settled.
    pub rescued: Count,
    /// Ends that were not written, because the lease was another's by then.
    pub fenced: Count,
    /// Handlers that were asked to stop, because the ledger did not confirm the lease.
    pub cut_off: Count,
    /// Leases that were given back before the handler began.
    pub given_back: Count,
    /// Tries to send a message: `sent`, `again`, `dead`.
    pub messages: Each<String, Count>,
    /// Events that somebody who looks on was too slow for.
    pub events_dropped: Count,
    pub(crate) spans: Spans,
    is_coarse: AtomicBool,
    clocks: Clocks,
}

/// One handler.
#[derive(Debug, Default)]
pub struct Handled {
    /// How its runs ended.
    pub ends: Ends,
    /// A part of that: how those ended that have no schedule.
    pub alone: Ends,
    /// Attempts, by the word of the outcome.
    pub outcomes: Each<String, Count>,
    /// Traps, by their kind.
    pub traps: Each<String, Count>,
    /// From the call to its end.
    pub lengths: Lengths,
    /// Milliseconds of computing.
    pub cpu_ms: Count,
    /// The most memory that one call held, in bytes.
    pub memory: Peak,
}

impl Tally {
    /// An attempt is on record, and the run is in `state` now.
    pub(crate) fn ended(&self, end: AttemptEnd<'_>) {
        self.spans.ended(end);
        let AttemptEnd { order, state, report, .. } = end;
        let handled = self.handlers.of(&order.handler);
        handled.outcomes.of(report.outcome.as_str()).one();
        // Of an attempt that never began there is no length.
        if report.plugin.is_some() {
            handled.lengths.took(Duration::from_millis(report.usage.wall_ms));
            handled.cpu_ms.add(report.usage.cpu_ms);
            handled.memory.see(report.usage.peak_memory_bytes);
        }
        if let Outcome::Trapped { message, .. } = &report.outcome {
            handled.traps.of(trap(message)).one();
        }
        if let Some(ending) = Ending::of(state, &report.outcome) {
            handled.ends.add(ending, 1);
            match &order.schedule {
                None => handled.alone.add(ending, 1),
                Some(schedule) => self.of_schedule(schedule, ending, 1),
            }
        }
    }

    /// Due instants that do not run.
    pub(crate) fn skipped(&self, skip: &Skip) {
        self.without_run(&skip.schedule, &skip.handler, Ending::without_run(&skip.reason), skip.count);
    }

    /// A fire that the ledger found another run in the way of.
    pub(crate) fn overlapped(&self, order: &Order) {
        if let Some(schedule) = &order.schedule {
            self.without_run(schedule, &order.handler, Ending::Overlapped, 1);
        }
    }

    fn without_run(&self, schedule: &ScheduleName, handler: &HandlerRef, ending: Ending, times: u64) {
        self.handlers.of(handler).ends.add(ending, times);
        self.of_schedule(schedule, ending, times);
    }

    fn of_schedule(&self, schedule: &ScheduleName, ending: Ending, times: u64) {
        if !self.is_coarse.load(Ordering::Relaxed) {
            self.schedules.of(schedule).add(ending, times);
        }
    }

    /// Whether each schedule is counted by itself, as it is at first. What was counted of them is forgotten if not.
    pub fn tell_schedules_apart(&self, is_wanted: bool) {
        let was_coarse = self.is_coarse.swap(!is_wanted, Ordering::Relaxed);
        if !is_wanted && !was_coarse {
            self.schedules.keep(|_| false);
        }
    }

    /// The scheduler looks: by the wall clock it is `now`, by the one that nobody sets `elapsed`. Something may be due since
    /// `first_due`.
    pub(crate) fn looks(&self, now: DateTime<Utc>, elapsed: Duration, first_due: Option<DateTime<Utc>>) {
        if self.clocks.moved(now, elapsed) {
            self.clock_jumps.one();
        }
        if let Some(late) = first_due.and_then(|due| (now - due).to_std().ok()) {
            self.tick_lag.took(late);
        }
    }
}

/// A handler is called now. What waits on purpose is not late.
pub(crate) fn begins(core: &Core, leased: &Leased) {
    let order = &leased.order;
    let is_first = leased.lease.attempt == 1 && order.origin.is_none();
    if !is_first || matches!(order.cause, Cause::Backfill | Cause::After) {
        return;
    }
    let planned = order.schedule.as_ref().filter(|_| order.cause == Cause::Schedule);
    let delay = planned.and_then(|name| Some(core.book().get(name)?.schedule.delay(order.due_at))).unwrap_or_default();
    let late = core.clock.now() - order.due_at - TimeDelta::from_std(delay).unwrap_or_default();
    core.tally.start_delay.of(&order.queue).took(late.to_std().unwrap_or_default());
}

/// Which kind of trap, of a few: what a guest said before it broke is in the same message.
fn trap(message: &str) -> &'static str {
    const KINDS: [(&str, &str); 10] = [
        ("stack ran over", "stack_overflow"),
        ("call stack exhausted", "stack_overflow"),
        ("unreachable", "unreachable"),
        ("out of bounds memory", "memory_out_of_bounds"),
        ("out of bounds table", "bad_call"),
        ("uninitialized element", "bad_call"),
        ("indirect call", "bad_call"),
        ("integer", "arithmetic"),
        ("exit(", "exit"),
        ("misused the host", "misuse"),
    ];
    let kind = message.split(" — ").next().unwrap_or_default();
    KINDS.into_iter().find(|(words, _)| kind.contains(words)).map_or("other", |(_, kind)| kind)
}

/// By how much a wall clock may be set right and still not have jumped, in milliseconds.
const JUMP: i64 = 1_000;

/// How far the two clocks stood apart at the last look, in milliseconds.
#[derive(Debug)]
struct Clocks(AtomicI64);

impl Default for Clocks {
    fn default() -> Self {
        Self(i64::MIN.into())
    }
}

impl Clocks {
    fn moved(&self, now: DateTime<Utc>, elapsed: Duration) -> bool {
        let apart = now.timestamp_millis().saturating_sub(i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX));
        let before = self.0.swap(apart, Ordering::Relaxed);
        before != i64::MIN && before.abs_diff(apart) > JUMP.unsigned_abs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_set_has_jumped_and_one_that_is_set_right_slowly_has_not() {
        let clocks = Clocks::default();
        let noon: DateTime<Utc> = "2026-07-01T12:00:00Z".parse().expect("an instant");
        let moved = |wall, elapsed| clocks.moved(noon + TimeDelta::milliseconds(wall), Duration::from_millis(elapsed));
        assert!(!moved(0, 500), "the first look");
        assert!(!moved(30_200, 30_500), "200 ms ahead");
        assert!(moved(3_630_000, 30_600), "an hour ahead");
        assert!(moved(31_000, 31_500), "and back");
    }

    #[test]
    fn what_a_guest_said_does_not_name_the_kind_of_its_trap() {
        assert_eq!(trap("wasm `unreachable` instruction executed — integer overflow"), "unreachable");
        assert_eq!(trap("out of bounds memory access, within a recursion: its stack ran over"), "stack_overflow");
        assert_eq!(trap("something new"), "other");
    }
}
