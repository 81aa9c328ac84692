//! When to look at the plugin folder. Events are hints; the timer alone would be correct on every file system.

use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use noontide_domain::plugin::upgrade::PluginNews;
use noontide_domain::ports::{LedgerError, VersionWish, WishRefused};
use notify::event::{AccessKind, AccessMode};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::oneshot;

use crate::scan::{Look, Scanner, inode};

/// After the first event, so long for the others of the same copy.
const DEBOUNCE: Duration = Duration::from_millis(200);
/// With events: catches what they miss (NFS, bind mounts, swapped links).
const SLOW: Duration = Duration::from_secs(10);
/// Without events.
const FAST: Duration = Duration::from_secs(1);
/// While somebody is writing.
const SOON: Duration = Duration::from_millis(200);
/// A rescan waits so long for a file that is being written, and answers then without it.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the thread is asked.
pub(crate) enum Ask {
    /// Something may have changed.
    Hint,
    /// From now on, look by yourself.
    Watch,
    /// Look now, and say when it is done.
    Rescan(oneshot::Sender<()>),
    /// Look whether anything is to be decided about versions, and decide it.
    Review(Reviewer),
    /// Do with a plugin's versions what somebody wants.
    Decide(VersionWish, Wisher),
    /// No one is there any more.
    Stop,
}

/// How changes are noticed, in a word for `status`.
pub(crate) type Word = Arc<Mutex<String>>;

/// The one thread that looks and loads, so that one file is compiled at a time, off all timers.
pub(crate) struct Watcher {
    scanner: Scanner,
    asks: Receiver<Ask>,
    hints: Sender<Ask>,
    word: Word,
    watching: bool,
    events: Option<Events>,
    look: Look,
    looked: Instant,
}

/// A watch on the folder, and which folder that was.
struct Events {
    _watcher: RecommendedWatcher,
    folder: u64,
}

/// Where the news of a review go.
type Reviewer = oneshot::Sender<Result<Vec<PluginNews>, LedgerError>>;

/// Where the answer to a wish goes.
type Wisher = oneshot::Sender<Result<PluginNews, WishRefused>>;

/// What was asked within one debounce.
#[derive(Default)]
struct Asked {
    waiting: Vec<oneshot::Sender<()>>,
    reviews: Vec<Reviewer>,
    wishes: Vec<(VersionWish, Wisher)>,
    /// Somebody has a reason to look at the folder.
    look: bool,
    stop: bool,
}

impl Watcher {
    pub(crate) fn new(scanner: Scanner, asks: Receiver<Ask>, hints: Sender<Ask>, word: Word) -> Self {
        Self { scanner, asks, hints, word, watching: false, events: None, look: Look::Settled, looked: Instant::now() }
    }

    /// Runs until nobody asks any more.
    pub(crate) fn run(mut self) {
        loop {
            let asked = self.wait();
            if asked.stop {
                return;
            }
            self.answer(asked.reviews, asked.wishes);
            if !asked.look {
                continue;
            }
            if self.watching {
                self.arm();
            }
            self.look = self.scanner.look();
            let begun = Instant::now();
            while !asked.waiting.is_empty() && self.look == Look::Unsettled && begun.elapsed() < PATIENCE {
                self.look = self.scanner.look();
            }
            self.looked = Instant::now();
            if !asked.waiting.is_empty() {
                self.scanner.line_up_all();
            }
            for answer in asked.waiting {
                // Whoever asked may have gone.
                let _ = answer.send(());
            }
        }
    }

    fn answer(&self, reviews: Vec<Reviewer>, wishes: Vec<(VersionWish, Wisher)>) {
        // Whoever asked may have gone.
        for (wish, answer) in wishes {
            let _ = answer.send(self.scanner.decide(&wish));
        }
        for answer in reviews {
            let _ = answer.send(self.scanner.review());
        }
    }

    /// Waits for a reason to look.
    fn wait(&mut self) -> Asked {
        let mut asked = Asked::default();
        let first = match self.period() {
            // Since the last look, not since the last word: reviews come oftener than looks.
            Some(period) => self.asks.recv_timeout((self.looked + period).saturating_duration_since(Instant::now())),
            None => self.asks.recv().map_err(RecvTimeoutError::from),
        };
        let hint = matches!(first, Ok(Ask::Hint));
        self.note(first, &mut asked);
        let quiet = Instant::now() + DEBOUNCE;
        while hint && !asked.stop && asked.waiting.is_empty() {
            match self.asks.recv_timeout(quiet.saturating_duration_since(Instant::now())) {
                Err(RecvTimeoutError::Timeout) => break,
                next => self.note(next, &mut asked),
            }
        }
        // What has queued up is answered by the same look.
        while let Ok(next) = self.asks.try_recv() {
            self.note(Ok(next), &mut asked);
        }
        asked
    }

    fn note(&mut self, ask: Result<Ask, RecvTimeoutError>, asked: &mut Asked) {
        match ask {
            Ok(Ask::Review(answer)) => return asked.reviews.push(answer),
            Ok(Ask::Decide(wish, answer)) => return asked.wishes.push((wish, answer)),
            Ok(Ask::Hint) | Err(RecvTimeoutError::Timeout) => {}
            Ok(Ask::Watch) => self.watching = true,
            Ok(Ask::Rescan(answer)) => asked.waiting.push(answer),
            Ok(Ask::Stop) | Err(RecvTimeoutError::Disconnected) => asked.stop = true,
        }
        asked.look = true;
    }

    fn period(&self) -> Option<Duration> {
        match (&self.events, self.look) {
            _ if !self.watching => None,
            (_, Look::Unsettled) => Some(SOON),
            (Some(_), Look::Settled) => Some(SLOW),
            (None, Look::Settled) => Some(FAST),
        }
    }

    /// Watches the folder that is there now; a folder that was replaced is watched anew.
    fn arm(&mut self) {
        let folder = std::fs::metadata(&self.scanner.folder).map(|meta| inode(&meta));
        let armed = match (folder, &self.events) {
            (Ok(folder), Some(events)) if events.folder == folder => return,
            (Ok(folder), _) => {
                events(&self.scanner.folder, self.hints.clone()).map(|watcher| Events { _watcher: watcher, folder })
            }
            (Err(error), _) => Err(notify::Error::io(error)),
        };
        let word = match &armed {
            Ok(_) => backend().to_owned(),
            Err(error) => format!("poll ({error})"),
        };
        self.events = armed.ok();
        let mut known = self.word.lock().unwrap_or_else(PoisonError::into_inner);
        if *known != word {
            tracing::info!(watcher = %word, folder = %self.scanner.folder.display(), "watching plugins");
            *known = word;
        }
    }
}

fn backend() -> &'static str {
    match RecommendedWatcher::kind() {
        notify::WatcherKind::Inotify => "inotify",
        notify::WatcherKind::Fsevent => "fsevent",
        notify::WatcherKind::Kqueue => "kqueue",
        _ => "events",
    }
}

fn events(folder: &Path, hints: Sender<Ask>) -> notify::Result<RecommendedWatcher> {
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // Our own reading comes back as Access; an error (a full queue) is a reason to look as well.
        let own =
            |kind: EventKind| matches!(kind, EventKind::Access(kind) if kind != AccessKind::Close(AccessMode::Write));
        if !event.is_ok_and(|event| own(event.kind)) {
            let _ = hints.send(Ask::Hint);
        }
    })?;
    watcher.watch(folder, RecursiveMode::NonRecursive)?;
    Ok(watcher)
}
