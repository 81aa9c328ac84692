//! `reuse = N`: instances that wait for another call. One serves the same version under the same grant only, and gives up
//! its place as soon as somebody else needs it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use noontide_domain::Grant;
use tokio::runtime::Handle;
use tokio::sync::OwnedSemaphorePermit;
use wasmtime::Store;

use crate::bindings::Plugin;
use crate::guest::Guest;
use crate::registry::Generation;

/// How long an instance waits for its next call.
const IDLE: Duration = Duration::from_secs(60);

/// An instance between two calls. The store goes before the place it stands on.
pub(crate) struct Idle {
    pub(crate) store: Store<Guest>,
    pub(crate) plugin: Plugin,
    pub(crate) permit: OwnedSemaphorePermit,
    pub(crate) generation: Arc<Generation>,
    pub(crate) grant: Arc<Grant>,
    /// How many it has had.
    pub(crate) calls: u32,
}

/// All of them, the newest last.
#[derive(Default)]
pub(crate) struct Kept {
    shelf: Mutex<Shelf>,
    waiting: AtomicUsize,
}

#[derive(Default)]
struct Shelf {
    idle: Vec<(Instant, Idle)>,
    swept: bool,
}

/// Held by who waits for a place: nobody keeps one meanwhile.
pub(crate) struct Waiting<'a>(&'a AtomicUsize);

impl Kept {
    /// An instance of that version, under exactly that grant.
    pub(crate) fn take(&self, generation: &Arc<Generation>, grant: &Grant) -> Option<Idle> {
        let mut shelf = self.shelf();
        let fits = |(_, idle): &(Instant, Idle)| Arc::ptr_eq(&idle.generation, generation) && *idle.grant == *grant;
        let place = shelf.idle.iter().rposition(fits)?;
        Some(shelf.idle.remove(place).1)
    }

    /// Keeps it for the next call, unless somebody waits for its place.
    pub(crate) fn keep(self: &Arc<Self>, idle: Idle, guests: &Handle) {
        let mut shelf = self.shelf();
        // Looked at under the lock: whoever begins to wait either is seen here or finds what is put down here.
        if self.waiting.load(Ordering::SeqCst) > 0 {
            drop(shelf);
            drop(idle);
            return;
        }
        shelf.idle.push((Instant::now(), idle));
        if !std::mem::replace(&mut shelf.swept, true) {
            guests.spawn(sweep(Arc::downgrade(self)));
        }
    }

    /// Gives up so many places, the oldest instances first, as far as there are any.
    pub(crate) fn make_room(&self, places: u32) -> Waiting<'_> {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let mut shelf = self.shelf();
        let mut given = 0;
        let enough = |(_, idle): &(Instant, Idle)| {
            let more = given < places as usize;
            given += if more { idle.permit.num_permits() } else { 0 };
            !more
        };
        let count = shelf.idle.iter().position(enough).unwrap_or(shelf.idle.len());
        let gone: Vec<_> = shelf.idle.drain(..count).collect();
        drop(shelf);
        drop(gone);
        Waiting(&self.waiting)
    }

    /// Drops them all: what they were granted may have changed.
    pub(crate) fn clear(&self) {
        let gone = std::mem::take(&mut self.shelf().idle);
        drop(gone);
    }

    pub(crate) fn count(&self) -> usize {
        self.shelf().idle.len()
    }

    /// Drops what has waited too long; when to look again, if anything is left.
    fn drop_stale(&self, now: Instant) -> Option<Instant> {
        let mut shelf = self.shelf();
        let count = shelf.idle.iter().take_while(|(since, _)| now.duration_since(*since) >= IDLE).count();
        let gone: Vec<_> = shelf.idle.drain(..count).collect();
        let next = shelf.idle.first().map(|(since, _)| *since + IDLE);
        shelf.swept = next.is_some();
        drop(shelf);
        drop(gone);
        next
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn sweep(kept: Weak<Kept>) {
    while let Some(next) = kept.upgrade().and_then(|kept| kept.drop_stale(Instant::now())) {
        tokio::time::sleep_until(next.into()).await;
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
