//! What a handler says is heard while it runs: nothing is copied for it. Who listens asks the sandbox's own notes, some lines at a
//! time and only as fast as it can; what is over their bounds meanwhile is a gap in the numbers. While nobody listens, a line
//! costs one look at a counter.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use noontide_domain::RunId;
use noontide_domain::ports::{NumberedLine, Speech};
use tokio::sync::Notify;

use crate::EngineHandle;
use crate::desk::Desk;

/// Lines that are asked for at a time: the handler may wait meanwhile.
const PIECE: usize = 100;

/// Where a run that is held here can be heard.
#[derive(Default)]
pub(crate) struct Tap {
    stage: Mutex<Stage>,
    /// Changed under the lock of `stage` only.
    listeners: AtomicUsize,
    bell: Notify,
}

#[derive(Default)]
enum Stage {
    /// It has yet to begin.
    #[default]
    Before,
    Speaking(Weak<dyn Speech>),
    /// The handler is at its end. For those who listened then, what it said; the ledger has it before long.
    Silent(Vec<NumberedLine>),
}

impl Tap {
    pub(crate) fn speaks(&self, speech: Weak<dyn Speech>) {
        *self.stage() = Stage::Speaking(speech);
    }

    /// Something can be heard, or the run is over.
    pub(crate) fn ring(&self) {
        if self.listeners.load(Ordering::Relaxed) > 0 {
            self.bell.notify_waiters();
        }
    }

    pub(crate) fn fell_silent(&self, lines: &[NumberedLine]) {
        let mut stage = self.stage();
        let is_heard = self.listeners.load(Ordering::Relaxed) > 0;
        *stage = Stage::Silent(if is_heard { lines.to_vec() } else { Vec::new() });
        drop(stage);
        self.ring();
    }

    /// `false` if the handler is at its end: too late.
    fn join(&self) -> bool {
        let stage = self.stage();
        if matches!(*stage, Stage::Silent(_)) {
            return false;
        }
        self.listeners.fetch_add(1, Ordering::Relaxed);
        true
    }

    fn leave(&self) {
        self.listeners.fetch_sub(1, Ordering::Relaxed);
    }

    /// Under the lock, so that the notes cannot be another call's meanwhile.
    fn after(&self, last: u64) -> Vec<NumberedLine> {
        match &*self.stage() {
            Stage::Before => Vec::new(),
            Stage::Speaking(speech) => speech.upgrade().map(|speech| speech.after(last, PIECE)).unwrap_or_default(),
            Stage::Silent(lines) => {
                let begin = lines.partition_point(|(number, _)| *number <= last);
                lines[begin..].iter().take(PIECE).cloned().collect()
            }
        }
    }

    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who hears what a handler says.
pub struct Listener {
    desk: Arc<Desk>,
    last: u64,
}

impl Listener {
    /// Which attempt it is, from 1.
    pub fn attempt(&self) -> u32 {
        self.desk.attempt()
    }

    /// From now on only lines with a number above `last` are wanted.
    pub fn skip(&mut self, last: u64) {
        self.last = last;
    }

    /// The next lines, as soon as there are any; `None` when the attempt is over and its end is on record.
    pub async fn next(&mut self) -> Option<Vec<NumberedLine>> {
        loop {
            let mut rung = std::pin::pin!(self.desk.tap.bell.notified());
            // Before looking: what is said after this rings.
            rung.as_mut().enable();
            // Before looking, too: when it is over, nothing is said any more.
            let is_over = self.desk.is_over();
            let lines = self.desk.tap.after(self.last);
            if let Some((last, _)) = lines.last() {
                self.last = *last;
                return Some(lines);
            }
            if is_over {
                return None;
            }
            rung.await;
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.desk.tap.leave();
    }
}

impl EngineHandle {
    /// Hears what the handler of a run says, from its first line on. `None` if it is not held here, or at its end.
    pub fn listen(&self, run: RunId) -> Option<Listener> {
        let desk = self.core.held().get(&run).map(|held| Arc::clone(&held.desk))?;
        desk.tap.join().then_some(Listener { desk, last: 0 })
    }
}
