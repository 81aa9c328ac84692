//! Connections that live over runs: as many as are allowed, made when they are needed, none used twice that may still be
//! in the middle of something.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use noontide_domain::{SqlColumn, SqlError, SqlRows, SqlStatement};
use tokio::sync::{Semaphore, oneshot};
use tokio::time::{Instant, timeout, timeout_at};

use crate::fault::Fault;

/// Servers stop a statement themselves; one that has not answered so long after its time is given up.
const GRACE: Duration = Duration::from_millis(300);
/// To lay hands on a connection that is idle, and to clear one that was used.
const TIDYING: Duration = Duration::from_secs(2);
/// An idle connection is closed after so long, when somebody comes by.
const IDLE: Duration = Duration::from_secs(600);

/// How one kind of database is spoken to.
#[async_trait]
pub(crate) trait Speaks: Send + Sync + 'static {
    /// One connection.
    type Link: Send + 'static;

    async fn connect(&self) -> Result<Self::Link, sqlx::Error>;

    /// Whether it still answers.
    async fn is_alive(&self, link: &mut Self::Link) -> bool;

    /// Does what is asked; `time` is for the server. No transaction is open before.
    async fn answer(&self, link: &mut Self::Link, asked: &Asked, time: Duration) -> Result<Answer, Fault>;

    /// Whether the statements leave more behind than [`Speaks::clear`] can take away.
    fn leaves_nothing(&self, asked: &Asked) -> bool;

    /// Whether the statements must not see what others have left.
    fn needs_fresh(&self, _asked: &Asked) -> bool {
        false
    }

    /// Takes away what a statement has left in the session, an open transaction included.
    async fn clear(&self, link: &mut Self::Link) -> Result<(), sqlx::Error>;

    /// Takes leave in the middle of a statement: the server shall not go on for nobody.
    async fn abandon(&self, link: Self::Link) {
        drop(link);
    }

    /// Takes leave.
    async fn close(&self, link: Self::Link);
}

/// What is asked.
#[derive(Debug, Clone)]
pub(crate) enum Asked {
    Query(SqlStatement),
    Execute(Vec<SqlStatement>),
}

impl Asked {
    pub(crate) fn statements(&self) -> &[SqlStatement] {
        match self {
            Asked::Query(statement) => std::slice::from_ref(statement),
            Asked::Execute(statements) => statements,
        }
    }
}

/// What is answered.
#[derive(Debug)]
pub(crate) enum Answer {
    Rows(SqlRows),
    Changes(Vec<u64>),
}

/// Bounds of one answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
}

/// Rows on their way, counted against the bounds.
pub(crate) struct Gathered {
    bounds: Bounds,
    bytes: u64,
    pub(crate) found: SqlRows,
}

impl Gathered {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self { bounds, bytes: 0, found: SqlRows::default() }
    }

    /// The first row brings the columns.
    pub(crate) fn columns(&mut self, columns: impl FnOnce() -> Vec<SqlColumn>) {
        if self.found.columns.is_empty() {
            self.found.columns = columns();
        }
    }

    pub(crate) fn row(&mut self, row: Vec<noontide_domain::SqlValue>) -> Result<(), Fault> {
        self.bytes += row.iter().map(noontide_domain::SqlValue::size).sum::<u64>();
        if self.bytes > self.bounds.bytes {
            let bytes = noontide_domain::duration::bytes(self.bounds.bytes);
            return Err(Fault::cut(SqlError::TooLarge(format!("more than max-bytes = {bytes}"))));
        }
        if self.found.rows.len() as u64 >= self.bounds.rows {
            return Err(Fault::cut(SqlError::TooLarge(format!("more than max-rows = {}", self.bounds.rows))));
        }
        self.found.rows.push(row);
        Ok(())
    }
}

/// A pool.
pub(crate) struct Pool<S: Speaks> {
    speaks: S,
    places: Arc<Semaphore>,
    most: u32,
    idle: Mutex<Vec<(S::Link, Instant)>>,
    closed: AtomicBool,
}

impl<S: Speaks> Pool<S> {
    pub(crate) fn new(speaks: S, most: u32) -> Arc<Self> {
        let places = Arc::new(Semaphore::new(most as usize));
        Arc::new(Self { speaks, places, most, idle: Mutex::default(), closed: AtomicBool::new(false) })
    }

    /// How many connections are in use, and how many may be.
    pub(crate) fn in_use(&self) -> (u32, u32) {
        let free = u32::try_from(self.places.available_permits()).unwrap_or(u32::MAX);
        (self.most.saturating_sub(free), self.most)
    }

    /// Does what is asked, to the end or to its time. If nobody waits for the answer any more, the connection is closed.
    pub(crate) async fn work(
        &self,
        asked: Asked,
        time: Duration,
        mut answer: oneshot::Sender<Result<Answer, SqlError>>,
    ) {
        let until = Instant::now() + time;
        let given = tokio::select! {
            given = self.attempt(&asked, until, time) => given,
            () = answer.closed() => return,
        };
        let (mut link, _place) = match given {
            Ok(given) => given,
            Err(error) => {
                let _ = answer.send(Err(error));
                return;
            }
        };
        let left = until.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        let outcome = tokio::select! {
            outcome = self.speaks.answer(&mut link, &asked, left) => Some(outcome),
            () = tokio::time::sleep_until(until + GRACE) => None,
            () = answer.closed() => None,
        };
        let told = match outcome {
            None => {
                let _ = timeout(TIDYING, self.speaks.abandon(link)).await;
                Err(SqlError::TimedOut(time))
            }
            Some(outcome) => {
                let broken = outcome.as_ref().is_err_and(|fault| fault.broken);
                self.take_back(link, !broken && self.speaks.leaves_nothing(&asked)).await;
                outcome.map_err(|fault| match fault.error {
                    SqlError::TimedOut(_) => SqlError::TimedOut(time),
                    error => error,
                })
            }
        };
        let _ = answer.send(told);
    }

    /// A place and a connection in it.
    async fn attempt(
        &self,
        asked: &Asked,
        until: Instant,
        time: Duration,
    ) -> Result<(S::Link, tokio::sync::OwnedSemaphorePermit), SqlError> {
        let place = timeout_at(until, Arc::clone(&self.places).acquire_owned()).await;
        let Ok(Ok(place)) = place else {
            let message = format!("all {} connections are in use (max-connections)", self.most);
            return Err(SqlError::Unavailable(message));
        };
        if self.speaks.needs_fresh(asked) {
            // An idle one gives up its place, so that there are never more than allowed.
            if let Some(link) = self.idle() {
                let _ = timeout(TIDYING, self.speaks.close(link)).await;
            }
        } else {
            while let Some(mut link) = self.idle() {
                if timeout(TIDYING, self.speaks.is_alive(&mut link)).await == Ok(true) {
                    return Ok((link, place));
                }
            }
        }
        match timeout_at(until, self.speaks.connect()).await {
            Ok(Ok(link)) => Ok((link, place)),
            Ok(Err(error)) => Err(SqlError::Unavailable(Fault::from(error).error.to_string())),
            Err(_) => Err(SqlError::Unavailable(format!("no connection within {} ms", time.as_millis()))),
        }
    }

    fn idle(&self) -> Option<S::Link> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|(_, since)| since.elapsed() < IDLE);
        idle.pop().map(|(link, _)| link)
    }

    async fn take_back(&self, mut link: S::Link, usable: bool) {
        let cleared = usable
            && !self.closed.load(Ordering::SeqCst)
            && matches!(timeout(TIDYING, self.speaks.clear(&mut link)).await, Ok(Ok(())));
        match cleared {
            true => self.idle.lock().unwrap_or_else(PoisonError::into_inner).push((link, Instant::now())),
            false => {
                let _ = timeout(TIDYING, self.speaks.close(link)).await;
            }
        }
        if self.closed.load(Ordering::SeqCst) {
            self.close_idle().await;
        }
    }

    /// Closes what is idle, and from now on what is given back.
    pub(crate) async fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        self.close_idle().await;
    }

    async fn close_idle(&self) {
        let idle = std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner));
        for (link, _) in idle {
            let _ = timeout(TIDYING, self.speaks.close(link)).await;
        }
    }
}
