//! The planner against whatever may happen to a schedule: random triggers, policies, pauses, handlers that come and go,
//! clocks that jump. Which instants are due is worked out here by arithmetic, not by asking the trigger.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::trigger::{At, Cron, Every};
use crate::{CatchUp, CatchUpMode, Schedule, Trigger};

/// A Friday, some minutes past an hour.
const START: &str = "2026-03-20T09:17:42.120Z";

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// When the schedule is due, in a form that can be counted on fingers. Milliseconds since the epoch.
#[derive(Debug, Clone)]
enum Beat {
    /// `first`, and again each `step`, up to `last`.
    Steady { first: i64, step: i64, last: i64 },
    /// These, ascending.
    Listed(Vec<i64>),
}

impl Beat {
    /// Those in [`from`, `to`].
    fn within(&self, from: i64, to: i64) -> Vec<i64> {
        match self {
            Beat::Steady { first, step, last } => {
                let index = (from - first).max(0).div_euclid(*step) + i64::from((from - first).max(0) % step != 0);
                (first + index * step..=to.min(*last)).step_by(usize::try_from(*step).expect("positive")).collect()
            }
            Beat::Listed(all) => all.iter().copied().filter(|due| (from..=to).contains(due)).collect(),
        }
    }
}

fn start() -> i64 {
    START.parse::<DateTime<Utc>>().expect("an instant").timestamp_millis()
}

fn utc(millis: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(millis).expect("an instant")
}

/// A beat, the trigger that has it, and the longest step that keeps the number of its instants bearable.
fn beats() -> impl Strategy<Value = (Beat, Trigger, i64)> {
    let cron = |text: String, step, offset: i64| {
        let first = (start() - offset).div_euclid(step) * step + step + offset;
        let trigger = Trigger::Cron(Cron::parse(&text, chrono_tz::UTC).expect("cron"));
        (Beat::Steady { first, step, last: i64::MAX }, trigger, (step * 11_000).min(40 * DAY))
    };
    let every = |every: i64, from: Option<i64>, end: Option<i64>| {
        let length = Duration::from_millis(every.unsigned_abs());
        let first = from.map_or(start() + every, |from| start() + from);
        // What lies before the schedule was first seen is not due.
        let first = if first > start() { first } else { first + ((start() - first) / every + 1) * every };
        let last = end.map_or(i64::MAX, |end| start() + end);
        let trigger = Every {
            every: length,
            start: from.map(|from| utc(start() + from)),
            end: end.map(|end| utc(start() + end)),
        };
        (Beat::Steady { first, step: every, last }, Trigger::Every(trigger), (every * 11_000).clamp(MINUTE, 40 * DAY))
    };
    let at = |mut offsets: Vec<i64>| {
        offsets.sort_unstable();
        offsets.dedup();
        let all: Vec<_> = offsets.into_iter().map(|offset| start() + offset).collect();
        let trigger = Trigger::At(At::new(all.iter().copied().map(utc).collect()));
        (Beat::Listed(all.into_iter().filter(|due| *due > start()).collect()), trigger, 40 * DAY)
    };
    prop_oneof![
        3 => Just(()).prop_map(move |()| cron("* * * * *".to_owned(), MINUTE, 0)),
        2 => (0..60i64).prop_map(move |minute| cron(format!("{minute} * * * *"), HOUR, minute * MINUTE)),
        2 => (0..24i64, 0..60i64)
            .prop_map(move |(hour, minute)| cron(format!("{minute} {hour} * * *"), DAY, hour * HOUR + minute * MINUTE)),
        3 => (lengths(40, 2 * DAY), prop::option::of(-3 * DAY..3 * DAY), prop::option::of(0..20 * DAY))
            .prop_map(move |(length, from, end)| every(length, from, end)),
        2 => prop::collection::vec(-DAY..20 * DAY, 1..12).prop_map(at),
    ]
}

/// Lengths from `least` to `most`, short and long ones equally likely.
fn lengths(least: i64, most: i64) -> impl Strategy<Value = i64> {
    let (least, most) = (least as f64, most as f64);
    (0.0..=1.0f64).prop_map(move |share| (least * (most / least).powf(share)) as i64)
}

fn duration(millis: i64) -> Duration {
    Duration::from_millis(millis.unsigned_abs())
}

prop_compose! {
    fn policies()(
        mode in prop::sample::select(vec![CatchUpMode::Latest, CatchUpMode::All, CatchUpMode::None]),
        within in lengths(SECOND, 30 * DAY),
        limit in 1..30usize,
        start_deadline in prop::option::weighted(0.3, lengths(SECOND, DAY)),
        expires in prop::option::weighted(0.3, lengths(SECOND, DAY)),
        max_runs in prop::option::weighted(0.3, 1..30u64),
        jitter in prop::option::weighted(0.3, lengths(SECOND, HOUR)),
    ) -> Schedule {
        Schedule {
            catch_up: CatchUp { mode, within: duration(within), limit },
            start_deadline: start_deadline.map(duration),
            expires: expires.map(duration),
            max_runs,
            jitter: jitter.map(duration),
            ..Schedule::new("s".parse().expect("a name"), Trigger::Manual, "p/h".parse().expect("a handler"))
        }
    }
}

/// What happens next.
#[derive(Debug, Clone)]
enum Turn {
    /// The clock goes on.
    On(i64),
    /// Somebody sets the clock back.
    Back(i64),
    /// Somebody pauses it, perhaps for a time.
    Pause(Option<i64>),
    Resume,
    /// The plugin comes, or goes.
    Handler(bool),
    /// All that is remembered is what the ledger keeps.
    Restart,
}

fn turns() -> impl Strategy<Value = Vec<Turn>> {
    let turn = prop_oneof![
        8 => lengths(1, 28 * DAY).prop_map(Turn::On),
        1 => prop::sample::select(vec![1, HOUR, DAY]).prop_map(Turn::Back),
        1 => prop::option::of(lengths(SECOND, 3 * DAY)).prop_map(Turn::Pause),
        1 => Just(Turn::Resume),
        2 => any::<bool>().prop_map(Turn::Handler),
        1 => Just(Turn::Restart),
    ];
    prop::collection::vec(turn, 1..24)
}

/// A schedule, and all that was decided about it so far.
struct World {
    beat: Beat,
    standing: Standing,
    handler: bool,
    now: i64,
    /// The latest instant at which somebody looked.
    seen: i64,
    /// The due instant of the last run that `max-runs` allows.
    last_run: Option<i64>,
    /// What became of each due instant.
    decided: BTreeMap<i64, &'static str>,
}

impl World {
    fn turn(&mut self, turn: &Turn, longest: i64) {
        match turn {
            Turn::On(length) => self.now += (*length).min(longest),
            Turn::Back(length) => self.now -= length,
            Turn::Pause(length) => {
                let until = length.map(|length| utc(self.now + length));
                self.standing.pause = Some(Pause { since: utc(self.now), by: "ana".into(), reason: None, until });
            }
            Turn::Resume => {
                self.standing.pause = None;
                self.standing.cursor = self.standing.cursor.max(utc(self.now));
            }
            Turn::Handler(there) => self.handler = *there,
            Turn::Restart => {
                let text = serde_json::to_string(&self.standing.schedule).expect("JSON");
                self.standing.schedule = serde_json::from_str(&text).expect("the same schedule");
            }
        }
        self.look();
    }

    /// Plans until nothing is due, as the engine does.
    fn look(&mut self) {
        let fresh = self.beat.within(self.standing.cursor.timestamp_millis() + 1, self.now).len();
        let mut passes = 0;
        while self.standing.next_due().is_some_and(|due| due.timestamp_millis() <= self.now) {
            passes += 1;
            // What is paused, what was missed, and what is on time in portions.
            assert!(passes <= 3 + fresh.min(100_000) / FIRES_A_PASS, "{passes} passes for {fresh} instants");
            self.pass();
        }
        self.seen = self.seen.max(self.now);
    }

    fn pass(&mut self) {
        let missing = Unavailable::Plugin { plugin: "p".into(), hint: String::new() };
        let info = HandlerInfo {
            name: "h".into(),
            summary: String::new(),
            input_schema: None,
            example_input: None,
            timeout: None,
        };
        let handler = if self.handler { Ok(info) } else { Err(missing) };
        let plan = plan([Candidate { standing: &self.standing, handler }], &Levels::default(), utc(self.now));
        let cursor = plan.claim.cursors.first().expect("a pass with something due moves on").1;
        assert!(cursor > self.standing.cursor && cursor <= utc(self.now));
        for skip in &plan.claim.skip {
            self.skipped(skip);
        }
        for fire in &plan.claim.fire {
            self.fired(fire);
        }
        self.bounds(&plan.claim);
        self.standing.runs += plan.claim.fire.len() as u64;
        self.standing.cursor = cursor;
        if self.standing.runs_left() == 0 {
            self.last_run = Some(cursor.timestamp_millis());
        }
        assert_eq!(plan.next.first().map(|next| next.1), self.standing.next_due());
    }

    fn decide(&mut self, due: i64, what: &'static str) {
        assert!(due <= self.now, "{} has not come yet", utc(due));
        let before = self.decided.insert(due, what);
        assert_eq!(before, None, "{} is {what} now", utc(due));
    }

    fn paused(&self, due: i64) -> bool {
        self.standing.pause.as_ref().is_some_and(|pause| pause.until.is_none_or(|until| due < until.timestamp_millis()))
    }

    fn fired(&mut self, fire: &Fire) {
        let due = fire.order.due_at.timestamp_millis();
        assert!(self.handler && !self.paused(due), "{} fired while parked or paused", utc(due));
        assert_eq!(fire.order.late, due < self.now - MINUTE, "{} at {}", utc(due), utc(self.now));
        assert!(fire.order.begins_by(true).is_none_or(|by| by >= utc(self.now)), "it expires before it begins");
        assert_eq!(fire.order.key, Key::occurrence(&self.standing.schedule.name, fire.order.due_at));
        self.decide(due, "fired");
    }

    fn skipped(&mut self, skip: &Skip) {
        let instants = self.beat.within(skip.due_at.timestamp_millis(), skip.until.timestamp_millis());
        assert_eq!(skip.count, (instants.len() as u64).min(COUNT_CAP), "{skip:?}");
        let ends = (instants.first().copied().map(utc), instants.last().copied().map(utc));
        assert_eq!(ends, (Some(skip.due_at), Some(skip.until)), "a span begins and ends with a due instant");
        for due in instants {
            let what = match &skip.reason {
                SkipReason::Missed => {
                    assert!(due < self.now - MINUTE, "{} was not missed", utc(due));
                    "missed"
                }
                SkipReason::Paused { .. } => {
                    assert!(self.paused(due), "{} was not paused", utc(due));
                    "paused"
                }
                SkipReason::HandlerMissing { .. } => {
                    assert!(!self.handler && !self.paused(due));
                    "parked"
                }
                SkipReason::Expired { by } => {
                    assert!(*by < utc(self.now));
                    "expired"
                }
                other => panic!("why {other:?}?"),
            };
            self.decide(due, what);
        }
    }

    /// What the catch-up policy promises, in both directions.
    fn bounds(&self, claim: &Claim) {
        let policy = self.standing.schedule.catch_up;
        let is_one_shot = matches!(self.standing.schedule.trigger, Trigger::At(_));
        let oldest = if is_one_shot { i64::MIN } else { self.now - policy.within.as_millis() as i64 };
        let taken = claim.fire.iter().filter(|fire| fire.order.late).map(|fire| fire.order.due_at.timestamp_millis());
        let expired = claim.skip.iter().filter(|skip| matches!(skip.reason, SkipReason::Expired { .. }));
        let expired = expired.map(|skip| skip.due_at.timestamp_millis()).filter(|due| *due < self.now - MINUTE);
        let caught: Vec<_> = taken.chain(expired).collect();
        assert!(caught.iter().all(|due| *due >= oldest), "older than `within`");
        let most = match policy.mode {
            CatchUpMode::None => 0,
            CatchUpMode::Latest => 1,
            CatchUpMode::All => policy.limit,
        };
        assert!(caught.len() <= most, "{} caught up", caught.len());
        for missed in claim.skip.iter().filter(|skip| skip.reason == SkipReason::Missed) {
            let last = missed.until.timestamp_millis();
            let newer = self.beat.within(last + 1, self.now);
            let rightly = match policy.mode {
                CatchUpMode::None => true,
                CatchUpMode::Latest => last < oldest || !newer.is_empty(),
                CatchUpMode::All => {
                    last < oldest || newer.iter().filter(|due| **due < self.now - MINUTE).count() >= policy.limit
                }
            };
            assert!(rightly, "{} should have been caught up at {}", missed.until, utc(self.now));
        }
    }

    /// Nothing is missing.
    fn reckon(&self) {
        // After the last run that `max-runs` allows, nothing is due any more.
        let due = self.beat.within(start() + 1, self.last_run.unwrap_or(self.seen));
        let decided: Vec<_> = self.decided.keys().copied().collect();
        let differ = due.iter().zip(&decided).find(|(due, decided)| due != decided);
        assert_eq!(differ, None, "due and decided");
        assert_eq!(due.len(), decided.len(), "due and decided, alike as far as the shorter goes");
        let fired = self.decided.values().filter(|what| **what == "fired").count() as u64;
        assert!(self.standing.schedule.max_runs.is_none_or(|most| fired <= most));
        assert_eq!(fired, self.standing.runs);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_due_instant_is_decided_once_and_for_one_reason(
        (beat, trigger, longest) in beats(),
        policies in policies(),
        turns in turns(),
    ) {
        let standing = Standing::new(Schedule { trigger, ..policies }, utc(start()));
        let (now, decided) = (start(), BTreeMap::new());
        let mut world = World { beat, standing, handler: true, now, seen: now, last_run: None, decided };
        for turn in &turns {
            world.turn(turn, longest);
        }
        world.reckon();
    }
}
