//! What a host asks of the database, statement by statement: the ledger's transactions, in the order in which the ledger has
//! them (host/ledger/src/{claim,lease,settle}.rs).

use crate::crowd::{Crowd, Event};
use crate::database::{Asker, Rows};

/// A transaction, or a look without one.
#[derive(Clone, Copy)]
pub struct Asked {
    host: usize,
    what: What,
    step: u8,
}

#[derive(Clone, Copy)]
pub enum What {
    Claim { batch: usize, fate: Fate },
    Lease { room: usize, taken: usize },
    Settle { runs: usize, handler: usize },
    Poll { statements: u64 },
}

/// What became of a claim.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Open,
    Won,
    /// Somebody else was first.
    Lost,
    /// The same, and it was seen before anything was locked.
    Seen,
}

/// What a transaction does next.
enum Stride {
    /// So many statements, which cost so much beside.
    Say(u64, u64),
    Lock(Rows),
    Commit,
    Skip,
    Over,
}

impl Crowd {
    pub fn ask(&mut self, host: usize, what: What) {
        let asked = Asked { host, what, step: 0 };
        let asker = self.free.pop().unwrap_or(self.asked.len());
        match self.asked.get_mut(asker) {
            Some(place) => *place = asked,
            None => self.asked.push(asked),
        }
        self.told.most_connections = self.told.most_connections.max(self.asked.len() - self.free.len());
        self.go_on(asker);
    }

    /// To where it has to wait.
    pub fn go_on(&mut self, asker: Asker) {
        let costs = self.setting.costs;
        loop {
            let stride = self.stride(asker);
            self.asked[asker].step += 1;
            match stride {
                Stride::Skip => {}
                Stride::Say(statements, work) => {
                    self.count(asker, statements);
                    let arrives = self.now + costs.round_trip / 2;
                    let end = self.database.work(arrives, costs.statement * statements + work);
                    return self.at(end + costs.round_trip * statements - costs.round_trip / 2, Event::Step(asker));
                }
                Stride::Lock(rows) => {
                    if !self.database.lock(rows, asker) {
                        return;
                    }
                }
                Stride::Commit => {
                    self.count(asker, 1);
                    return self.at(self.now + costs.round_trip + costs.commit, Event::Step(asker));
                }
                Stride::Over => return self.over(asker),
            }
        }
    }

    fn count(&mut self, asker: Asker, statements: u64) {
        self.told.statements += statements;
        if matches!(self.asked[asker].what, What::Poll { .. } | What::Lease { taken: 0, .. }) {
            self.told.statements_of_polls += statements;
        }
    }

    /// Whoever waits for the rows has them now.
    pub fn let_go(&mut self, rows: Rows) {
        if let Some(next) = self.database.unlock(rows) {
            self.at(self.now, Event::Step(next));
        }
    }

    fn over(&mut self, asker: Asker) {
        let Asked { host, what, .. } = self.asked[asker];
        self.free.push(asker);
        match what {
            What::Claim { batch, fate } => self.claimed(host, batch, fate),
            What::Lease { room, taken } => self.leased(host, room, taken),
            What::Settle { runs, handler } => self.settled(host, runs, handler),
            What::Poll { .. } => {}
        }
    }

    fn stride(&mut self, asker: Asker) -> Stride {
        let costs = self.setting.costs;
        let Asked { what, step, .. } = self.asked[asker];
        match (what, step) {
            (What::Poll { statements }, 0) => Stride::Say(statements, 0),

            // Begin, look at the levels; those of the level, take them.
            (What::Lease { .. }, 0) => Stride::Say(2, 0),
            (What::Lease { room, .. }, 1) => {
                let taken = room.min(self.ready_runs - self.locked_runs);
                if taken == 0 {
                    return Stride::Skip;
                }
                let passed = self.locked_runs;
                self.locked_runs += taken;
                self.asked[asker].what = What::Lease { room, taken };
                Stride::Say(2, costs.take * taken as u64 + costs.pass * passed as u64)
            }
            (What::Lease { .. }, 2) => Stride::Commit,

            // Begin, ends; the record of the handler; the schedules' last success.
            (What::Settle { runs, .. }, 0) => Stride::Say(2, costs.end * runs as u64),
            (What::Settle { handler, .. }, 1) => Stride::Lock(Rows::Record(handler)),
            (What::Settle { .. }, 2) => Stride::Say(3, 0),
            (What::Settle { .. }, 3) => Stride::Commit,

            (What::Claim { batch, fate }, step) => self.claim_stride(asker, (batch, fate), step),
            (What::Lease { .. } | What::Settle { .. } | What::Poll { .. }, _) => Stride::Over,
        }
    }

    fn claim_stride(&mut self, asker: Asker, (batch, fate): (usize, Fate), step: u8) -> Stride {
        let costs = self.setting.costs;
        let (schedules, rows) = (self.batches[batch].schedules, self.batches[batch].rows);
        let is_decided = self.batches[batch].is_decided;
        let becomes = |fate| What::Claim { batch, fate };
        match step {
            0 if self.setting.looks_first => Stride::Say(1, costs.lock * schedules),
            1 if self.setting.looks_first && is_decided => {
                self.asked[asker].what = becomes(Fate::Seen);
                Stride::Over
            }
            // Begin; lock the schedules; their keys and what goes on.
            1 => Stride::Say(1, 0),
            2 => Stride::Lock(Rows::Batch(batch)),
            3 => Stride::Say(1, costs.lock * schedules),
            4 => {
                self.asked[asker].what = becomes(if is_decided { Fate::Lost } else { Fate::Won });
                Stride::Say(2, costs.judge * schedules)
            }
            5 if fate == Fate::Won => Stride::Say(1, costs.insert * rows),
            // Whoever lost moves the cursors, too: to where they are.
            6 => Stride::Say(1, costs.advance * schedules),
            7 => Stride::Commit,
            8.. => Stride::Over,
            _ => Stride::Skip,
        }
    }
}
