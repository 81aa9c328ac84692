//! The one task that writes.
//!
//! Callers leave a request and wait for its answer. The writer takes what is waiting and runs it in one transaction, so
//! that many callers share one fsync; when nothing else waits, a request runs at once. If one of them fails, the group is
//! rolled back and each runs in a transaction of its own: a call holds or fails as a whole, and never because of another.
//!
//! A caller that goes away cancels nothing: its request runs to the end and nobody reads the answer. That is why no
//! transaction is ever left open half way.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use noontide_domain::ports::{Clock, LedgerError};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use tokio::sync::{mpsc, oneshot};

use super::fault;

/// Requests that share a transaction at most: more would not make the fsync cheaper, only the wait longer.
const GROUP: usize = 512;

/// Requests that may wait before callers wait to ask.
const WAITING: usize = 4 * GROUP;

/// Where a request stands while it is carried out: inside a transaction, at an instant of the ledger's clock.
pub(super) struct Desk<'a> {
    pub connection: &'a mut SqliteConnection,
    pub now: DateTime<Utc>,
}

/// Something to be written.
#[async_trait]
pub(super) trait Request: Send + Sync + 'static {
    /// What the caller gets.
    type Answer: Send + 'static;

    /// Carries it out. May be asked twice: what it did the first time was rolled back then.
    async fn write(&self, desk: &mut Desk<'_>) -> Result<Self::Answer, sqlx::Error>;
}

/// The way to the writer.
#[derive(Clone)]
pub(super) struct Inbox(mpsc::Sender<Letter>);

enum Letter {
    Write(Box<dyn Work>),
    /// Answer what came before, then end.
    Close(oneshot::Sender<()>),
}

impl Inbox {
    pub async fn ask<R: Request>(&self, request: R) -> Result<R::Answer, LedgerError> {
        let gone = || LedgerError::Unavailable("it was closed".to_owned());
        let (sender, answer) = oneshot::channel();
        let work = Pending { request, written: None, sender };
        self.0.send(Letter::Write(Box::new(work))).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    pub async fn close(&self) {
        let (sender, closed) = oneshot::channel();
        if self.0.send(Letter::Close(sender)).await.is_ok() {
            // Either way it has ended.
            let _ = closed.await;
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

pub(super) fn start(connection: SqliteConnection, options: SqliteConnectOptions, clock: Arc<dyn Clock>) -> Inbox {
    let (sender, receiver) = mpsc::channel(WAITING);
    let writer = Writer { connection: Some(connection), options, clock };
    tokio::spawn(writer.run(receiver));
    Inbox(sender)
}

struct Writer {
    /// `None` after a failed commit, until it could be opened again.
    connection: Option<SqliteConnection>,
    options: SqliteConnectOptions,
    clock: Arc<dyn Clock>,
}

/// At which step a transaction failed.
enum Step {
    /// The lock was not to be had, or the file.
    Begin,
    /// A statement of a request; another request may still succeed.
    Write,
    /// Nobody knows what is on the disk: never tried again.
    Commit,
}

impl Writer {
    async fn run(mut self, mut receiver: mpsc::Receiver<Letter>) {
        let mut letters = Vec::with_capacity(GROUP);
        while receiver.recv_many(&mut letters, GROUP).await > 0 {
            let mut group = Vec::with_capacity(letters.len());
            let mut closing = None;
            for letter in letters.drain(..) {
                match letter {
                    Letter::Write(work) => group.push(work),
                    Letter::Close(sender) => closing = Some(sender),
                }
            }
            self.write(group).await;
            if let Some(closed) = closing {
                receiver.close();
                self.put_down().await;
                // Whoever asked may have gone.
                let _ = closed.send(());
                return;
            }
        }
        self.put_down().await;
    }

    async fn write(&mut self, mut group: Vec<Box<dyn Work>>) {
        if group.is_empty() {
            return;
        }
        match self.transact(&mut group).await {
            Err((Step::Write, _)) if group.len() > 1 => {
                for work in group {
                    let mut alone = [work];
                    let failure = self.transact(&mut alone).await.err();
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

    async fn transact(&mut self, group: &mut [Box<dyn Work>]) -> Result<(), (Step, LedgerError)> {
        let now = self.clock.now();
        let connection = self.connection().await.map_err(|error| (Step::Begin, fault::answer(error)))?;
        let result = carry_out(connection, group, now).await;
        if let Err((step, error)) = &result {
            tracing::warn!(%error, "the ledger rolled back");
            self.clean_up(step).await;
        }
        result.map_err(|(step, error)| (step, fault::answer(error)))
    }

    async fn connection(&mut self) -> Result<&mut SqliteConnection, sqlx::Error> {
        match self.connection.take() {
            Some(connection) => Ok(self.connection.insert(connection)),
            None => Ok(self.connection.insert(self.options.connect().await?)),
        }
    }

    /// No transaction is open afterwards.
    async fn clean_up(&mut self, step: &Step) {
        let Some(connection) = &mut self.connection else { return };
        let is_sound = match step {
            Step::Write => match sqlx::query("ROLLBACK").execute(connection).await {
                Ok(_) => true,
                Err(error) => fault::is_rolled_back(&error),
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
            tracing::warn!(%error, "the ledger's connection did not close well");
        }
    }
}

async fn carry_out(
    connection: &mut SqliteConnection,
    group: &mut [Box<dyn Work>],
    now: DateTime<Utc>,
) -> Result<(), (Step, sqlx::Error)> {
    // Immediate: a transaction that reads first and writes later could not take the lock without starting over.
    sqlx::query("BEGIN IMMEDIATE").execute(&mut *connection).await.map_err(|error| (Step::Begin, error))?;
    let mut desk = Desk { connection: &mut *connection, now };
    for work in group {
        work.write(&mut desk).await.map_err(|error| (Step::Write, error))?;
    }
    sqlx::query("COMMIT").execute(connection).await.map_err(|error| (Step::Commit, error))?;
    Ok(())
}
