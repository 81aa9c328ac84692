//! How a run that goes on here is spoken to: asked to stop, and asked how far it has come.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use async_trait::async_trait;
use noontide_domain::ports::{KeyPage, Ledger, LedgerError, NumberedLine, RunDesk, Speech};
use noontide_domain::{Leased, StateScope, StateSize};
use tokio_util::sync::CancellationToken;

use crate::handle::Progress;
use crate::tap::Tap;

/// One run's desk.
pub(crate) struct Desk {
    cancel: CancellationToken,
    /// Its lease may be another's before long.
    cut: CancellationToken,
    /// It is not waited for any more.
    stop: CancellationToken,
    /// The attempt is over; its end is on the way to the ledger.
    ended: AtomicBool,
    /// The end is in the ledger, or never will be.
    over: AtomicBool,
    progress: Mutex<Option<Progress>>,
    pub(crate) tap: Tap,
    leased: Arc<Leased>,
    ledger: Arc<dyn Ledger>,
}

impl Desk {
    pub(crate) fn new(leased: Arc<Leased>, ledger: Arc<dyn Ledger>) -> Self {
        Self {
            cancel: CancellationToken::new(),
            cut: CancellationToken::new(),
            stop: CancellationToken::new(),
            ended: AtomicBool::new(false),
            over: AtomicBool::new(false),
            progress: Mutex::default(),
            tap: Tap::default(),
            leased,
            ledger,
        }
    }

    pub(crate) fn cancel(&self) {
        self.cancel.cancel();
    }

    /// The ledger is silent: the handler shall stop, and the attempt counts as abandoned. `false` if it was so already.
    pub(crate) fn cut_off(&self) -> bool {
        let is_news = !self.is_cut_off() && !self.has_ended();
        self.cut.cancel();
        self.cancel.cancel();
        is_news
    }

    pub(crate) fn is_cut_off(&self) -> bool {
        self.cut.is_cancelled()
    }

    /// Resolves when it is cut off.
    pub(crate) async fn cut(&self) {
        self.cut.cancelled().await;
    }

    /// The handler has not stopped by itself.
    pub(crate) fn stop(&self) {
        self.stop.cancel();
    }

    /// Resolves when the handler is not waited for any more.
    pub(crate) async fn stopped(&self) {
        self.stop.cancelled().await;
    }

    pub(crate) fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }

    /// It is held here no longer.
    pub(crate) fn let_go(&self) {
        self.over.store(true, Ordering::Release);
        self.tap.ring();
    }

    pub(crate) fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }

    pub(crate) fn attempt(&self) -> u32 {
        self.leased.lease.attempt
    }

    /// A run that times out drops what it waits for; what is asked of the ledger must never be dropped half way.
    async fn read<T, F>(&self, ask: impl FnOnce(Arc<dyn Ledger>) -> F + Send) -> Result<T, LedgerError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, LedgerError>> + Send + 'static,
    {
        let read = tokio::spawn(ask(Arc::clone(&self.ledger)));
        read.await.unwrap_or_else(|panic| Err(LedgerError::Broken(panic.to_string())))
    }

    pub(crate) fn last_progress(&self) -> Option<Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl RunDesk for Desk {
    fn is_cancelled(&self) -> bool {
        self.cancel.is_cancelled()
    }

    async fn cancelled(&self) {
        self.cancel.cancelled().await;
    }

    fn progress(&self, done: u64, total: Option<u64>, note: &str) {
        let progress = Progress { done, total, note: note.to_owned() };
        *self.progress.lock().unwrap_or_else(PoisonError::into_inner) = Some(progress);
    }

    async fn state(&self, scope: StateScope, key: &str) -> Result<Option<(Vec<u8>, u64)>, LedgerError> {
        let (scope, key) = (scope.of(&self.leased.order), key.to_owned());
        self.read(|ledger| async move { ledger.state(&scope, &key).await }).await
    }

    async fn state_keys(&self, scope: StateScope, page: KeyPage) -> Result<Vec<String>, LedgerError> {
        let scope = scope.of(&self.leased.order);
        self.read(|ledger| async move { ledger.state_keys(&scope, page).await }).await
    }

    async fn state_size(&self) -> Result<StateSize, LedgerError> {
        let plugin = self.leased.order.handler.plugin.clone();
        self.read(|ledger| async move { ledger.state_size(&plugin).await }).await
    }

    fn speaks(&self, speech: Weak<dyn Speech>) {
        self.tap.speaks(speech);
    }

    fn said(&self) {
        self.tap.ring();
    }

    fn fell_silent(&self, lines: &[NumberedLine]) {
        self.tap.fell_silent(lines);
    }
}
