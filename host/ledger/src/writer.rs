//! The tasks that write.
//!
//! Callers leave a request and wait for its answer. A lane takes what is waiting and runs it in one transaction.
//!
//! * SQLite has one lane, because a file has one writer. It takes up to 512 requests at once, so that many callers share one
//!   fsync; when nothing else waits, a request runs at once.
//! * PostgreSQL and MySQL have a few lanes, and each takes one request: the server itself lets commits share an fsync, and a
//!   transaction that holds the locks of one request alone meets those of other hosts in one order.
//!
//! If one request of a group fails, the group is rolled back and each runs in a transaction of its own: a call holds or fails
//! as a whole, and never because of another. A request that met another transaction is asked again.
//!
//! A caller that goes away cancels nothing: its request runs to the end and nobody reads the answer. That is why no
//! transaction is ever left open half way.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use noontide_domain::ports::LedgerError;
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::connection::{Connection, Kind, Source, Time};
use crate::fault::{self, Fault};
use crate::sqlite;

/// Requests that share a transaction at most: more would not make the fsync cheaper, only the wait longer.
const GROUP: usize = 512;

/// Transactions under way at once, where there may be several: the engine's loops each have one request at a time, and
/// the API few.
const LANES: usize = 4;

/// Requests that may wait before callers wait to ask.
const WAITING: usize = 4 * GROUP;

/// How often a request is asked that meets other transactions, or finds its connection gone before the commit.
const TRIES: u32 = 10;

/// Where a request stands while it is carried out: inside a transaction, at an instant of the ledger's clock.
pub(crate) struct Desk<'a> {
    pub connection: &'a mut Connection,
    pub now: DateTime<Utc>,
}

/// Something to be written.
#[async_trait]
pub(crate) trait Request: Send + Sync + 'static {
    /// What the caller gets.
    type Answer: Send + 'static;

    /// Carries it out. May be asked again: what it did before was rolled back then.
    async fn write(&self, desk: &mut Desk<'_>) -> Result<Self::Answer, sqlx::Error>;
}

/// The way to the lanes.
#[derive(Clone)]
pub(crate) struct Inbox(mpsc::Sender<Letter>);

/// All lanes; they end together.
pub(crate) struct Lanes {
    inbox: Inbox,
    lanes: Vec<JoinHandle<()>>,
}

enum Letter {
    Write(Box<dyn Work>),
    /// Answer what came before, then end.
    Close,
}

impl Inbox {
    pub async fn ask<R: Request>(&self, request: R) -> Result<R::Answer, LedgerError> {
        let gone = || LedgerError::Unavailable("it was closed".to_owned());
        let (sender, answer) = oneshot::channel();
        let work = Pending { request, written: None, sender };
        self.0.send(Letter::Write(Box::new(work))).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

impl Lanes {
    /// Each lane connects when it has something to write; the first may have a connection already.
    pub fn start(source: &Source, first: Connection, time: &Time) -> Self {
        let (count, group) = if source.kind() == Kind::Sqlite { (1, GROUP) } else { (LANES, 1) };
        let (sender, receiver) = mpsc::channel(WAITING);
        let letters = Arc::new(Mutex::new(receiver));
        let mut first = Some(first);
        let lane = |_| {
            let lane = Lane { connection: first.take(), source: source.clone(), time: time.clone(), group };
            tokio::spawn(lane.run(Arc::clone(&letters)))
        };
        Self { lanes: (0..count).map(lane).collect(), inbox: Inbox(sender) }
    }

    pub fn inbox(&self) -> Inbox {
        self.inbox.clone()
    }

    pub async fn close(self) {
        // Closed twice is closed.
        let _ = self.inbox.0.send(Letter::Close).await;
        for lane in self.lanes {
            if let Err(error) = lane.await {
                tracing::error!(%error, "a lane of the ledger did not end well");
            }
        }
    }
}

/// A request whose answer is not known to the writer's code: one group holds many kinds.
#[async_trait]
trait Work: Send {
    async fn write(&mut self, desk: &mut Desk<'_>) -> Result<(), sqlx::Error>;
    /// After the commit, or instead of it.
    fn answer(self: Box<Self>, failure: Option<LedgerError>);
}

struct Pending<R: Request> {
    request: R,
    written: Option<R::Answer>,
    sender: oneshot::Sender<Result<R::Answer, LedgerError>>,
}

#[async_trait]
impl<R: Request> Work for Pending<R> {
    async fn write(&mut self, desk: &mut Desk<'_>) -> Result<(), sqlx::Error> {
        self.written = Some(self.request.write(desk).await?);
        Ok(())
    }

    fn answer(self: Box<Self>, failure: Option<LedgerError>) {
        let answer = match (self.written, failure) {
            (Some(written), None) => Ok(written),
            (_, Some(failure)) => Err(failure),
            (None, None) => Err(LedgerError::Broken("a request was answered before it was carried out".to_owned())),
        };
        // A caller that went away does not want to know.
        let _ = self.sender.send(answer);
    }
}

struct Lane {
    /// `None` until there is something to write, and after a failed commit until it could be opened again.
    connection: Option<Connection>,
    source: Source,
    time: Time,
    group: usize,
}

/// At which step a transaction failed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    /// The lock was not to be had, or the file, or the server.
    Begin,
    /// A statement of a request; another request may still succeed.
    Write,
    /// Nobody knows what is on the disk: never tried again.
    Commit,
}

impl Lane {
    async fn run(mut self, receiver: Arc<Mutex<mpsc::Receiver<Letter>>>) {
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

    /// What met another transaction, or an old connection that the server has closed meanwhile, is asked again. A file has
    /// neither.
    async fn patiently(&mut self, group: &mut [Box<dyn Work>]) -> Result<(), (Step, LedgerError)> {
        let mut tries = 1;
        loop {
            let (step, error) = match self.transact(group).await {
                Ok(()) => return Ok(()),
                Err(failure) => failure,
            };
            let fault = fault::of(&error);
            // A server that refuses a commit because of another one says so; of a commit without an answer nobody knows.
            let is_undone = (step != Step::Commit || fault == Fault::Conflict) && self.source.kind() != Kind::Sqlite;
            let is_worth_it = fault == Fault::Conflict || fault == Fault::Lost && tries < 3;
            if !is_undone || !is_worth_it || tries == TRIES {
                return Err((step, fault::answer(error)));
            }
            tries += 1;
        }
    }

    async fn transact(&mut self, group: &mut [Box<dyn Work>]) -> Result<(), (Step, sqlx::Error)> {
        let time = self.time.clone();
        let connection = self.connection().await.map_err(|error| (Step::Begin, error))?;
        let result = carry_out(connection, group, &time).await;
        if let Err((step, error)) = &result {
            match fault::of(error) {
                Fault::Conflict => tracing::debug!(%error, "the ledger rolled back"),
                _ => tracing::warn!(%error, "the ledger rolled back"),
            }
            self.clean_up(*step).await;
            // Where it cannot be written now, another server may have taken over: the address leads there.
            if self.source.kind() != Kind::Sqlite && matches!(fault::of(error), Fault::Passing(_)) {
                self.put_down().await;
            }
        }
        result
    }

    async fn connection(&mut self) -> Result<&mut Connection, sqlx::Error> {
        match self.connection.take() {
            Some(connection) => Ok(self.connection.insert(connection)),
            None => Ok(self.connection.insert(self.source.connect().await?)),
        }
    }

    /// No transaction is open afterwards.
    async fn clean_up(&mut self, step: Step) {
        let Some(connection) = &mut self.connection else { return };
        let is_sound = match step {
            Step::Write => match connection.roll_back().await {
                Ok(()) => true,
                Err(error) => sqlite::fault::is_rolled_back(&error),
            },
            Step::Begin | Step::Commit => false,
        };
        if !is_sound {
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

async fn carry_out(
    connection: &mut Connection,
    group: &mut [Box<dyn Work>],
    time: &Time,
) -> Result<(), (Step, sqlx::Error)> {
    let now = connection.begin(time).await.map_err(|error| (Step::Begin, error))?;
    let mut desk = Desk { connection: &mut *connection, now };
    for work in group {
        work.write(&mut desk).await.map_err(|error| (Step::Write, error))?;
    }
    connection.commit().await.map_err(|error| (Step::Commit, error))
}
