//! One lane: a connection, and what is asked of it in its turn. It outlives its connection.
//!
//! | what went wrong | what is true | what the lane does |
//! |---|---|---|
//! | a statement met another transaction | nothing is written | asks again |
//! | the connection, before the `COMMIT` | nothing is written | asks again on a new one, for a while |
//! | the connection, in the `COMMIT` | nobody knows | looks for the receipt, and answers or asks again |
//! | and the server stays away | nobody knows | tells the caller; once it is back, what the lost answer handed over goes back |

use std::sync::Arc;
use std::time::Duration;

use noontide_domain::Lease;
use noontide_domain::ports::LedgerError;
use tokio::sync::{Mutex, mpsc};
use tokio::time::{Instant, sleep, timeout};

use crate::connection::{Connection, Kind, Source, Time};
use crate::fault::{self, Fault};
use crate::lease::Release;
use crate::nudges::Sent;
use crate::receipts::Receipts;
use crate::sqlite;
use crate::tally::Tally;
use crate::writer::{Desk, Letter, Request as _, Work};

/// How often a request is asked that meets other transactions.
const TRIES: u32 = 10;

/// How long a request looks for a connection: a server that begins anew is hardly noticed, and one that is down is told of
/// soon.
const AWAY: Duration = Duration::from_secs(2);

/// How long a server may be silent, and how long a lane looks for a receipt: less than a usual lease, so that a server that
/// says nothing any more costs no lease by itself.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Between two looks for a server.
const PAUSE: Duration = Duration::from_millis(100);

pub(crate) struct Lane {
    /// `None` until there is something to write, and after a connection broke until there is a new one.
    connection: Option<Connection>,
    source: Source,
    time: Time,
    group: usize,
    patience: Duration,
    receipts: Receipts,
    sent: Sent,
    tally: Arc<Tally>,
    /// The newest transaction may be there, and its answer was never given: the leases that it handed over.
    doubt: Option<Vec<Lease>>,
}

/// At which step a transaction failed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    /// The lock was not to be had, or the file, or the server.
    Begin,
    /// A statement of a request; another request may still succeed.
    Write,
    /// Nobody knows what is on the disk.
    Commit,
}

type Failure = (Step, sqlx::Error);

impl Lane {
    pub fn new(
        connection: Option<Connection>,
        source: Source,
        time: Time,
        group: usize,
        patience: Duration,
        sent: Sent,
        tally: Arc<Tally>,
    ) -> Self {
        let receipts = Receipts::new();
        Self { connection, source, time, group, patience, receipts, sent, tally, doubt: None }
    }

    pub async fn run(mut self, receiver: Arc<Mutex<mpsc::Receiver<Letter>>>) {
        let mut letters = Vec::with_capacity(self.group);
        loop {
            let mut waiting = receiver.lock().await;
            if waiting.recv_many(&mut letters, self.group).await == 0 {
                break;
            }
            let mut group = Vec::with_capacity(letters.len());
            for letter in letters.drain(..) {
                match letter {
                    Letter::Write(work) => group.push(work),
                    Letter::Close => waiting.close(),
                }
            }
            drop(waiting);
            self.write(group).await;
        }
        self.put_down().await;
    }

    async fn write(&mut self, mut group: Vec<Box<dyn Work>>) {
        if group.is_empty() {
            return;
        }
        match self.patiently(&mut group).await {
            Err((Step::Write, _)) if group.len() > 1 => {
                for work in group {
                    let mut alone = [work];
                    let failure = self.patiently(&mut alone).await.err();
                    let [work] = alone;
                    work.answer(failure.map(|(_, error)| error));
                }
            }
            result => {
                let failure = result.err().map(|(_, error)| error);
                group.into_iter().for_each(|work| work.answer(failure.clone()));
            }
        }
    }

    /// Asks until there is an answer, or no sense in asking. A file has neither others nor a way that breaks.
    async fn patiently(&mut self, group: &mut [Box<dyn Work>]) -> Result<(), (Step, LedgerError)> {
        let begun = Instant::now();
        let mut tries = 1;
        loop {
            let (step, error) = match self.transact(group).await {
                Ok(()) => return Ok(()),
                Err(failure) => failure,
            };
            let fault = fault::of(&error);
            // Whoever met another transaction may have met it after the commit, in the same text.
            let is_open = matches!(fault, Fault::Lost | Fault::Conflict);
            if step == Step::Commit && is_open && self.source.kind() != Kind::Sqlite {
                match timeout(self.patience, self.was_heard()).await {
                    Ok(true) => return Ok(()),
                    Ok(false) => {}
                    Err(_) => {
                        self.doubt = Some(group.iter().flat_map(|work| work.handed_over()).collect());
                        return Err((step, fault::answer(error)));
                    }
                }
            }
            let is_undone = self.source.kind() != Kind::Sqlite;
            let is_worth_it = match fault {
                Fault::Conflict => tries < TRIES,
                Fault::Lost => begun.elapsed() < AWAY.min(self.patience),
                _ => false,
            };
            if !is_undone || !is_worth_it {
                return Err((step, fault::answer(error)));
            }
            tries += 1;
            if step == Step::Begin {
                sleep(PAUSE).await;
            }
        }
    }

    /// Whether the newest transaction was committed, as soon as the server says so.
    async fn was_heard(&self) -> bool {
        loop {
            let asked = async {
                let mut connection = self.source.connect().await?;
                self.receipts.ask(&mut connection, &self.time).await
            };
            match asked.await {
                Ok(heard) => {
                    tracing::warn!(heard, "the answer to a commit was lost; the ledger has looked it up");
                    return heard;
                }
                Err(error) => tracing::debug!(%error, "nobody says yet whether a commit was heard"),
            }
            sleep(PAUSE).await;
        }
    }

    async fn transact(&mut self, group: &mut [Box<dyn Work>]) -> Result<(), Failure> {
        let (mut step, begun) = (Step::Begin, Instant::now());
        let carried_out = self.carry_out(group, &mut step).await;
        self.tally.ended(begun, carried_out.is_ok());
        let Err(error) = carried_out else { return Ok(()) };
        match fault::of(&error) {
            Fault::Conflict => tracing::debug!(%error, "the ledger rolled back"),
            _ => tracing::warn!(%error, "the ledger rolled back"),
        }
        self.clean_up(step, fault::of(&error)).await;
        Err((step, error))
    }

    async fn carry_out(&mut self, group: &mut [Box<dyn Work>], step: &mut Step) -> Result<(), sqlx::Error> {
        let connection = match self.connection.take() {
            Some(connection) => self.connection.insert(connection),
            None => {
                let connection = heard(self.patience, self.source.connect()).await?;
                let connection = self.connection.insert(connection);
                if let Some(leases) = &self.doubt {
                    heard(self.patience, give_back(leases, &self.receipts, connection, &self.time)).await?;
                    self.doubt = None;
                }
                connection
            }
        };
        let now = heard(self.patience, connection.begin(&self.time)).await?;
        *step = Step::Write;
        let mut desk = Desk::new(&mut *connection, now, self.patience);
        for work in group {
            work.write(&mut desk).await?;
        }
        let receipt = if desk.is_written { self.receipts.next(&desk) } else { String::new() };
        // Only what is committed is told of.
        let nudge = if desk.nudge && self.sent.is_time(now) { desk.connection.nudge() } else { "" };
        let words: Vec<_> = [receipt.as_str(), nudge].into_iter().filter(|words| !words.is_empty()).collect();
        // What wrote nothing has nothing to lose.
        *step = if desk.is_written { Step::Commit } else { Step::Begin };
        heard(self.patience, connection.commit_after(&words.join("; "))).await
    }

    /// No transaction is open afterwards.
    async fn clean_up(&mut self, step: Step, fault: Fault) {
        let Some(connection) = &mut self.connection else { return };
        if fault == Fault::Lost {
            // Nobody is there to say good-bye to.
            self.connection = None;
            return;
        }
        let is_sound = match step {
            Step::Write => match connection.roll_back().await {
                Ok(()) => true,
                Err(error) => sqlite::fault::is_rolled_back(&error),
            },
            Step::Begin | Step::Commit => false,
        };
        // Where it cannot be written now, another server may have taken over: the address leads there.
        let is_to_be_left = self.source.kind() != Kind::Sqlite && matches!(fault, Fault::Passing(_));
        if !is_sound || is_to_be_left {
            self.put_down().await;
        }
    }

    async fn put_down(&mut self) {
        if let Some(connection) = self.connection.take()
            && let Err(error) = connection.close().await
        {
            tracing::debug!(%error, "the ledger's connection did not close well");
        }
    }
}

/// What an answer handed over that nobody got: nobody works on it, so it waits for the next to come, and no attempt counts. By
/// now somebody else may lease, but not under the same fence.
async fn give_back(
    leases: &[Lease],
    receipts: &Receipts,
    connection: &mut Connection,
    time: &Time,
) -> Result<(), sqlx::Error> {
    let now = connection.begin(time).await?;
    let mut desk = Desk::new(&mut *connection, now, PATIENCE);
    if receipts.is_there(&mut desk).await? && !leases.is_empty() {
        Release { leases: leases.to_vec() }.write(&mut desk).await?;
    }
    connection.commit().await
}

/// What a server says, unless it is silent for too long: then nobody knows whether it is there.
pub(crate) async fn heard<T>(
    patience: Duration,
    saying: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    if patience == Duration::MAX {
        return saying.await;
    }
    timeout(patience, saying).await.unwrap_or_else(|_| {
        let words = format!("the database has said nothing for {} s", patience.as_secs_f32());
        Err(std::io::Error::new(std::io::ErrorKind::TimedOut, words).into())
    })
}

#[cfg(test)]
#[path = "lane_tests.rs"]
mod tests;
