//! The world of one seed: it moves from one instant at which somebody wakes to the next, drives every host until it rests, and lets
//! the storm in between.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use noontide_domain::ports::RunRecord;
use noontide_domain::trigger::Every;
use noontide_domain::{
    CatchUp, CatchUpMode, Errand, HostId, Overlap, Owner, Pause, RetryPolicy, Schedule, Trigger, replay,
};
use noontide_engine::{EngineHandle, FireRequest, Settings};
use noontide_testkit::MemoryLedger;

use crate::clock::{HostClock, WorldClock};
use crate::dice::Dice;
use crate::hands::Hands;
use crate::host::Host;
use crate::journal::Journal;
use crate::judge::judge;
use crate::road::{Road, Weather};
use crate::storm::{Blow, STORM, brew};

/// When every story begins.
const BEGIN: &str = "2026-07-01T08:00:00Z";

/// From here on schedules come due: later than the first declaration by the clock of any host.
const FIRST_DUE: TimeDelta = TimeDelta::minutes(5);

/// How much longer than the storm it takes at most until everything is over: leases that lapse, retries, handlers.
const CALM: Duration = Duration::from_secs(1_800);

/// What came of a seed.
pub struct Story {
    pub verdict: Result<(), String>,
    pub runs: u64,
    pub journal: Arc<Journal>,
}

pub struct World {
    seed: u64,
    dice: Dice,
    clock: Arc<WorldClock>,
    ledger: Arc<MemoryLedger>,
    everywhere: Arc<Weather>,
    traffic: Arc<AtomicU64>,
    journal: Arc<Journal>,
    schedules: Vec<Schedule>,
    places: Vec<Place>,
}

/// Where a host is, or was.
struct Place {
    host: Option<Host>,
    clock: Arc<HostClock>,
    is_frozen: bool,
    /// Processes that were started here.
    starts: u64,
}

impl World {
    pub fn of(seed: u64) -> Self {
        let mut dice = Dice::of(seed, "world");
        let begin: DateTime<Utc> = BEGIN.parse().expect("an instant");
        replay::ids_from(begin, seed);
        let clock = WorldClock::new(begin);
        let schedules = (0..dice.number(1, 5)).map(|number| schedule(&mut dice, begin, number)).collect();
        let hosts = dice.number(1, 4);
        let place = |skew: i64| Place {
            host: None,
            clock: HostClock::new(clock.clone(), TimeDelta::milliseconds(skew)),
            is_frozen: false,
            starts: 0,
        };
        let places = (0..hosts).map(|_| place(dice.pick(&[0, 0, 0, 1_500, -1_500, 120_000, -120_000]))).collect();
        Self {
            seed,
            ledger: MemoryLedger::new(clock.clone()),
            clock,
            dice,
            everywhere: Arc::default(),
            traffic: Arc::default(),
            journal: Arc::default(),
            schedules,
            places,
        }
    }

    /// From the first start to the day after the storm.
    pub fn tell(mut self) -> Story {
        let begin = self.clock.now();
        let blows = brew(&mut self.dice, begin, self.places.len(), self.schedules.len());
        (0..self.places.len()).for_each(|place| self.start(place));
        for (at, blow) in blows {
            self.until(at);
            self.strike(blow);
        }
        self.until(begin + STORM);
        self.heal();
        // What comes due until here must be on record in the end; the rest of the time is for what goes on.
        let horizon = self.clock.now() + TimeDelta::minutes(2);
        self.until(horizon + TimeDelta::minutes(1));
        let deadline = self.clock.now() + CALM;
        while self.open(horizon) && self.clock.now() < deadline {
            self.until(self.clock.now() + TimeDelta::seconds(30));
        }
        let rows = self.ledger.records();
        judge(&self.schedules, &rows, &self.ledger, horizon, &self.journal);
        Story { verdict: self.journal.verdict(), runs: rows.len() as u64, journal: self.journal }
    }

    fn open(&self, horizon: DateTime<Utc>) -> bool {
        self.ledger.records().iter().any(|row| row.due_at <= horizon && !row.state.is_final())
    }

    /// Lets everybody do what they do until `end`.
    fn until(&mut self, end: DateTime<Utc>) {
        loop {
            self.settle();
            let wake_at = self.clock.next_wake().unwrap_or(end).min(end);
            let now = self.clock.now();
            if wake_at >= end && now >= end {
                return;
            }
            self.clock.move_to(wake_at.max(now));
        }
    }

    /// Until nobody has anything to do before time passes. Hosts hear of each other through the ledger alone, and that tells
    /// nobody: each has its turn once.
    fn settle(&mut self) {
        let (traffic, journal) = (&self.traffic, &self.journal);
        let moved = || traffic.load(Ordering::Relaxed) + journal.len() as u64;
        let awake = self.places.iter_mut().filter(|place| !place.is_frozen);
        awake.filter_map(|place| place.host.as_mut()).for_each(|host| host.settle(moved));
    }

    fn start(&mut self, number: usize) {
        let place = &mut self.places[number];
        place.starts += 1;
        let road = Road {
            ledger: self.ledger.clone(),
            clock: self.clock.clone(),
            everywhere: self.everywhere.clone(),
            here: Weather::default(),
            dice: Mutex::new(Dice::of(self.seed, ("road", number, place.starts))),
            traffic: self.traffic.clone(),
        };
        let hands = Hands {
            seed: self.seed,
            host: number,
            clock: self.clock.clone(),
            ledger: self.ledger.clone(),
            journal: self.journal.clone(),
            alone: self.schedules.iter().filter(|one| is_alone(one)).map(|one| one.name.clone()).collect(),
        };
        let settings = Settings {
            host: HostId(replay::id()),
            name: format!("host-{number}"),
            concurrency: 4,
            poll: Duration::from_secs(5),
            ..Settings::default()
        };
        let list = self.schedules.clone();
        place.host = Some(Host::new(place.clock.clone(), Arc::new(road), Arc::new(hands), settings, list));
        place.is_frozen = false;
    }

    fn strike(&mut self, blow: Blow) {
        self.journal.note(self.clock.now(), format_args!("{blow:?}"));
        match blow {
            Blow::Kill(place, steps) => self.kill(place, steps),
            Blow::Start(place) if self.places[place].host.is_none() => self.start(place),
            Blow::Start(_) => {}
            Blow::Freeze(place) => {
                self.journal.excuse(place);
                self.places[place].is_frozen = true;
            }
            Blow::Thaw(place) => self.places[place].is_frozen = false,
            Blow::CutOff(place) => self.cut_off(place, true),
            Blow::Reconnect(place) => self.cut_off(place, false),
            Blow::Step(place, by) => self.places[place].clock.step(by),
            Blow::Outage => self.everywhere.is_shut.store(true, Ordering::Relaxed),
            Blow::Back => self.everywhere.is_shut.store(false, Ordering::Relaxed),
            Blow::Trouble(permille) => self.everywhere.trouble.store(permille, Ordering::Relaxed),
            Blow::Pause(schedule) => self.pause(schedule, true),
            Blow::Resume(schedule) => self.pause(schedule, false),
            Blow::Fire(schedule) => self.fire(schedule),
            Blow::Cancel(newest) => self.cancel(newest),
            Blow::Enqueue(key) => self.enqueue(key),
        }
    }

    /// In the middle of whatever it does.
    fn kill(&mut self, place: usize, steps: usize) {
        let place = &mut self.places[place];
        if let Some(mut host) = place.host.take() {
            if !place.is_frozen {
                // Somebody wakes, and does not get far.
                self.clock.move_to(self.clock.now() + Duration::from_millis(500));
                host.steps(steps);
            }
            host.kill();
        }
        place.is_frozen = false;
    }

    fn cut_off(&self, place: usize, is_shut: bool) {
        if let Some(host) = &self.places[place].host {
            host.cut_off(is_shut);
        }
    }

    /// Everything works again, and all are there.
    fn heal(&mut self) {
        self.journal.note(self.clock.now(), "calm");
        self.everywhere.is_shut.store(false, Ordering::Relaxed);
        self.everywhere.trouble.store(0, Ordering::Relaxed);
        for place in 0..self.places.len() {
            self.places[place].is_frozen = false;
            self.places[place].clock.put_right();
            self.cut_off(place, false);
            if self.places[place].host.is_none() {
                self.start(place);
            }
        }
        self.settle();
        (0..self.schedules.len()).for_each(|schedule| self.pause(schedule, false));
    }

    /// Somebody asks the first host that is there.
    fn ask<F: Future<Output = ()> + Send + 'static>(&self, wish: impl FnOnce(EngineHandle) -> F) {
        let mut hosts = self.places.iter().filter(|place| !place.is_frozen).filter_map(|place| place.host.as_ref());
        if let Some(host) = hosts.next() {
            host.ask(wish);
        }
    }

    fn pause(&self, schedule: usize, is_paused: bool) {
        let name = self.schedules[schedule].name.to_string();
        let since = self.clock.now();
        let pause = is_paused.then(|| Pause { since, by: "the storm".to_owned(), reason: None, until: None });
        self.ask(async move |engine| drop(engine.pause(&name, pause).await));
    }

    fn fire(&self, schedule: usize) {
        let name = self.schedules[schedule].name.to_string();
        self.ask(async move |engine| drop(engine.fire(&name, FireRequest::default()).await));
    }

    fn cancel(&self, newest: usize) {
        let rows: Vec<RunRecord> = self.ledger.records();
        if let Some(row) = rows.iter().rev().nth(newest) {
            let run = row.id;
            self.ask(async move |engine| drop(engine.cancel(run).await));
        }
    }

    fn enqueue(&self, key: u64) {
        let errand = Errand {
            key: Some(format!("key-{key}")),
            ..Errand::new("sim/call".parse().expect("a handler"), serde_json::Value::Null)
        };
        self.ask(async move |engine| drop(engine.enqueue(vec![errand]).await));
    }
}

fn is_alone(schedule: &Schedule) -> bool {
    matches!(schedule.overlap, Overlap::Skip | Overlap::Queue | Overlap::QueueAll)
}

fn schedule(dice: &mut Dice, begin: DateTime<Utc>, number: u64) -> Schedule {
    let every = Every { every: Duration::from_secs(dice.number(7, 90)), start: Some(begin + FIRST_DUE), end: None };
    let name = format!("s{number}").parse().expect("a name");
    let within = Duration::from_secs(dice.pick(&[60, 300, 86_400]));
    Schedule {
        owner: Owner::File { path: "conf/x.toml".into(), line: 1 },
        overlap: dice.pick(&Overlap::ALL),
        catch_up: CatchUp {
            mode: dice.pick(&[CatchUpMode::Latest, CatchUpMode::All, CatchUpMode::None]),
            within,
            limit: dice.number(1, 20) as usize,
        },
        retry: RetryPolicy { attempts: dice.number(1, 4) as u32, ..RetryPolicy::default() },
        ..Schedule::new(name, Trigger::Every(every), "sim/work".parse().expect("a handler"))
    }
}
