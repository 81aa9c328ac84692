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
//! as a whole, and never because of another. A request that met another transaction is asked again, and so is one of which
//! [`receipts`](crate::receipts) say that its commit was not heard.
//!
//! A caller that goes away cancels nothing: its request runs to the end and nobody reads the answer. That is why no
//! transaction is ever left open half way.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use noontide_domain::Lease;
use noontide_domain::ports::LedgerError;
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::connection::{Connection, Kind, Source, Time};
use crate::lane::{Lane, PATIENCE};
use crate::nudges::Sent;

/// Requests that share a transaction at most: more would not make the fsync cheaper, only the wait longer.
const GROUP: usize = 512;

/// Transactions under way at once, where there may be several: the engine's loops each have one request at a time, and
/// the API few.
const LANES: usize = 4;

/// Requests that may wait before callers wait to ask.
const WAITING: usize = 4 * GROUP;

/// Where a request stands while it is carried out: inside a transaction, at an instant of the ledger's clock.
pub(crate) struct Desk<'a> {
    pub connection: &'a mut Connection,
    pub now: DateTime<Utc>,
    /// How long the database may be silent.
    pub patience: Duration,
    /// Something was, so that it matters whether the commit is heard.
    pub is_written: bool,
    /// It may be leased by any host now.
    pub nudge: bool,
    /// Somebody wants to be told of what goes wrong: notices are written.
    pub heeds: bool,
}

impl<'a> Desk<'a> {
    pub fn new(connection: &'a mut Connection, now: DateTime<Utc>, patience: Duration) -> Self {
        Self { connection, now, patience, is_written: false, nudge: false, heeds: false }
    }
}

/// Something to be written.
#[async_trait]
pub(crate) trait Request: Send + Sync + 'static {
    /// What the caller gets.
    type Answer: Send + 'static;

    /// Carries it out. May be asked again: what it did before was rolled back then.
    async fn write(&self, desk: &mut Desk<'_>) -> Result<Self::Answer, sqlx::Error>;

    /// The leases that an answer hands over: they go back if nobody can be given it.
    fn handed_over(_answer: &Self::Answer) -> Vec<Lease> {
        Vec::new()
    }
}

/// The way to the lanes.
#[derive(Clone)]
pub(crate) struct Inbox(mpsc::Sender<Letter>);

/// All lanes; they end together.
pub(crate) struct Lanes {
    inbox: Inbox,
    lanes: Vec<JoinHandle<()>>,
}

pub(crate) enum Letter {
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
        Self::start_patiently(source, first, time, PATIENCE)
    }

    pub fn start_patiently(source: &Source, first: Connection, time: &Time, patience: Duration) -> Self {
        let (count, group, patience) = match source.kind() {
            // A file is not silent; a disk may be slow.
            Kind::Sqlite => (1, GROUP, Duration::MAX),
            _ => (LANES, 1, patience),
        };
        let (sender, receiver) = mpsc::channel(WAITING);
        let letters = Arc::new(Mutex::new(receiver));
        let (mut first, sent) = (Some(first), Sent::default());
        let lane = |_| {
            let lane = Lane::new(first.take(), source.clone(), time.clone(), group, patience, sent.clone());
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
pub(crate) trait Work: Send {
    async fn write(&mut self, desk: &mut Desk<'_>) -> Result<(), sqlx::Error>;
    /// The leases in the answer.
    fn handed_over(&self) -> Vec<Lease>;
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

    fn handed_over(&self) -> Vec<Lease> {
        self.written.as_ref().map(R::handed_over).unwrap_or_default()
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
