//! What many ends come to: counted by schedule and hour, and all together by quarter of an hour.
//!
//! Whoever asks how a month went does not read a month of runs. The ledger takes ends in parts, [`roll_up`] says what a part
//! comes to, and the ledger adds that to what it has.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::{HandlerRef, RunId, RunState, ScheduleName};

/// Ends are counted for good no sooner than this after they were: by then whatever ended so early is on record, or noted as
/// [written late](WRITTEN_LATE).
pub const LAG: Duration = Duration::from_secs(60);

/// What is written longer than this after it ended (the ledger was away, the host's clock is behind) is noted, so that it is
/// counted although its time has passed.
pub const WRITTEN_LATE: Duration = Duration::from_secs(10);

/// How long counts are kept beyond the runs that were counted: a year can be compared with the one before.
pub const KEPT: Duration = Duration::from_secs(400 * 86_400);

/// Whose ends are counted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Whose {
    /// All, by quarter of an hour.
    All,
    /// Those of a schedule, by hour.
    Schedule(ScheduleName),
    /// Those of a handler that was called without a schedule, by hour.
    Handler(HandlerRef),
}

impl Whose {
    /// How long the spans are that ends are counted in; they begin at whole multiples of it since 1970, UTC.
    pub fn span(&self) -> Duration {
        match self {
            Self::All => Duration::from_secs(900),
            Self::Schedule(_) | Self::Handler(_) => Duration::from_secs(3_600),
        }
    }

    /// The begin of the span in which an instant lies.
    pub fn begin(&self, instant: DateTime<Utc>) -> DateTime<Utc> {
        let seconds = self.span().as_secs().cast_signed();
        instant - TimeDelta::milliseconds(instant.timestamp_millis().rem_euclid(seconds * 1_000))
    }
}

/// A row that is over, as far as it is counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Which.
    pub run: RunId,
    /// `None` for an enqueued run.
    pub schedule: Option<ScheduleName>,
    /// What was called, or would have been.
    pub handler: HandlerRef,
    /// When.
    pub at: DateTime<Utc>,
    /// How.
    pub state: RunState,
    /// The kind of reason why it never ran, such as `missed`.
    pub reason: Option<String>,
    /// How long its newest attempt took, in milliseconds.
    pub wall_ms: u64,
    /// For how many due instants it stands.
    pub times: u64,
}

/// How often something ended so in a span of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// Whose ends.
    pub whose: Whose,
    /// Begin of the span; [`Whose::span`] says how long it is.
    pub from: DateTime<Utc>,
    /// How they ended.
    pub state: RunState,
    /// The kind of reason why they never ran, such as `missed`.
    pub reason: Option<String>,
    /// How many.
    pub ends: u64,
    /// How long they took in all, in milliseconds.
    pub wall_ms: u64,
    /// How long the longest took, in milliseconds.
    pub wall_ms_max: u64,
}

/// What ended in a range of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ends {
    /// In the order of time, as far as anything ended.
    pub counts: Vec<Count>,
    /// Later ends are not counted yet; where all are, when that was so.
    pub until: DateTime<Utc>,
}

/// What `ended` comes to, each both with its schedule (or handler) and with all.
pub fn roll_up(ended: &[Ended]) -> Vec<Count> {
    let mut counts: BTreeMap<_, (u64, u64, u64)> = BTreeMap::new();
    for one in ended {
        let own = one.schedule.clone().map_or_else(|| Whose::Handler(one.handler.clone()), Whose::Schedule);
        for whose in [own, Whose::All] {
            let from = whose.begin(one.at);
            let (ends, sum, max) = counts.entry((from, whose, one.state, one.reason.clone())).or_default();
            *ends += one.times;
            *sum += one.wall_ms;
            *max = one.wall_ms.max(*max);
        }
    }
    let count = |((from, whose, state, reason), (ends, wall_ms, wall_ms_max))| Count {
        whose,
        from,
        state,
        reason,
        ends,
        wall_ms,
        wall_ms_max,
    };
    counts.into_iter().map(count).collect()
}

/// `counts` and `more` together, each span, state and reason once, in the order of time.
pub fn joined(counts: Vec<Count>, more: Vec<Count>) -> Vec<Count> {
    let mut all: BTreeMap<_, Count> = BTreeMap::new();
    for one in counts.into_iter().chain(more) {
        let key = (one.from, one.whose.clone(), one.state, one.reason.clone());
        let nothing = Count { ends: 0, wall_ms: 0, wall_ms_max: 0, ..one.clone() };
        let sum = all.entry(key).or_insert(nothing);
        sum.ends += one.ends;
        sum.wall_ms += one.wall_ms;
        sum.wall_ms_max = sum.wall_ms_max.max(one.wall_ms_max);
    }
    all.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(schedule: Option<&str>, at: &str, state: RunState, wall_ms: u64) -> Ended {
        Ended {
            run: RunId::new(),
            schedule: schedule.map(|name| name.parse().expect("a name")),
            handler: "mail/send".parse().expect("a handler"),
            at: at.parse().expect("an instant"),
            state,
            reason: None,
            wall_ms,
            times: 1,
        }
    }

    #[test]
    fn ends_are_counted_with_their_schedule_by_hour_and_with_all_by_quarter() {
        let (good, bad) = (RunState::Succeeded, RunState::Failed);
        let counts = roll_up(&[
            ended(Some("a"), "2026-07-01T08:05:00Z", good, 10),
            ended(Some("a"), "2026-07-01T08:50:00Z", good, 30),
            ended(None, "2026-07-01T08:55:00Z", bad, 7),
        ]);
        let of = |whose: &Whose| -> Vec<_> {
            let own = counts.iter().filter(|count| count.whose == *whose);
            own.map(|one| (one.from.format("%H:%M").to_string(), one.state, one.ends, one.wall_ms, one.wall_ms_max))
                .collect()
        };
        assert_eq!(of(&Whose::Schedule("a".parse().expect("a name"))), [("08:00".to_owned(), good, 2, 40, 30)]);
        assert_eq!(of(&Whose::Handler("mail/send".parse().expect("a handler"))), [("08:00".to_owned(), bad, 1, 7, 7)]);
        let quarters = [("08:00", good, 1, 10, 10), ("08:45", good, 1, 30, 30), ("08:45", bad, 1, 7, 7)];
        assert_eq!(of(&Whose::All), quarters.map(|(at, state, ends, sum, max)| (at.to_owned(), state, ends, sum, max)));
    }

    #[test]
    fn counts_of_the_same_are_added_up() {
        let one = roll_up(&[ended(Some("a"), "2026-07-01T08:05:00Z", RunState::Succeeded, 10)]);
        let sum = joined(one.clone(), one);
        assert_eq!(
            sum.iter().map(|count| (count.ends, count.wall_ms, count.wall_ms_max)).collect::<Vec<_>>(),
            [(2, 20, 10), (2, 20, 10)]
        );
    }
}
