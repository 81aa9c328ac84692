//! All hosts before one database, event by event, in virtual time. The same setting has the same outcome.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use crate::agenda::{BATCH, Due};
use crate::costs::{Costs, HANDLER, PLAN, POLL, SECOND};
use crate::database::{Asker, Database, Rows};
use crate::host::Host;
use crate::mix::scattered;
use crate::strides::{Asked, Fate, What};

/// After so long a planner looks at what is due of the others' shares.
const GRACE: u64 = 5 * SECOND;

/// Nobody waits longer for an end.
const PATIENCE: u64 = 2 * 3_600 * SECOND;

/// How the hosts are set up.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    pub hosts: usize,
    /// Of these, so many plan.
    pub planners: usize,
    /// Planners wake up to so much later than due, each another moment for each batch.
    pub jitter: u64,
    /// The list is cut by the names' hashes into so many shares; a planner begins with its own.
    pub shares: usize,
    /// A planner looks whether a batch is decided before it locks the rows.
    pub looks_first: bool,
    /// Whoever claims and leaves something tells all hosts, and they look within so much time.
    pub tells: Option<u64>,
    /// Handlers, each with a record on its version.
    pub handlers: usize,
    pub costs: Costs,
}

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// Until all was on record.
    pub end: u64,
    /// Runs that are on record as over.
    pub done: usize,
    pub statements: u64,
    pub statements_of_polls: u64,
    /// Time that cores of the server worked.
    pub worked: u64,
    pub won: u64,
    pub lost: u64,
    /// How much later than due it was claimed, and begun, with the number of runs.
    pub claimed: Vec<(u64, usize)>,
    pub begun: Vec<(u64, usize)>,
    pub most_connections: usize,
    pub most_waiting: usize,
    /// It came to an end.
    pub kept_up: bool,
}

/// A thousand schedules, or fewer, that are planned together.
pub struct Batch {
    due: u64,
    share: usize,
    pub schedules: u64,
    fires: usize,
    /// Runs, and rows that say why there is none.
    pub rows: u64,
    pub is_decided: bool,
}

/// What happens at a moment.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event {
    /// A planner looks at its agenda.
    Look(usize),
    /// It has planned.
    Claim(usize, usize),
    /// A host's loops look for what others did; the number of the second.
    Poll(usize, u64),
    /// Its runner looks for ready runs.
    Lease(usize),
    Step(Asker),
    Ended(usize, usize),
}

/// Hosts, what they share, and what comes next.
pub struct Crowd {
    pub setting: Setting,
    pub batches: Vec<Batch>,
    /// Their numbers, by share.
    shares: Vec<Vec<usize>>,
    hosts: Vec<Host>,
    pub database: Database,
    pub asked: Vec<Asked>,
    pub free: Vec<Asker>,
    events: BinaryHeap<Reverse<(u64, u64, Event)>>,
    number: u64,
    pub now: u64,
    undecided: usize,
    fires: usize,
    /// Ready, by due instant; and how many of them leases on their way have locked.
    ready: VecDeque<(u64, usize)>,
    pub ready_runs: usize,
    pub locked_runs: usize,
    pub told: Told,
}

impl Crowd {
    pub fn new(setting: Setting, due: &[Due]) -> Self {
        let batches: Vec<_> = due.iter().flat_map(|due| cut(due, setting.shares)).collect();
        let mut shares = vec![Vec::new(); setting.shares];
        batches.iter().enumerate().for_each(|(number, batch)| shares[batch.share].push(number));
        let mut crowd = Self {
            setting,
            undecided: batches.len(),
            fires: batches.iter().map(|batch| batch.fires).sum(),
            batches,
            shares,
            hosts: (0..setting.hosts).map(|_| Host::default()).collect(),
            database: Database::new(setting.costs.cores),
            asked: Vec::new(),
            free: Vec::new(),
            events: BinaryHeap::new(),
            number: 0,
            now: 0,
            ready: VecDeque::new(),
            ready_runs: 0,
            locked_runs: 0,
            told: Told::default(),
        };
        for host in 0..setting.hosts {
            crowd.at(phase(host), Event::Poll(host, 0));
        }
        for host in 0..setting.planners {
            crowd.at(0, Event::Look(host));
        }
        crowd
    }

    /// Until all is done.
    pub fn run(mut self) -> Told {
        let last = self.batches.iter().map(|batch| batch.due).max().unwrap_or_default();
        while let Some(Reverse((at, _, event))) = self.events.pop() {
            self.now = at;
            let is_over = self.undecided == 0 && self.told.done == self.fires && at > last;
            if is_over || at > last + PATIENCE {
                self.told.kept_up = is_over;
                break;
            }
            self.happens(event);
        }
        self.told.end = self.now;
        self.told.worked = self.database.worked;
        self.told.most_waiting = self.database.most_waiting;
        self.told
    }

    pub fn at(&mut self, at: u64, event: Event) {
        self.number += 1;
        self.events.push(Reverse((at, self.number, event)));
    }

    fn happens(&mut self, event: Event) {
        match event {
            Event::Look(host) => self.look(host),
            Event::Claim(host, batch) => self.ask(host, What::Claim { batch, fate: Fate::Open }),
            Event::Poll(host, second) => self.poll(host, second),
            Event::Lease(host) => self.lease(host),
            Event::Step(asker) => self.go_on(asker),
            Event::Ended(host, runs) => {
                self.hosts[host].end(runs);
                self.begin(host);
                self.settle(host);
            }
        }
    }

    // ---- the planner ----

    /// Its next batch: of its own share when it is due, of the others' a while later.
    fn look(&mut self, host: usize) {
        let share = host % self.setting.shares;
        let own = self.shares[share].get(self.hosts[host].own).copied();
        let others = (self.hosts[host].others..self.batches.len()).find(|batch| self.batches[*batch].share != share);
        self.hosts[host].others = others.unwrap_or(self.batches.len());
        let due = |batch: Option<usize>, grace| {
            let batch = batch?;
            Some((self.batches[batch].due + grace + self.jitter(host, batch), batch))
        };
        let (own, others) = (due(own, 0), due(others, GRACE));
        let Some((at, batch)) = own.into_iter().chain(others).min() else { return };
        if at > self.now {
            return self.at(at, Event::Look(host));
        }
        match own == Some((at, batch)) {
            true => self.hosts[host].own += 1,
            false => self.hosts[host].others += 1,
        }
        let planned = self.now + PLAN * self.batches[batch].schedules;
        self.at(planned, Event::Claim(host, batch));
    }

    fn jitter(&self, host: usize, batch: usize) -> u64 {
        match self.setting.jitter {
            0 => 0,
            most => scattered((host * 7_919 + batch) as u32) % most,
        }
    }

    pub fn claimed(&mut self, host: usize, batch: usize, fate: Fate) {
        if fate != Fate::Seen {
            self.let_go(Rows::Batch(batch));
        }
        if fate == Fate::Won {
            self.won(host, batch);
        } else {
            self.told.lost += 1;
        }
        self.at(self.now, Event::Look(host));
    }

    fn won(&mut self, host: usize, batch: usize) {
        self.batches[batch].is_decided = true;
        let Batch { due, fires, .. } = self.batches[batch];
        self.undecided -= 1;
        self.told.won += 1;
        self.told.claimed.push((self.now - due, fires));
        let leased = fires.min(self.hosts[host].room_for_fires());
        self.take(host, due, leased);
        if fires > leased {
            self.ready.push_back((due, fires - leased));
            self.ready_runs += fires - leased;
            self.lease(host);
            self.tell();
        }
    }

    fn tell(&mut self) {
        let Some(within) = self.setting.tells else { return };
        for host in 0..self.setting.hosts {
            let late = scattered((self.number % u64::from(u32::MAX)) as u32) % within.max(1);
            self.at(self.now + late, Event::Lease(host));
        }
    }

    // ---- the runner ----

    fn lease(&mut self, host: usize) {
        if self.hosts[host].leasing {
            return;
        }
        let Some(room) = self.hosts[host].room() else { return };
        self.hosts[host].leasing = true;
        self.ask(host, What::Lease { room, taken: 0 });
    }

    pub fn leased(&mut self, host: usize, room: usize, taken: usize) {
        self.hosts[host].leasing = false;
        self.locked_runs -= taken;
        self.ready_runs -= taken;
        let mut left = taken;
        while let Some((due, runs)) = self.ready.front_mut().filter(|_| left > 0) {
            let (due, now) = (*due, left.min(*runs));
            *runs -= now;
            if *runs == 0 {
                self.ready.pop_front();
            }
            left -= now;
            self.take(host, due, now);
        }
        match taken == room {
            true => self.lease(host),
            // When will there be something?
            false => self.ask(host, What::Poll { statements: 2 }),
        }
    }

    fn take(&mut self, host: usize, due: u64, runs: usize) {
        if runs > 0 {
            self.hosts[host].take(due, runs);
            self.begin(host);
        }
    }

    fn begin(&mut self, host: usize) {
        let begun = self.hosts[host].begin();
        let runs = begun.iter().map(|(_, runs)| runs).sum();
        self.told.begun.extend(begun.iter().map(|(due, runs)| (self.now - due, *runs)));
        if runs > 0 {
            self.at(self.now + HANDLER, Event::Ended(host, runs));
        }
    }

    fn settle(&mut self, host: usize) {
        if let Some(runs) = self.hosts[host].settle() {
            let handler = (scattered(self.number as u32) % self.setting.handlers as u64) as usize;
            self.ask(host, What::Settle { runs, handler });
        }
    }

    pub fn settled(&mut self, host: usize, runs: usize, handler: usize) {
        self.let_go(Rows::Record(handler));
        self.told.done += runs;
        if self.hosts[host].settled() {
            self.lease(host);
        }
        self.settle(host);
    }

    // ---- what is asked whether or not there is work ----

    /// Lookout and steward each second; the rescuer each three; courier, announcer and keeper each ten; the watcher each thirty.
    fn poll(&mut self, host: usize, second: u64) {
        let mut statements = 2;
        if second.is_multiple_of(3) {
            statements += 2;
        }
        if second.is_multiple_of(10) {
            statements += 5 + 3 * u64::from(self.hosts[host].is_holding());
        }
        if second.is_multiple_of(30) {
            statements += 2;
        }
        self.ask(host, What::Poll { statements });
        if second.is_multiple_of(POLL / SECOND) {
            self.lease(host);
        }
        self.at(self.now + SECOND, Event::Poll(host, second + 1));
    }
}

/// What comes due at once, in batches of a thousand of each share.
fn cut(due: &Due, shares: usize) -> Vec<Batch> {
    let mut batches = Vec::new();
    for share in 0..shares {
        let [schedules, fires, skips] = [due.schedules, due.fires, due.skips].map(|all| part(all, share, shares));
        let count = schedules.div_ceil(BATCH);
        for number in 0..count {
            let [schedules, fires, skips] = [schedules, fires, skips].map(|all| part(all, number, count));
            let (due, rows) = (due.second as u64 * SECOND, (fires + skips) as u64);
            batches.push(Batch { due, share, schedules: schedules as u64, fires, rows, is_decided: false });
        }
    }
    batches
}

/// Of `all` in equal parts, that of this number.
fn part(all: usize, number: usize, parts: usize) -> usize {
    all * (number + 1) / parts - all * number / parts
}

/// Hosts were started at any time.
fn phase(host: usize) -> u64 {
    scattered(host as u32) % SECOND
}
